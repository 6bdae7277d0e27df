"""The figures of the lab of stability."""

from ce_core.figures import accuracy_map_figure, clipping_error_figure, clipping_gradient_figure
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet
from lab.stability import alternatives, text
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
                alt=alternatives.values_alt(found),
                numbers=text.map_numbers(found),
                why=text.map_why(),
            ),
            Card(
                key="gradients",
                tree=accuracy_map_figure.tree(
                    judged, of="gradients", labels=labels, gap=found.on_map, chosen=chosen, translate=_
                ),
                alt=alternatives.gradients_alt(found),
                numbers=text.gradient_map_numbers(),
                why=text.gradient_map_why(),
            ),
            Card(
                key="clipping",
                tree=clipping_error_figure.tree(
                    found.curves, floor=state.floor, gap=found.on_curves, translate=_
                ),
                alt=alternatives.clipping_alt(found),
                numbers=text.error_numbers(found),
            ),
            Card(
                key="dying",
                tree=clipping_gradient_figure.tree(
                    found.curves, floor=state.floor, gap=found.on_curves, translate=_
                ),
                alt=alternatives.dying_alt(found),
                numbers=text.clip_gradient_numbers(found),
            ),
        ]
    )
