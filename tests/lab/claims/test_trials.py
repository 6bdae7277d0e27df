"""Claims on the post's experiment: what is true is asserted, what is not is refuted.

Each test computes by itself, from public functions and oracles; then it compares what the page shows.
"""

import math

import numpy as np
import pytest

from ce_core import (
    ExperimentConfig,
    cross_entropy_grad,
    logit_gap_grad,
    run_experiment,
)
from ce_core.post.published import (
    PUBLISHED_L1,
    PUBLISHED_L2,
)
from lab.claims.claim import CONDITIONAL, FALSE
from tests.support.claims import measure, rows
from tests.support.closeness import close_to


def line(**parameters: int | float) -> tuple[float, float]:
    """Return r and the slope of L2 on L1 over the trials, by NumPy."""
    config = ExperimentConfig(**{"dtype": "float64", **parameters})  # type: ignore[arg-type]
    result = run_experiment(config)
    l1, l2 = result.l1.numpy(), result.l2.numpy()
    return float(np.corrcoef(l1, l2)[0, 1]), float(np.polyfit(l1 - l1.mean(), l2 - l2.mean(), 1)[0])


def test_claim_published_pairs() -> None:
    l1, l2 = np.array(PUBLISHED_L1), np.array(PUBLISHED_L2)
    assert (l1 - l2).mean() == close_to(4.158659, abs=1e-6)
    assert (l1 - l2).std() < 4.1e-6
    # Never equal: apart by the entropy of a p that is uniform up to 3e-4 nats.
    assert (l1 / l2).min() > 1000
    assert 0 < math.log(64) - (l1 - l2).mean() < 3e-4
    numbers = measure("published_pairs", FALSE)
    assert numbers["difference"] == close_to((l1 - l2).mean(), abs=1e-12)
    assert numbers["correlation"] == close_to(np.corrcoef(l1, l2)[0, 1], abs=1e-9)
    assert numbers["correlation"] == close_to(0.99956, abs=5e-6)
    assert numbers["slope"] == close_to(1.016, abs=5e-4)
    assert numbers["spread"] < 8e-6


def test_claim_sorted_spacing() -> None:
    result = run_experiment(ExperimentConfig(dtype="float64"))
    order = np.sort(result.l1.numpy())
    spacing = np.gradient(order)
    np.testing.assert_allclose(spacing[1:-1], (order[2:] - order[:-2]) / 2)
    # The same numbers whatever produced them: a spacing, and never negative.
    assert (spacing > 0).all()
    true = cross_entropy_grad(*rows())
    assert (true < 0).any()
    numbers = measure("sorted_spacing", FALSE)
    assert numbers["spacing_20"] == close_to(spacing.mean(), rel=1e-9)
    assert numbers["spacing_80"] < numbers["spacing_20"] / 2
    assert numbers["gradient_80"] == numbers["gradient_20"] > 100 * numbers["spacing_20"]


def test_claim_deviation_in_practice() -> None:
    numbers = measure("deviation_in_practice", FALSE)
    for dtype, rounding in (("float32", 1e-5), ("float64", 1e-13)):
        result = run_experiment(ExperimentConfig(dtype=dtype))
        deviation = (result.l1 - result.l2).mean().item()
        # Theory gives it to the last digit; more digits do not make it smaller.
        assert deviation == close_to(result.entropy.mean().item(), abs=rounding)
        assert deviation == close_to(math.log(64), abs=3e-4)
        assert deviation > 1e5 * rounding
        assert numbers[f"gap_{dtype}"] == close_to(deviation, abs=1e-12)
        assert numbers[f"residual_{dtype}"] < rounding


def test_claim_small_deviation() -> None:
    numbers = measure("small_deviation", CONDITIONAL)
    for scale in (1, 16, 64):
        result = run_experiment(ExperimentConfig(trials=1, logit_scale=float(scale), dtype="float64"))
        difference = (result.l2_grad - result.l1_grad).norm() / result.l1_grad.norm()
        assert numbers[f"scale_{scale}"] == close_to(difference.item(), rel=0.1)
    assert numbers["scale_1"] < 0.05
    assert numbers["scale_16"] > 0.5
    assert numbers["scale_64"] > 1
    # It vanishes with the logits: of first order, since J a is.
    a, q = rows()
    small = [(logit_gap_grad(s * a, q) - cross_entropy_grad(s * a, q)).norm() for s in (1e-3, 1e-4)]
    assert (small[0] / small[1]).item() == close_to(10, rel=0.01)


def test_claim_linear_correlation() -> None:
    numbers = measure("linear_correlation", CONDITIONAL)
    for scale in (1, 16, 64, 1024):
        correlation, slope = line(logit_scale=float(scale))
        assert numbers[f"correlation_{scale}"] == close_to(correlation, abs=1e-8)
        assert numbers[f"slope_{scale}"] == close_to(slope, rel=1e-6)
        assert numbers[f"slope_error_{scale}"] < 1e-10
        # The slope as the entropy makes it.
        result = run_experiment(ExperimentConfig(logit_scale=float(scale), dtype="float64"))
        covariance = np.cov(result.l1.numpy(), result.entropy.numpy())
        assert slope == close_to(1 - covariance[0, 1] / covariance[0, 0], rel=1e-6)
    assert numbers["correlation_1"] > 0.999
    assert abs(numbers["slope_1"] - 1) < 0.02
    assert numbers["correlation_16"] < 0.95
    assert numbers["slope_16"] > 1.3
    assert numbers["slope_64"] > 1.7
    assert numbers["correlation_1024"] > 0.999
    assert abs(numbers["slope_1024"] - 1) < 0.05


@pytest.mark.parametrize("seed", range(6))
def test_linear_correlation_is_lost_whatever_is_drawn(seed: int) -> None:
    straight, bent = line(seed=seed), line(seed=seed, logit_scale=16.0)
    assert straight[0] > 0.998
    assert abs(straight[1] - 1) < 0.05
    assert bent[0] < 0.97
    assert bent[1] > 1.25


def test_claim_large_dimension() -> None:
    numbers = measure("large_dimension", CONDITIONAL)
    for m in (3, 64, 256):
        assert numbers[f"correlation_{m}"] == close_to(line(m=m)[0], abs=1e-8)
        correlation, slope = line(m=m, logit_scale=float(m))
        assert numbers[f"scaled_correlation_{m}"] == close_to(correlation, abs=1e-8)
        assert numbers[f"scaled_slope_{m}"] == close_to(slope, rel=1e-6)
        # With logits that do not shrink, no m makes the slope 1, though r grows there too.
        assert slope - numbers[f"scaled_interval_{m}"] > 1.1
    grown = [numbers[f"scaled_correlation_{m}"] for m in (3, 64, 256)]
    assert grown == sorted(grown)
    assert grown[-1] > 0.99
    assert numbers["correlation_3"] < 0.98 < 0.999 < numbers["correlation_64"]
    assert numbers["correlation_256"] > numbers["correlation_64"]


def test_claim_large_samples() -> None:
    numbers = measure("large_samples", FALSE)
    for n, trials in ((16, 500), (128, 500), (1024, 100)):
        correlation, slope = line(n=n, logit_scale=16.0, trials=trials)
        assert 0 < numbers[f"interval_{n}"] < 0.15
        # All of them hold one slope: what n changes, chance would.
        assert abs(slope - 1.51) < numbers[f"interval_{n}"]
        assert numbers[f"correlation_{n}"] == close_to(correlation, abs=1e-8)
        assert numbers[f"slope_{n}"] == close_to(slope, rel=1e-6)
        assert correlation < 0.97
        assert slope > 1.25
    # Nor is a large amount needed where the line is straight.
    assert line(n=4)[0] > 0.998
