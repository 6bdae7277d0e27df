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
                why=captions.difference_why(found),
            ),
            Card(
                key="eigenvalues",
                tree=eigenvalue_figure.tree(found.spectrum, found.p, translate=_),
                alt=captions.eigenvalue_alt(found),
                numbers=captions.eigenvalue_numbers(found),
                why=captions.eigenvalue_why(found),
            ),
            Card(
                key="surface",
                tree=surface_figure.tree(found.surface, found.point, translate=_),
                alt=captions.surface_alt(found),
                numbers=captions.surface_numbers(found),
            ),
            Card(
                key="contour",
                tree=contour_figure.tree(found.surface, found.point, translate=_),
                alt=captions.contour_alt(found),
                numbers=captions.contour_numbers(found),
            ),
        ]
    )
