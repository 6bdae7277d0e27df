"""What Sinkhorn's plan is worth: tiny and huge eps, offsets, a big M, counts, eps per item."""

import math
import time
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.special import logsumexp
from torch import Tensor

from ce_core import SinkhornStatus, sinkhorn
from tests.support.cases import HALVES, INF, uniform
from tests.support.closeness import close_to

F64 = torch.float64


def weights(size: int, *, seed: int) -> Tensor:
    drawn = uniform(size, seed=seed) + 0.2
    return drawn / drawn.sum()


def solved_on_logarithms(cost: Tensor, eps: float) -> np.ndarray:
    """Return the plan of uniform marginals by SciPy's logsumexp, iterated to rest."""
    kernel = -cost.numpy() / eps
    n, m = cost.shape
    u, before = np.zeros((n, 1)), np.full((n, 1), np.inf)
    while np.abs(u - before).max() > 1e-14:
        before = u
        v = -logsumexp(kernel + u, axis=0, keepdims=True) - math.log(m)
        u = -logsumexp(kernel + v, axis=1, keepdims=True) - math.log(n)
    plan: np.ndarray = np.exp(kernel + u + v)
    return plan


def least_cost(cost: Tensor, mu: Tensor, nu: Tensor) -> float:
    """Return what the best plan costs, by SciPy's linear programming."""
    n, m = cost.shape
    sums = np.zeros((n + m, n * m))
    for i in range(n):
        sums[i, i * m : (i + 1) * m] = 1
    for j in range(m):
        sums[n + j, j::m] = 1
    return float(linprog(cost.numpy().ravel(), A_eq=sums, b_eq=np.concatenate([mu, nu])).fun)


def errors_of(plan: Tensor, mu: Tensor, nu: Tensor) -> tuple[float, float]:
    """Return by how much the rows and the columns of a plan miss their marginals."""
    return (plan.sum(-1) - mu).abs().sum().item(), (plan.sum(-2) - nu).abs().sum().item()


# Tiny eps


@given(st.integers(2, 7), st.integers(2, 7), st.floats(-20, -5), st.integers(0, 10**6))
def test_sinkhorn_status_is_that_of_the_plan_returned(
    n: int, m: int, log_eps: float, seed: int
) -> None:
    cost = uniform(n, m, seed=seed)
    mu, nu = weights(n, seed=seed), weights(m, seed=seed + 1)
    result = sinkhorn(cost, eps=10**log_eps, mu=mu, nu=nu, max_iter=300)
    missed = max(errors_of(result.plan, mu, nu))
    assert result.errors[-1].item() == close_to(missed, rel=1e-9, abs=1e-15)
    assert bool(result.converged) == (missed <= 1e-6)
    if result.status == SinkhornStatus.NOT_CONVERGED:
        assert result.n_iter == 300


@pytest.mark.parametrize("eps", [0.1, 1e-13])
def test_sinkhorn_names_a_tolerance_that_rounding_does_not_let_it_reach(eps: float) -> None:
    result = sinkhorn(uniform(6, 6), eps=eps, mu=weights(6, seed=1), tol=1e-18)
    assert result.status == SinkhornStatus.TOLERANCE_UNREACHABLE
    assert result.errors[-1] < 1e-10


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
@pytest.mark.parametrize("eps", [1e-10, 1e-14, 1e-18, 5e-324])
@pytest.mark.parametrize(("n", "m"), [(6, 6), (5, 6), (40, 30)])
def test_sinkhorn_plan_of_a_tiny_eps_is_that_of_least_cost(
    n: int, m: int, eps: float, dtype: torch.dtype
) -> None:
    cost, mu, nu = uniform(n, m).to(dtype), weights(n, seed=1), weights(m, seed=2)
    result = sinkhorn(cost, eps=eps, mu=mu, nu=nu)
    assert result.converged
    assert max(errors_of(result.plan.double(), mu, nu)) < 2e-6
    assert result.transport_cost.item() == close_to(least_cost(cost.double(), mu, nu), abs=2e-6)


def test_sinkhorn_eps_below_rounding_leaves_mates_and_a_warm_start_alone() -> None:
    cost, each = uniform(6, 7), torch.tensor([1e-18, 0.1, 1e-300], dtype=F64)
    together = sinkhorn(cost, eps=each)
    for item, eps in enumerate(each):
        alone = sinkhorn(cost, eps=eps)
        assert alone.status == together.status[item]
        assert torch.equal(alone.plan, together.plan[item])
    again = sinkhorn(cost, eps=1e-18, warm_start=together.f[1])
    torch.testing.assert_close(again.plan, together.plan[0], rtol=0, atol=1e-2)


@pytest.mark.parametrize("big", [1e12, 1e30, 1e200])
def test_sinkhorn_least_eps_is_that_of_the_costs_that_mass_needs(big: float) -> None:
    cost = uniform(6, 6)
    cost[0, 0] = cost[1, 1] = big
    forbidden = cost.masked_fill(cost == big, INF)
    for eps in (0.01, 1e-18):
        expected, result = (sinkhorn(c, eps=eps) for c in (forbidden, cost))
        assert result.status == expected.status
        torch.testing.assert_close(result.plan, expected.plan, rtol=0, atol=1e-3)


@pytest.mark.parametrize("gradient", ["implicit", "unrolled"])
@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
def test_sinkhorn_gradients_at_an_eps_below_rounding_are_finite(
    gradient: str, dtype: torch.dtype
) -> None:
    cost = uniform(2, 5, 6).to(dtype).requires_grad_()
    eps = torch.tensor([1e-18, 0.1], dtype=F64, requires_grad=True)
    result = sinkhorn(cost, eps=eps, gradient=gradient, max_iter=100)
    for name in ("plan", "f", "g", "transport_cost", "entropic_value"):
        part = getattr(result, name).reshape(2, -1)[:, 0].sum()
        for slope in torch.autograd.grad(part, (cost, eps), retain_graph=True):
            assert slope.isfinite().all()
    by_cost, by_eps = torch.autograd.grad(result.entropic_value.sum(), (cost, eps))
    torch.testing.assert_close(by_cost, result.plan.detach(), rtol=0, atol=2e-3)
    plan = result.plan.detach()[0].double()
    divergence = torch.special.xlogy(plan, 30 * plan).sum().item()
    # The iteration itself does not depend on an eps that it raises.
    expected = divergence if gradient == "implicit" else 0.0
    assert by_eps[0].item() == close_to(expected, abs=0.01)


@pytest.mark.parametrize("tol", [1e-6, None], ids=["tol", "fixed count"])
@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
@pytest.mark.parametrize(
    ("cost", "eps"),
    [
        ([[0.0, 1.0], [1.0, 0.0]], 5e-309),
        ([[0.0, 1.0], [1.0, 0.0]], 5e-324),
        ([[0.0, 1e30], [1e30, 0.0]], 1e-290),
        ([[-1e308, 1e308], [1e308, -1e308]], 1.0),
        ([[0.0, 1e308], [1e308, 0.0]], 1.0),
        ([[0.0, 1e-20], [1e-20, 0.0]], 5e-324),
    ],
    ids=str,
)
def test_sinkhorn_ends_at_once_where_cost_over_eps_overflows(
    cost: list[list[float]], eps: float, dtype: torch.dtype, tol: float | None
) -> None:
    start = time.process_time()
    narrow = torch.tensor(cost, dtype=F64).clamp(-3e38, 3e38) if dtype != F64 else cost
    given = torch.as_tensor(narrow, dtype=dtype).requires_grad_()
    result = sinkhorn(given, eps=eps, tol=tol, max_iter=50)
    assert time.process_time() - start < 5
    (slope,) = torch.autograd.grad(result.transport_cost, given)
    torch.testing.assert_close(result.plan, torch.eye(2, dtype=dtype) / 2, rtol=0, atol=1e-12)
    if tol is not None or given.max() - given.min() < INF:
        # Derivatives of iterations overflow on the way, where a cost over eps does times 2³⁰.
        torch.testing.assert_close(slope, torch.eye(2, dtype=dtype) / 2, rtol=1e-6, atol=1e-6)


def test_sinkhorn_item_whose_cost_over_eps_overflows_leaves_its_mates() -> None:
    cost = torch.stack([uniform(2, 2), torch.tensor([[-1e308, 1e308], [1e308, -1e308]], dtype=F64)])
    result = sinkhorn(cost, eps=0.5)
    assert result.converged.all()
    assert torch.equal(result.plan[0], sinkhorn(cost[0], eps=0.5).plan)


# Fixed counts


def test_sinkhorn_fixed_count_claims_nothing() -> None:
    mu = [0.7, 0.2, 0.1]
    cost = [[0.0, 9.0, 9.0], [9.0, 0.0, 9.0], [9.0, 9.0, 0.0]]
    result = sinkhorn(cost, eps=1.0, mu=mu, nu=mu[::-1], tol=None, max_iter=1)
    assert result.errors[-1] > 0.5
    assert not result.converged
    status = SinkhornStatus(int(result.status))
    assert status is SinkhornStatus.FIXED_COUNT
    assert "errors" in status.advice


@pytest.mark.parametrize("count", [1, 2, 5])
def test_sinkhorn_fixed_count_is_the_plain_iteration_whatever_is_taken_off(count: int) -> None:
    # Steep enough for rows and columns to be looked at, with a row that the start sees.
    cost = 2 * uniform(4, 5)
    cost[1] += 700.0
    cost[:, 3] -= 300.0
    result = sinkhorn(cost, eps=1.0, tol=None, max_iter=count)
    kernel = -cost.numpy()
    u = np.zeros((4, 1))
    for _ in range(count):
        v = -logsumexp(kernel + u, axis=0, keepdims=True) + math.log(4)
        u = -logsumexp(kernel + v, axis=1, keepdims=True) + math.log(5)
    np.testing.assert_allclose(result.plan, np.exp(kernel + u + v) / 20, rtol=1e-11)


# The range that matters


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(1e12, 0.0), (-1e12, 0.0), (0.0, 1e12), (0.0, -1e12), (1e12, 1e12), (-1e12, -1e12), (1e12, -3e12)],
)
@pytest.mark.parametrize("eps", [0.02, 0.1])
def test_sinkhorn_plan_does_not_lose_digits_to_an_offset_of_a_row_or_column(
    rows: float, columns: float, eps: float
) -> None:
    offset = torch.zeros(6, 7, dtype=F64)
    offset[2] += rows
    offset[:, 4] += columns
    cost = (uniform(6, 7) + offset) - offset
    result = sinkhorn(cost + offset, eps=eps, tol=1e-13)
    assert result.converged
    np.testing.assert_allclose(result.plan, solved_on_logarithms(cost, eps), rtol=0, atol=1e-11)


@pytest.mark.parametrize("big", [1e3, 1e6, 1e12, 1e18])
def test_sinkhorn_takes_a_big_cost_for_a_forbidden_pair(big: float) -> None:
    cost = uniform(8, 8)
    forbidden = uniform(8, 8, seed=1) < 0.4
    forbidden.fill_diagonal_(False)
    expected = sinkhorn(cost.masked_fill(forbidden, INF), eps=0.1, tol=1e-13)
    result = sinkhorn(cost.masked_fill(forbidden, big), eps=0.1, tol=1e-13)
    assert result.converged
    np.testing.assert_allclose(result.plan, expected.plan, rtol=0, atol=1e-12)


# Huge eps


@pytest.mark.parametrize("eps", [1e3, 1e6, 1e9, 1e12, 1e15, 1e100])
def test_sinkhorn_value_and_potentials_have_their_limit_as_eps_grows(eps: float) -> None:
    cost, mu, nu = uniform(5, 4), weights(5, seed=1), weights(4, seed=2)
    mean = (mu @ cost @ nu).item()
    # The value is mean - variance/(2 ε) + ..., of the part of the cost that is no sum of two.
    rest = cost - (cost @ nu).unsqueeze(1) - mu @ cost + mean
    variance = (mu @ rest.square() @ nu).item()
    result = sinkhorn(cost, eps=eps, mu=mu, nu=nu)
    assert result.entropic_value.item() == close_to(mean - variance / (2 * eps), abs=1 / eps**2 + 1e-15)
    assert result.entropic_value <= mean + 1e-15
    np.testing.assert_allclose(result.f, cost @ nu - mean, rtol=0, atol=1 / eps + 1e-15)
    np.testing.assert_allclose(result.g, mu @ cost, rtol=0, atol=1 / eps + 1e-15)
    once = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=None, max_iter=1)
    torch.testing.assert_close(once.plan, result.plan, rtol=1 / eps, atol=0)


# eps per item, and what broadcasts


def test_sinkhorn_eps_per_item_is_that_of_the_item() -> None:
    cost, eps = uniform(3, 5, 4), [0.01, 0.3, 1e4]
    for several in (eps, torch.tensor(eps), np.array(eps)):
        result = sinkhorn(cost, eps=several, tol=1e-9)
        for i, one in enumerate(np.asarray(several, dtype=np.float64).tolist()):
            alone = sinkhorn(cost[i], eps=one, tol=1e-9)
            for name in ("plan", "f", "g", "entropic_value", "n_iter", "status"):
                assert torch.equal(getattr(result, name)[i], getattr(alone, name)), name


def test_sinkhorn_one_number_may_be_a_tensor() -> None:
    cost = uniform(3, 3)
    expected = sinkhorn(cost, eps=0.5).plan
    for eps in (torch.tensor(0.5), np.float32(0.5), torch.tensor([0.5], dtype=F64)):
        assert torch.equal(sinkhorn(cost, eps=eps).plan.reshape(3, 3), expected)


@pytest.mark.parametrize(
    ("shapes", "batch"),
    [
        (((4, 3), (7, 4), (7, 3), ()), (7,)),
        (((4, 3), (7, 4), (3,), ()), (7,)),
        (((7, 4, 3), (4,), (1, 3), (7,)), (7,)),
        (((4, 3), (4,), (3,), (2, 1)), (2, 1)),
        (((2, 1, 4, 3), (5, 4), (3,), ()), (2, 5)),
        (((5, 4, 3), (2, 1, 4), (2, 5, 3), (5,)), (2, 5)),
    ],
    ids=str,
)
def test_sinkhorn_broadcasts(shapes: tuple[tuple[int, ...], ...], batch: tuple[int, ...]) -> None:
    cost, eps = uniform(*shapes[0]), 0.2 + uniform(*shapes[3], 1)[..., 0]
    mu, nu = (uniform(*shape, seed=i).softmax(-1) for i, shape in enumerate(shapes[1:3]))
    parts = [x.requires_grad_() for x in (cost, mu, nu, eps)]
    result = sinkhorn(cost, mu=mu, nu=nu, eps=eps, tol=1e-9)
    assert result.plan.shape == (*batch, 4, 3)
    assert result.status.shape == batch
    whole = [
        part.expand(*batch, *own).detach()
        for part, own in zip(parts, ((4, 3), (4,), (3,), ()), strict=True)
    ]
    for i in np.ndindex(*batch):
        alone = sinkhorn(whole[0][i], mu=whole[1][i], nu=whole[2][i], eps=whole[3][i], tol=1e-9)
        torch.testing.assert_close(result.plan[i], alone.plan, rtol=1e-12, atol=0)
    slopes = torch.autograd.grad(result.transport_cost.sum(), parts)
    assert [slope.shape for slope in slopes] == [part.shape for part in parts]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eps": [0.1, -1.0, 0.2]}, r"^eps must be finite and > 0, got -1\.0"),
        ({"eps": torch.tensor([0.1, INF, 0.2])}, r"^eps must be finite and > 0, got inf"),
        ({"eps": [0.1, 0.2]}, r"^eps must have shape \[3\] or broadcast with it, got shape \(2,\)"),
        ({"eps": "a"}, r"^eps must be finite and > 0, got 'a'"),
        ({"mu": torch.full((2, 2), 0.5)}, r"^mu must have shape \[3, 2\] or broadcast with it, got "),
        (
            {"nu": torch.full((3, 2, 2), 0.5)},
            r"^nu must have shape \[3, 2\] or broadcast with it, got ",
        ),
        ({"mu": [0.5, 0.499]}, r"^mu must sum to 1, got 0\.999"),
    ],
    ids=str,
)
def test_sinkhorn_refuses_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        sinkhorn(uniform(3, 2, 2), **{"eps": 1.0, **options})
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_sinkhorn_marginals_of_a_half_type_may_be_off_by_its_rounding(dtype: torch.dtype) -> None:
    rounded = weights(30, seed=0).to(dtype)
    for cost in (uniform(30, 4), uniform(30, 4).to(dtype)):
        assert sinkhorn(cost, eps=0.5, mu=rounded, tol=1e-2).converged
    with pytest.raises(ValueError, match=r"^mu must sum to 1, got "):
        sinkhorn(uniform(30, 4), eps=0.5, mu=1.02 * weights(30, seed=0).to(dtype))


# Oracle


@pytest.mark.parametrize("seed", range(5))
def test_sinkhorn_limit_eps_to_zero_is_the_linear_program(seed: int) -> None:
    cost, mu, nu = uniform(5, 6, seed=seed), weights(5, seed=seed), weights(6, seed=seed + 9)
    best = least_cost(cost, mu, nu)
    result = sinkhorn(cost, eps=1e-3, mu=mu, nu=nu, tol=1e-9)
    assert result.converged
    # The plan costs at most ε (H(mu) + H(nu)) more.
    assert -1e-8 <= result.transport_cost.item() - best <= 1e-3 * math.log(30)
