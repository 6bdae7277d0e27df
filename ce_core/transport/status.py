"""How the iteration of each item of a batch ended, and what error could be asked of it."""

from enum import IntEnum
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core.transport._fixed_point_loop import Solution, solve
from ce_core.transport._problem import Problem

_ROUNDING = torch.finfo(torch.float64).eps
# Iterations after which an item whose pairs are partly forbidden is no longer suspected.
_FEASIBILITY_STEPS = 1000


class SinkhornStatus(IntEnum):
    """How the iteration of one item of a batch ended; `advice` says what to try."""

    CONVERGED = 0
    NOT_CONVERGED = 1
    INFEASIBLE = 2
    TOLERANCE_UNREACHABLE = 3
    INVALID = 4

    @property
    def advice(self) -> str:
        """What happened, and what to change."""
        return _ADVICE[self]


_ADVICE = {
    SinkhornStatus.CONVERGED: "the marginal error is at most tol, or the fixed count is done",
    SinkhornStatus.NOT_CONVERGED: (
        "max_iter was reached before tol: allow more iterations, a larger eps or a larger tol"
    ),
    SinkhornStatus.INFEASIBLE: (
        "some rows hold more mass than the columns they may use can take, so there is no plan: "
        "allow more pairs or change the marginals"
    ),
    SinkhornStatus.TOLERANCE_UNREACHABLE: (
        "the error is as small as rounding to this dtype lets it be: raise tol or eps, or use float64"
    ),
    SinkhornStatus.INVALID: "the cost holds NaN or -inf: mend it there",
}


class Accuracy(NamedTuple):
    """What marginal error is asked for, and which ones rounding allows."""

    tol: float | None
    coarse: float
    """That of results rounded to the dtype of the cost; 0 for float64."""
    floor: Float[Tensor, " b"]
    """The least that can be reached."""
    goal: Float[Tensor, " b"] | None
    """At which an item stops; None where a fixed count is done."""


def accuracy_within_reach(
    tol: float | None, spread: Float[Tensor, " b"], dtype: torch.dtype
) -> Accuracy:
    """Return what can be reached where costs span so many eps and results have this dtype."""
    # The results are rounded to the dtype of the cost, and their marginals with them.
    coarse = 0.0 if dtype == torch.float64 else torch.finfo(dtype).eps / 2
    floor = rounding_floor(spread).clamp(min=coarse)
    return Accuracy(tol, coarse, floor, None if tol is None else floor.clamp(min=tol))


def rounding_floor(spread: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    """Return the marginal error that rounding leaves where costs span so many eps."""
    return _ROUNDING * (8 + spread)


def judge(problem: Problem, solution: Solution, accuracy: Accuracy) -> Int[Tensor, " b"]:
    """Say how each item ended, as if its cost were valid."""
    status = _status_of_errors(solution, accuracy)
    if problem.forbidding.any():
        goal = accuracy.floor if accuracy.goal is None else accuracy.goal
        lost = solution.infeasible | _lacks_a_plan(problem, solution, goal)
        status = status.masked_fill(lost, SinkhornStatus.INFEASIBLE)
    return status


def _status_of_errors(solution: Solution, accuracy: Accuracy) -> Int[Tensor, " b"]:
    status = torch.full_like(solution.n_iter, SinkhornStatus.CONVERGED)
    tol, coarse, floor, _ = accuracy
    if tol is None:
        return status
    error = solution.errors[:, -1].detach()
    missed = error > tol
    if tol >= coarse and not missed.any():
        return status
    status = status.masked_fill(missed, SinkhornStatus.NOT_CONVERGED)
    rounded = (error <= floor) & (missed | (tol < coarse))
    return status.masked_fill(rounded, SinkhornStatus.TOLERANCE_UNREACHABLE)


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
