"""An axis: evenly spaced, by equal ratios, or a list; refused in one line."""

from itertools import pairwise

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
    for one, other in pairwise(map(float, values)):
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
