"""The figures of the lab of stability."""

from ce_core.figures import accuracy_map_figure, clipping_error_figure, clipping_gradient_figure
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet
from lab.stability import text
from lab.stability.results import Results
from lab.stability.state import FORMULA_LABELS


def figure_set(found: Results) -> FigureSet:
    """Return the figures of a state."""
    state, judged = found.state, found.judged
    labels = {name: _(label) for name, label in FORMULA_LABELS.items()}
    chosen = None if found.on_map is None else (state.formula, state.dtype)
    return FigureSet(
        cards=[
            Card(
                key="values",
                tree=accuracy_map_figure.tree(
                    judged, of="values", labels=labels, gap=found.on_map, chosen=chosen, translate=_
                ),
                alt=_("A bar a formula and dtype: at which gap its loss is right, wrong, ∞ or NaN."),
                numbers=text.map_numbers(found),
            ),
            Card(
                key="gradients",
                tree=accuracy_map_figure.tree(
                    judged, of="gradients", labels=labels, gap=found.on_map, chosen=chosen, translate=_
                ),
                alt=_("A bar a formula and dtype: at which gap its gradient is right, wrong or NaN."),
                numbers=text.gradient_map_numbers(found),
            ),
            Card(
                key="clipping",
                tree=clipping_error_figure.tree(
                    found.curves, floor=state.floor, gap=found.on_curves, translate=_
                ),
                alt=_("Error of the clipped L1 over the gap, a line a floor; the truth is 0."),
                numbers=text.error_numbers(found),
            ),
            Card(
                key="dying",
                tree=clipping_gradient_figure.tree(
                    found.curves, floor=state.floor, gap=found.on_curves, translate=_
                ),
                alt=_("Gradient of the clipped L1 at the target over the gap, a line a floor."),
                numbers=text.clip_gradient_numbers(found),
            ),
        ]
    )
