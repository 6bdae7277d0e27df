"""Sinkhorn's iteration on small problems of every kind: honest status, exact zeros, right plans."""

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import logsumexp
from torch import Tensor

from ce_core import SinkhornResult, SinkhornStatus, sinkhorn
from tests.fuzz.strategies import (
    Transport,
    costs,
    not_count,
    not_positive,
    sometimes,
    span,
    transports,
)
from tests.support.cases import INF, NAN

FIELDS = ("plan", "f", "g", "transport_cost", "entropic_value")
UNIT = torch.finfo(torch.float64).eps


def run(problem: Transport, **options: Any) -> SinkhornResult:
    return sinkhorn(problem.cost, **{**problem.options(), **options})


def each(problem: Transport) -> list[tuple[int, ...]]:
    """Return the index of every item of the batch."""
    return list(np.ndindex(*problem.cost.shape[:-2]))


def unit(problem: Transport) -> float:
    """Return the largest relative error of rounding to the dtype of the result."""
    return torch.finfo(problem.cost.dtype).eps / 2


def least(problem: Transport) -> float:
    """Return the smallest positive number of the dtype, which is what underflow costs."""
    info = torch.finfo(problem.cost.dtype)
    return info.smallest_normal * info.eps


def rounding(problem: Transport) -> float:
    """Return what the rounding of the exponents in float64 does to a marginal, generously."""
    finite = problem.cost.double()[problem.cost.isfinite()]
    largest = finite.abs().max().item() if finite.numel() else 0.0
    return 16 * UNIT * (8 + largest / problem.eps)


def excess(allowed: np.ndarray, mu: np.ndarray, nu: np.ndarray) -> float:
    """Return by how much rows hold more than the columns that they may use, at the worst set of rows.

    A plan exists if and only if this is 0 (Gale 1957, doi:10.2140/pjm.1957.7.1073).
    """
    n = len(mu)
    sets = [list(rows) for size in range(1, n + 1) for rows in combinations(range(n), size)]
    return max(float(mu[rows].sum() - nu[allowed[rows].any(0)].sum()) for rows in sets)


def excesses(problem: Transport) -> Tensor:
    """Return the excess of every item."""
    mu, nu = problem.marginals()
    found = [
        excess((problem.cost[i] < INF).numpy(), mu[i].numpy(), nu[i].numpy()) for i in each(problem)
    ]
    return torch.tensor(found, dtype=torch.float64).reshape(problem.cost.shape[:-2])


# What holds of every item


@given(transports())
def test_sinkhorn_is_finite_and_fills_every_field(problem: Transport) -> None:
    result = run(problem)
    *batch, n, m = problem.cost.shape
    shapes = {"plan": (n, m), "f": (n,), "g": (m,), "transport_cost": (), "entropic_value": ()}
    for name, shape in shapes.items():
        field = getattr(result, name)
        assert field.shape == (*batch, *shape)
        assert field.dtype == problem.cost.dtype
        assert not field.isnan().any(), name
    assert ((result.plan >= 0) & result.plan.isfinite()).all()
    assert result.errors.dtype == torch.float64
    assert ((result.errors >= 0) & result.errors.isfinite()).all()
    for name in ("converged", "status", "n_iter"):
        assert getattr(result, name).shape == tuple(batch)


@given(transports())
def test_sinkhorn_plan_has_no_mass_where_none_may_be(problem: Transport) -> None:
    plan = run(problem).plan
    mu, nu = problem.marginals()
    assert not plan[problem.cost == INF].any()
    assert not plan[mu == 0].any()
    assert not plan.mT[nu == 0].any()


@given(transports())
def test_sinkhorn_status_is_honest(problem: Transport) -> None:
    result = run(problem)
    assert torch.equal(result.converged, result.status == SinkhornStatus.CONVERGED)
    steps = int(result.n_iter.max()) if result.n_iter.numel() else 0
    assert result.errors.shape[-1] == steps <= problem.max_iter
    coarse = 0.0 if problem.cost.dtype == torch.float64 else unit(problem)
    for i in each(problem):
        status, last = SinkhornStatus(int(result.status[i])), result.errors[i][-1].item()
        assert status != SinkhornStatus.INVALID
        if problem.tol is None:
            assert result.n_iter[i] == problem.max_iter or status == SinkhornStatus.INFEASIBLE
            assert status in (SinkhornStatus.FIXED_COUNT, SinkhornStatus.INFEASIBLE)
        elif status == SinkhornStatus.CONVERGED:
            assert last <= problem.tol
        elif status == SinkhornStatus.NOT_CONVERGED:
            assert last > problem.tol
            assert result.n_iter[i] == problem.max_iter
        elif status == SinkhornStatus.TOLERANCE_UNREACHABLE:
            assert last > problem.tol or problem.tol < coarse
            # What it stopped at is what rounding leaves.
            assert last <= max(rounding(problem), coarse)


@given(transports())
def test_sinkhorn_errors_hold_their_last_value(problem: Transport) -> None:
    result = run(problem)
    for i in each(problem):
        held = result.errors[i][int(result.n_iter[i]) - 1 :]
        assert (held == held[0]).all()
        if problem.tol is not None:
            # It stops at the first error that is good enough.
            goal = max(problem.tol, 0.0)
            assert (result.errors[i][: int(result.n_iter[i]) - 1] > goal).all()


@given(transports())
def test_sinkhorn_marginals_are_met_as_the_errors_say(problem: Transport) -> None:
    result = run(problem)
    mu, nu = problem.marginals()
    *_, n, m = problem.cost.shape
    possible = result.status != SinkhornStatus.INFEASIBLE
    # Entries are rounded by their size, and by the smallest number where they underflow.
    slack = 2 * unit(problem) + n * m * least(problem) + rounding(problem)
    plan = result.plan.double()
    rows = (plan.sum(-1) - mu).abs().sum(-1)
    columns = (plan.sum(-2) - nu).abs().sum(-1)
    assert (rows <= slack)[possible].all()
    assert ((columns - result.errors[..., -1]).abs() <= slack)[possible].all()
    if problem.tol is not None:
        assert (columns <= problem.tol + slack)[result.converged].all()


@given(transports())
def test_sinkhorn_plan_is_that_of_its_potentials(problem: Transport) -> None:
    result = run(problem)
    mu, nu = problem.marginals()
    f, g = result.f.double().unsqueeze(-1), result.g.double().unsqueeze(-2)
    cost = problem.cost.double()
    assume(bool(f.isfinite().all() and g.isfinite().all()))
    exponent = torch.where(cost < INF, (f + g - cost) / problem.eps, -INF)
    mass = mu.unsqueeze(-1) * nu.unsqueeze(-2)
    expected = torch.where(mass == 0, 0.0, mass * exponent.exp())
    # The potentials are rounded to the dtype, which shifts the exponent; an entry takes some ten more
    # roundings.
    parts = (f, g, cost.masked_fill(cost == INF, 0.0))
    size = torch.stack([part.abs().amax((-2, -1), keepdim=True) for part in parts]).sum(0)
    doubt = 4 * unit(problem) * (4 + size / problem.eps) + 4 * least(problem) / problem.eps
    known = (doubt < 1).expand(cost.shape)
    doubt = doubt.expand(cost.shape)
    # The product of a weight and the kernel may underflow on the way to an entry.
    lost = max(least(problem), 1e-280)
    assert (result.plan <= expected * doubt.exp() + lost)[known].all()
    assert (result.plan >= expected * (-doubt).exp() - lost)[known].all()


@given(transports())
def test_sinkhorn_values_are_cost_and_cost_plus_divergence(problem: Transport) -> None:
    result = run(problem)
    mu, nu = problem.marginals()
    plan = result.plan.double()
    cost = torch.where(plan == 0, 0.0, problem.cost.double())
    mass = mu.unsqueeze(-1) * nu.unsqueeze(-2)
    logs = torch.where(plan == 0, 1.0, plan / mass).log()
    kept = (result.transport_cost.isfinite() & result.entropic_value.isfinite()) & (
        result.status != SinkhornStatus.INFEASIBLE
    )
    transport_cost = (plan * cost).sum((-2, -1))
    value = transport_cost + problem.eps * (plan * logs).sum((-2, -1))
    # Every entry of the plan, and every result, is rounded once; where entries underflow, what
    # they contribute is lost, with their logarithm (at most 2,000 in any dtype).
    *_, n, m = problem.cost.shape
    largest = problem.cost.double().masked_fill(problem.cost == INF, 0.0).abs().amax((-2, -1))
    lost = n * m * least(problem) * (largest + 2000 * problem.eps)
    relative = 4 * unit(problem) + 16 * UNIT
    slack = relative * (plan * cost.abs()).sum((-2, -1)) + lost + least(problem)
    assert ((result.transport_cost - transport_cost).abs() <= slack)[kept].all()
    potentials = (mu * result.f.double().abs()).sum(-1) + (nu * result.g.double().abs()).sum(-1)
    terms = (plan * (cost.abs() + problem.eps * (1 + logs.abs()))).sum((-2, -1)) + potentials
    slack = relative * terms + lost + least(problem) + problem.eps * rounding(problem)
    assert ((result.entropic_value - value).abs() <= slack)[kept].all()


@given(transports())
def test_sinkhorn_potentials_have_their_gauge(problem: Transport) -> None:
    result = run(problem)
    mu, _ = problem.marginals()
    f = result.f.double()
    kept = f.isfinite().all(-1)
    # Before the constant is taken off, potentials may be as large as the costs.
    largest = problem.cost.double().masked_fill(problem.cost == INF, 0.0).abs().amax((-2, -1))
    slack = 4 * unit(problem) * (mu * f.abs()).sum(-1) + 16 * UNIT * (largest + problem.eps)
    assert ((mu * f).sum(-1).abs() <= slack + least(problem))[kept].all()


@given(transports(), st.sampled_from([(0,), (0, 2), (2, 0)]))
def test_sinkhorn_of_an_empty_batch_is_empty(problem: Transport, batch: tuple[int, ...]) -> None:
    n, m = problem.cost.shape[-2:]
    result = sinkhorn(problem.cost.new_zeros(*batch, n, m), eps=problem.eps, tol=problem.tol)
    assert result.plan.shape == (*batch, n, m)
    assert result.status.shape == result.transport_cost.shape == batch


# Feasibility


@given(transports())
def test_sinkhorn_never_converges_where_there_is_no_plan(problem: Transport) -> None:
    result, most = run(problem), excesses(problem)
    # Twice the excess is the least error of any plan.
    bound = max(problem.tol or 0.0, unit(problem), 1e-9)
    assert not result.converged[2 * most > bound].any()


@given(transports())
def test_sinkhorn_never_calls_infeasible_what_has_a_plan(problem: Transport) -> None:
    result, most = run(problem), excesses(problem)
    mu, nu = problem.marginals()
    # A mass too small for the excess to show it, without an allowed pair, makes a plan impossible too.
    usable = (problem.cost < INF) & (mu > 0).unsqueeze(-1) & (nu > 0).unsqueeze(-2)
    blocked = ((mu > 0) & ~usable.any(-1)).any(-1) | ((nu > 0) & ~usable.any(-2)).any(-1)
    assert not ((result.status == SinkhornStatus.INFEASIBLE) & ~blocked)[most <= 2 * UNIT].any()


@given(transports(forbidding=False, least_log_eps=0.0, tolerances=[1e-6, 1e-3, 1e-9]))
def test_sinkhorn_converges_where_costs_span_no_more_than_eps(problem: Transport) -> None:
    # Birkhoff: an iteration shrinks the error to tanh²(1/2) = 0.21 of it, or less.
    result = run(problem, max_iter=60)
    named = (SinkhornStatus.CONVERGED, SinkhornStatus.TOLERANCE_UNREACHABLE)
    assert all(int(status) in named for status in result.status.flatten())
    assert problem.tol is not None
    if problem.tol >= max(unit(problem), rounding(problem)):
        assert result.converged.all()


# Alone, in other units, transposed


@given(transports())
def test_sinkhorn_item_is_unaffected_by_its_mates(problem: Transport) -> None:
    together = run(problem)
    for i in each(problem):
        alone = run(problem.item(i))
        assert alone.status == together.status[i]
        assert alone.n_iter == together.n_iter[i]
        for name in FIELDS:
            assert torch.equal(getattr(alone, name), getattr(together, name)[i]), name


@given(transports(), st.sampled_from([NAN, -INF]), st.data())
def test_sinkhorn_invalid_item_is_named_and_leaves_the_others(
    problem: Transport, wrong: float, data: Any
) -> None:
    items = each(problem)
    assume(items)
    at = data.draw(st.sampled_from(items))
    cost = problem.cost.clone()
    cost[at][data.draw(st.integers(0, cost.shape[-2] - 1)), 0] = wrong
    spoilt, whole = sinkhorn(cost, **problem.options()), run(problem)
    for i in items:
        if i == at:
            assert spoilt.status[i] == SinkhornStatus.INVALID
            assert all(getattr(spoilt, name)[i].isnan().all() for name in FIELDS)
        else:
            assert torch.equal(spoilt.plan[i], whole.plan[i])
            assert spoilt.status[i] == whole.status[i]


@given(transports(dtype=torch.float64), st.integers(-30, 30))
def test_sinkhorn_in_other_units_is_the_same_plan(problem: Transport, power: int) -> None:
    # Powers of two are exact, so every bit of the plan stays, and the potentials scale, but for what
    # a weight so small that its products are subnormal does to their gauge.
    assume(1e-200 < problem.eps < 1e200)
    factor = 2.0**power
    one = run(problem)
    other = sinkhorn(factor * problem.cost, **{**problem.options(), "eps": factor * problem.eps})
    assert torch.equal(one.status, other.status)
    assert torch.equal(one.plan, other.plan)
    slack = 1e-300 + 1e-300 * factor
    torch.testing.assert_close(factor * one.f, other.f, rtol=1e-14, atol=slack)
    torch.testing.assert_close(factor * one.g, other.g, rtol=1e-14, atol=slack)


@given(transports(dtype=torch.float64, least_log_eps=-1.5, tolerances=[1e-11]))
def test_sinkhorn_of_the_transposed_problem_is_the_transposed_plan(problem: Transport) -> None:
    one = run(problem, max_iter=300)
    other = sinkhorn(
        problem.cost.mT, eps=problem.eps, mu=problem.nu, nu=problem.mu, tol=problem.tol, max_iter=300
    )
    both = one.converged & other.converged
    # Both objectives are within ε · error · (range of the potentials) of the optimum, and KL/2
    # bounds the squared distance of the plans from it (Pinsker).
    assert ((one.plan - other.plan.mT).abs().amax((-2, -1)) <= 1e-4)[both].all()


# Oracle


def plain_iteration(cost: Tensor, mu: Tensor, nu: Tensor, eps: float, n_iter: int) -> np.ndarray:
    """Run the updates with SciPy's logsumexp, columns then rows."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log_mu, log_nu = np.log(mu.numpy())[:, None], np.log(nu.numpy())[None]
        kernel = -cost.double().numpy() / eps
        u, v = np.zeros_like(log_mu), np.zeros_like(log_nu)
        for _ in range(n_iter):
            columns = logsumexp(kernel + log_mu + u, axis=0, keepdims=True)
            v = np.where(columns == -np.inf, 0.0, -columns)
            rows = logsumexp(kernel + log_nu + v, axis=1, keepdims=True)
            u = np.where(rows == -np.inf, 0.0, -rows)
        # The marginals as factors: their logarithms, up to 745, would be rounded in the exponent.
        mass = mu.numpy()[:, None] * nu.numpy()
        plan: np.ndarray = np.where(mass == 0, 0.0, mass * np.exp(kernel + u + v))
    return plan


@given(transports(tolerances=[None], least_log_eps=-4.0))
def test_sinkhorn_of_a_fixed_count_is_the_plain_iteration(problem: Transport) -> None:
    problem = Transport(**{**vars(problem), "max_iter": min(problem.max_iter, 7)})
    result = run(problem)
    mu, nu = problem.marginals()
    for i in each(problem):
        if result.status[i] == SinkhornStatus.INFEASIBLE:
            continue
        expected = plain_iteration(problem.cost[i], mu[i], nu[i], problem.eps, problem.max_iter)
        np.testing.assert_allclose(
            result.plan[i].double(),
            expected,
            rtol=2 * unit(problem) + problem.max_iter * rounding(problem),
            atol=least(problem) + 1e-300,
        )


# Derivatives


@st.composite
def smooth_problems(draw: Any) -> tuple[Tensor, Tensor, Tensor, float]:
    """Draw a cost, logits of both marginals, and an eps at which a few iterations arrive."""
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cost = draw(costs(torch.float64, (n, m), forbidding=False))
    # Derivatives are in units of 1 / eps.
    assume(cost.abs().max() < 1e4)
    assume(span(cost) > 1e-100)
    parts = [
        torch.tensor(draw(st.lists(st.floats(-2, 2), min_size=k, max_size=k)), dtype=torch.float64)
        for k in (n, m)
    ]
    return cost, *parts, span(cost) * draw(st.floats(0.5, 20))


@given(smooth_problems())
def test_sinkhorn_implicit_and_unrolled_gradients_agree(
    problem: tuple[Tensor, Tensor, Tensor, float],
) -> None:
    *inputs, eps = problem
    weights = torch.arange(1.0, 1 + inputs[0].numel(), dtype=torch.float64).reshape(inputs[0].shape)
    gradients = []
    # The unrolled one needs iterations of its own, also where the plan is there at once: each shrinks
    # its error to this much of it (Birkhoff), or less.
    shrinks = math.tanh(max(span(inputs[0]) / eps / 2, 1e-3)) ** 2
    enough = math.ceil(math.log(1e-14) / math.log(shrinks)) + 1
    for kind, tol, max_iter in (("implicit", 1e-14, 60), ("unrolled", None, enough)):
        cost, a, b = (x.clone().requires_grad_() for x in inputs)
        mu, nu = a.softmax(-1), b.softmax(-1)
        result = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=tol, max_iter=max_iter, gradient=kind)
        loss = (weights.sin() * result.plan).sum() + result.transport_cost / eps
        gradients.append(torch.autograd.grad(loss, (cost, a, b)))
    for implicit, unrolled in zip(*gradients, strict=True):
        # Costs are rounded by 2^-53 of their size, which is a shift of cost/eps.
        slack = 1e-9 * (1 + 1 / eps) * (1 + inputs[0].abs().max().item() / eps)
        torch.testing.assert_close(implicit, unrolled, rtol=1e-7, atol=slack)


@given(smooth_problems())
def test_sinkhorn_gradient_of_the_value_is_the_plan(
    problem: tuple[Tensor, Tensor, Tensor, float],
) -> None:
    cost, a, b, eps = problem
    cost = cost.requires_grad_()
    result = sinkhorn(cost, eps=eps, mu=a.softmax(-1), nu=b.softmax(-1), tol=1e-12)
    (gradient,) = torch.autograd.grad(result.entropic_value, cost)
    torch.testing.assert_close(gradient, result.plan.detach(), rtol=1e-9, atol=1e-300)


# Hard kinds, and their derivatives


KINDS = ("plain", "padded", "big", "isolated", "tiny eps", "offset", "half")


@st.composite
def hard_batches(draw: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw costs of hard kinds, with marginals and an eps for each; all have a plan."""
    b, n, m = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.integers(1, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10**6)))
    items = []
    for _ in range(b):
        cost = torch.rand(n, m, generator=generator, dtype=torch.float64)
        mu, nu = (torch.rand(k, generator=generator, dtype=torch.float64) + 0.1 for k in (n, m))
        eps = 10 ** draw(st.floats(-4, 3))
        kind = draw(st.sampled_from(KINDS))
        if kind == "padded" and min(n, m) > 1:
            mu[-1] = nu[-1] = 0
            cost[-1] = cost[:, -1] = INF
        elif kind == "big":
            big = 10 ** draw(st.floats(3, 15))
            cost = cost.masked_fill(torch.rand(n, m, generator=generator) < 0.3, big)
        elif kind == "isolated" and n == m:
            cost, mu = (
                cost + 1 - torch.eye(n)[torch.randperm(n, generator=generator)],
                torch.ones(n, dtype=torch.float64),
            )
            nu, eps = mu.clone(), 10 ** draw(st.floats(-8, -1.5))
        elif kind == "tiny eps":
            eps = 10 ** draw(st.floats(-320, -8))
        elif kind == "offset":
            size = 10 ** draw(st.floats(3, 14))
            cost[0] += size * draw(st.sampled_from([-1, 1]))
            cost[:, 0] += size * draw(st.sampled_from([-1, 0, 1]))
        elif kind == "half":
            cost = cost.to(torch.float16).double()
        items.append((cost, mu / mu.sum(), nu / nu.sum(), max(eps, 5e-324)))
    costs_of, mus, nus, each = zip(*items, strict=True)
    wide = [torch.stack([part.double() for part in parts]) for parts in (costs_of, mus, nus)]
    return wide[0], wide[1], wide[2], torch.tensor(each, dtype=torch.float64)


@sometimes
@given(hard_batches(), st.sampled_from([1e-6, 1e-9]))
def test_sinkhorn_of_hard_problems_is_finite_honest_and_per_item(
    batch: tuple[Tensor, Tensor, Tensor, Tensor], tol: float
) -> None:
    cost, mu, nu, eps = batch
    result = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=tol, max_iter=200)
    missed = torch.maximum(
        (result.plan.sum(-1) - mu).abs().sum(-1), (result.plan.sum(-2) - nu).abs().sum(-1)
    )
    torch.testing.assert_close(result.errors[:, -1], missed, rtol=1e-9, atol=1e-15)
    assert torch.equal(result.converged, missed <= tol)
    for name in FIELDS:
        assert getattr(result, name).isfinite().all()
    for i in range(len(cost)):
        alone = sinkhorn(cost[i], eps=eps[i].item(), mu=mu[i], nu=nu[i], tol=tol, max_iter=200)
        assert alone.status == result.status[i]
        for name in FIELDS:
            assert torch.equal(getattr(alone, name), getattr(result, name)[i]), name


@sometimes
@given(hard_batches())
def test_sinkhorn_gradients_of_hard_problems_pass_on_what_rows_and_columns_have_in_common(
    batch: tuple[Tensor, Tensor, Tensor, Tensor],
) -> None:
    # A number added to a row is paid by its mass, whatever the plan.
    cost, mu, nu, eps = batch
    cost = cost.requires_grad_()
    for name in ("transport_cost", "entropic_value"):
        result = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=1e-9, max_iter=200)
        (slope,) = torch.autograd.grad(getattr(result, name).sum(), cost)
        assert slope.isfinite().all()
        assert not slope[(mu == 0).unsqueeze(-1) | (nu == 0).unsqueeze(-2)].any()
        size = slope.abs().sum((-2, -1))
        slack = 1e-12 * (1 + size) + 2 * result.errors[:, -1] * (1 + size)
        for found, weights in ((slope.sum(-1), mu), (slope.sum(-2), nu)):
            assert ((found - weights).abs().amax(-1) <= slack)[result.converged].all()


@sometimes
@given(hard_batches(), st.sampled_from([torch.float16, torch.bfloat16, torch.float32]))
def test_sinkhorn_gradients_of_hard_problems_in_narrow_types(
    batch: tuple[Tensor, Tensor, Tensor, Tensor], dtype: torch.dtype
) -> None:
    cost, mu, nu, eps = batch
    narrow = cost.clamp(-6e4, 6e4).masked_fill(cost == INF, INF).to(dtype).requires_grad_()
    result = sinkhorn(narrow, eps=eps, mu=mu, nu=nu, tol=1e-2, max_iter=100)
    (slope,) = torch.autograd.grad(result.transport_cost.sum(), narrow)
    assert slope.dtype == dtype
    assert not slope.isnan().any()


# Invalid arguments

COST = [[0.0, 1.0], [1.0, 0.5]]


@given(not_positive())
def test_sinkhorn_refuses_an_eps_that_is_not_positive(eps: Any) -> None:
    with pytest.raises(ValueError, match=r"^eps must be finite and > 0, got "):
        sinkhorn(COST, eps=eps)


@given(not_positive().filter(lambda x: x != 0))
def test_sinkhorn_refuses_a_tolerance_below_zero(tol: Any) -> None:
    with pytest.raises(ValueError, match=r"^tol must be finite and >= 0, got "):
        sinkhorn(COST, eps=1.0, tol=tol)


@given(not_count())
def test_sinkhorn_refuses_a_count_below_one(max_iter: Any) -> None:
    with pytest.raises(ValueError, match=r"^max_iter must be an integer >= 1, got "):
        sinkhorn(COST, eps=1.0, max_iter=max_iter)


@given(
    st.sampled_from(["mu", "nu"]),
    st.lists(st.floats(-1, 2) | st.sampled_from([NAN, INF, -INF]), min_size=1, max_size=4),
)
def test_sinkhorn_refuses_marginals_that_are_none(name: str, weights: list[float]) -> None:
    total = math.fsum(weights) if all(map(math.isfinite, weights)) else NAN
    # Give or take the rounding of the weights to float32.
    good = len(weights) == 2 and all(w >= 0 for w in weights) and abs(total - 1) < 0.01 + 1e-6
    assume(not good)
    with pytest.raises(ValueError, match=rf"^{name} must "):
        sinkhorn(COST, eps=1.0, **{name: weights})  # type: ignore[arg-type]


@given(st.text().filter(lambda text: text not in ("implicit", "unrolled")))
def test_sinkhorn_refuses_an_unknown_gradient(gradient: str) -> None:
    with pytest.raises(ValueError, match=r"^gradient must be one of implicit, unrolled, got "):
        sinkhorn(COST, eps=1.0, gradient=gradient)
