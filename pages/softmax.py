"""How does p move when I move a?"""

from lab.page.run_lab import run_lab
from lab.softmax.lab import LAB

run_lab(LAB)
