"""Claims on Sinkhorn's iteration: what is true is asserted, what is not is refuted.

Each test computes by itself, from public functions and oracles; then it compares what the page shows.
"""

import math

import numpy as np
import torch
from mpmath import mp
from scipy.stats import entropy as scipy_entropy

from ce_core import (
    balanced_assignment,
    sinkhorn,
)
from ce_core.claims.balancing import post_cost, row_scores
from ce_core.post.plan_variant import post_assignment
from lab.claims.claim import CONDITIONAL, TRUE
from tests.support.cases import (
    log_domain_assignment,
    uniform,
)
from tests.support.claims import measure
from tests.support.closeness import close_to


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
    for name, exponent in (("float32", -126), ("float64", -1022)):
        # The last whole range whose power is a normal number.
        whole = math.floor(numbers[f"range_{name}"])
        assert mp.exp(-whole) >= mp.mpf(2) ** exponent > mp.exp(-whole - 1)
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


def test_claim_row_maximum() -> None:
    numbers = measure("row_maximum", CONDITIONAL)
    scores = row_scores().numpy()
    lowered = scores - scores.max(1, keepdims=True)
    early = [log_domain_assignment(-x, eps=0.04, n_iter=3) for x in (scores, lowered)]
    late = [log_domain_assignment(-x, eps=0.04, n_iter=2000) for x in (scores, lowered)]
    moved = np.abs(early[0] - early[1]).sum(1).max() / 2
    assert numbers["early"] == close_to(moved, rel=1e-9)
    assert numbers["early"] > 0.2
    assert numbers["changed"] == (early[0].argmax(1) != early[1].argmax(1)).sum() > 0
    assert numbers["rows"] == len(scores)
    np.testing.assert_allclose(late[0], late[1], atol=1e-12)
    assert numbers["converged"] < 1e-12
    # What is taken from all scores, or from a column, never matters.
    for other in (scores - scores.max(), scores - scores.max(0)):
        found = log_domain_assignment(-other, eps=0.04, n_iter=3)
        np.testing.assert_allclose(found, early[0], atol=1e-12)


def test_claim_layer_products() -> None:
    numbers = measure("layer_products", CONDITIONAL)
    logits = torch.randn(4000, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for deviation in (1, 3, 10):
        kernel = np.exp(deviation * logits.numpy())
        for _ in range(20):
            kernel /= kernel.sum(1, keepdims=True)
            kernel /= kernel.sum(2, keepdims=True)
        missed = np.abs(kernel.sum(1) - 1).max(1)
        expected = np.quantile(missed, 0.99)
        assert numbers[f"missed_{deviation}"] == close_to(expected, rel=1e-6)
        product = np.eye(4)
        for layer in kernel[:120]:
            product = product @ layer
        np.testing.assert_allclose(product.sum(1), 1, rtol=1e-12)
        assert numbers[f"product_{deviation}"] == close_to(product.sum(0).max(), rel=1e-9)
    assert numbers["missed_1"] < 1e-5
    assert numbers["missed_3"] > 0.02
    assert numbers["missed_10"] > 0.08
    assert numbers["product_10"] > 1.02


def test_claim_eps_perplexity() -> None:
    numbers = measure("eps_perplexity", CONDITIONAL)
    cost = post_cost().numpy()
    for factor in (0.1, 1.0, 10.0):
        plan = log_domain_assignment(factor * cost, eps=0.05, n_iter=500)
        columns = np.exp(scipy_entropy(plan, axis=1)).mean()
        assert numbers[f"columns_{factor:g}"] == close_to(columns, rel=1e-6)
    assert numbers["columns_10"] < 5 < 50 < numbers["columns_0.1"]
    # Only C/ε counts.
    plans = [log_domain_assignment(s * cost, eps=0.05 * s, n_iter=3) for s in (1, 10)]
    np.testing.assert_allclose(plans[0], plans[1], atol=1e-13)
    assert numbers["together"] < 1e-12
