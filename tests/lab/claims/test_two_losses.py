"""Claims on L1 and L2 at the same logits: what is true is asserted, what is not is refuted.

Each test computes by itself, from public functions and oracles; then it compares what the page shows.
"""

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import lambertw
from scipy.special import softmax as scipy_softmax

from ce_core import (
    cross_entropy,
    cross_entropy_grad,
    entropy,
    kl_divergence,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
    softmax,
    softmax_jacobian,
)
from ce_core.post.published import (
    CHECK_MEAN,
    CHECK_P,
    CHECK_SUM,
    CHECK_VALUES,
)
from ce_core.post.sum_check import five_numbers
from lab.claims.claim import CONDITIONAL, FALSE
from tests.support.cases import (
    gradient,
    tensor64,
    uniform,
)
from tests.support.claims import measure, rows
from tests.support.closeness import close_to


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
