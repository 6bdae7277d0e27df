"""The verdict on every claim of the post: a test of its name asserts what is true, refutes the rest.

Each test computes by itself, from public functions and oracles, what the claim is about; then it
compares the numbers that the page shows.
"""

import math
import sys

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import lambertw
from scipy.special import softmax as scipy_softmax
from torch import Tensor

from ce_core import (
    ExperimentConfig,
    balanced_assignment,
    cross_entropy,
    cross_entropy_grad,
    entropy,
    kl_divergence,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
    run_experiment,
    sinkhorn,
    softmax,
    softmax_jacobian,
    trace_formula,
)
from ce_core.post.claims import (
    CLAIM_VERDICTS,
    CLAIMS,
    CONDITIONAL,
    FALSE,
    TRUE,
    five_numbers,
    post_cost,
)
from ce_core.post.plan_variant import post_assignment
from ce_core.post.published import (
    CHECK_MEAN,
    CHECK_P,
    CHECK_SUM,
    CHECK_VALUES,
    PUBLISHED_L1,
    PUBLISHED_L2,
)
from tests.support.cases import (
    gradient,
    log_domain_assignment,
    mp_softmax,
    tensor64,
    uniform,
)
from tests.support.closeness import close_to


def rows(count: int = 200, classes: int = 6) -> tuple[Tensor, Tensor]:
    """Return logits some apart and targets, one a row."""
    a = torch.randn(count, classes, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return 3 * a, uniform(count, classes, seed=2).softmax(-1)


def measure(key: str, verdict: str) -> dict[str, float]:
    """Return the numbers of a claim, once its verdict is as the test has it."""
    assert CLAIMS[key].verdict == verdict
    return CLAIMS[key].measure()


def line(**parameters: int | float) -> tuple[float, float]:
    """Return r and the slope of L2 on L1 over the trials, by NumPy."""
    config = ExperimentConfig(**{"dtype": "float64", **parameters})  # type: ignore[arg-type]
    result = run_experiment(config)
    l1, l2 = result.l1.numpy(), result.l2.numpy()
    return float(np.corrcoef(l1, l2)[0, 1]), float(np.polyfit(l1 - l1.mean(), l2 - l2.mean(), 1)[0])


def test_every_claim_has_a_test_of_its_name_and_every_such_test_a_claim() -> None:
    tests = {name for name in vars(sys.modules[__name__]) if name.startswith("test_claim_")}
    assert tests == {f"test_claim_{key}" for key in CLAIMS}


@pytest.mark.parametrize("key", CLAIMS)
def test_claims_are_measured_alike_every_time(key: str) -> None:
    assert CLAIMS[key].verdict in CLAIM_VERDICTS
    numbers = CLAIMS[key].measure()
    assert numbers == CLAIMS[key].measure()
    assert not any(math.isnan(value) for value in numbers.values())


def test_claim_softmax_jacobian() -> None:
    a, _ = rows(20)
    for row in a:
        p = tensor64(*map(float, mp_softmax(row.tolist())))
        jacobian = torch.autograd.functional.jacobian(lambda x: torch.softmax(x, -1), row)  # type: ignore[no-untyped-call]
        torch.testing.assert_close(jacobian, p.diag() - torch.outer(p, p), atol=1e-15, rtol=0)
        torch.testing.assert_close(jacobian.sum(-1), torch.zeros_like(p), atol=1e-15, rtol=0)
        assert torch.linalg.eigvalsh(jacobian)[0].abs() < 1e-15
        # Without the outer product it is another matrix.
        assert (jacobian - p.diag()).abs().max() > 1e-4
    numbers = measure("softmax_jacobian", TRUE)
    assert max(numbers.values()) < 1e-15


def test_claim_cross_entropy_gradient() -> None:
    a, q = rows()
    p = softmax(a)
    torch.testing.assert_close(gradient(lambda x: cross_entropy(x, q), a), p - q, atol=1e-14, rtol=0)
    w = 1.5 * q
    found = gradient(lambda x: cross_entropy(x, w), a)
    torch.testing.assert_close(found, 1.5 * p - w, atol=1e-14, rtol=0)
    assert ((found - (p - w)).abs().amax(-1) > 0.05).all()
    numbers = measure("cross_entropy_gradient", CONDITIONAL)
    assert max(numbers["difference"], numbers["weighted_difference"]) < 1e-15
    assert numbers["wrong_by"] > 0.1


def test_claim_losses_equivalent() -> None:
    a, q = rows()
    p = softmax(a)
    difference = cross_entropy(a, q) - logit_gap(a, q)
    torch.testing.assert_close(difference, entropy(p), atol=1e-13, rtol=0)
    # Not equal, and not by a constant.
    assert difference.min() > 0.001
    assert difference.max() - difference.min() > 0.5
    # L1 is least where p = q; L2 goes on, since it also rewards entropy: L2 = KL + H(q) - H(p).
    torch.testing.assert_close(
        logit_gap(a, q), kl_divergence(q, p) + entropy(q) - entropy(p), atol=1e-13, rtol=0
    )
    numbers = measure("losses_equivalent", FALSE)
    assert numbers["l1"] - numbers["l2"] == close_to(numbers["entropy"], abs=1e-14)
    assert numbers["identity"] < 1e-15
    # The best that L2 in full can do for one right class of 10, by SciPy.
    target = torch.eye(10, dtype=torch.float64)[0]
    best = minimize_scalar(lambda x: logit_gap(x * target, target).item(), bounds=(0, 10))
    assert numbers["confidence"] == close_to(softmax(best.x * target)[0].item(), abs=1e-5)
    w = lambertw(9 / math.e).real
    assert numbers["confidence"] == close_to(1 / (1 + w), rel=1e-12)


def test_claim_same_gradient() -> None:
    a, q = rows()
    l1 = gradient(lambda x: cross_entropy(x, q), a)
    p = softmax(a)
    held = gradient(lambda x: ((p - q) * x).sum(-1), a)
    torch.testing.assert_close(held, l1, atol=1e-14, rtol=0)
    full = gradient(lambda x: logit_gap(x, q), a)
    extra = (softmax_jacobian(a) @ a.unsqueeze(-1)).squeeze(-1)
    torch.testing.assert_close(full, p - q + extra, atol=1e-13, rtol=0)
    assert ((full - l1).abs().amax(-1) > 1e-3).all()
    # Where p is right and nearly sure of it, a step against one gradient raises the other loss.
    right = torch.nn.functional.one_hot(a.argmax(-1), a.shape[-1]).double()
    opposed = (logit_gap_grad(a, right) * cross_entropy_grad(a, right)).sum(-1) < 0
    assert opposed[p.amax(-1) > 0.8].all()
    numbers = measure("same_gradient", CONDITIONAL)
    assert numbers["held"] == 0
    assert numbers["l1"] == close_to(-0.1192, abs=1e-4)
    assert numbers["l2"] == close_to(0.0908, abs=1e-4)


def test_claim_zero_elements() -> None:
    a, _ = rows()
    p = tensor64(*scipy_softmax(a.numpy(), -1).flatten().tolist()).reshape(a.shape)
    elements = p * (a - (p * a).sum(-1, keepdim=True))
    torch.testing.assert_close(elements, logit_gap_residual(a), atol=1e-13, rtol=0)
    torch.testing.assert_close(elements.sum(-1), torch.zeros(len(a)).double(), atol=1e-14, rtol=0)
    assert (elements.abs().amax(-1) > 1e-3).all()
    # The exception: all logits that matter are equal.
    equal = torch.tensor([3.0, 3.0, 3.0, -math.inf], dtype=torch.float64)
    assert (logit_gap_residual(equal) == 0).all()
    numbers = measure("zero_elements", FALSE)
    assert numbers["sum"] < 1e-15
    assert numbers["largest"] > 0.3


def test_claim_five_number_check() -> None:
    a, p = np.array(CHECK_VALUES), np.array(CHECK_P)
    assert p.sum() == close_to(1, abs=1e-15)
    elements = p * (a - p @ a)
    assert abs(elements.sum()) < 1e-17
    assert np.abs(elements).max() == close_to(0.0478, abs=1e-4)
    assert np.abs(elements).min() > 0.008
    assert abs((p * (a - CHECK_MEAN)).sum()) == close_to(3.8e-10, rel=0.01)
    # Any other numbers would have passed as well, the check being of the sum.
    for seed in range(50):
        values, weights = uniform(2, 5, seed=seed)
        weights = weights / weights.sum()
        assert abs((weights * (values - weights @ values)).sum()) < 1e-15
        assert (weights * (values - weights @ values)).abs().max() > 0.005
    numbers = measure("five_number_check", FALSE)
    assert numbers["sum"] == close_to(abs(elements.sum()), abs=1e-17)
    assert numbers["sum"] < CHECK_SUM / 5 < CHECK_SUM < numbers["with_printed_mean"] / 1e6
    assert numbers["with_printed_mean"] == close_to(3.833e-10, rel=1e-3)
    assert numbers["largest"] == close_to(np.abs(elements).max(), rel=1e-12)
    torch.testing.assert_close(five_numbers()[2], tensor64(*elements), atol=1e-17, rtol=0)


def test_claim_log_zero() -> None:
    first = {"float16": 18, "bfloat16": 93, "float32": 104, "float64": 746}
    for dtype, gap in first.items():
        for steps, fails in ((gap - 1, False), (gap, True)):
            a = torch.tensor([float(steps), 0.0], dtype=getattr(torch, dtype))
            q = torch.tensor([1.0, 0.0], dtype=a.dtype)
            naive = -(q * torch.softmax(a, -1).log()).sum()
            assert naive.isnan().item() is fails
            for formula in ("logit_gap", "log_softmax"):
                trace = trace_formula(formula, a, q, dtype=dtype)
                assert trace.value_outcome == trace.gradient_outcome == "finite"
    # The same loss without NaN: not L2, but L1 from logits.
    trace = trace_formula("log_softmax", [1000.0, 0.0], [0.5, 0.5], dtype="float32")
    assert trace.value == trace.true_value == 500
    numbers = measure("log_zero", TRUE)
    assert {dtype: numbers[dtype] for dtype in first} == first
    assert all(numbers[f"{f}_{d}"] == math.inf for f in ("logit_gap", "log_softmax") for d in first)


def test_claim_subtract_maximum() -> None:
    q = torch.tensor([1.0, 0.0])
    high = torch.tensor([89.0, 88.0])
    assert -(q * (high.exp() / high.exp().sum()).log()).sum() != cross_entropy(high, q)
    shifted = (high - high.max()).exp()
    plain = -(q * (shifted / shifted.sum()).log()).sum()
    assert plain.item() == close_to(cross_entropy(high, q).item())
    apart = torch.tensor([104.0, 0.0])
    shifted = (apart - apart.max()).exp()
    assert (q * (shifted / shifted.sum()).log()).sum().isnan()
    masked = trace_formula("where_masked", apart, q, dtype="float32")
    assert (masked.value_outcome, masked.gradient_outcome) == ("finite", "nan")
    assert measure("subtract_maximum", FALSE) == {
        "naive": 89, "max_shifted": 104, "where_masked": 104,
    }  # fmt: skip


def test_claim_constant_factor() -> None:
    cost = uniform(12, 5, seed=4).double()
    start = log_domain_assignment(cost.numpy(), eps=0.1, n_iter=3)
    for changed in (cost + 7, cost - cost.mean(), cost + uniform(5, seed=1)):
        found = balanced_assignment(changed, eps=0.1, n_iter=3).numpy()
        np.testing.assert_allclose(found, start, rtol=1e-12)
    raised = cost + torch.eye(12, dtype=torch.float64)[0, :, None]
    assert np.abs(balanced_assignment(raised, eps=0.1, n_iter=3).numpy() - start).max() > 1e-3
    plans = [sinkhorn(x, eps=0.1, tol=1e-14).plan for x in (cost, raised)]
    torch.testing.assert_close(*plans, atol=1e-13, rtol=0)
    numbers = measure("constant_factor", TRUE)
    assert max(numbers[name] for name in ("softmax", "constant", "row_converged")) < 1e-14
    assert numbers["row_fixed"] > 1e-4


def test_claim_floored_zeros() -> None:
    cost = post_cost()
    for dtype, harmless in ((torch.float64, 700), (torch.float32, 80)):
        found = post_assignment(cost.to(dtype), eps=1 / harmless, n_iter=10)
        exact = log_domain_assignment(cost.numpy(), eps=1 / harmless, n_iter=10)
        np.testing.assert_allclose(found, exact, rtol=0, atol=1e-12 if dtype == torch.float64 else 1e-4)
    # Silently wrong: no NaN, exact rows, and a third of some row elsewhere.
    wrong = post_assignment(cost, eps=1 / 5000, n_iter=10).numpy()
    assert np.isfinite(wrong).all()
    np.testing.assert_allclose(wrong.sum(-1), 1, rtol=1e-14)
    exact = log_domain_assignment(cost.numpy(), eps=1 / 5000, n_iter=10)
    assert np.abs(wrong - exact).max() > 0.3
    # The earliest harm: one entry underflows, and the floor is more than what was there.
    for dtype, steep in ((torch.float32, 105.0), (torch.float64, 746.0)):
        pair = torch.tensor([[0.0, steep], [0.0, steep - 5]], dtype=dtype)
        assert torch.softmax(-pair.flatten(), 0)[1] == 0
        moved = post_assignment(pair, eps=1.0, n_iter=10) - balanced_assignment(
            pair, eps=1.0, n_iter=10
        )
        assert moved.abs().max() > 0.4
    numbers = measure("floored_zeros", CONDITIONAL)
    assert max(numbers["before_float64"], numbers["post_2"], numbers["post_700"]) < 1e-14
    assert numbers["before_float32"] < 1e-6
    assert min(numbers["after_float32"], numbers["after_float64"]) > 0.4
    assert numbers["post_5000"] > 0.1


def test_claim_fixed_iterations() -> None:
    cost = post_cost().numpy()

    def column_miss(eps: float, n_iter: int) -> float:
        plan = log_domain_assignment(cost, eps=eps, n_iter=n_iter)
        np.testing.assert_allclose(plan.sum(-1), 1, rtol=1e-13)
        return float(np.abs(plan.sum(0) - 2).sum() / 128)

    assert column_miss(0.5, 10) < 1e-14
    assert column_miss(0.003, 3) > 0.05
    assert 0.005 < column_miss(0.003, 10) < column_miss(0.003, 3)
    numbers = measure("fixed_iterations", CONDITIONAL)
    assert numbers["rows"] < 1e-14
    assert numbers["columns_0.5_10"] < 1e-14
    for eps, n_iter in ((0.05, 3), (0.003, 3), (0.003, 10)):
        expected = column_miss(eps, n_iter)
        assert numbers[f"columns_{eps:g}_{n_iter}"] == close_to(expected, rel=1e-6)
    assert numbers["columns_0.003_1000"] < 1e-14


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
