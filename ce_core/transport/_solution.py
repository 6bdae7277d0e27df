"""The solution of a batch of problems as numbers: plan, potentials, values, status."""

from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._arrays import as_arrays, as_tensors, entrywise
from ce_core.transport._attempts import Asked, iterate
from ce_core.transport._fixed_point_loop import Solution
from ce_core.transport._flat_kernel import FLAT, iterate_flat
from ce_core.transport._offsets import Costs
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
    rows: Float[Tensor, "b n parts"]
    columns: Float[Tensor, "b m parts"]
    special: Float[Tensor, "b one_or_0"]
    """Empty if all pairs of the batch have a mass, and each item a plan."""
    eps: Float[Tensor, " b"]
    """That of the iteration: as it was given, or the least that float64 resolves."""
    errors: Float[Tensor, "b iterations"]
    n_iter: Int[Tensor, " b"]
    status: Int[Tensor, " b"]


@np.errstate(all="ignore")
def find_plans(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    start: Float[Tensor, "b start"],
    request: Request,
) -> Found:
    """Solve a batch of problems, without a thought of derivatives."""
    _, mu_, nu_ = as_arrays(cost, mu, nu)
    empty = None
    if not (mu_.all() and nu_.all()):
        empty = (mu == 0).unsqueeze(-1) | (nu == 0).unsqueeze(-2)
    accuracy = accuracy_within_reach(request.tol, len(mu), request.dtype)
    plain = request.plain or request.tol is None
    asked = Asked(cost, mu, nu, eps, empty, start, accuracy.goal, request.max_iter, plain)
    costs, problem, spread, solution = iterate(asked)
    u, v, plan = solution.u, solution.v, solution.plan
    if empty is not None:
        plan.masked_fill_(empty, 0.0)
    flat = spread < FLAT
    divergence = None
    if flat.any():
        u, v, plan, divergence = _flatten(problem, solution, flat)
    eps_, u, v = as_arrays(problem.eps, u, v, like=mu_)
    f, g = eps_[:, None] * u, eps_[:, None] * v
    if empty is not None:
        f, g = as_arrays(*_reach_out(cost, mu, nu, problem.eps, costs, *as_tensors(f, g)), like=f)
    row_sums, column_sums = _sums(plan, like=f)
    maximum = torch.maximum if isinstance(f, Tensor) else np.maximum
    error = maximum(abs(row_sums - mu_).sum(-1), abs(column_sums - nu_).sum(-1))
    error = error.cpu().numpy() if isinstance(error, Tensor) else error
    status = judge(problem, solution, accuracy, error, spread)
    held = np.arange(1, solution.errors.shape[-1] + 1) >= solution.n_iter[:, None]
    errors = np.where(held, error[:, None], solution.errors)
    transport_cost = _total_cost(plan, cost, costs)
    rows, columns = 0.0, as_arrays(costs.common, like=f)[0][:, None]
    if costs.rows.shape[-1]:
        rows, more = as_arrays(costs.rows.sum(-1), costs.columns.sum(-1), like=f)
        columns = columns + more
    value = (row_sums * (f + rows)).sum(-1) + (column_sums * (g + columns)).sum(-1)
    f, g, value = as_tensors(f, g, value)
    if costs.rows.shape[-1] > 1:
        # In which large numbers that are no cost of the plan do not have to cancel.
        rest = _total_cost(plan, problem.cost, costs)
        inner = (torch.as_tensor(row_sums) * f).sum(-1) + (torch.as_tensor(column_sums) * g).sum(-1)
        value = torch.where(costs.large(), transport_cost - rest + inner, value)
    if divergence is not None:
        value = torch.where(divergence.isnan(), value, transport_cost + eps * divergence)
    fields = f, g, plan, transport_cost, value
    told = [torch.as_tensor(each, device=mu.device) for each in (errors, solution.n_iter, status)]
    if costs.invalid is not None:
        value[told[2] == SinkhornStatus.INFEASIBLE] = torch.inf
        told[2] = told[2].masked_fill(costs.invalid, SinkhornStatus.INVALID)
        for field in (*fields, told[0]):
            field[costs.invalid] = torch.nan
    regular = costs.finite and empty is None
    special = torch.as_tensor(spread[:, None][:, : 0 if regular else 1], device=mu.device)
    taken = costs.common, costs.rows, costs.columns
    return Found(*fields, *taken, special, problem.eps.clone(), *told)


def _sums(plan: Float[Tensor, "b n m"], *, like: Any) -> list[Any]:
    """Return the sums of rows and of columns."""
    library, (array,) = entrywise(plan)
    sums = library.sum(array, -1), library.sum(array, -2)
    return as_arrays(*as_tensors(*sums), like=like)


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
    problem: Problem, solution: Solution, flat: Bool[np.ndarray, " b"]
) -> tuple[Tensor, Tensor, Tensor, Float[Tensor, " b"]]:
    """Return potentials and plans with those of flat items found again, and the divergence of these.

    That of the others is NaN.
    """
    device = problem.mu.device
    items = torch.as_tensor((flat & ~problem.forbidding).nonzero()[0], device=device)
    n_iter = torch.as_tensor(solution.n_iter, device=device)
    found = iterate_flat(problem.take(items), n_iter[items])
    u, v, plan = solution.u, solution.v, solution.plan
    divergence = torch.full_like(problem.eps, torch.nan)
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
        for mine, other in zip(own.unbind(-1), theirs.unbind(-1), strict=True):
            rest = rest - mine[item, index, None] - other[item]
        exponent = others[item].log() + (known[item] - rest) / eps[item, None]
        sums = exponent.logsumexp(-1)
        # Without an allowed pair, or in an invalid item, it is free.
        into[item, index] = -eps[item] * sums.masked_fill(~sums.isfinite(), 0.0)
    return known_f, known_g
