"""An axis: evenly spaced, by equal ratios, or a list; refused in one line."""

import math
from typing import Any

import pytest

from ce_core import ExperimentConfig
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.definition import Grid
from tests.support.closeness import close_to


def test_axis_linear_has_equal_steps_and_both_ends() -> None:
    values = Axis.linear("eps", 0.1, 0.7, 4).values
    assert values == (0.1, 0.3, 0.5, 0.7)


def test_axis_logarithmic_has_equal_ratios_and_both_ends() -> None:
    values = Axis.logarithmic("eps", 0.05, 2.0, 40).values
    assert (values[0], values[-1], len(values)) == (0.05, 2.0, 40)
    for one, other in zip(values, values[1:], strict=False):
        assert other / one == close_to(40 ** (1 / 39), rel=1e-11)


def test_axis_may_fall() -> None:
    assert Axis.logarithmic("logit_scale", 100, 1, 3).values == (100.0, 10.0, 1.0)


def test_axis_of_a_count_is_whole_and_has_no_value_twice() -> None:
    values = Axis.logarithmic("n_iter", 1, 100, 30).values
    assert values[:4] == (1, 2, 3, 4)
    assert all(isinstance(value, int) for value in values)
    assert len(set(values)) == len(values)


def test_axis_of_one_value_is_the_first() -> None:
    assert Axis.linear("eps", 0.5, 2.0, 1).values == (0.5,)


def test_axis_may_be_of_dtypes() -> None:
    assert Axis("dtype", ["float64", "float16"]).values == ("float64", "float16")


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("l1", [1.0], "name must be one of n, m, .*, got 'l1'"),
        ("eps", [], "values must be 1 to 100000, got 0"),
        ("eps", [0.5, 0.1, 0.5], "values must be each there once, got 0.5"),
        ("eps", [0.5, -1.0], "eps must be finite and > 0, got -1.0"),
        ("n", [1.5], "n must be an integer >= 1, got 1.5"),
        ("dtype", ["float8"], "dtype must be one of float64"),
        ("eps", 0.5, "values must be a sequence, got 0.5"),
    ],
)
def test_axis_refuses(name: str, values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Axis(name, values)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dtype", 1, 2, 2), "name must be one of n, .*, seed, got 'dtype'"),
        (("eps", 0, 1, 3), "first must be finite and > 0, got 0"),
        (("eps", 1, math.inf, 3), "last must be finite and > 0, got inf"),
        (("eps", 1, 2, 0), "count must be an integer >= 1 and < 100001, got 0"),
    ],
)
def test_axis_logarithmic_refuses(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Axis.logarithmic(*arguments)


EPS = Axis("eps", [0.5, 1.0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"config": None}, "config must be an ExperimentConfig, got None"),
        ({"axes": ()}, r"axes must be one Axis or two, got \(\)"),
        ({"axes": (EPS, EPS)}, "axes must be two parameters, got 'eps'"),
        ({"axes": ("eps",)}, "axes must be one Axis or two"),
        ({"metrics": ()}, "metrics must be one or more, each once"),
        ({"metrics": ("r", "r")}, "metrics must be one or more, each once"),
        ({"metrics": ("loss",)}, "metrics must be one of r, slope, .*, got 'loss'"),
        ({"seeds": 0}, "seeds must be an integer >= 1, got 0"),
        ({"seeds": 2, "axes": (Axis("seed", [1]),)}, "seeds must be 1 where the seed is an axis"),
        ({"seeds": 2, "config": ExperimentConfig(seed=2**63 - 1)}, "seed must be an integer"),
        ({"seeds": 60_000_000}, "axes must have at most 100000000 points, seeds counted"),
        ({"axes": (Axis("trials", [2**28]),)}, "n must ask for at most 2147483648 numbers"),
    ],
)
def test_grid_refuses(changes: dict[str, Any], message: str) -> None:
    arguments = {"config": ExperimentConfig(), "axes": (EPS,), "metrics": ("r",), "seeds": 1}
    with pytest.raises(ValueError, match=message):
        Grid(**{**arguments, **changes})


@pytest.mark.parametrize("metrics", [("r",), ("gradient_cosine",)], ids=["losses", "gradients"])
@pytest.mark.parametrize(
    ("x", "y"),
    [("eps", "logit_scale"), ("logit_scale", "eps"), ("eps", "cost_exponent"), ("n", "logit_scale")],
)
def test_grid_regions_cover_each_point_once(x: str, y: str, metrics: tuple[str, ...]) -> None:
    axes = tuple(Axis.linear(name, 1, 300, 300) for name in (x, y))
    grid = Grid(ExperimentConfig(), axes, metrics)
    seen = [
        (row, column) for region in grid.regions() for row in region.rows for column in region.columns
    ]
    assert len(seen) == len(set(seen)) == grid.points
    assert len(list(grid.regions())) > 1
