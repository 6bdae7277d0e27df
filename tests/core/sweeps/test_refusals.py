"""What is no axis and no grid is refused in one line."""

import math
from typing import Any

import pytest

from ce_core import ExperimentConfig
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.definition import grid_of

pytestmark = pytest.mark.usefixtures("without_shape_checks")


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
        grid_of(**{**arguments, **changes})
