"""What the figures of tuning hold: data first, then words."""

import math

import numpy as np
import torch

from ce_core import temperature_curve, tuning_map
from ce_core.figures import pace_figure, temperature_figure, underflow_figure
from tests.support.closeness import close_to

GENERATOR = torch.Generator().manual_seed(0)
COST = torch.rand(12, 6, generator=GENERATOR, dtype=torch.float64)
MAP = tuning_map(COST, eps=[0.01, 0.1, 1.0], n_iter=[1, 10])


def named(tree: dict[str, list[dict[str, object]]], uid: str) -> dict[str, object]:
    (trace,) = (trace for trace in tree["data"] if trace["uid"] == uid)
    return trace


def test_underflow_is_drawn_in_percent_a_line_a_dtype() -> None:
    tree = underflow_figure.tree(MAP, now=0.1)
    for dtype, shares in MAP.underflow.items():
        assert np.array_equal(named(tree, dtype)["y"], 100 * shares.numpy())  # type: ignore[arg-type]
    assert list(named(tree, "now")["x"]) == [0.1, 0.1]  # type: ignore[call-overload]


def test_pace_is_how_many_iterations_make_a_tenth() -> None:
    y = named(pace_figure.tree(MAP, now=0.1), "pace")["y"]
    for steps, rate in zip(y, MAP.rate.tolist(), strict=True):  # type: ignore[call-overload]
        assert rate**steps == close_to(0.1, rel=1e-9)


def test_pace_without_a_rate_says_so() -> None:
    tree = pace_figure.tree(tuning_map(COST, eps=[0.1], n_iter=[1], max_iter=0), now=0.1)
    assert not tree["data"]
    assert "No converged plan" in tree["layout"]["annotations"][0]["text"]


def test_temperature_draws_means_over_the_rows() -> None:
    curve = temperature_curve(-COST, temperatures=[0.01, 0.1, 1.0])
    tree = temperature_figure.tree(curve, wanted=0.1)
    assert np.array_equal(named(tree, "entropy")["y"], curve.entropy.mean(-1))  # type: ignore[arg-type]
    assert np.array_equal(named(tree, "largest")["y"], curve.largest.mean(-1))  # type: ignore[arg-type]
    gradient = curve.gradient.mean(-1)
    drawn = named(tree, "gradient")["y"]
    assert np.allclose(drawn, gradient / gradient.max())  # type: ignore[arg-type]
    assert "now" not in {
        trace["uid"] for trace in temperature_figure.tree(curve, wanted=math.nan)["data"]
    }
