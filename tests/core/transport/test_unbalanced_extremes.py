"""Unbalanced transport where eps, rho, costs or masses are very large or very small."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.autograd import grad

from ce_core import SinkhornStatus, sinkhorn, unbalanced_sinkhorn
from tests.support.cases import INF
from tests.support.closeness import close_to


def tensor64(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


COST, MU = tensor64([[0.0, 1.0, 0.3], [1.0, 0.0, 0.2], [0.5, 0.6, 0.1]]), tensor64([0.2, 0.3, 0.5])


@pytest.mark.parametrize("eps", [1e9, 1e12, 1e15, 1e20, 1e300])
def test_unbalanced_value_at_a_large_eps_is_that_of_independence(eps: float) -> None:
    cost, mu = COST.clone().requires_grad_(), MU.clone().requires_grad_()
    result = unbalanced_sinkhorn(cost, eps=eps, rho=1.0, mu=mu)
    # mpmath, 50 digits: .406666666667 from 1e12 on; to first order it is <mu nu, C>.
    assert result.value.item() == close_to(0.4066666666666667, rel=max(1e-14, 1 / eps))
    by_cost, by_mu = grad(result.value, (cost, mu), retain_graph=True)
    torch.testing.assert_close(by_cost, result.plan.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(by_mu, COST.mean(1), rtol=4 / eps + 1e-14, atol=0)
    expected = COST.mean(1) / eps
    torch.testing.assert_close(result.f.detach(), expected, rtol=2 / eps + 1e-12, atol=0)


def test_unbalanced_items_at_a_large_eps_do_not_depend_on_their_batch() -> None:
    together = unbalanced_sinkhorn(COST, eps=[0.1, 1e12], rho=1.0, mu=MU)
    for item, eps in enumerate((0.1, 1e12)):
        alone = unbalanced_sinkhorn(COST, eps=eps, rho=1.0, mu=MU)
        torch.testing.assert_close(together.f[item], alone.f, rtol=1e-12, atol=0)
        torch.testing.assert_close(together.value[item], alone.value, rtol=1e-14, atol=0)


@pytest.mark.parametrize("rho", [1e10, 1e12, 1e14, 1e20, 1e300, (1e300, INF), (INF, 1e15)], ids=str)
def test_unbalanced_tends_to_balanced_transport_without_losing_digits(rho: Any) -> None:
    def fields(solve: Any, **options: Any) -> list[Tensor]:
        cost = COST.clone().requires_grad_()
        r = solve(cost, eps=0.1, mu=MU, tol=1e-13, **options)
        value = r.value if "rho" in options else r.entropic_value
        parts = value, r.transport_cost, r.f[0] - r.f[1]
        return [
            r.plan.detach(),
            *(part.detach() for part in parts),
            *(grad(part, cost, retain_graph=True)[0] for part in parts),
        ]

    for found, expected in zip(fields(unbalanced_sinkhorn, rho=rho), fields(sinkhorn), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rho", [1e6, 1e12, 1e300])
def test_unbalanced_masses_that_differ_meet_at_their_geometric_mean(rho: float) -> None:
    result = unbalanced_sinkhorn(COST, eps=0.1, rho=rho, mu=2 * MU, tol=1e-12)
    assert result.converged
    assert result.plan.sum().item() == close_to(math.sqrt(2), rel=1 / rho + 1e-12)
    # rho times the least of KL(m|2) + KL(m|1).
    assert result.value.item() == close_to(rho * (3 - 2 * math.sqrt(2)), rel=10 / rho + 1e-12)


@pytest.mark.parametrize("price", [1e6, 1e12, 1e20, 1e100, 1e300])
def test_unbalanced_takes_a_huge_cost_for_a_forbidden_pair(price: float) -> None:
    pair, row = COST.clone(), COST.clone()
    pair[0, 2] = pair[2, 0] = row[1] = price
    for cost in (pair, row):
        found = unbalanced_sinkhorn(cost, eps=0.1, rho=1.0, mu=MU, tol=1e-12)
        forbidden = unbalanced_sinkhorn(
            cost.masked_fill(cost == price, INF), eps=0.1, rho=1.0, mu=MU, tol=1e-12
        )
        assert found.converged
        torch.testing.assert_close(found.plan, forbidden.plan, rtol=1e-9, atol=1e-13)
        torch.testing.assert_close(found.value, forbidden.value, rtol=1e-12, atol=0)


@pytest.mark.parametrize("eps", [1e-4, 1e-6, 1e-9])
@pytest.mark.parametrize("rho", [1.0, 1e6])
def test_unbalanced_at_a_small_eps_has_the_dual_value_that_scipy_finds(eps: float, rho: float) -> None:
    result = unbalanced_sinkhorn(COST, eps=eps, rho=rho, mu=MU)
    assert result.converged
    assert result.n_iter <= 100
    masses, cost = np.concatenate((MU.numpy(), np.full(3, 1 / 3))), COST.numpy()

    def loss(potentials: np.ndarray) -> float:
        return float((masses * rho * np.expm1(-potentials / rho)).sum())

    def room(potentials: np.ndarray) -> np.ndarray:
        return np.ravel(cost - potentials[:3, None] - potentials[3:])

    limits = {"type": "ineq", "fun": room}
    best = minimize(loss, np.zeros(6), method="SLSQP", constraints=limits, options={"ftol": 1e-14})
    assert best.success
    # KL(P|mu nu) is at most log 9.
    assert result.value.item() == close_to(-best.fun, abs=3 * eps + 1e-7)


@pytest.mark.parametrize("mass", [1e200, 1e300, 1e-300, 1e-310])
def test_unbalanced_with_masses_of_any_size(mass: float) -> None:
    cost = tensor64([[0.0, 1.0], [1.0, 0.0]]).requires_grad_()
    result = unbalanced_sinkhorn(cost, eps=0.1, rho=1.0, mu=tensor64([mass, mass]), tol=1e-10)
    assert result.converged
    assert result.value.item() == close_to(max(1.0, 2.2 * mass), rel=1e-12)
    (by_cost,) = grad(result.value, cost)
    torch.testing.assert_close(by_cost, result.plan.detach(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("eps", [1e-16, 1e-19, 1e-20, 1e-40, 1e-300, 1e-310])
@pytest.mark.parametrize(
    ("cost", "rho", "value"),
    [
        ([[0.7, 0.6, 0.3], [0.1, 0.8, 0.6], [0.7, 0.4, 0.8]], 10.0, 0.2645127189459),
        # A matrix of Newton's method is singular.
        ([[0.3, 0.5, 0.1], [0.3, 0.5, 0.1], [0.7, 0.2, 0.5]], 0.0014, 0.0027999999998),
    ],
    ids=["plain", "singular"],
)
def test_unbalanced_at_an_eps_that_float64_does_not_resolve(
    cost: list[list[float]], rho: float, value: float, eps: float
) -> None:
    """The value is that at 1e-12, where it has converged, less 1e-12 log 9."""
    together = unbalanced_sinkhorn(tensor64([cost, COST.tolist()]), eps=[eps, 0.1], rho=rho)
    assert together.value[0].item() == close_to(value, rel=1e-8)
    assert 0 < together.error[0] < 0.1
    assert together.status.tolist() == [SinkhornStatus.TOLERANCE_UNREACHABLE, SinkhornStatus.CONVERGED]
    alone = unbalanced_sinkhorn(COST, eps=0.1, rho=rho)
    assert together.value[1].item() == close_to(alone.value.item(), rel=1e-12)


@pytest.mark.parametrize("price", [1e16, 1e100])
@pytest.mark.parametrize("rho", [1e16, 1e300], ids=str)
def test_unbalanced_takes_a_huge_cost_for_a_forbidden_pair_at_a_huge_rho(
    price: float, rho: float
) -> None:
    cost = COST.clone()
    cost[0, 2] = price
    found = unbalanced_sinkhorn(cost, eps=0.1, rho=rho)
    forbidden = unbalanced_sinkhorn(cost.masked_fill(cost == price, INF), eps=0.1, rho=rho)
    assert found.value.item() == close_to(forbidden.value.item(), rel=1e-9)


@pytest.mark.parametrize("mass", [1e300, 5e307])
def test_unbalanced_value_of_masses_whose_product_overflows_is_inf(mass: float) -> None:
    masses = tensor64([mass, mass, mass])
    result = unbalanced_sinkhorn(COST, eps=0.1, rho=0.5, mu=masses, nu=masses)
    assert result.value == INF
    assert result.status == SinkhornStatus.NOT_CONVERGED
