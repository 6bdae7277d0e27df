"""What a state of the gradients looks like in small: the three descents in the triangle."""

import torch

from ce_core import descent_paths
from ce_core.probability.targets import merge_classes
from lab.gradient.results import corners, target_of
from lab.gradient.state import GradientState
from lab.page.kept import computed_once
from lab.page.thumbnails import descents

_QUANTITIES = ("l1", "held", "l2")


@computed_once(megabytes=1)
def thumbnail(state: GradientState) -> str:
    """Draw where each descent goes, and the target."""
    a, q = torch.tensor(state.a, dtype=torch.float64), target_of(state)
    paths = descent_paths(a, q, learning_rate=state.rate, steps=state.steps)
    kept = corners(paths.p[0, 0], q)
    places = merge_classes(paths.p, kept)[..., :2]
    goal = merge_classes(q, kept).tolist()
    return descents(list(zip(_QUANTITIES, places.tolist(), strict=True)), goal[:2])
