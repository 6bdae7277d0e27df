"""The figures of transport show the data they are given, and every word passes the translator."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from ce_core import (
    ConvergenceTrace,
    PlanFrames,
    forbid_pairs,
    plans_along_eps,
    random_cost,
    squared_distances,
    trace_convergence,
)
from ce_core.figures import (
    clouds_figure,
    convergence_figure,
    eps_path_figure,
    plan_figure,
    variant_figure,
)
from ce_core.post.plan_variant import variant_differences

COST = random_cost(3, 4)
MU = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
NU = torch.tensor([0.4, 0.3, 0.3, 0.0], dtype=torch.float64)
PATH: PlanFrames = plans_along_eps(COST, eps=[0.01, 0.1, 1.0], mu=MU, nu=NU)
PLAN = PATH.plan[1]
TRACE: ConvergenceTrace = trace_convergence(COST, eps=0.1, mu=MU, nu=NU, n_iter=20)
X, Y = random_cost(3, 2), random_cost(4, 2, seed=1)


def trace(figure: go.Figure, uid: str) -> Any:
    """Return the one trace of that name."""
    (found,) = (trace for trace in figure.data if trace.uid == uid)
    return found


def path_figure(**change: Any) -> go.Figure:
    present: dict[str, Any] = {"entropy": 1.0, "transport_cost": 0.2, "entropic_value": 0.3}
    return eps_path_figure(PATH, eps=0.1, limits=(0.5, 2.5), **present, **change)


def test_plan_figure_draws_the_plan_and_both_sums() -> None:
    figure = plan_figure(PLAN, MU, NU)
    np.testing.assert_array_equal(trace(figure, "plan").z, PLAN)
    np.testing.assert_allclose(trace(figure, "column-sums").y, PLAN.sum(0))
    np.testing.assert_allclose(trace(figure, "row-sums").x, PLAN.sum(1))
    np.testing.assert_allclose(
        trace(figure, "column-met").y, np.minimum(PLAN.sum(0).numpy(), NU.numpy())
    )
    np.testing.assert_array_equal(trace(figure, "row-asked").x, MU)
    np.testing.assert_array_equal(trace(figure, "nu").y, NU)
    np.testing.assert_array_equal(trace(figure, "mu").x, MU)


def test_plan_figure_axes_are_called_by_what_they_count() -> None:
    layout = plan_figure(PLAN, MU, NU).layout
    assert (layout.meta["xaxis"], layout.meta["yaxis"]) == ("column", "row")
    (key,) = (note for note in layout.annotations if "what is asked" in note.text)
    assert key.yshift >= -layout.margin.b


def test_plan_figure_colours_do_not_depend_on_the_plan() -> None:
    first, second = (trace(plan_figure(plan, MU, NU), "plan") for plan in PATH.plan[:2])
    assert (first.zmin, first.zmax) == (second.zmin, second.zmax) == (0, 0.4)


def test_convergence_figure_draws_the_trace_and_the_present() -> None:
    figure = convergence_figure(TRACE, at=3, error=0.01)
    for name in ("plain", "accelerated"):
        errors = getattr(TRACE, name).numpy() / 2
        np.testing.assert_array_equal(trace(figure, name).y, np.where(errors > 0, errors, np.nan))
    np.testing.assert_allclose(trace(figure, "bound").y, TRACE.bound / 2)
    np.testing.assert_allclose(trace(figure, "asymptote").y, TRACE.asymptote / 2)
    assert list(trace(figure, "plain").x) == list(range(1, 21))
    assert (trace(figure, "now").x[0], trace(figure, "now").y[0]) == (3, 0.005)
    assert "accelerated" not in {
        drawn.uid for drawn in convergence_figure(TRACE, at=3, error=0.01, accelerated=False).data
    }


def test_convergence_figure_without_a_rate_draws_none() -> None:
    cost = forbid_pairs(random_cost(6, 6), 0.8)
    figure = convergence_figure(trace_convergence(cost, eps=0.1, n_iter=10), at=1, error=0.5)
    assert "asymptote" not in [drawn.uid for drawn in figure.data]


def test_eps_path_figure_draws_the_path_and_the_present() -> None:
    figure = path_figure()
    np.testing.assert_array_equal(trace(figure, "entropy").y, PATH.entropy)
    np.testing.assert_array_equal(trace(figure, "transport-cost").y, PATH.transport_cost)
    np.testing.assert_array_equal(trace(figure, "entropic-value").y, PATH.entropic_value)
    assert trace(figure, "now-entropy").y[0] == 1.0
    assert list(trace(figure, "independence").y) == [2.5, 2.5]


def test_variant_figure_draws_a_line_a_dtype_and_the_present() -> None:
    found = variant_differences(COST, [10.0, 2000.0])
    figure = variant_figure(found, now=50.0)
    for dtype, differences in zip(found.dtypes, found.differences, strict=True):
        expected = differences.numpy()
        np.testing.assert_array_equal(trace(figure, dtype).y, np.where(expected > 0, expected, np.nan))
    assert list(trace(figure, "now").x) == [50.0, 50.0]


def test_figures_draw_no_error_of_zero_as_a_number() -> None:
    """Two points far apart: after one iteration the error is 0, and so is the variant's at once."""
    trace_of_none = trace_convergence([[0.0, 0.0], [0.0, 0.0]], eps=0.1, n_iter=5)
    figure = convergence_figure(trace_of_none, at=2, error=0.0)
    assert np.isnan(trace(figure, "plain").y).all()
    now = trace(figure, "now")
    assert now.customdata[0] == 0
    assert "%{customdata" in now.hovertemplate
    assert np.log10(now.y[0]) >= figure.layout.yaxis.range[0] - 1e-9


def test_eps_path_figure_shows_no_rounding_where_nothing_changes() -> None:
    one_column = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    path = plans_along_eps(COST, eps=[0.01, 0.1, 1.0], mu=MU, nu=one_column)
    cost, least = path.transport_cost[0].item(), path.entropy[0].item()
    figure = eps_path_figure(
        path, eps=0.1, entropy=least, transport_cost=cost, entropic_value=cost, limits=(least, least)
    )
    for axis, size in ((figure.layout.yaxis, 0.01), (figure.layout.yaxis2, 1e-3 * cost)):
        assert axis.range[1] - axis.range[0] >= 0.99 * size


@pytest.mark.parametrize(
    ("least", "name"),
    [("assignment", "assignment"), ("limit", "limit, ε → 0"), ("bound", "max(H(μ), H(ν))")],
)
def test_eps_path_figure_names_the_least_entropy_as_what_it_is(least: str, name: str) -> None:
    assert name in trace(path_figure(least=least), "assignment").text


def test_clouds_figure_draws_each_pair_once_by_its_share() -> None:
    figure = clouds_figure(X, Y, PLAN, MU, NU)
    lines = [drawn for drawn in figure.data if drawn.uid.startswith("share-")]
    ends = np.concatenate([np.reshape(drawn.x, (-1, 3))[:, :2] for drawn in lines])
    assert len(ends) == int((PLAN / 0.4 >= 0.02).sum())
    assert set(ends[:, 0]) <= set(X[:, 0].tolist())
    assert set(ends[:, 1]) <= set(Y[:, 0].tolist())
    np.testing.assert_array_equal(trace(figure, "y").x, Y[:, 0])
    # The last column has no weight.
    assert trace(figure, "y").marker.size[3] == 2


def test_clouds_figure_lines_are_where_the_plan_has_its_mass() -> None:
    cost = squared_distances(X, X)
    plan = plans_along_eps(cost, eps=[1e-4]).plan[0]
    mu = torch.full((3,), 1 / 3, dtype=torch.float64)
    full = trace(clouds_figure(X, X, plan, mu, mu), "share-0_6")
    ends = np.reshape(full.x, (-1, 3))
    np.testing.assert_array_equal(ends[:, 0], ends[:, 1])


FIGURES = [
    lambda t: plan_figure(PLAN, MU, NU, translate=t),
    lambda t: convergence_figure(TRACE, at=3, error=0.0, translate=t),
    lambda t: path_figure(translate=t),
    lambda t: variant_figure(variant_differences(COST, [10.0]), now=3.0, translate=t),
    lambda t: variant_figure(None, now=0.0, translate=t),
    lambda t: clouds_figure(X, Y, PLAN, MU, NU, translate=t),
]


@pytest.mark.parametrize("build", FIGURES)
def test_figures_translate_every_word(build: Any) -> None:
    symbols = {"ν", "μ", "float32", "float64", "ε", ""}
    figure = build(lambda text: f"«{text}»")
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    shown = [figure.layout.title.text, *(a.text for a in figure.layout.annotations)]
    shown += [axis.title.text for axis in axes if axis.title.text is not None]
    shown += [drawn.name for drawn in figure.data]
    assert [text for text in shown if text not in symbols and not text.startswith("«")] == []


@pytest.mark.parametrize("build", FIGURES)
def test_figures_are_valid_and_keep_the_zoom(build: Any) -> None:
    figure = build(str)
    go.Figure(figure.to_dict())
    assert figure.layout.uirevision
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        assert axis.range is None or all(map(math.isfinite, axis.range))
