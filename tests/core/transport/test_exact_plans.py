"""Rounding of plans and assignments: exact marginals, the bound of the paper, all permutations."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ce_core import hard_assignment, random_cost, round_plan, sinkhorn, with_dustbins
from tests.support.cases import FLOATS, INF, NAN, uniform
from tests.support.closeness import close_to

F64 = torch.float64


def weights(*shape: int, seed: int, zero: bool = False) -> Tensor:
    drawn = uniform(*shape, seed=seed)
    if zero:
        drawn[..., 0] = 0
    return drawn / drawn.sum(-1, keepdim=True)


def altschuler(plan: np.ndarray, mu: np.ndarray, nu: np.ndarray) -> np.ndarray:
    """Algorithm 2 of arXiv:1705.09634, line by line, for positive sums."""
    plan = np.diag(np.minimum(mu / plan.sum(1), 1)) @ plan
    plan = plan @ np.diag(np.minimum(nu / plan.sum(0), 1))
    rows, columns = mu - plan.sum(1), nu - plan.sum(0)
    return np.asarray(plan + np.outer(rows, columns) / np.abs(rows).sum())


# Rounding


@pytest.mark.parametrize("mass", [0.2, 1.0, 5.0])
def test_round_plan_is_the_algorithm_of_the_paper(mass: float) -> None:
    plan, mu, nu = mass * weights(20, seed=0).reshape(4, 5), weights(4, seed=1), weights(5, seed=2)
    expected = altschuler(plan.numpy(), mu.numpy(), nu.numpy())
    np.testing.assert_allclose(round_plan(plan, mu, nu), expected, rtol=1e-13, atol=1e-17)


@pytest.mark.parametrize("zero", [False, True], ids=["positive", "with_zeros"])
@pytest.mark.parametrize("kind", ["random", "sparse", "empty", "few_iterations", "huge"])
def test_round_plan_has_the_marginals_and_stays_within_the_bound(kind: str, zero: bool) -> None:
    shape = (3, 2, 6, 5)
    mu, nu = weights(3, 2, 6, seed=1, zero=zero), weights(3, 2, 5, seed=2, zero=zero)
    plan = {
        "random": uniform(*shape) / 30,
        "sparse": (uniform(*shape) < 0.1).double(),
        "empty": torch.zeros(shape, dtype=F64),
        "few_iterations": sinkhorn(uniform(*shape), eps=0.02, mu=mu, nu=nu, tol=None, max_iter=2).plan,
        "huge": 1e200 * uniform(*shape),
    }[kind]
    rounded = round_plan(plan, mu, nu)
    assert (rounded >= 0).all()
    torch.testing.assert_close(rounded.sum(-1), mu, rtol=0, atol=3e-16)
    torch.testing.assert_close(rounded.sum(-2), nu, rtol=0, atol=3e-16)
    moved = (rounded - plan).abs().sum((-2, -1))
    errors = (plan.sum(-1) - mu).abs().sum(-1) + (plan.sum(-2) - nu).abs().sum(-1)
    assert (moved <= 2 * errors * (1 + 1e-12) + 1e-15).all()


def test_round_plan_leaves_what_is_exact() -> None:
    plan = torch.tensor([[0.25, 0.0], [0.25, 0.5]], dtype=F64)
    assert torch.equal(round_plan(plan, [0.25, 0.75], [0.5, 0.5]), plan)
    product = torch.full((3, 4), 1 / 12, dtype=F64)
    torch.testing.assert_close(round_plan(product), product, rtol=1e-15, atol=0)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_round_plan_rounds_once(dtype: torch.dtype) -> None:
    plan = (uniform(6, 5) / 30).to(dtype)
    rounded = round_plan(plan)
    assert rounded.dtype == dtype
    assert torch.equal(rounded, round_plan(plan.double()).to(dtype))


def test_round_plan_of_what_is_not_finite_is_nan_there_alone() -> None:
    plan = uniform(3, 4, 5) / 20
    plan[0, 1, 1], plan[2, 0, 0] = NAN, INF
    rounded = round_plan(plan)
    assert rounded.isnan().flatten(1).any(1).tolist() == [True, False, True]
    assert torch.equal(rounded[1], round_plan(plan[1]))


@pytest.mark.parametrize("wrong", [NAN, INF])
def test_round_plan_of_an_item_that_is_not_finite_leaves_gradients_alone(wrong: float) -> None:
    plan, mu = uniform(2, 4, 3) / 12, weights(4, seed=1)
    plan[1, 2, 1] = wrong
    alone = torch.func.grad(lambda *given: round_plan(*given).square().sum(), argnums=(0, 1))
    together = torch.func.grad(lambda *given: round_plan(*given)[0].square().sum(), argnums=(0, 1))
    slope, slope_mu = together(plan, mu)
    expected, expected_mu = alone(plan[0], mu)
    assert torch.equal(slope[0], expected)
    assert not slope[1].any()
    torch.testing.assert_close(slope_mu, expected_mu, rtol=1e-14, atol=0)
    assert round_plan(plan, mu)[1].isnan().all()


def test_round_plan_differentiates() -> None:
    plan = (uniform(4, 3) / 12 + 0.01).requires_grad_()
    mu = weights(4, seed=1).requires_grad_()

    def rounded(plan: Tensor, mu: Tensor) -> Tensor:
        return round_plan(plan, mu / mu.sum())

    assert torch.autograd.gradcheck(rounded, (plan, mu))


def test_round_plan_gradient_is_finite_beside_zeros() -> None:
    plan = (uniform(4, 3) / 12).requires_grad_()
    with torch.no_grad():
        plan[0], plan[:, 1] = 0, 0
    rounded = round_plan(plan, [0.0, 0.5, 0.25, 0.25])
    (slope,) = torch.autograd.grad(rounded.square().sum(), plan)
    assert slope.isfinite().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[-0.1, 1.0]],), "plan must be >= 0, got -0.1"),
        (([1.0],), "plan must have shape"),
        (([[1.0]], [1.0, 0.0]), "mu must have shape"),
        (([[1.0]], None, [2.0]), "nu must sum to 1"),
    ],
    ids=str,
)
def test_round_plan_says_what_is_wrong(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        round_plan(*arguments)


# Assignments


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (1, 4), (4, 1)])
def test_hard_assignment_has_the_most_mass_of_all(shape: tuple[int, int]) -> None:
    plan = uniform(2, 3, *shape)
    n, m = shape
    partners = hard_assignment(plan)
    assert partners.dtype == torch.int64
    assert partners.shape == (2, 3, n)
    wide = torch.nn.functional.pad(plan, (0, max(0, n - m)))
    best = torch.stack(
        [wide[..., range(n), list(order)].sum(-1) for order in permutations(range(max(n, m)), n)]
    ).amax(0)
    found = wide.gather(-1, partners.where(partners >= 0, max(n, m) - 1)[..., None])[..., 0]
    torch.testing.assert_close((found * (partners >= 0)).sum(-1), best, rtol=1e-14, atol=0)
    for row in partners.flatten(0, 1).tolist():
        matched = [column for column in row if column >= 0]
        assert len(set(matched)) == len(matched) == min(n, m)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_hard_assignment_of_a_plan_at_a_small_eps_is_the_cheapest(dtype: torch.dtype) -> None:
    cost = random_cost(8, 8, seed=3)
    plan = sinkhorn(cost, eps=1e-3).plan.to(dtype)
    assert hard_assignment(plan).tolist() == linear_sum_assignment(cost.numpy())[1].tolist()


def test_hard_assignment_matches_no_pair_without_mass() -> None:
    plan = [[0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.1, NAN]]
    assert sorted(hard_assignment(plan)[:2].tolist()) == [-1, 0]
    assert hard_assignment(plan)[2] == 1
    assert hard_assignment([[NAN, NAN]]).tolist() == [-1]
    assert hard_assignment([[INF, 1.0], [2.0, 1.0]]).tolist() == [0, 1]


def test_hard_assignment_of_points_beside_dustbins() -> None:
    problem = with_dustbins(-torch.tensor([[9.0, 0.0], [0.0, 9.0], [0.0, 1.0]]), 5.0)
    plan = sinkhorn(problem.cost, eps=1.0, mu=problem.mu, nu=problem.nu).plan
    assert hard_assignment(plan[:3, :2]).tolist() == [0, 1, -1]


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 0, 3, 2)])
def test_hard_assignment_and_round_plan_take_an_empty_batch(shape: tuple[int, ...]) -> None:
    assert hard_assignment(torch.zeros(shape)).shape == shape[:-1]
    assert round_plan(torch.zeros(shape)).shape == shape


def test_hard_assignment_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="plan must have shape"):
        hard_assignment([1.0])


def test_round_plan_then_costs_what_the_bound_allows() -> None:
    cost = random_cost(6, 6)
    plan = sinkhorn(cost, eps=0.01, tol=None, max_iter=3).plan
    error = (plan.sum(0) - 1 / 6).abs().sum()
    dearer = (round_plan(plan) * cost).sum() - (plan * cost).sum()
    assert abs(dearer.item()) <= 2 * error.item() * cost.max().item()
    assert round_plan(plan).sum().item() == close_to(1, rel=1e-15)


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300, 1e308], ids=str)
def test_hard_assignment_does_not_depend_on_the_unit_of_mass(unit: float) -> None:
    plan = torch.tensor([[1.0, 1.7, 0.1], [1.7, 1.6, 0.1], [0.1, 0.1, 0.1]], dtype=torch.float64)
    beside = torch.stack((plan * unit, torch.eye(3, dtype=torch.float64)))
    assert hard_assignment(beside).tolist() == [[1, 0, 2], [0, 1, 2]]
