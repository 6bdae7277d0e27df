"""Which way does the loss push each logit?"""

from lab.gradient.lab import LAB
from lab.page.run_lab import run_lab

run_lab(LAB)
