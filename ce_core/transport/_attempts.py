"""Problems solved, and solved again where potentials are so large that they cost digits."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core.transport._epsilon_scaling import RESOLVED, anneal, resolvable_eps
from ce_core.transport._fixed_point_loop import Solution, solve
from ce_core.transport._large_potentials import take_off_large
from ce_core.transport._offsets import Costs, prepare_costs, warm_u
from ce_core.transport._problem import Problem, potential_size

# Potentials of more eps than this are large: they move entries of the plan by a share of 1e-9.
_LARGE = 2.0**23


class Asked(NamedTuple):
    """A batch of problems as they are given, and what is asked of each."""

    cost: Float[Tensor, "b n m"]
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]
    eps: Float[Tensor, " b"]
    empty: Bool[Tensor, "b n m"] | None
    """The pairs without mass, whatever they cost; None if there is none in the whole batch."""
    start: Float[Tensor, "b start"]
    goal: Float[np.ndarray, " b"] | None
    max_iter: int
    plain: bool


class Attempt(NamedTuple):
    """Solutions, and the problems that they are of."""

    costs: Costs
    problem: Problem
    spread: Float[np.ndarray, " b"]
    solution: Solution

    def take(self, items: Int[Tensor, " some"]) -> "Attempt":
        """Return some items of the batch."""
        each, of_cpu = self.solution, items.cpu().numpy()
        solution = Solution(
            each.u[items],
            each.v[items],
            each.plan[items],
            each.errors[of_cpu],
            each.n_iter[of_cpu],
            each.infeasible[of_cpu],
        )
        problem = self.problem.take(items)
        return Attempt(self.costs.take(items), problem, self.spread[of_cpu], solution)


def iterate(asked: Asked) -> Attempt:
    """Solve each item, where rounding of large potentials would show without them."""
    found = _iterate(asked)
    if asked.plain or not (found.spread > _LARGE).any():
        return found
    size = potential_size(found.solution.u, found.solution.v)
    lost = (size > _LARGE) | (found.problem.eps > asked.eps)
    items = lost.nonzero().squeeze(-1)
    return _iterate_again(asked, found, items) if len(items) else found


def _iterate(asked: Asked) -> Attempt:
    cost, mu, nu, eps, empty, start, goal, max_iter, plain = asked
    costs = prepare_costs(cost, mu, nu, eps, empty)
    problem = Problem(costs.cost, mu, nu, eps, costs.forbidding)
    spread = costs.span / eps.cpu().numpy()
    if (spread > RESOLVED).any():
        eps = resolvable_eps(problem, costs.span)
        problem, spread = problem.softened(eps), costs.span / eps.cpu().numpy()
    solution = solve(
        problem,
        start=_first_u(problem, spread, costs.rows, start, plain=plain),
        goal=goal,
        max_iter=max_iter,
        spread=spread,
        plain=plain,
    )
    return Attempt(costs, problem, spread, solution)


def _first_u(
    problem: Problem,
    spread: Float[np.ndarray, " b"],
    rows: Float[Tensor, "b n parts"],
    start: Float[Tensor, "b start"],
    *,
    plain: bool,
) -> Float[Tensor, "b n"]:
    """Return where the iteration starts: where it is told to, or by way of larger eps."""
    if plain or start.shape[-1]:
        u, warm = warm_u(start, rows, problem.mu, problem.eps)
        if plain:
            return u
        u = u.masked_fill(~warm.unsqueeze(-1), 0.0)
        spread = np.where(warm.cpu().numpy(), 0.0, spread)
    else:
        u = torch.zeros_like(problem.mu)
    return anneal(problem, spread, u)


def _iterate_again(asked: Asked, before: Attempt, items: Int[Tensor, " some"]) -> Attempt:
    """Solve some items without their large potentials, and keep what is no worse."""
    chosen = items.cpu().numpy()
    goal = np.asarray(asked.goal)[chosen]
    empty = None if asked.empty is None else asked.empty[items]
    costs = before.costs.take(items)
    mu, nu, eps = (part[items] for part in (asked.mu, asked.nu, asked.eps))
    problem = Problem(costs.cost, mu, nu, eps, costs.forbidding)
    costs, start = take_off_large(asked.cost[items], costs, problem, empty)
    problem = problem._replace(cost=costs.cost)
    spread = costs.span / problem.eps.cpu().numpy()
    solution = solve(problem, start=start, goal=goal, max_iter=asked.max_iter, spread=spread)
    error = solution.errors[:, -1]
    better = (error <= goal) | (error <= before.solution.errors[chosen, -1])
    kept = torch.as_tensor(better.nonzero()[0], device=items.device)
    return _merged(before, Attempt(costs, problem, spread, solution).take(kept), items[kept])


def _merged(into: Attempt, part: Attempt, items: Int[Tensor, " some"]) -> Attempt:
    """Return a batch with another attempt at some items."""
    costs, problem, spread, solution = into
    put = partial(_put, items=items)
    parts = max(costs.rows.shape[-1], part.costs.rows.shape[-1])
    costs = costs._replace(
        cost=put(costs.cost, part.costs.cost),
        rows=put(_padded(costs.rows, parts), _padded(part.costs.rows, parts)),
        columns=put(_padded(costs.columns, parts), _padded(part.costs.columns, parts)),
        span=put(costs.span, part.costs.span),
    )
    problem = problem._replace(cost=costs.cost, eps=put(problem.eps, part.problem.eps))
    length = max(solution.errors.shape[-1], part.solution.errors.shape[-1])
    solution = Solution(
        put(solution.u, part.solution.u),
        put(solution.v, part.solution.v),
        put(solution.plan, part.solution.plan),
        put(_held(solution.errors, length), _held(part.solution.errors, length)),
        put(solution.n_iter, part.solution.n_iter),
        put(solution.infeasible, part.solution.infeasible),
    )
    return Attempt(costs, problem, put(spread, part.spread), solution)


def _put(whole: Any, part: Any, *, items: Int[Tensor, " some"]) -> Any:
    """Return a copy of what a batch has of each item, with that of some items replaced."""
    whole = whole.copy() if isinstance(whole, np.ndarray) else whole.clone()
    whole[items.cpu().numpy() if isinstance(whole, np.ndarray) else items] = part
    return whole


def _padded(parts: Float[Tensor, "b k parts"], size: int) -> Float[Tensor, "b k size"]:
    return torch.nn.functional.pad(parts, (0, size - parts.shape[-1]))


def _held(errors: Float[np.ndarray, "b iterations"], length: int) -> Float[np.ndarray, "b length"]:
    """Return a history with its last entries held."""
    return np.pad(errors, ((0, 0), (0, length - errors.shape[-1])), mode="edge")
