"""The solution of a batch of problems as numbers: plan, potentials, values, status."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._arrays import as_arrays, as_tensors, entrywise
from ce_core.transport._epsilon_scaling import RESOLVED, anneal, resolvable_eps
from ce_core.transport._fixed_point_loop import solve
from ce_core.transport._flat_kernel import FLAT, iterate_flat
from ce_core.transport._offsets import Costs, prepare_costs, warm_u
from ce_core.transport._problem import Problem
from ce_core.transport.status import SinkhornStatus, accuracy_within_reach, judge


class Request(NamedTuple):
    """What is asked of the iteration of every item."""

    tol: float | None
    max_iter: int
    dtype: torch.dtype
    """Of the results."""
    plain: bool
    """Whether the iterations themselves are wanted, and nothing that makes them fewer."""


class Found(NamedTuple):
    """The solution of a batch. NaN where an item is invalid."""

    f: Float[Tensor, "b n"]
    g: Float[Tensor, "b m"]
    """The potentials of the costs without what they have in common (`take_off`)."""
    plan: Float[Tensor, "b n m"]
    transport_cost: Float[Tensor, " b"]
    entropic_value: Float[Tensor, " b"]
    common: Float[Tensor, " b"]
    rows: Float[Tensor, "b n_or_0"]
    columns: Float[Tensor, "b m_or_0"]
    special: Float[Tensor, "b one_or_0"]
    """Empty if all pairs of the batch have a mass, and each item a plan."""
    eps: Float[Tensor, " b"]
    """That of the iteration: as it was given, or the least that float64 resolves."""
    errors: Float[Tensor, "b iterations"]
    n_iter: Int[Tensor, " b"]
    status: Int[Tensor, " b"]


def find_plans(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    start: Float[Tensor, "b start"],
    request: Request,
) -> Found:
    """Solve a batch of problems, without a thought of derivatives."""
    empty = None
    if not (mu.all() and nu.all()):
        empty = (mu == 0).unsqueeze(-1) | (nu == 0).unsqueeze(-2)
    costs = prepare_costs(cost, mu, nu, eps, empty)
    spread = costs.span / eps
    spreads = spread.tolist()
    problem = Problem(costs.cost, mu, nu, eps, costs.forbidding)
    if max(spreads, default=0.0) > RESOLVED:
        eps = resolvable_eps(problem, costs.span)
        problem, spread = problem._replace(eps=eps), costs.span / eps
    accuracy = accuracy_within_reach(request.tol, eps, request.dtype)
    plain = request.plain or request.tol is None
    u = _first_u(problem, spread, costs.rows, start, plain=plain)
    solution = solve(
        problem,
        start=u,
        goal=accuracy.goal,
        max_iter=request.max_iter,
        spread=spread,
        plain=plain,
    )
    u, v = solution.u, solution.v
    plan = torch.zeros_like(cost) if solution.plan is None else solution.plan
    if empty is not None:
        plan.masked_fill_(empty, 0.0)
    flat, divergence = None, None
    if min(spreads, default=1.0) < FLAT:
        flat = (spread < FLAT) & ~costs.forbidding
        u, v, plan, divergence = _flatten(problem, u, v, plan, solution.n_iter, flat)
    f, g = eps[:, None] * u, eps[:, None] * v
    if empty is not None:
        f, g = _reach_out(cost, mu, nu, eps, costs, f, g)
    xp, (array,) = entrywise(plan)
    row_sums, column_sums = as_tensors(xp.sum(array, -1), xp.sum(array, -2))
    missing = (row_sums - mu).abs().sum(-1), (column_sums - nu).abs().sum(-1)
    error = torch.maximum(*missing)
    status = judge(problem, solution, accuracy, error, spread)
    held = torch.arange(1, solution.errors.shape[-1] + 1, device=mu.device)
    errors = torch.where(held >= solution.n_iter[:, None], error[:, None], solution.errors)
    transport_cost = _total_cost(plan, cost, costs)
    common = costs.common[:, None]
    if costs.rows.shape[-1]:
        value = (row_sums * (f + costs.rows)).sum(-1)
        value = value + (column_sums * (g + (common + costs.columns))).sum(-1)
    else:
        value = (row_sums * f).sum(-1) + (column_sums * (g + common)).sum(-1)
    if flat is not None and divergence is not None:
        value = torch.where(flat, transport_cost + eps * divergence, value)
    fields = [f, g, plan, transport_cost, value]
    if not costs.finite and costs.invalid.any():
        status = status.masked_fill(costs.invalid, SinkhornStatus.INVALID)
        for field in [*fields, errors]:
            field[costs.invalid] = torch.nan
    special = costs.span[:, None][:, : 0 if costs.finite and empty is None else 1]
    f, g, plan, transport_cost, value = fields
    return Found(
        f,
        g,
        plan,
        transport_cost,
        value,
        costs.common,
        costs.rows,
        costs.columns,
        special,
        eps.clone(),
        errors,
        solution.n_iter,
        status,
    )


def _first_u(
    problem: Problem,
    spread: Float[Tensor, " b"],
    rows: Float[Tensor, "b n_or_0"],
    start: Float[Tensor, "b start"],
    *,
    plain: bool,
) -> Float[Tensor, "b n"]:
    """Return where the iteration starts: where it is told to, or by way of larger eps."""
    u, warm = warm_u(start, rows, problem.mu, problem.eps)
    if plain:
        return u
    return anneal(problem, spread.masked_fill(warm, 0.0), u.masked_fill(~warm.unsqueeze(-1), 0.0))


def _total_cost(
    plan: Float[Tensor, "b n m"], cost: Float[Tensor, "b n m"], costs: Costs
) -> Float[Tensor, " b"]:
    """Return ⟨P, C⟩."""
    if not costs.finite:
        cost = torch.where(cost.abs() < torch.inf, cost, 0.0)
    arrays = as_arrays(plan, cost)
    # Both take no memory, and add up an item as they would alone; NumPy's starts no threads by rows.
    total = np.vecdot if isinstance(arrays[0], np.ndarray) else torch.linalg.vecdot
    return torch.as_tensor(total(*arrays).sum(-1))


def _flatten(
    problem: Problem,
    u: Float[Tensor, "b n"],
    v: Float[Tensor, "b m"],
    plan: Float[Tensor, "b n m"],
    n_iter: Int[Tensor, " b"],
    flat: Bool[Tensor, " b"],
) -> tuple[Tensor, Tensor, Tensor, Float[Tensor, " b"]]:
    """Return potentials and plans with those of flat items found again, and the divergence of these."""
    items = flat.nonzero().squeeze(-1)
    found = iterate_flat(problem.take(items), n_iter[items])
    divergence = u.new_zeros(len(u))
    for into, part in zip((u, v, plan, divergence), found, strict=True):
        into[items] = part
    return u, v, plan, divergence


def _reach_out(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    costs: Costs,
    f: Float[Tensor, "b n"],
    g: Float[Tensor, "b m"],
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"]]:
    """Return potentials with those of rows and columns without mass, which the others determine."""
    known_f, known_g = f.clone(), g.clone()
    for weights, others, known, into, matrix, own, theirs in (
        (mu, nu, g, known_f, cost, costs.rows, costs.columns),
        (nu, mu, f, known_g, cost.mT, costs.columns, costs.rows),
    ):
        item, index = (weights == 0).nonzero().unbind(-1)
        if not len(item):
            continue
        rest = matrix[item, index] - costs.common[item, None]
        if own.shape[-1]:
            rest = rest - own[item, index, None] - theirs[item]
        exponent = others[item].log() + (known[item] - rest) / eps[item, None]
        sums = exponent.logsumexp(-1)
        # Without an allowed pair, or in an invalid item, it is free.
        into[item, index] = -eps[item] * sums.masked_fill(~sums.isfinite(), 0.0)
    return known_f, known_g
