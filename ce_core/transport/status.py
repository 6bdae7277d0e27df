"""How the iteration of each item of a batch ended, and what error could be asked of it."""

from enum import IntEnum
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core.transport._fixed_point_loop import Solution, solve
from ce_core.transport._problem import Problem, potential_size, rounding_floor

# Iterations after which an item whose pairs are partly forbidden is no longer suspected.
_FEASIBILITY_STEPS = 1000


class SinkhornStatus(IntEnum):
    """How the iteration of one item of a batch ended; `advice` says what to try."""

    CONVERGED = 0
    NOT_CONVERGED = 1
    INFEASIBLE = 2
    TOLERANCE_UNREACHABLE = 3
    INVALID = 4
    FIXED_COUNT = 5

    @property
    def advice(self) -> str:
        """What happened, and what to change."""
        return _ADVICE[self]


_ADVICE = {
    SinkhornStatus.CONVERGED: "the marginal error of the plan is at most tol",
    SinkhornStatus.NOT_CONVERGED: (
        "max_iter was reached before tol: allow more iterations, a larger eps or a larger tol"
    ),
    SinkhornStatus.INFEASIBLE: (
        "some rows hold more mass than the columns they may use can take, so there is no plan: "
        "allow more pairs or change the marginals"
    ),
    SinkhornStatus.TOLERANCE_UNREACHABLE: (
        "the error is as small as rounding lets it be, that of the results or of costs that span many "
        "eps: raise tol or eps, or use a wider dtype if there is one"
    ),
    SinkhornStatus.INVALID: (
        "the cost holds NaN or -inf, or spans more than float64 can hold: mend it there"
    ),
    SinkhornStatus.FIXED_COUNT: (
        "the count of iterations is done, which claims nothing of convergence: `errors` says how far "
        "off the plan is"
    ),
}


class Accuracy(NamedTuple):
    """What marginal error is asked for, and which ones rounding allows."""

    tol: float | None
    coarse: float
    """That of results rounded to the dtype of the cost; 0 for float64."""
    goal: Float[Tensor, " b"] | None
    """At which an item stops; None where a fixed count is done."""


def accuracy_within_reach(tol: float | None, eps: Float[Tensor, " b"], dtype: torch.dtype) -> Accuracy:
    """Return what is sought of each item, of which the results have this dtype."""
    # The results are rounded to the dtype of the cost, and their marginals with them.
    coarse = 0.0 if dtype == torch.float64 else torch.finfo(dtype).eps / 2
    return Accuracy(tol, coarse, None if tol is None else torch.full_like(eps, max(tol, coarse)))


def judge(
    problem: Problem,
    solution: Solution,
    accuracy: Accuracy,
    error: Float[Tensor, " b"],
    spread: Float[Tensor, " b"],
) -> Int[Tensor, " b"]:
    """Say how each item ended, as if its cost were valid, by the error of the plan returned."""
    tol, coarse, goal = accuracy
    floor = None
    if tol is None:
        status = torch.full_like(solution.n_iter, SinkhornStatus.FIXED_COUNT)
    else:
        status = torch.full_like(solution.n_iter, SinkhornStatus.CONVERGED)
        missed = error > tol
        if tol < coarse or missed.any():
            floor = _floor(solution, coarse, spread)
            status = status.masked_fill(missed, SinkhornStatus.NOT_CONVERGED)
            # If the iteration had arrived, what is missing to it is rounding.
            sought = floor.clamp(min=tol)
            rounded = (error <= floor) | (solution.errors[:, -1] <= sought)
            rounded = rounded & (missed | (tol < coarse))
            status = status.masked_fill(rounded, SinkhornStatus.TOLERANCE_UNREACHABLE)
    if problem.forbidding.any():
        floor = _floor(solution, coarse, spread) if floor is None else floor
        least = floor if goal is None else torch.maximum(floor, goal)
        lost = solution.infeasible | _lacks_a_plan(problem, solution, least)
        status = status.masked_fill(lost, SinkhornStatus.INFEASIBLE)
    return status


def _floor(solution: Solution, coarse: float, spread: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    """Return the marginal error that rounding leaves of each item."""
    size = torch.minimum(spread, potential_size(solution.u, solution.v))
    return rounding_floor(size).clamp(min=coarse)


def _lacks_a_plan(
    problem: Problem, solution: Solution, goal: Float[Tensor, " b"]
) -> Bool[Tensor, " b"]:
    """Tell which items that did not arrive at their goal have no plan at all.

    Whether there is one does not depend on the costs of the pairs that are allowed, and shows
    soonest where these are equal.
    """
    lost = torch.zeros_like(solution.infeasible)
    arrived = (solution.errors[:, -1] <= goal) | solution.infeasible
    items = (~arrived).nonzero().squeeze(-1)
    if len(items):
        with torch.no_grad():
            part = problem.take(items)
            equal = part._replace(cost=part.cost.masked_fill(part.cost < torch.inf, 0.0))
            lost[items] = solve(equal, goal=goal[items], max_iter=_FEASIBILITY_STEPS).infeasible
    return lost
