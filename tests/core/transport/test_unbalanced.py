"""Unbalanced transport: closed form, limits, the primal problem solved by SciPy, derivatives."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

from ce_core import SinkhornStatus, UnbalancedResult, sinkhorn, unbalanced_sinkhorn
from tests.support.cases import FLOATS, INF, uniform

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")


def tensor64(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


MU, NU = tensor64([0.9, 0.4, 0.2]), tensor64([0.3, 1.4])
PRICES = [0.7, (0.5, 2.0), (INF, 1.0), (1.0, INF)]
priced = pytest.mark.parametrize("rho", PRICES, ids=str)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    return (torch.xlogy(p, p / q) - p + q).sum()


def objective(
    plan: Tensor, cost: Tensor, eps: float, rho: tuple[float, float], mu: Tensor, nu: Tensor
) -> Tensor:
    """Return what is minimised, without the price of a marginal that is kept."""
    value = (plan * cost).sum() + eps * divergence(plan, mu[:, None] * nu)
    for price, sums, asked in ((rho[0], plan.sum(1), mu), (rho[1], plan.sum(0), nu)):
        value = value + (0.0 if math.isinf(price) else price * divergence(sums, asked))
    return value


def solved(rho: Any, **options: Any) -> UnbalancedResult:
    """Return the solution of a small problem to which arguments are changed."""
    given = {"cost": uniform(3, 2), "eps": 0.2, "mu": MU, "nu": NU, "tol": 1e-13, **options}
    return unbalanced_sinkhorn(given.pop("cost"), rho=rho, **given)


@pytest.mark.parametrize("rho", [0.7, (0.5, 2.0)], ids=str)
def test_unbalanced_is_the_least_that_scipy_finds(rho: Any) -> None:
    cost, pair = uniform(3, 2), rho if isinstance(rho, tuple) else (rho, rho)

    def of_logs(logs: np.ndarray) -> tuple[float, np.ndarray]:
        x = torch.from_numpy(logs.reshape(3, 2)).requires_grad_()
        value = objective(x.exp(), cost, 0.2, pair, MU, NU)
        (slope,) = torch.autograd.grad(value, x)
        return value.item(), slope.numpy().ravel()

    found = minimize(of_logs, np.full(6, -2.0), jac=True, method="BFGS", options={"gtol": 1e-10})
    result = solved(rho)
    assert result.converged
    assert abs(result.value.item() - found.fun) < 1e-12
    expected = torch.from_numpy(np.exp(found.x).reshape(3, 2))
    torch.testing.assert_close(result.plan, expected, rtol=1e-6, atol=1e-8)


@priced
def test_unbalanced_plan_is_stationary_and_its_value_the_objective(rho: Any) -> None:
    result, pair = solved(rho), rho if isinstance(rho, tuple) else (rho, rho)
    assert result.converged
    value = objective(result.plan, uniform(3, 2), 0.2, pair, MU, NU)
    torch.testing.assert_close(result.value, value, rtol=1e-12, atol=1e-13)
    for price, sums, asked, potential in (
        (pair[0], result.plan.sum(1), MU, result.f),
        (pair[1], result.plan.sum(0), NU, result.g),
    ):
        torch.testing.assert_close(sums, asked * (-potential / price).exp(), rtol=1e-11, atol=0)


@pytest.mark.parametrize("eps", [1e-2, 1.0])
@pytest.mark.parametrize("rho", [0.1, 1.0, 1e4])
def test_unbalanced_of_one_pair_in_closed_form(eps: float, rho: float) -> None:
    # (C + eps log(p/(m n)) + rho log(p/m) + rho log(p/n)) = 0
    m, n, cost = 2.0, 0.5, 0.3
    logs = (eps * math.log(m * n) + rho * math.log(m) + rho * math.log(n) - cost) / (eps + 2 * rho)
    result = solved(rho, cost=tensor64([[cost]]), eps=eps, mu=tensor64([m]), nu=tensor64([n]))
    torch.testing.assert_close(result.plan.item(), math.exp(logs), rtol=1e-9, atol=0)


def test_unbalanced_tends_to_the_balanced_plan_as_rho_grows() -> None:
    cost, mu, nu = uniform(3, 2), MU / MU.sum(), NU / NU.sum()
    balanced = sinkhorn(cost, eps=0.2, mu=mu, nu=nu, tol=1e-13)
    for rho in (1e3, 1e6, 1e8):
        result = solved(rho, mu=mu, nu=nu, tol=1e-11)
        assert result.n_iter < 100
        torch.testing.assert_close(result.plan, balanced.plan, rtol=0, atol=2 / rho + 1e-8)


def test_unbalanced_tends_to_independence_of_reference_as_rho_falls() -> None:
    # For rho -> 0 marginals count for nothing, and the plan is mu nu exp(-C/eps).
    cost = uniform(3, 2)
    reference = MU[:, None] * NU * (-cost / 0.2).exp()
    torch.testing.assert_close(solved(1e-9).plan, reference, rtol=1e-6, atol=0)
    assert solved(1e-3, cost=cost + 1, eps=1e-3).plan.sum() < 1e-100


def test_unbalanced_keeps_the_marginal_whose_price_is_infinite() -> None:
    torch.testing.assert_close(solved((INF, 1.0)).plan.sum(1), MU, rtol=1e-12, atol=0)
    torch.testing.assert_close(solved((1.0, INF)).plan.sum(0), NU, rtol=1e-12, atol=0)


@priced
def test_unbalanced_derivatives_are_those_of_differences(rho: Any) -> None:
    def fields(cost: Tensor, mu: Tensor, nu: Tensor, eps: Tensor) -> tuple[Tensor, ...]:
        r = unbalanced_sinkhorn(cost, eps=eps, rho=rho, mu=mu, nu=nu, tol=1e-14)
        return r.plan, r.f, r.g, r.value, r.transport_cost

    given = tuple(
        part.clone().requires_grad_() for part in (uniform(3, 2), MU, NU, torch.tensor(0.2).double())
    )
    assert torch.autograd.gradcheck(fields, given, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(fields, given)


def test_unbalanced_gradient_of_the_value_is_the_plan() -> None:
    cost = uniform(3, 2).requires_grad_()
    result = solved(0.7, cost=cost)
    (by_cost,) = torch.autograd.grad(result.value, cost)
    torch.testing.assert_close(by_cost, result.plan.detach(), rtol=1e-10, atol=1e-14)


def test_unbalanced_within_torch_func() -> None:
    costs, eps = uniform(3, 4, 5), tensor64([0.05, 0.2, 1.0])

    def corner(cost: Tensor, eps: Tensor) -> Tensor:
        return unbalanced_sinkhorn(cost, eps=eps, rho=1.0, tol=1e-13).plan[..., 0, 0].sum()

    alone = torch.stack([grad(corner)(cost, one) for cost, one in zip(costs, eps, strict=True)])
    torch.testing.assert_close(vmap(grad(corner))(costs, eps), alone, rtol=1e-9, atol=1e-12)
    direction = uniform(4, 5, seed=3)
    along = jvp(lambda cost: corner(cost, eps[1]), (costs[1],), (direction,))[1]
    torch.testing.assert_close(along, (alone[1] * direction).sum(), rtol=1e-9, atol=1e-12)
    second = hessian(corner)(costs[1], eps[1]).reshape(20, 20)
    torch.testing.assert_close(second, second.T, rtol=0, atol=1e-8)


def test_unbalanced_items_do_not_depend_on_their_batch() -> None:
    costs, eps = uniform(3, 4, 5), tensor64([0.01, 0.2, 5.0])
    result = unbalanced_sinkhorn(costs, eps=eps, rho=1.0, tol=1e-10)
    for i in range(3):
        alone = unbalanced_sinkhorn(costs[i], eps=eps[i], rho=1.0, tol=1e-10)
        torch.testing.assert_close(result.plan[i], alone.plan, rtol=1e-10, atol=1e-14)
        assert result.n_iter[i] == alone.n_iter


def test_unbalanced_with_forbidden_pairs_and_empty_rows() -> None:
    cost = uniform(4, 3)
    cost[0] = INF
    cost[1, 2] = INF
    mu = tensor64([0.5, 0.3, 0.4, 0.0]).requires_grad_()
    cost.requires_grad_()
    result = unbalanced_sinkhorn(cost, eps=0.1, rho=0.5, mu=mu, tol=1e-12)
    assert result.converged
    assert (result.plan[0] == 0).all()
    assert (result.plan[3] == 0).all()
    assert result.plan[1, 2] == 0
    by_cost, by_mu = torch.autograd.grad(result.value, (cost, mu))
    torch.testing.assert_close(by_cost, result.plan.detach(), rtol=0, atol=1e-12)
    assert by_mu.isfinite().all()
    kept = unbalanced_sinkhorn(cost[1:3].detach(), eps=0.1, rho=0.5, mu=mu[1:3].detach(), tol=1e-12)
    torch.testing.assert_close(result.plan[1:3].detach(), kept.plan, rtol=1e-9, atol=1e-14)
    # All of row 0 is left out.
    rest = kept.value + 0.5 * (0.5 + 0.1 / 0.5 * 0.5)
    torch.testing.assert_close(result.value.detach(), rest, rtol=1e-9, atol=1e-12)


def test_unbalanced_statuses_are_of_the_item() -> None:
    cost = uniform(4, 2, 2)
    cost[1, 0, 0] = float("nan")
    cost[2, 0] = INF
    cost[3, 0, 0] = -INF
    cost.requires_grad_()
    result = unbalanced_sinkhorn(cost, eps=0.1, rho=(INF, 1.0))
    expected = [SinkhornStatus.CONVERGED, SinkhornStatus.INVALID, SinkhornStatus.INFEASIBLE]
    assert result.status.tolist() == [*expected, SinkhornStatus.INVALID]
    assert result.plan[1].isnan().all()
    assert result.value[2] == INF
    (by_cost,) = torch.autograd.grad(result.plan[[0, 2]].square().sum() + result.value[0], cost)
    assert by_cost.isfinite().all()
    assert by_cost[1:].count_nonzero() == 0
    few = unbalanced_sinkhorn(uniform(5, 5), eps=1e-3, rho=1.0, max_iter=2)
    assert few.status == SinkhornStatus.NOT_CONVERGED


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_unbalanced_in_every_dtype(dtype: torch.dtype) -> None:
    cost = uniform(4, 5).to(dtype)
    result = unbalanced_sinkhorn(cost, eps=0.1, rho=1.0, tol=1e-2)
    wide = unbalanced_sinkhorn(cost.double(), eps=0.1, rho=1.0, tol=1e-2)
    assert result.converged
    assert result.plan.dtype == dtype
    torch.testing.assert_close(result.plan, wide.plan.to(dtype))


@pytest.mark.parametrize("rho", [0.0, -1.0, float("nan"), INF, [1.0, 2.0, 3.0], (INF, INF)])
def test_unbalanced_refuses_a_price_by_name(rho: Any) -> None:
    with pytest.raises(ValueError, match=r"^rho must be "):
        unbalanced_sinkhorn([[0.0, 1.0]], eps=1.0, rho=rho)


@pytest.mark.parametrize("mu", [[0.0, 0.0], [-1.0, 2.0], [INF, 1.0], [1.0]])
def test_unbalanced_refuses_masses_by_name(mu: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^mu must "):
        unbalanced_sinkhorn([[0.0], [1.0]], eps=1.0, rho=1.0, mu=mu)


def test_unbalanced_derivatives_within_vmap_are_those_of_each_item() -> None:
    costs = torch.stack([uniform(3, 3, seed=seed) for seed in (1, 2, 3)])

    def value(cost: Tensor) -> Tensor:
        return unbalanced_sinkhorn(cost, eps=0.3, rho=0.7, tol=1e-12).value

    for derivative in (jacfwd, hessian):
        alone = torch.stack([derivative(value)(cost) for cost in costs])
        torch.testing.assert_close(vmap(derivative(value))(costs), alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("transforms", ["FFF", "FFR", "RFF", "FRF"])
def test_unbalanced_derivatives_of_third_order_agree_both_ways(transforms: str) -> None:
    def value(cost: Tensor) -> Tensor:
        return unbalanced_sinkhorn(cost, eps=0.5, rho=(0.7, INF), tol=1e-13).plan.sin().sum()

    cost = uniform(3, 2)
    found = expected = value
    for kind in transforms:
        found, expected = (jacfwd if kind == "F" else jacrev)(found), jacrev(expected)
    torch.testing.assert_close(found(cost), expected(cost), rtol=1e-9, atol=1e-12)


def test_unbalanced_whose_mass_overflows_ends_soon_and_leaves_its_mates() -> None:
    cost = torch.stack([tensor64([[-1e4, 0.0], [0.0, 1.0]]), uniform(2, 2)])
    result = unbalanced_sinkhorn(cost, eps=1.0, rho=1.0)
    assert result.status.tolist() == [SinkhornStatus.NOT_CONVERGED, SinkhornStatus.CONVERGED]
    assert result.value[0] == -INF
    assert result.n_iter[0] < 1000
    alone = unbalanced_sinkhorn(cost[1], eps=1.0, rho=1.0)
    assert torch.equal(result.plan[1], alone.plan)
