"""Which parameters give what I need?"""

from lab.page.run_lab import run_lab
from lab.tuning.lab import LAB

run_lab(LAB)
