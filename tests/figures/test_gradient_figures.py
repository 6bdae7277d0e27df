"""The figures of the gradients show the data they are given, and every word passes the translator."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from ce_core import (
    DESCENTS,
    check_sum,
    cross_entropy_grad,
    descent_paths,
    logit_gap_grad,
    logit_gap_minimum,
    logit_gap_residual,
    sum_errors,
)
from ce_core.figures import (
    approach_figure,
    check_elements_figure,
    check_errors_figure,
    descent_gradients_figure,
    residual_figure,
    simplex_figure,
)
from ce_core.post.published import CHECK_P, CHECK_SUM, CHECK_VALUES
from tests.support.closeness import close_to

A = torch.tensor([2.5, 0.5, -1.0], dtype=torch.float64)
Q = torch.tensor([0.7, 0.2, 0.1], dtype=torch.float64)
PATHS = descent_paths(A, Q, steps=20)
STOP = logit_gap_minimum(Q).p
GRADIENTS = torch.stack(
    [cross_entropy_grad(A, Q), logit_gap_grad(A, Q, detach_p=True), logit_gap_grad(A, Q)]
)
RESIDUAL = logit_gap_residual(A)
CHECK = check_sum(CHECK_P, CHECK_VALUES)
ERRORS = sum_errors(draws=500)
CORNERS = ("class 1", "class 2", "class 3")


def trace(figure: go.Figure, uid: str) -> Any:
    """Return the one trace of that name."""
    (found,) = (trace for trace in figure.data if trace.uid == uid)
    return found


def simplex(translate: Any = str, step: int = 20) -> go.Figure:
    return simplex_figure(
        PATHS.p[:, : step + 1],
        PATHS.p[:, step],
        target=Q,
        stop=STOP,
        corners=CORNERS,
        translate=translate,
    )


def approach(translate: Any = str) -> go.Figure:
    return approach_figure(
        torch.arange(21),
        PATHS.p[..., 0],
        now=7,
        label="p₁",
        target=0.7,
        stop=STOP[0].item(),
        translate=translate,
    )


def place(p: torch.Tensor) -> tuple[float, float]:
    """Return where a distribution lies in the triangle."""
    return p[1].item() + p[2].item() / 2, p[2].item() * np.sqrt(3) / 2


@pytest.mark.parametrize("name", DESCENTS)
def test_simplex_figure_draws_the_path_of_each_descent(name: str) -> None:
    drawn, index = trace(simplex(), name), DESCENTS.index(name)
    np.testing.assert_array_equal(drawn.customdata, PATHS.p[index])
    expected = [place(p) for p in PATHS.p[index]]
    np.testing.assert_allclose(np.stack([drawn.x, drawn.y], -1), expected, rtol=0, atol=1e-15)


def test_simplex_figure_marks_start_target_stop_and_now() -> None:
    figure = simplex(step=5)
    marks = {"target": Q, "stop": STOP, "start": PATHS.p[0, 0]}
    for uid, p in marks.items():
        mark = trace(figure, uid)
        assert (mark.x[0], mark.y[0]) == close_to(place(p))
    now = trace(figure, "now")
    assert list(zip(now.x, now.y, strict=True)) == [close_to(place(p)) for p in PATHS.p[:, 5]]
    assert len(trace(figure, "l2").x) == 6


def test_simplex_figure_keeps_the_triangle_equilateral_and_names_its_corners() -> None:
    figure = simplex()
    assert figure.layout.yaxis.scaleanchor == "x"
    assert [note.text for note in figure.layout.annotations] == list(CORNERS)
    for note, p in zip(figure.layout.annotations, torch.eye(3), strict=True):
        assert (note.x, note.y) == close_to(place(p))
    low, high = figure.layout.xaxis.range
    assert low < 0 < 1 < high


def test_simplex_figure_lines_are_where_one_entry_is_constant() -> None:
    lines = trace(simplex(), "triangle")
    inside = np.isfinite(lines.x)
    third = lines.y[inside] / (np.sqrt(3) / 2)
    second = lines.x[inside] - third / 2
    entries = np.stack([1 - second - third, second, third])
    assert (entries > -1e-12).all()
    np.testing.assert_allclose(entries * 5, np.round(entries * 5), rtol=0, atol=1e-12)


def test_approach_figure_draws_the_probability_and_its_levels() -> None:
    figure = approach()
    for index, name in enumerate(DESCENTS):
        np.testing.assert_array_equal(trace(figure, name).y, PATHS.p[index, :, 0])
        np.testing.assert_array_equal(trace(figure, name).x, np.arange(21))
    assert set(trace(figure, "target").y) == {0.7}
    assert set(trace(figure, "stop").y) == {STOP[0].item()}
    assert set(trace(figure, "now").x) == {7}
    assert figure.layout.meta["yaxis"] == "p₁"


def test_descent_gradients_figure_sets_the_three_side_by_side() -> None:
    figure = descent_gradients_figure(GRADIENTS, limit=1.0)
    for index, name in enumerate(DESCENTS):
        np.testing.assert_array_equal(trace(figure, name).y, GRADIENTS[index])
        assert list(trace(figure, name).x) == ["1", "2", "3"]
    np.testing.assert_allclose(trace(figure, "l1").y, trace(figure, "l2_held").y, rtol=0, atol=4e-16)
    assert figure.layout.barmode == "group"
    low, high = figure.layout.yaxis.range
    assert low < -1 < 1 < high


def test_residual_figure_adds_up_to_the_gradient_in_full_and_sums_to_zero() -> None:
    figure = residual_figure(GRADIENTS[0], RESIDUAL, limit=1.0)
    np.testing.assert_allclose(trace(figure, "sum").y[:3], GRADIENTS[2], rtol=0, atol=4e-16)
    np.testing.assert_array_equal(trace(figure, "residual").y[:3], RESIDUAL)
    assert list(trace(figure, "residual").x) == ["1", "2", "3", "Σ"]
    for uid in ("pulls", "residual", "sum"):
        assert abs(trace(figure, uid).y[3]) < 1e-15


def test_check_elements_figure_draws_the_elements_and_their_sum() -> None:
    figure = check_elements_figure(CHECK.elements)
    np.testing.assert_array_equal(trace(figure, "elements").y, CHECK.elements)
    assert trace(figure, "elements").text[1] == "−0.0478"
    assert list(trace(figure, "sum").x) == ["Σ"]
    assert abs(trace(figure, "sum").y[0]) < 1e-16


def test_check_errors_figure_counts_every_draw_and_marks_the_posts_sum() -> None:
    figure = check_errors_figure(ERRORS, published=CHECK_SUM)
    for index, dtype in enumerate(ERRORS.dtypes):
        drawn = trace(figure, dtype)
        np.testing.assert_array_equal(drawn.y, ERRORS.counts[index])
        assert drawn.y.sum() == 500
    assert trace(figure, "published").x[0] == close_to(0.234, abs=1e-3)


FIGURES = [
    simplex,
    approach,
    lambda t: descent_gradients_figure(GRADIENTS, limit=1.0, translate=t),
    lambda t: residual_figure(GRADIENTS[0], RESIDUAL, limit=1.0, translate=t),
    lambda t: check_elements_figure(CHECK.elements, translate=t),
    lambda t: check_errors_figure(ERRORS, published=CHECK_SUM, translate=t),
]


@pytest.mark.parametrize("build", FIGURES)
def test_gradient_figures_are_valid_to_plotly(build: Any) -> None:
    go.Figure(build(str).to_plotly_json())


@pytest.mark.parametrize("build", FIGURES)
def test_gradient_figures_translate_every_word(build: Any) -> None:
    symbols = {"", "q", "p₁", "p − q", "J a", "p (a − b)", *ERRORS.dtypes, *CORNERS}
    figure = build(lambda text: f"«{text}»")
    shown = [figure.layout.title.text, *(note.text for note in figure.layout.annotations)]
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    shown += [axis.title.text for axis in axes if axis.title.text is not None]
    shown += [trace.name for trace in figure.data]
    assert [text for text in shown if text not in symbols and not text.startswith("«")] == []
