"""Costs so large that they forbid a pair, or stand for a whole block that is: any size is like inf."""

import pytest
import torch
from torch import Tensor
from torch.autograd import grad

from ce_core import balanced_assignment, sinkhorn, with_dustbins
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


# Costs that no forbidden pair could replace: mass needs them, or nothing else links parts of the plan.

COST = torch.tensor([[0.0, 1.0, 0.3], [1.0, 0.0, 0.2], [0.5, 0.6, 0.1]], dtype=F64)
LARGE = [1e9, 1e12, 1e15, 1e20, 1e100, 1e300, 1.7e308]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("score", LARGE)
@pytest.mark.parametrize("columns", [3, 2])
def test_sinkhorn_with_dustbins_of_a_huge_score(columns: int, score: float, sign: float) -> None:
    def found(score: float) -> Tensor:
        cost, mu, nu = with_dustbins(COST[:, :columns], sign * score)
        result = sinkhorn(cost, eps=0.5, mu=mu, nu=nu, tol=1e-9)
        assert result.converged
        return result.plan

    torch.testing.assert_close(found(score), found(100.0), rtol=0, atol=1e-9)


def in_blocks(price: float) -> Tensor:
    return torch.tensor([[0.0, 1.0, price], [1.0, 0.2, price], [price, price, 0.3]], dtype=F64)


@pytest.mark.parametrize("price", LARGE)
def test_sinkhorn_of_blocks_that_a_huge_cost_parts(price: float) -> None:
    cost, expected = in_blocks(price).requires_grad_(), sinkhorn(in_blocks(100.0), eps=0.1, tol=1e-14)
    result = sinkhorn(cost, eps=0.1, tol=1e-11)
    assert result.converged
    for name in ("plan", "transport_cost", "entropic_value"):
        torch.testing.assert_close(getattr(result, name).detach(), getattr(expected, name))
    for name in ("transport_cost", "entropic_value"):
        small = in_blocks(100.0).requires_grad_()
        (by_cost,) = grad(getattr(result, name), cost, retain_graph=True)
        (by_small,) = grad(getattr(sinkhorn(small, eps=0.1, tol=1e-14), name), small)
        torch.testing.assert_close(by_cost, by_small, rtol=1e-6, atol=1e-9)


def in_three_blocks(far: float, farther: float) -> Tensor:
    rows = [[0, 0.3, far, farther], [0.2, 0.1, far, farther], [far, far, 0.3, farther]]
    return torch.tensor([*rows, [farther, farther, farther, 0.7]], dtype=F64)


@pytest.mark.parametrize(("far", "farther"), [(1e11, 1e12), (1e8, 1e15), (1e150, 1e300)])
def test_sinkhorn_of_mass_that_has_to_cross_several_huge_costs(far: float, farther: float) -> None:
    mu = torch.tensor([0.3, 0.3, 0.2, 0.2], dtype=F64)
    result = sinkhorn(in_three_blocks(far, farther), eps=0.1, mu=mu, tol=1e-10)
    assert result.converged
    expected = sinkhorn(in_three_blocks(20.0, 300.0), eps=0.1, mu=mu, tol=1e-12).plan
    torch.testing.assert_close(result.plan, expected, rtol=1e-7, atol=1e-10)
    least = 0.05 * (farther + far)
    assert result.transport_cost.item() == close_to(least, rel=1e-6)


def test_sinkhorn_items_with_huge_costs_leave_their_mates_alone() -> None:
    cost = torch.stack([COST, in_blocks(1e20), in_blocks(1e12), in_three_blocks(1e9, 1e12)[:3, :3]])
    together = sinkhorn(cost, eps=0.1)
    for item, alone in enumerate(sinkhorn(part, eps=0.1) for part in cost):
        for name in ("plan", "f", "g", "entropic_value", "n_iter"):
            assert torch.equal(getattr(together, name)[item], getattr(alone, name))


def test_sinkhorn_starts_from_potentials_of_huge_costs() -> None:
    first = sinkhorn(in_blocks(1e12), eps=0.1, tol=1e-10)
    again = sinkhorn(in_blocks(1e12), eps=0.1, tol=1e-10, warm_start=first)
    torch.testing.assert_close(again.plan, first.plan, rtol=0, atol=1e-9)
