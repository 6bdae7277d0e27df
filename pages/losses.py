"""Are L1 and L2 the same?"""

from lab.losses.lab import LAB
from lab.page.run_lab import run_lab

run_lab(LAB)
