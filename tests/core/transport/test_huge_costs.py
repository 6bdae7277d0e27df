"""Costs so large that they forbid a pair, or stand for a whole block that is: any size is like inf."""

import pytest
import torch
from torch import Tensor
from torch.autograd import grad

from ce_core import balanced_assignment, sinkhorn
from tests.support.cases import INF
from tests.support.closeness import close_to

F64 = torch.float64
HUGE = [1e20, 1e299, 1e300, 1e307, 1.7e308]


def two_pairs_at(price: float) -> Tensor:
    return torch.tensor([[0.0, 1.0, price], [1.0, 0.0, 0.2], [price, 0.6, 0.1]], dtype=F64)


@pytest.mark.parametrize("price", HUGE)
def test_sinkhorn_takes_a_huge_cost_for_a_forbidden_pair(price: float) -> None:
    cost, eps = two_pairs_at(price).requires_grad_(), torch.tensor(0.1, dtype=F64).requires_grad_()
    found, expected = (
        sinkhorn(cost, eps=eps, tol=1e-12),
        sinkhorn(two_pairs_at(INF), eps=0.1, tol=1e-12),
    )
    assert found.converged
    for name in ("plan", "f", "g", "transport_cost", "entropic_value"):
        torch.testing.assert_close(getattr(found, name).detach(), getattr(expected, name))
    by_cost, by_eps = grad(found.entropic_value, (cost, eps), create_graph=True)
    torch.testing.assert_close(by_cost.detach(), expected.plan)
    assert torch.cat([part.flatten() for part in grad(by_eps, (cost, eps))]).isfinite().all()


@pytest.mark.parametrize("price", HUGE)
def test_sinkhorn_unrolled_takes_a_huge_cost_for_a_forbidden_pair(price: float) -> None:
    def found(price: float) -> tuple[Tensor, ...]:
        cost, eps = two_pairs_at(price).requires_grad_(), torch.tensor(0.1, dtype=F64).requires_grad_()
        result = sinkhorn(cost, eps=eps, tol=None, max_iter=20)
        return result.plan.detach(), *grad(result.transport_cost, (cost, eps))

    # Inf is no number to follow: its own derivative is 0, and so is that of a pair without mass.
    torch.testing.assert_close(found(price), found(1e6))


@pytest.mark.parametrize("price", HUGE)
def test_sinkhorn_gradient_does_not_see_what_padding_costs(price: float) -> None:
    def by_cost(price: float) -> Tensor:
        cost = torch.tensor([[0.0, 1.0, price], [1.0, 0.2, price], [price] * 3], dtype=F64)
        cost.requires_grad_()
        weights = torch.tensor([0.5, 0.5, 0.0], dtype=F64)
        return grad(sinkhorn(cost, eps=0.3, mu=weights, nu=weights).transport_cost, cost)[0]

    torch.testing.assert_close(by_cost(price), by_cost(100.0))


@pytest.mark.parametrize("price", HUGE)
def test_balanced_assignment_takes_a_huge_cost_for_a_forbidden_pair(price: float) -> None:
    cost, eps = two_pairs_at(price).requires_grad_(), torch.tensor(0.1, dtype=F64).requires_grad_()
    plan = balanced_assignment(cost, eps=eps)
    torch.testing.assert_close(plan.detach(), balanced_assignment(two_pairs_at(INF), eps=0.1))
    assert all(part.isfinite().all() for part in grad(plan[0, 0], (cost, eps)))


@pytest.mark.parametrize("eps", [1e-300, 1e-306, 3e-308])
@pytest.mark.parametrize("price", [1.0, 1e3, 1e300])
def test_sinkhorn_least_eps_is_no_share_of_costs_without_mass(eps: float, price: float) -> None:
    value = sinkhorn(torch.tensor([[0.0, price], [price, 0.0]], dtype=F64), eps=eps).entropic_value
    assert value.item() == close_to(eps * 0.6931471805599453, rel=1e-12)
