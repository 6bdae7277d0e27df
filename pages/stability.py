"""Where does NaN come from?"""

from lab.page.run_lab import run_lab
from lab.stability.lab import LAB

run_lab(LAB)
