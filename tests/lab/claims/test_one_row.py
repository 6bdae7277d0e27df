"""Claims on one row of logits: what is true is asserted, what is not is refuted.

Each test computes by itself, from public functions and oracles; then it compares what the page shows.
"""

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import rel_entr
from scipy.special import softmax as scipy_softmax
from scipy.stats import entropy as scipy_entropy

from ce_core import cross_entropy, softmax
from ce_core.claims import one_row
from ce_core.post.derivations import example
from lab.claims.claim import CONDITIONAL, TRUE
from tests.support.cases import gradient, log_domain_assignment, mp_softmax, tensor64
from tests.support.claims import measure, rows
from tests.support.closeness import close_to


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
    assert max(numbers["difference"], numbers["row_sum"]) < 1e-15
    p = scipy_softmax(example()[0].numpy())
    assert numbers["trace"] == close_to((p * (1 - p)).sum())


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


def test_claim_temperature() -> None:
    def push(a: list[float], right: int, temperature: float) -> float:
        logits = torch.tensor(a, dtype=torch.float64, requires_grad=True)
        torch.nn.functional.cross_entropy(logits / temperature, torch.tensor(right)).backward()  # type: ignore[no-untyped-call]
        assert logits.grad is not None
        return float(logits.grad[right].abs())

    numbers = measure("temperature", CONDITIONAL)
    for name, right in (("ahead", 0), ("behind", 1)):
        for temperature in (1.0, 0.1):
            expected = push([2.0, 0.0], right, temperature)
            assert numbers[f"{name}_{temperature:g}"] == close_to(expected, rel=1e-7)
    found = minimize_scalar(lambda t: -push([2.0, 0.0], 0, t), bounds=(0.5, 3), method="bounded")
    assert numbers["turn"] == close_to(found.x, rel=1e-4)
    # As T falls the size tends to 1/T where the right class is behind, half of that where it ties, and
    # to 0 where it is ahead.
    for others, share in (([1.0, 0.5, -3.0], 1.0), ([0.0, -1.0], 0.5), ([-0.5, -1.0], 0.0)):
        assert 0.01 * push([0.0, *others], 0, 0.01) == close_to(share, abs=1e-12)
    curve = one_row.push_at(tensor64(0.5, 2.0), right=0).tolist()
    assert curve == [close_to(push([2.0, 0.0], 0, t), rel=1e-12) for t in (0.5, 2.0)]


def test_claim_kl_directions() -> None:
    numbers = measure("kl_directions", CONDITIONAL)
    q, uniform_p = np.array([0.5, 0.5, 0.0]), np.full(3, 1 / 3)
    assert numbers["forward"] == close_to(rel_entr(q, uniform_p).sum(), rel=1e-12)
    assert numbers["forward"] == close_to(math.log(1.5), rel=1e-12)
    assert numbers["backward"] == rel_entr(uniform_p, q).sum() == math.inf
    # Both vanish at p = q only, and to second order alike: their difference is of third order.
    near = np.array([0.6, 0.3, 0.1])
    gaps = []
    for step in (1e-2, 1e-3):
        p = scipy_softmax(np.log(near) + step * np.array([1, -1, 0]))
        there, back = rel_entr(near, p).sum(), rel_entr(p, near).sum()
        gaps.append(abs(there / back - 1))
        assert there > 0 < back
    assert gaps[0] / gaps[1] == close_to(10, rel=0.05)
    assert abs(numbers["ratio_near"] - 1) == close_to(gaps[0], rel=1e-6)


def test_claim_stuck_at_log_k() -> None:
    numbers = measure("stuck_at_log_k", CONDITIONAL)
    generator = torch.Generator().manual_seed(0)
    units = [torch.randn(n, 128, generator=generator, dtype=torch.float64).numpy() for n in (256, 3000)]
    samples, prototypes = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in units)
    for eps in (0.03, 0.05, 1.0):
        q = log_domain_assignment(-samples @ prototypes.T, eps=eps, n_iter=3)
        least = scipy_entropy(q, axis=1).mean()
        assert numbers[f"least_{eps:g}"] == close_to(least, rel=1e-9)
        # No p comes below: the best is q itself, and any other is worse by KL.
        worse = -(q * np.log(0.9 * q + 0.1 / 3000)).sum(1).mean()
        assert worse > least
    assert numbers["log_k"] == close_to(math.log(3000), rel=1e-15)
    # Uniform targets leave nothing to learn; those of a smaller ε leave nats.
    assert numbers["log_k"] - numbers["least_1"] < 0.005
    assert numbers["log_k"] - numbers["least_0.05"] > 1
