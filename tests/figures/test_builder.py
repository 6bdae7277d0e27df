"""A builder returns a figure, and the same as plain data."""

import inspect

import plotly.graph_objects as go
import torch

from ce_core import figures, softmax_surface
from ce_core.figures import contour_figure, surface_figure
from tests.support.trees import assert_same, tree_of

SURFACE = softmax_surface(torch.tensor([1.0, 0.0]), low=-2.0, high=2.0, points=5)
POINT = (1.0, 0.0, 0.731)


def test_builders_are_all_figures_but_recolour() -> None:
    names = [name for name in figures.__all__ if not hasattr(getattr(figures, name), "tree")]
    assert names == ["recolour"]


def test_builder_is_known_by_its_own_name_words_and_arguments() -> None:
    assert surface_figure.__name__ == "surface_figure"  # type: ignore[attr-defined]
    assert "go.Figure" in (inspect.getdoc(surface_figure) or "")
    signature = inspect.signature(surface_figure)
    assert list(signature.parameters) == ["surface", "point", "translate"]
    assert signature.return_annotation is go.Figure


def test_builder_returns_the_figure_of_its_tree() -> None:
    figure, tree = contour_figure(SURFACE, POINT), contour_figure.tree(SURFACE, POINT)
    assert isinstance(figure, go.Figure)
    assert_same(tree_of(figure), tree)


def test_figures_change_no_tree_that_comes_later() -> None:
    first = contour_figure(SURFACE, POINT)
    first.update_layout(font_color="red", meta={"xaxis": "changed"})
    first.update_traces(line_color="red")
    second = contour_figure(SURFACE, POINT)
    assert second.layout.font.color != "red"
    assert second.layout.meta["xaxis"] == "a₁"
    assert second.data[0].line.color != "red"
