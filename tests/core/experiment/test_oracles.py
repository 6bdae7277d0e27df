"""The experiment against a loop in NumPy, the post's run, and the table of the design."""

import dataclasses
import math

import mpmath
import numpy as np
import pytest
import scipy.special
import torch

from ce_core import (
    ExperimentConfig,
    balanced_assignment,
    compare_losses,
    logit_gap,
    run_experiment,
)
from tests.support.cases import SMALL, draws_of, gradient, log_domain_assignment, post_assignment
from tests.support.closeness import close_to

# Oracles


def post_experiment(config: ExperimentConfig) -> tuple[list[float], list[float]]:
    """Return L1 and L2 per trial by a loop in NumPy, as the post describes it."""
    l1, l2 = [], []
    for uniform_logits, uniform_scores in draws_of(config):
        a = uniform_logits**config.logit_exponent
        a = config.logit_scale * a / a.sum(axis=1, keepdims=True)
        p = scipy.special.softmax(a, axis=1)
        q = post_assignment(uniform_scores**config.cost_exponent, eps=config.eps, n_iter=config.n_iter)
        l1.append(float(np.mean(-(q * np.log(p)).sum(axis=1))))
        l2.append(float(np.mean(((p - q) * a).sum(axis=1))))
    return l1, l2


@pytest.mark.parametrize(
    "config",
    [
        ExperimentConfig(dtype="float64"),
        ExperimentConfig(dtype="float64", eps=5.0, n_iter=3, trials=3),
        ExperimentConfig(dtype="float64", n=7, m=3, logit_scale=16.0, seed=5),
    ],
    ids=["post", "post_defaults", "small_and_scaled"],
)
def test_run_experiment_agrees_with_a_loop_in_numpy(config: ExperimentConfig) -> None:
    result = run_experiment(config)
    l1, l2 = post_experiment(config)
    assert result.l1.tolist() == close_to(l1, abs=1e-13)
    assert result.l2.tolist() == close_to(l2, abs=1e-13)


def test_run_experiment_in_float32_agrees_with_float64() -> None:
    single = run_experiment(ExperimentConfig())
    double = run_experiment(ExperimentConfig(dtype="float64"))
    # L1 is a number of float32 near 4.16, L2 one near 5e-4.
    torch.testing.assert_close(single.l1, double.l1, rtol=0, atol=1e-6)
    torch.testing.assert_close(single.l2, double.l2, rtol=0, atol=1e-8)
    torch.testing.assert_close(single.l2_grad, double.l2_grad, rtol=0, atol=1e-7)


# What the losses of trials differ by gets small as m grows; these slopes are those of float64, which
# agrees with the loop in NumPy to its last digits.
@pytest.mark.parametrize(
    ("changes", "slope"),
    [
        ({}, 1.0046474),
        ({"m": 2}, 1.0023237),
        ({"m": 512}, 1.0017897),
        ({"m": 3000, "n": 256, "eps": 0.05, "n_iter": 3}, 0.9999875),
        ({"m": 8192, "n": 43}, 0.9999213),
        ({"eps": 1000.0}, 2.0249106),
    ],
    ids=["post", "m_2", "m_512", "m_3000", "m_8192", "eps_1000"],
)
def test_run_experiment_in_float32_has_the_slope_of_float64(
    changes: dict[str, int | float], slope: float
) -> None:
    for dtype, tolerance in (("float64", 1e-6), ("float32", 2e-4)):
        result = run_experiment(ExperimentConfig(dtype=dtype, **changes))  # type: ignore[arg-type]
        comparison = compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)
        assert comparison.slope == close_to(slope, abs=tolerance)
        assert comparison.slope_from_entropy == close_to(comparison.slope, abs=tolerance)
        assert not comparison.rounding_decides


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_run_experiment_has_the_losses_of_mpmath_at_many_classes(dtype: str) -> None:
    config = ExperimentConfig(n=2, m=3000, trials=1, dtype=dtype)
    result = run_experiment(config)
    with mpmath.workdps(30):
        total = mpmath.mpf(0)
        costs = draws_of(config)[0, 1] ** 1.5
        target = log_domain_assignment(costs, eps=0.5, n_iter=10)
        for uniform, q in zip(draws_of(config)[0, 0].tolist(), target.tolist(), strict=True):
            powers = [mpmath.mpf(u) ** 4 for u in uniform]
            a = [power / mpmath.fsum(powers) for power in powers]
            log_sum = mpmath.log(mpmath.fsum(map(mpmath.exp, a)))
            total += log_sum - mpmath.fdot(q, a) / mpmath.fsum(q)
    # A unit of float32 near 8 is 1e-6.
    assert result.l1.item() == close_to(
        float(total / 2), rel=0, abs={"float32": 2e-9, "float64": 1e-14}[dtype]
    )


def test_run_experiment_returns_the_gradients_of_the_first_trial() -> None:
    config = dataclasses.replace(SMALL, logit_scale=16.0)
    result = run_experiment(config)
    draws = torch.from_numpy(draws_of(config)[0])
    powers = draws[0] ** 4
    a = 16 * powers / powers.sum(-1, keepdim=True)
    q = balanced_assignment(draws[1] ** 1.5, eps=0.5, n_iter=10)
    by_autograd = gradient(lambda x: logit_gap(x, q), a)
    torch.testing.assert_close(result.l1_grad, a.softmax(-1) - q, rtol=0, atol=1e-14)
    torch.testing.assert_close(result.l2_grad, by_autograd, rtol=0, atol=1e-13)


def test_run_experiment_compares_the_gradients_it_returns() -> None:
    result = run_experiment(dataclasses.replace(SMALL, trials=1, logit_scale=16.0))
    l1_grad, l2_grad = result.l1_grad, result.l2_grad
    cosine = (l1_grad * l2_grad).sum() / l1_grad.norm() / l2_grad.norm()
    assert result.gradient_cosine == close_to(cosine.item(), rel=1e-13)
    difference = (l2_grad - l1_grad).norm() / l1_grad.norm()
    assert result.gradient_difference == close_to(difference.item(), rel=1e-13)


# The post and the design


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_run_experiment_repeats_the_post(seed: int, dtype: str) -> None:
    result = run_experiment(ExperimentConfig(seed=seed, dtype=dtype))
    assert 4.1587 < result.l1.min() < result.l1.max() < 4.1595
    assert 0 < result.l2.min() < result.l2.max() < 1.2e-3
    assert compare_losses(result.l1, result.l2, result.entropy).correlation > 0.99
    # The post's differences are 4.158659 with a deviation of 4e-6; 5 of those cover all seeds here.
    assert (result.l1 - result.l2 - 4.158659).abs().max() < 2e-5


# The design measured one seed. r and slope of 40 trials vary with the draws: at s = 16 it states .862
# to .946 and 1.39 to 1.68 over 12 seeds, and the ranges here hold that and these three seeds. The
# other three columns pool 300,000 entries, and vary in the last digit that the design prints.
TABLE = {
    1.0: ((0.999, 1.0), (0.98, 1.02), 0.9999, 0.999, 0.04),
    4.0: ((0.977, 0.994), (0.98, 1.08), 0.999, 0.985, 0.18),
    16.0: ((0.862, 0.96), (1.35, 1.72), 0.982, 0.923, 0.81),
    64.0: ((0.975, 0.995), (1.74, 2.0), 0.68, 0.965, 1.06),
    256.0: ((0.988, 0.998), (1.05, 1.15), 0.25, 0.963, 0.49),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", TABLE)
def test_run_experiment_bends_as_the_logits_grow(scale: float, seed: int) -> None:
    result = run_experiment(ExperimentConfig(trials=40, dtype="float64", logit_scale=scale, seed=seed))
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    correlation, slope, entropy_share, cosine, difference = TABLE[scale]
    assert correlation[0] < comparison.correlation < correlation[1]
    assert slope[0] < comparison.slope < slope[1]
    assert comparison.slope == close_to(comparison.slope_from_entropy, abs=1e-9)
    assert comparison.entropy_mean / math.log(64) == close_to(entropy_share, rel=0.04, abs=1e-4)
    assert result.gradient_cosine == close_to(cosine, abs=2e-3)
    assert result.gradient_difference == close_to(difference, abs=0.01)


def test_run_experiment_leaves_the_columns_unbalanced_before_it_converges() -> None:
    few, many = (run_experiment(dataclasses.replace(SMALL, n_iter=k, eps=0.05)) for k in (1, 200))
    assert few.marginal_error.min() > 1e-3
    assert many.marginal_error.max() < 1e-12
