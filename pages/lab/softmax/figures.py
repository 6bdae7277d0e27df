"""The figures of the lab of the softmax."""

from ce_core.figures import contour_figure, difference_figure, eigenvalue_figure, surface_figure
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet
from lab.softmax import captions
from lab.softmax.results import Results


def figure_set(found: Results) -> FigureSet:
    """Return the figures of a state."""
    return FigureSet(
        cards=[
            Card(
                key="differences",
                tree=difference_figure.tree(found.differences, translate=_),
                alt=captions.difference_alt(found),
                numbers=captions.difference_numbers(found),
            ),
            Card(
                key="eigenvalues",
                tree=eigenvalue_figure.tree(found.spectrum, found.p, translate=_),
                alt=_("Eigenvalues of J in descending order, between the sorted p; the tolerance."),
                numbers=captions.eigenvalue_numbers(found),
            ),
            Card(
                key="surface",
                tree=surface_figure.tree(found.surface, found.point, translate=_),
                alt=_("The surface of p₁ over a₁ and a₂, and the present point on it."),
                numbers=captions.surface_numbers(found),
            ),
            Card(
                key="contour",
                tree=contour_figure.tree(found.surface, found.point, translate=_),
                alt=_("Lines of equal p₁ over a₁ and a₂, and the present point with its a₁ − a₂."),
                numbers=captions.contour_numbers(found),
            ),
        ]
    )
