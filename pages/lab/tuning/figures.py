"""The figures below the map: underflow and pace over ε, a softmax over its temperature."""

import math

from ce_core.figures import pace_figure, temperature_figure, underflow_figure
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet
from lab.tuning import words
from lab.tuning.results import Results


def figure_set(found: Results) -> FigureSet:
    """Return the figures of a state."""
    wanted = found.temperatures.wanted
    at = wanted.median().item() if len(wanted) else math.nan
    cards = [
        Card(
            key="underflow",
            tree=underflow_figure.tree(found.map, now=found.eps, translate=_),
            alt=_("Share of the kernel that is rounded to 0 over ε, a line a dtype."),
            numbers=_("A line stands at the chosen ε = {eps}.").format(eps=words.eps(found.eps)),
        ),
        Card(
            key="pace",
            tree=pace_figure.tree(found.map, now=found.eps, translate=_),
            alt=_("Iterations that make a late error a tenth, over ε."),
            numbers=_("By the rate σ₂² of the converged plan: it says nothing of the first ones."),
        ),
        Card(
            key="temperature",
            tree=temperature_figure.tree(found.temperatures.curve, wanted=at, translate=_),
            alt=_("Above the entropy of a softmax over T; below its largest p and its gradient."),
            numbers=_(
                "Means over the rows. The gradient is that of a cross-entropy in the scores, for "
                "labels drawn from p, as a share of the largest here."
            ),
        ),
    ]
    return FigureSet(cards=cards)
