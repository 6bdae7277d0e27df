"""Entropic transport: closed forms, limits, duality, derivatives, and what goes wrong by name."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.special import logsumexp
from torch import Tensor

from ce_core import SinkhornStatus, asymptotic_rate, birkhoff_rate, sinkhorn
from tests.support.closeness import close_to

F64 = torch.float64


def costs(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def weights(*shape: int, seed: int = 1) -> Tensor:
    drawn = costs(*shape, seed=seed) + 0.2
    return drawn / drawn.sum(-1, keepdim=True)


def reference_plan(cost: Tensor, mu: Tensor, nu: Tensor, eps: float, n_iter: int) -> np.ndarray:
    """Run the same updates with SciPy's logsumexp."""
    log_kernel = -cost.numpy() / eps + np.log(mu.numpy())[:, None] + np.log(nu.numpy())
    u, v = np.zeros((len(mu), 1)), np.zeros((1, len(nu)))
    for _ in range(n_iter):
        v = np.log(nu.numpy())[None] - logsumexp(log_kernel + u, axis=0, keepdims=True)
        u = np.log(mu.numpy())[:, None] - logsumexp(log_kernel + v, axis=1, keepdims=True)
    plan: np.ndarray = np.exp(log_kernel + u + v)
    return plan


@pytest.mark.parametrize("eps", [0.02, 0.5, 20.0])
@pytest.mark.parametrize("shape", [(6, 6), (3, 7), (7, 3), (1, 4), (4, 1)])
def test_sinkhorn_oracle_fixed_count(shape: tuple[int, int], eps: float) -> None:
    cost, mu, nu = costs(*shape), weights(shape[0]), weights(shape[1], seed=2)
    result = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=None, max_iter=7)
    np.testing.assert_allclose(result.plan, reference_plan(cost, mu, nu, eps, 7), rtol=1e-9)
    assert result.n_iter == 7
    assert result.errors.shape == (7,)


@pytest.mark.parametrize("eps", [0.05, 0.5, 5.0])
def test_sinkhorn_closed_form_two_by_two(eps: float) -> None:
    # With P = [[x, mu0 - x], [nu0 - x, mu1 - nu0 + x]], P00 P11 / (P01 P10) = exp(-D/eps).
    cost = torch.tensor([[0.3, 1.0], [0.6, 0.1]], dtype=F64)
    mu0, nu0 = 0.7, 0.4
    k = math.exp(-(cost[0, 0] + cost[1, 1] - cost[0, 1] - cost[1, 0]).item() / eps)
    roots = np.roots([1 - k, (1 - mu0 - nu0) + k * (mu0 + nu0), -k * mu0 * nu0])
    (x,) = (r for r in roots if max(0, mu0 + nu0 - 1) < r < min(mu0, nu0))
    plan = sinkhorn(cost, eps=eps, mu=[mu0, 1 - mu0], nu=[nu0, 1 - nu0], tol=1e-13).plan
    assert plan[0, 0].item() == close_to(x, rel=1e-9)


def test_sinkhorn_limit_small_eps_is_the_assignment() -> None:
    # All matched pairs cost the same: else the last digits take as long as exp(gap/eps).
    cost = 1 + costs(6, 6)
    cost[range(6), [2, 0, 1, 5, 3, 4]] = 0.5
    rows, columns = linear_sum_assignment(cost.numpy())
    result = sinkhorn(cost, eps=0.05, tol=1e-4)
    assert result.converged
    np.testing.assert_allclose(result.plan[rows, columns], 1 / 6, rtol=1e-3)
    assert result.transport_cost.item() == close_to(cost.numpy()[rows, columns].mean(), rel=1e-3)


def test_sinkhorn_limit_large_eps_is_the_product() -> None:
    mu, nu = weights(5), weights(4, seed=2)
    for dtype, rtol in ((F64, 1e-5), (torch.float32, 1e-5)):
        plan = sinkhorn(costs(5, 4).to(dtype), eps=1e6, mu=mu.to(dtype), nu=nu.to(dtype)).plan
        np.testing.assert_allclose(plan, torch.outer(mu, nu), rtol=rtol)


@given(st.integers(1, 6), st.integers(1, 6), st.floats(-2, 2), st.integers(0, 10**6), st.booleans())
def test_sinkhorn_marginals_gauge_and_duality(
    n: int, m: int, log_eps: float, seed: int, zeros: bool
) -> None:
    cost, mu, nu = costs(n, m, seed=seed), weights(n, seed=seed), weights(m, seed=seed + 1)
    if zeros and n > 1 and m > 1:
        mu[0] = nu[-1] = 0
        mu, nu = mu / mu.sum(), nu / nu.sum()
    eps = 10**log_eps
    result = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=1e-10, max_iter=50_000)
    assert torch.isfinite(result.plan).all()
    np.testing.assert_allclose(result.plan.sum(1), mu, rtol=0, atol=1e-12)
    assert (result.plan.sum(0) - nu).abs().sum().item() == close_to(
        result.errors[-1].item(), abs=1e-14 + 1e-15 / eps
    )
    assert (mu @ result.f).item() == close_to(0, abs=1e-9 * max(1, eps))
    if result.converged:
        dual = (mu @ result.f + nu @ result.g).item()
        assert result.entropic_value.item() == close_to(dual, abs=1e-8 * max(1, eps))


def test_sinkhorn_entropic_value_is_cost_plus_divergence() -> None:
    cost, mu, nu = costs(4, 3), weights(4), weights(3, seed=2)
    result = sinkhorn(cost, eps=0.3, mu=mu, nu=nu, tol=1e-12)
    divergence = (result.plan * (result.plan / torch.outer(mu, nu)).log()).sum()
    assert result.transport_cost.item() == close_to((result.plan * cost).sum().item())
    expected = (result.transport_cost + 0.3 * divergence).item()
    assert result.entropic_value.item() == close_to(expected, rel=1e-9)


def test_sinkhorn_symmetry_transposing_swaps_the_potentials() -> None:
    cost, mu, nu = costs(4, 3), weights(4), weights(3, seed=2)
    one = sinkhorn(cost, eps=0.2, mu=mu, nu=nu, tol=1e-13)
    other = sinkhorn(cost.T, eps=0.2, mu=nu, nu=mu, tol=1e-13)
    np.testing.assert_allclose(one.plan, other.plan.T, rtol=0, atol=1e-12)


def test_sinkhorn_scaling_cost_and_eps_together_keeps_the_plan() -> None:
    cost = costs(5, 5)
    plan = sinkhorn(cost, eps=0.1, tol=1e-10).plan
    np.testing.assert_allclose(sinkhorn(1e6 * cost, eps=1e5, tol=1e-10).plan, plan, rtol=1e-8)
    shifted = cost + torch.arange(5.0).unsqueeze(1) - 3 * torch.arange(5.0)
    np.testing.assert_allclose(sinkhorn(shifted, eps=0.1, tol=1e-13).plan, plan, rtol=0, atol=1e-9)


def test_sinkhorn_items_are_unaffected_by_their_mates() -> None:
    easy, hard = costs(5, 4), 100 * costs(5, 4, seed=3)
    broken = torch.full((5, 4), math.nan, dtype=F64)
    together = sinkhorn(torch.stack([easy, hard, broken]), eps=0.5)
    for index, cost in enumerate([easy, hard]):
        alone = sinkhorn(cost, eps=0.5)
        np.testing.assert_array_equal(together.plan[index], alone.plan)
        assert together.n_iter[index] == alone.n_iter
        assert together.status[index] == alone.status
    assert together.status[2] == SinkhornStatus.INVALID
    assert together.plan[2].isnan().all()


def test_sinkhorn_errors_hold_their_final_value() -> None:
    result = sinkhorn(torch.stack([0.01 * costs(4, 4), costs(4, 4)]), eps=0.1)
    first = int(result.n_iter[0])
    assert first < int(result.n_iter[1])
    assert (result.errors[0, first - 1 :] == result.errors[0, first - 1]).all()
    assert result.errors[0, first - 2] > 1e-6


def test_sinkhorn_errors_never_grow_whatever_is_tried_on_the_way() -> None:
    # An extrapolation or a Newton step that raises the error must not be kept.
    for seed in range(10):
        errors = sinkhorn(costs(24, 24, seed=seed), eps=2e-3, tol=1e-12, max_iter=3000).errors
        above_rounding = errors[errors > 1e-11]
        assert len(above_rounding) > 30
        assert (above_rounding[1:] <= 1.001 * above_rounding[:-1]).all()


@pytest.mark.parametrize("eps", [1e-4, 1e-5])
def test_sinkhorn_does_not_seek_what_the_span_of_the_costs_rounds_away(eps: float) -> None:
    cost = costs(8, 9)
    result = sinkhorn(cost, eps=eps, tol=0.0, max_iter=2000)
    assert result.status == SinkhornStatus.TOLERANCE_UNREACHABLE
    assert result.n_iter < 1000
    span = ((cost.max() - cost.min()) / eps).item()
    assert result.errors[-1] <= 2.3e-16 * (8 + span)


@pytest.mark.parametrize(
    ("dtype", "tol"), [(torch.float32, 1e-9), (torch.float16, 1e-6), (torch.bfloat16, 1e-6)]
)
def test_sinkhorn_tolerance_below_the_dtype_is_named_and_not_run_after(
    dtype: torch.dtype, tol: float
) -> None:
    result = sinkhorn(costs(8, 8).to(dtype), eps=0.02, tol=tol)
    assert result.status == SinkhornStatus.TOLERANCE_UNREACHABLE
    assert result.n_iter < sinkhorn(costs(8, 8).to(dtype).double(), eps=0.02, tol=tol).n_iter
    # What it stopped at is what the result can hold.
    assert result.errors[-1] <= torch.finfo(dtype).eps / 2
    assert sinkhorn(costs(8, 8).to(dtype), eps=0.02, tol=torch.finfo(dtype).eps).converged


def test_sinkhorn_tolerance_below_rounding_ends() -> None:
    cost = costs(64, 64)
    result = sinkhorn(cost, eps=1e-3, tol=0.0)
    if result.status == SinkhornStatus.CONVERGED:
        assert result.errors[-1] == 0
    else:
        assert result.status == SinkhornStatus.TOLERANCE_UNREACHABLE
    assert result.errors[-1] < 1e-12


@pytest.mark.parametrize(
    ("allowed", "mu", "feasible"),
    [
        # Two rows share one column that holds too little for both: no row or column is empty.
        ([[1, 0, 0], [1, 0, 0], [1, 1, 1]], None, False),
        ([[1, 0, 0], [1, 0, 0], [1, 1, 1]], [0.1, 0.2, 0.7], True),
        ([[1, 1, 0], [1, 1, 0], [0, 0, 1]], None, True),
        ([[1, 1, 0], [1, 1, 0], [0, 0, 1]], [0.3, 0.3, 0.4], False),
        # A plan, though not one that has mass on every allowed pair.
        ([[1, 0, 0], [1, 1, 0], [1, 1, 1]], None, True),
    ],
)
@pytest.mark.parametrize("tol", [1e-6, None], ids=["tol", "fixed count"])
def test_sinkhorn_infeasible_by_hall(
    allowed: list[list[int]], mu: list[float] | None, feasible: bool, tol: float | None
) -> None:
    cost = costs(3, 3).masked_fill(torch.tensor(allowed) == 0, math.inf)
    result = sinkhorn(torch.stack([cost, costs(3, 3)]), eps=0.05, mu=mu, tol=tol, max_iter=2000)
    assert (result.status[0] != SinkhornStatus.INFEASIBLE) == feasible
    ended = SinkhornStatus.FIXED_COUNT if tol is None else SinkhornStatus.CONVERGED
    assert result.status[1] == ended
    assert torch.isfinite(result.plan).all()
    # The least of none is inf.
    assert result.entropic_value.isfinite().tolist() == [feasible, True]
    assert result.entropic_value[0] > 0


def test_sinkhorn_forbidden_pairs_get_nothing() -> None:
    cost = costs(3, 3)
    cost[0, 1] = math.inf
    result = sinkhorn(cost, eps=0.1)
    assert result.converged
    assert result.plan[0, 1] == 0
    assert torch.isfinite(result.transport_cost)


@pytest.mark.parametrize(
    ("change", "options", "status"),
    [
        ([(0, math.inf)], {}, SinkhornStatus.INFEASIBLE),
        ([((..., 2), math.inf)], {}, SinkhornStatus.INFEASIBLE),
        ([((0, 0), math.nan)], {}, SinkhornStatus.INVALID),
        ([((0, 0), -math.inf)], {}, SinkhornStatus.INVALID),
        ([], {"tol": 1e-9, "max_iter": 1}, SinkhornStatus.NOT_CONVERGED),
        ([], {}, SinkhornStatus.CONVERGED),
    ],
    ids=lambda value: value.name if isinstance(value, SinkhornStatus) else "",
)
def test_sinkhorn_status_names_what_happened(
    change: list[tuple[Any, float]], options: dict[str, Any], status: SinkhornStatus
) -> None:
    cost = costs(3, 3)
    for place, value in change:
        cost[place] = value
    result = sinkhorn(cost, **{"eps": 0.2, **options})
    assert result.status == status
    assert bool(result.converged) == (status == SinkhornStatus.CONVERGED)
    assert torch.isfinite(result.plan).all() or status == SinkhornStatus.INVALID


def test_sinkhorn_restart_from_the_solution_takes_one_iteration() -> None:
    cost = costs(5, 4)
    result = sinkhorn(cost, eps=0.1, tol=1e-12)
    reduced = cost - result.f.unsqueeze(1) - result.g
    assert sinkhorn(reduced, eps=0.1, tol=1e-11).n_iter == 1


def _output(
    name: str, gradient: str, options: dict[str, Any], cost: Tensor, a: Tensor, b: Tensor
) -> Tensor:
    result = sinkhorn(cost, eps=0.3, mu=a.softmax(-1), nu=b.softmax(-1), gradient=gradient, **options)
    value: Tensor = getattr(result, name)
    return value


@pytest.mark.parametrize("name", ["plan", "f", "g", "transport_cost", "entropic_value"])
def test_sinkhorn_gradient_implicit_finite_differences(name: str) -> None:
    inputs = [costs(2, 3, 4), costs(2, 3), costs(2, 4)]
    function = partial(_output, name, "implicit", {"tol": 1e-14})
    assert torch.autograd.gradcheck(
        function, [x.requires_grad_() for x in inputs], eps=1e-5, atol=1e-8, rtol=1e-6
    )


@pytest.mark.parametrize("name", ["plan", "f", "g", "transport_cost"])
def test_sinkhorn_gradient_unrolled_finite_differences(name: str) -> None:
    inputs = [costs(3, 4), costs(3), costs(4)]
    function = partial(_output, name, "unrolled", {"tol": None, "max_iter": 3})
    assert torch.autograd.gradcheck(
        function, [x.requires_grad_() for x in inputs], eps=1e-6, atol=1e-8, rtol=1e-6
    )


def _plan_in_blocks(cost: Tensor) -> Tensor:
    # Three groups of rows and columns that no allowed pair connects, the last of one pair.
    group_of_rows, group_of_columns = torch.tensor([0, 0, 1, 1, 1, 2]), torch.tensor([0, 0, 1, 1, 2])
    allowed = group_of_rows[:, None] == group_of_columns
    mu, nu = [0.1, 0.2, 0.1, 0.15, 0.15, 0.3], [0.12, 0.18, 0.25, 0.15, 0.3]
    return sinkhorn(cost.masked_fill(~allowed, math.inf), eps=0.3, mu=mu, nu=nu, tol=1e-14).plan


def test_sinkhorn_gradient_implicit_where_allowed_pairs_are_disconnected() -> None:
    cost = costs(6, 5).requires_grad_()
    assert torch.autograd.gradcheck(_plan_in_blocks, (cost,), eps=1e-5, atol=1e-8, rtol=1e-6)


def test_sinkhorn_gradient_of_the_value_is_the_plan() -> None:
    cost = costs(5, 4).requires_grad_()
    result = sinkhorn(cost, eps=0.1, tol=1e-12)
    (gradient,) = torch.autograd.grad(result.entropic_value, cost)
    np.testing.assert_allclose(gradient, result.plan.detach(), rtol=1e-12)


def test_birkhoff_rate_oracle_all_quadruples() -> None:
    cost = costs(4, 3)
    c = cost.numpy()
    widest = max(
        c[i, x] + c[k, j] - c[i, j] - c[k, x]
        for i in range(4) for k in range(4) for j in range(3) for x in range(3)
    )  # fmt: skip
    assert birkhoff_rate(cost, eps=0.3).item() == close_to(math.tanh(widest / 1.2) ** 2)


def test_rates_coincide_for_a_uniform_two_by_two() -> None:
    cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=F64)
    plan = sinkhorn(cost, eps=0.5, tol=1e-14).plan
    assert asymptotic_rate(plan).item() == close_to(birkhoff_rate(cost, eps=0.5).item(), rel=1e-9)


def test_asymptotic_rate_is_the_measured_one_and_birkhoff_bounds_it() -> None:
    cost = costs(6, 5)
    # A fixed count is the plain iteration, whose rate this is; with a tolerance it is faster.
    result = sinkhorn(cost, eps=0.05, tol=None, max_iter=80)
    rate = asymptotic_rate(result.plan).item()
    late = result.errors[len(result.errors) // 2 :]
    measured = (late[-1] / late[0]).item() ** (1 / (len(late) - 1))
    assert measured == close_to(rate, rel=0.01)
    assert rate <= birkhoff_rate(cost, eps=0.05).item() <= 1


def test_rates_of_forbidden_and_single() -> None:
    assert birkhoff_rate([[0.0, math.inf], [0.0, 0.0]], eps=1.0) == 1
    assert asymptotic_rate([[0.5, 0.5]]) == 0
    assert asymptotic_rate([[0.5, 0.0, 0.5], [0.0, 0.0, 0.0]]).isfinite()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eps": 0.0}, "eps must be finite and > 0, got 0.0"),
        ({"tol": -1.0}, "tol must be finite and >= 0, got -1.0"),
        ({"max_iter": 0}, "max_iter must be an integer >= 1, got 0"),
        ({"gradient": "none"}, "gradient must be one of implicit, unrolled, got 'none'"),
        ({"mu": [0.5, 0.4]}, "mu must sum to 1, got 0.9"),
        ({"nu": [1.5, -0.5, 0.0]}, "nu must be finite and >= 0, got -0.5"),
        ({"mu": [0.5, 0.25, 0.25]}, r"mu must have shape \[2\]"),
        ({"nu": [math.nan, 0.5, 0.5]}, "nu must be finite and >= 0, got nan"),
        # Their sum is no number, of which NumPy would warn.
        ({"nu": [-math.inf, math.inf, 0.5]}, "nu must be finite and >= 0, got -inf"),
        ({"mu": torch.full((2,), 1e308, dtype=torch.float64)}, "mu must sum to 1, got inf"),
    ],
    ids=["eps", "tol", "max_iter", "gradient", "mass", "negative", "shape", "nan", "inf", "large"],
)
def test_sinkhorn_invalid_names_the_argument(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sinkhorn([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0]], **{"eps": 1.0, **options})


@pytest.mark.parametrize("relative_eps", [1e-6, 1e-4, 1e-2, 1, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("dtype", [F64, torch.float32])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_sinkhorn_extreme_eps_is_finite_and_honest(
    relative_eps: float, dtype: torch.dtype, scale: float
) -> None:
    cost = (scale * costs(3, 6, 5)).to(dtype)
    result = sinkhorn(cost, eps=relative_eps * scale, max_iter=500)
    for field in ("plan", "f", "g", "transport_cost", "entropic_value"):
        assert torch.isfinite(getattr(result, field)).all()
    excess = (result.plan.double().sum(-2) - 1 / 5).abs().sum(-1)
    assert (excess[result.converged] < 1.1e-6).all()
    # In float32 the plan is rounded, and its column sums with it.
    slack = 3e-7 if dtype == torch.float32 else 1e-13 + 1e-15 / relative_eps
    np.testing.assert_allclose(excess, result.errors[:, -1], rtol=0, atol=slack)


@given(st.integers(2, 7), st.integers(2, 7), st.floats(-2.5, 0), st.integers(0, 10**6))
def test_sinkhorn_acceleration_finds_what_the_plain_iteration_finds(
    n: int, m: int, log_eps: float, seed: int
) -> None:
    cost, mu, nu = costs(n, m, seed=seed), weights(n, seed=seed), weights(m, seed=seed + 1)
    plain = sinkhorn(cost, eps=10**log_eps, mu=mu, nu=nu, tol=None, max_iter=3000)
    fast = sinkhorn(cost, eps=10**log_eps, mu=mu, nu=nu, tol=1e-9, max_iter=3000)
    if plain.errors[-1] <= 1e-9:
        assert fast.converged
        # Marginals that differ by 1e-9 differ in the plan by that over the rate.
        slack = 1e-8 / (1 - min(asymptotic_rate(plain.plan).item(), 1 - 1e-9))
        assert (fast.plan - plain.plan).abs().max().item() < slack
    assert fast.errors[-1] <= max(1e-9, plain.errors[-1].item())


def test_sinkhorn_converges_where_the_plain_iteration_crawls() -> None:
    cost = costs(64, 64)
    assert sinkhorn(cost, eps=1e-3, tol=None, max_iter=5000).errors[-1] > 1e-6
    assert sinkhorn(cost, eps=1e-3, tol=1e-9, max_iter=5000).converged


def test_sinkhorn_kernel_and_logarithms_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    cost, mu, nu = costs(4, 7, 6), weights(4, 7), weights(4, 6, seed=2)
    fast = sinkhorn(cost, eps=0.02, mu=mu, nu=nu, tol=None, max_iter=90)
    monkeypatch.setattr("ce_core.transport._stabilized_kernel._SAFE", -1.0)
    safe = sinkhorn(cost, eps=0.02, mu=mu, nu=nu, tol=None, max_iter=90)
    np.testing.assert_allclose(fast.plan, safe.plan, rtol=1e-10)
    np.testing.assert_allclose(fast.errors, safe.errors, rtol=1e-10, atol=1e-13)
