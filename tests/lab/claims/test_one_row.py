"""Claims on one row of logits: what is true is asserted, what is not is refuted.

Each test computes by itself, from public functions and oracles; then it compares what the page shows.
"""

import torch

from ce_core import (
    cross_entropy,
    softmax,
)
from lab.claims.claim import CONDITIONAL, TRUE
from tests.support.cases import (
    gradient,
    mp_softmax,
    tensor64,
)
from tests.support.claims import measure, rows


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
