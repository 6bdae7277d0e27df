"""The figures below the map: underflow and pace over ε, a softmax over its temperature."""

import math

from ce_core.figures import pace_figure, temperature_figure, underflow_figure
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet
from lab.tuning import words
from lab.tuning.captions import alt_pace, alt_temperature, alt_underflow
from lab.tuning.results import Results


def figure_set(found: Results) -> FigureSet:
    """Return the figures of a state."""
    wanted = found.temperatures.wanted
    at = wanted.median().item() if len(wanted) else math.nan
    cards = [
        Card(
            key="underflow",
            tree=underflow_figure.tree(found.map, now=found.eps, translate=_),
            alt=alt_underflow(found),
            numbers=_("A line stands at the chosen ε = {eps}.").format(eps=words.eps(found.eps)),
        ),
        Card(
            key="pace",
            tree=pace_figure.tree(found.map, now=found.eps, translate=_),
            alt=alt_pace(found),
            numbers=_("By the rate σ₂² of the converged plan: it says nothing of the first ones."),
        ),
        Card(
            key="temperature",
            tree=temperature_figure.tree(found.temperatures.curve, wanted=at, translate=_),
            alt=alt_temperature(found),
            numbers=_(
                "Means over the rows. The gradient is that of a cross-entropy in the scores, for "
                "labels drawn from p, as a share of the largest here."
            ),
        ),
    ]
    return FigureSet(cards=cards)
