"""How does Sinkhorn balance a plan?"""

from lab.page.run_lab import run_lab
from lab.transport.lab import LAB

run_lab(LAB)
