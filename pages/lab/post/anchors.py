"""What the links to the parts of the post end with."""

from typing import Final

ANCHORS: Final = ("step-1", "step-2", "step-3", "step-4", "step-5")
