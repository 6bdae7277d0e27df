"""The figures of the losses show the data they are given, and every word passes the translator."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from ce_core import ExperimentConfig, compare_losses, run_experiment, sort_losses
from ce_core.experiment.point_density import PointDensity, count_points
from ce_core.figures import (
    entropy_split_figure,
    entropy_stem_figure,
    gradient_figure,
    loss_pairs_figure,
    spacing_figure,
)
from tests.support.closeness import close_to

L1 = torch.tensor([3.0, 1.0, 2.0], dtype=torch.float64)
L2 = torch.tensor([0.9, 0.1, 0.4], dtype=torch.float64)
LOSSES = sort_losses(L1, L2)
COMPARISON = compare_losses(L1, L2, L1 - L2)
NONE = sort_losses([math.nan], [math.nan])


def trace(figure: go.Figure, uid: str) -> Any:
    """Return the one trace of that name."""
    (found,) = (trace for trace in figure.data if trace.uid == uid)
    return found


def density(points: int = 5000) -> PointDensity:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(points, generator=generator)
    return count_points(x, x**2, bins=20, sample=100)


def test_loss_pairs_figure_draws_the_trials_in_order_of_l1() -> None:
    drawn = trace(loss_pairs_figure(LOSSES, COMPARISON), "trials")
    np.testing.assert_array_equal(drawn.x, [1, 2, 3])
    np.testing.assert_array_equal(drawn.y, [0.1, 0.4, 0.9])


def test_loss_pairs_figure_line_has_slope_1_and_passes_the_mean() -> None:
    line = trace(loss_pairs_figure(LOSSES, COMPARISON), "slope-1")
    assert np.diff(line.y) == close_to(np.diff(line.x))
    assert np.interp(L1.mean(), line.x, line.y) == close_to(L2.mean().item())
    assert line.x[0] < 1
    assert line.x[1] > 3


def test_loss_pairs_figure_lays_the_published_pairs_over() -> None:
    published = trace(loss_pairs_figure(LOSSES, COMPARISON, published=LOSSES), "published")
    np.testing.assert_array_equal(published.x, LOSSES.l1)
    assert "published" not in [t.uid for t in loss_pairs_figure(LOSSES, COMPARISON).data]


def test_spacing_figure_draws_numpy_gradients() -> None:
    drawn = trace(spacing_figure(LOSSES, published=LOSSES), "trials")
    np.testing.assert_allclose(drawn.x, np.gradient([1.0, 2, 3]))
    np.testing.assert_allclose(drawn.y, np.gradient([0.1, 0.4, 0.9]))


def test_entropy_split_figure_stacks_to_l1() -> None:
    figure = entropy_split_figure(L1, L2, L1 - L2)
    assert figure.layout.barmode == "relative"
    np.testing.assert_allclose(trace(figure, "l2").y + trace(figure, "entropy").y, L1)


def test_entropy_split_figure_deviations_have_mean_0_and_leave_gaps() -> None:
    gap = torch.tensor([3.0, math.nan, 2.0], dtype=torch.float64)
    drawn = trace(entropy_split_figure(gap, L2, gap - L2), "l1-deviation").y
    assert np.nanmean(drawn) == close_to(0)
    assert np.isnan(drawn).tolist() == [False, True, False]


def test_entropy_stem_figure_bars_add_up_to_l1() -> None:
    figure = entropy_stem_figure(LOSSES, COMPARISON, title="t")
    l1, entropy, l2 = (trace(figure, uid) for uid in ("l1", "entropy", "l2"))
    assert figure.layout.barmode == "relative"
    assert entropy.x[0] + l2.x[0] == close_to(l1.x[0])
    assert entropy.y[0] == l2.y[0] != l1.y[0]
    assert l1.x[0] == close_to(L1.mean().item())


def test_entropy_stem_figure_stems_are_what_the_entropy_moves() -> None:
    figure = entropy_stem_figure(LOSSES, COMPARISON, title="t")
    stems, dots = trace(figure, "stems"), trace(figure, "trials")
    x, y = (np.reshape(values, (-1, 3)) for values in (stems.x, stems.y))
    # From the line of slope 1 to the dot, then a gap.
    np.testing.assert_array_equal(x[:, 0], y[:, 0])
    np.testing.assert_array_equal(x[:, 1], dots.x)
    np.testing.assert_array_equal(y[:, 1], dots.y)
    assert np.isnan(x[:, 2]).all()
    entropy = LOSSES.l1 - LOSSES.l2
    np.testing.assert_allclose(y[:, 1] - y[:, 0], -(entropy - entropy.mean()), atol=1e-15)


def test_entropy_stem_figure_shows_a_negative_l2_and_a_single_trial() -> None:
    l1, l2, entropy = ([value] for value in (0.5, -0.3, 0.8))
    figure = entropy_stem_figure(sort_losses(l1, l2), compare_losses(l1, l2, entropy), title="t")
    low, high = figure.layout.xaxis2.range
    assert low < -0.3
    assert high > 0.8
    assert figure.layout.xaxis.range[0] < 0 < figure.layout.xaxis.range[1]


@pytest.mark.parametrize("trials", [1, 20])
@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_figures_of_one_point_have_no_ticks_that_rounding_makes(dtype: str, trials: int) -> None:
    result = run_experiment(ExperimentConfig(trials=trials, logit_exponent=0.0, dtype=dtype))
    losses = sort_losses(result.l1, result.l2)
    comparison = compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)
    for figure in (
        entropy_stem_figure(losses, comparison, title="t"),
        loss_pairs_figure(losses, comparison),
    ):
        for axis in (figure.layout.xaxis, figure.layout.yaxis):
            assert axis.range[1] - axis.range[0] > 0.01
    if trials > 1:
        assert np.ptp(spacing_figure(losses).layout.xaxis.range) > 0.9e-6


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("trials", [1, 2, 20])
def test_entropy_stem_figure_holds_every_stem_and_names_rounding(dtype: str, trials: int) -> None:
    result = run_experiment(ExperimentConfig(trials=trials, dtype=dtype))
    losses = sort_losses(result.l1, result.l2)
    comparison = compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)
    figure = entropy_stem_figure(losses, comparison, title="t")
    stems = trace(figure, "stems")
    for values, axis in ((stems.x, figure.layout.xaxis), (stems.y, figure.layout.yaxis)):
        assert axis.range[0] < np.nanmin(values)
        assert np.nanmax(values) < axis.range[1]
    assert (stems.name == "H(p) and rounding") == comparison.rounding_decides
    assert comparison.rounding_decides or trials == 1


def test_gradient_figure_counts_every_point_and_draws_a_few() -> None:
    figure = gradient_figure(density())
    assert np.sum(trace(figure, "density").customdata) == 5000
    assert len(trace(figure, "sample").x) == 100
    held = trace(figure, "held")
    np.testing.assert_array_equal(held.x, held.y)


def test_gradient_figure_stays_small_at_100000_points() -> None:
    assert len(gradient_figure(density(100_000)).to_json()) < 60_000


@pytest.mark.parametrize(
    "figure",
    [
        loss_pairs_figure(NONE, COMPARISON),
        entropy_stem_figure(NONE, COMPARISON, title="L1 = L2 + H(p)"),
        spacing_figure(NONE),
        gradient_figure(count_points([math.nan], [0.0])),
    ],
    ids=["pairs", "stems", "spacing", "gradients"],
)
def test_figures_without_data_say_so(figure: go.Figure) -> None:
    assert not figure.data
    assert figure.layout.annotations[0].text
    assert figure.layout.title.text


@pytest.mark.parametrize(
    "build",
    [
        lambda t: loss_pairs_figure(LOSSES, COMPARISON, published=LOSSES, translate=t),
        lambda t: spacing_figure(LOSSES, published=LOSSES, translate=t),
        lambda t: entropy_split_figure(L1, L2, L1 - L2, translate=t),
        lambda t: gradient_figure(density(), translate=t),
        lambda t: entropy_stem_figure(LOSSES, COMPARISON, title=t("title"), translate=t),
        lambda t: loss_pairs_figure(NONE, COMPARISON, translate=t),
        lambda t: spacing_figure(NONE, translate=t),
        lambda t: gradient_figure(count_points([math.nan], [0.0]), translate=t),
    ],
)
def test_figures_translate_every_word(build: Any) -> None:
    symbols = {"L1", "L2", "H(p)", "dL2/da", ""}
    figure = build(lambda text: f"«{text}»")
    layout = figure.layout
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    shown = [layout.title.text, *(a.text for a in layout.annotations)]
    shown += [axis.title.text for axis in axes if axis.title.text is not None]
    shown += [trace.name for trace in figure.data]
    assert [text for text in shown if text not in symbols and not text.startswith("«")] == []


def test_figures_keep_the_zoom_when_data_change() -> None:
    first = loss_pairs_figure(LOSSES, COMPARISON).layout.uirevision
    second = loss_pairs_figure(NONE, COMPARISON).layout.uirevision
    assert first
    assert first == second
