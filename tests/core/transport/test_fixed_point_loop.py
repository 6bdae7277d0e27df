"""The parts of the Sinkhorn solver: extrapolation, Newton's step, Hall's condition, both libraries."""

from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from ce_core import sinkhorn
from ce_core.transport import _solution, _stabilized_kernel
from ce_core.transport._acceleration import extrapolate, newton_step
from ce_core.transport._feasibility import is_blocked, least_violation
from tests.support.closeness import close_to

F64 = torch.float64


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


@pytest.mark.parametrize("library", [np, torch], ids=["numpy", "torch"])
def test_extrapolate_finds_the_limit_of_a_linear_iteration(library: object) -> None:
    # Three factors shrink the error, so three steps know the limit; up to a constant, as u does.
    generator = np.random.default_rng(0)
    mu = np.full((2, 7), 1 / 7)
    limit, parts = generator.normal(size=(2, 7)), generator.normal(size=(3, 2, 7))
    rates = np.array([0.9, 0.5, -0.3])[:, None, None]
    iterates = np.stack([limit + (rates**k * parts).sum(0) + k for k in range(5)])
    if library is torch:
        iterates, mu = torch.from_numpy(iterates), torch.from_numpy(mu)  # type: ignore[assignment]
    found = np.asarray(extrapolate(iterates, mu)) - limit
    np.testing.assert_allclose(found - found.mean(-1, keepdims=True), 0, atol=1e-6)


def test_extrapolate_of_a_point_at_rest_is_the_point() -> None:
    u = np.random.default_rng(0).normal(size=(1, 4))
    np.testing.assert_allclose(extrapolate(np.stack([u] * 7), np.full((1, 4), 0.25)), u, rtol=1e-12)


def test_newton_step_solves_the_system_of_the_dual() -> None:
    mu, nu, u = drawn(5), drawn(4, seed=1), drawn(5, seed=2)
    mu, nu, kernel = mu / mu.sum(), nu / nu.sum(), drawn(5, 4, seed=3)

    def dual(u: Tensor) -> Tensor:
        # What is left to be minimised once v is the best for u, up to a constant.
        columns = (mu[:, None] * u.exp()[:, None] * kernel).sum(0)
        return (nu * columns.log()).sum() - (mu * u).sum()

    columns = (mu[:, None] * u.exp()[:, None] * kernel).sum(0)
    plan = mu[:, None] * u.exp()[:, None] * kernel * nu / columns
    step, solved = newton_step(plan[None], mu[None])
    gradient = torch.autograd.functional.jacobian(dual, u)  # type: ignore[no-untyped-call]
    hessian = torch.autograd.functional.hessian(dual, u)  # type: ignore[no-untyped-call]
    assert solved.all()
    torch.testing.assert_close(hessian @ step[0], -gradient, rtol=1e-9, atol=1e-12)


def test_least_violation_is_that_of_the_worst_set() -> None:
    generator = np.random.default_rng(0)
    for _ in range(40):
        allowed = torch.from_numpy(generator.random((4, 4)) < 0.4)
        mu, nu = (torch.from_numpy(generator.dirichlet(np.ones(4))) for _ in range(2))
        worst = max(
            2 * (mu[list(rows)].sum() - nu[allowed[list(rows)].any(0)].sum()).item()
            for count in range(1, 5)
            for rows in combinations(range(4), count)
        )
        # Where the set is, u shows: it grows in the rows that hold too much.
        cost = torch.where(allowed, 0.0, torch.inf)
        u = sinkhorn(cost, eps=1.0, mu=mu, nu=nu, tol=None, max_iter=200).f
        blocked = is_blocked(allowed[None], mu[None], nu[None])
        found = least_violation(allowed[None], mu[None], nu[None], u[None]).item()
        assert found <= worst + 1e-12
        if worst > 1e-2 and not blocked:
            assert found == close_to(worst, abs=1e-12)


def test_newton_step_of_a_plan_that_misses_its_columns_by_rounding() -> None:
    # A row with columns of its own: that its sums are too large makes the curvature negative if those
    # of the columns are taken to be nu, and exponents of 1e5 do round by so much.
    plan = torch.tensor([[[0.3, 0.2, 0.0], [0.0, 0.0, 0.5]]], dtype=F64) * (1 + 1e-11)
    step, solved = newton_step(plan, torch.tensor([[0.49, 0.51]], dtype=F64))
    assert solved.all()
    assert step[0, 0] < 0 < step[0, 1]


@pytest.mark.parametrize("eps", [1e-3, 1e-4, 1e-6])
@pytest.mark.parametrize(("n", "m"), [(5, 6), (30, 30)])
def test_sinkhorn_converges_where_parts_of_the_plan_wait_for_a_pair_that_is_all_but_empty(
    n: int, m: int, eps: float
) -> None:
    # With weights that fit nobody the plan at small eps is a tree, some of whose pairs open last.
    mu, nu = (drawn(40, size, seed=size) for size in (n, m + 1))
    mu, nu = mu / mu.sum(-1, keepdim=True), nu[:, :m] / nu[:, :m].sum(-1, keepdim=True)
    result = sinkhorn(drawn(40, n, m), eps=eps, mu=mu, nu=nu)
    assert result.converged.all()
    assert result.n_iter.max() < 500


def test_sinkhorn_of_items_that_climb_is_that_of_each_alone() -> None:
    mu, nu = drawn(6, 5, seed=1), drawn(6, 6, seed=2)
    mu, nu, cost = mu / mu.sum(-1, keepdim=True), nu / nu.sum(-1, keepdim=True), drawn(6, 5, 6)
    together = sinkhorn(cost, eps=1e-4, mu=mu, nu=nu)
    for item in range(6):
        alone = sinkhorn(cost[item], eps=1e-4, mu=mu[item], nu=nu[item])
        assert alone.n_iter == together.n_iter[item]
        torch.testing.assert_close(together.plan[item], alone.plan, rtol=0, atol=1e-9)


@pytest.mark.parametrize("eps", [1e3, 0.1, 0.01, 1e-4])
@pytest.mark.parametrize("tol", [1e-9, None], ids=["tol", "fixed count"])
def test_sinkhorn_same_on_tensors_as_on_arrays(
    eps: float, tol: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What runs on a GPU, where NumPy has no view of the memory, and on many threads.
    cost = drawn(3, 12, 9)
    on_arrays = sinkhorn(cost, eps=eps, tol=tol, max_iter=300)
    for module in (_stabilized_kernel, _solution):
        monkeypatch.setattr(module, "as_arrays", lambda *tensors, like=None: list(tensors))
    on_tensors = sinkhorn(cost, eps=eps, tol=tol, max_iter=300)
    assert torch.equal(on_arrays.status, on_tensors.status)
    torch.testing.assert_close(on_arrays.plan, on_tensors.plan, rtol=0, atol=1e-8)
