"""The figures of the softmax show the data they are given, and every word passes the translator."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from ce_core import DTYPES, difference_errors, jacobian_spectrum, softmax, softmax_surface
from ce_core.figures import contour_figure, difference_figure, eigenvalue_figure, surface_figure

A = torch.tensor([2.0, 1.0, 0.5, -0.5, -1.5], dtype=torch.float64)
P = softmax(A)
ERRORS = difference_errors(A)
SURFACE = softmax_surface(A, low=-5.0, high=5.0, points=11)
POINT = (2.0, 1.0, P[0].item())
ONE_HOT = torch.tensor([2000.0, 0.0], dtype=torch.float64)


def trace(figure: go.Figure, uid: str) -> Any:
    """Return the one trace of that name."""
    (found,) = (trace for trace in figure.data if trace.uid == uid)
    return found


def uids(figure: go.Figure) -> list[str]:
    return [trace.uid for trace in figure.data]


@pytest.mark.parametrize("dtype", DTYPES)
def test_difference_figure_draws_the_errors_over_the_steps(dtype: str) -> None:
    figure, index = difference_figure(ERRORS), DTYPES.index(dtype)
    np.testing.assert_array_equal(trace(figure, dtype).x, ERRORS.steps)
    np.testing.assert_array_equal(trace(figure, dtype).y, ERRORS.differences[index])
    best = trace(figure, f"{dtype}-best")
    assert (best.x[0], best.y[0]) == (ERRORS.best_steps[index], ERRORS.best_errors[index])
    assert set(trace(figure, f"{dtype}-autograd").y) == {ERRORS.autograd[index].item()}
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_difference_figure_draws_no_error_of_zero_and_marks_no_step_that_finds_nothing() -> None:
    figure = difference_figure(difference_errors([0.0, 0.0]))
    assert np.isnan(trace(figure, "float64-autograd").y).all()
    blind = difference_figure(difference_errors([800.0, 796.0], steps=[0.25, 0.5]))
    assert "bfloat16" in uids(blind)
    assert "bfloat16-best" not in uids(blind)


def test_difference_figure_without_a_jacobian_says_so() -> None:
    figure = difference_figure(difference_errors(ONE_HOT))
    assert not figure.data
    assert figure.layout.annotations[0].text


def test_eigenvalue_figure_draws_them_in_order_and_fills_those_that_count() -> None:
    spectrum = jacobian_spectrum(A)
    figure = eigenvalue_figure(spectrum, P)
    drawn = trace(figure, "eigenvalues")
    np.testing.assert_array_equal(drawn.customdata, spectrum.eigenvalues)
    np.testing.assert_array_equal(drawn.y[:4], spectrum.eigenvalues[:4])
    assert list(drawn.marker.symbol) == ["circle"] * 4 + ["circle-open"]
    assert set(trace(figure, "tolerance").y) == {spectrum.tolerance.item()}
    np.testing.assert_array_equal(trace(figure, "p").y, P)


def test_eigenvalue_figure_shows_eigenvalues_between_the_probabilities() -> None:
    figure = eigenvalue_figure(jacobian_spectrum(A), P)
    values, bounds = trace(figure, "eigenvalues"), trace(figure, "p")
    assert list(values.x - bounds.x) == [0.5] * 5
    assert (values.y <= bounds.y).all()
    assert (values.y[:-1] >= bounds.y[1:]).all()


@pytest.mark.parametrize("a", [ONE_HOT, A / 0.01, torch.zeros(30).double()], ids=["0", "tiny", "equal"])
def test_eigenvalue_figure_fits_a_logarithmic_axis(a: torch.Tensor) -> None:
    figure = eigenvalue_figure(jacobian_spectrum(a), softmax(a))
    low, high = figure.layout.yaxis.range
    for part in figure.data:
        drawn = part.y[np.isfinite(part.y)]
        assert (drawn > 0).all()
        assert (low < np.log10(drawn)).all()
        assert (np.log10(drawn) < high).all()


@pytest.mark.parametrize("build", [surface_figure, contour_figure])
def test_surface_and_contour_draw_p_and_the_present_point(build: Any) -> None:
    figure = build(SURFACE, POINT)
    drawn = figure.data[0]
    np.testing.assert_array_equal(drawn.z, SURFACE.p)
    np.testing.assert_array_equal(drawn.x, SURFACE.first)
    np.testing.assert_array_equal(drawn.y, SURFACE.second)
    point = trace(figure, "point")
    assert (point.x[0], point.y[0]) == POINT[:2]
    assert (point.z if build is surface_figure else point.customdata)[0] == POINT[2]


def test_surface_figure_keeps_the_camera_when_data_change() -> None:
    other = softmax_surface(A / 2, low=-5.0, high=5.0, points=11)
    layouts = [surface_figure(s, POINT).layout for s in (SURFACE, other)]
    assert layouts[0].uirevision
    assert layouts[0].uirevision == layouts[1].uirevision
    assert layouts[0].scene.camera == layouts[1].scene.camera
    # The scene follows the whole figure's, which the reset of a chart changes.
    assert layouts[0].scene.uirevision is None


@pytest.mark.parametrize("point", [(2.0, 1.0), (-4.0, 4.5), (5.0, -5.0), (3.0, 3.0)], ids=str)
def test_contour_figure_diagonal_keeps_the_difference_and_stays_inside(
    point: tuple[float, float],
) -> None:
    diagonal = trace(contour_figure(SURFACE, (*point, 0.5)), "diagonal")
    np.testing.assert_allclose(diagonal.x - diagonal.y, point[0] - point[1])
    for side in (diagonal.x, diagonal.y):
        assert side.min() >= -5 - 1e-12
        assert side.max() <= 5 + 1e-12


FIGURES = [
    lambda t: difference_figure(ERRORS, translate=t),
    lambda t: difference_figure(difference_errors(ONE_HOT), translate=t),
    lambda t: eigenvalue_figure(jacobian_spectrum(A), P, translate=t),
    lambda t: surface_figure(SURFACE, POINT, translate=t),
    lambda t: contour_figure(SURFACE, POINT, translate=t),
]


@pytest.mark.parametrize("build", FIGURES)
def test_softmax_figures_are_valid_to_plotly(build: Any) -> None:
    go.Figure(build(str).to_plotly_json())


@pytest.mark.parametrize("build", FIGURES)
def test_softmax_figures_translate_every_word(build: Any) -> None:
    symbols = {"p₁", "a₁", "a₂", "", *DTYPES}
    figure = build(lambda text: f"«{text}»")
    layout = figure.layout
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    shown = [layout.title.text, *(a.text for a in layout.annotations)]
    shown += [axis.title.text for axis in axes if axis.title.text is not None]
    shown += [trace.name for trace in figure.data]
    assert [text for text in shown if text not in symbols and not text.startswith("«")] == []
