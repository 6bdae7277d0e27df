"""How the iteration of each item of a batch ended, and what error could be asked of it."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

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
    SinkhornStatus.INVALID: ("the cost holds NaN or -inf: mend it there"),
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
    goal: Float[np.ndarray, " b"] | None
    """At which an item stops; None where a fixed count is done."""


def accuracy_within_reach(tol: float | None, size: int, dtype: torch.dtype) -> Accuracy:
    """Return what is sought of each item of a batch, of which the results have this dtype."""
    # The results are rounded to the dtype of the cost, and their marginals with them.
    coarse = 0.0 if dtype == torch.float64 else torch.finfo(dtype).eps / 2
    return Accuracy(tol, coarse, None if tol is None else np.full(size, max(tol, coarse)))


def judge(
    problem: Problem,
    solution: Solution,
    accuracy: Accuracy,
    error: Float[np.ndarray, " b"],
    spread: Float[np.ndarray, " b"],
) -> Int[np.ndarray, " b"]:
    """Say how each item ended, as if its cost were valid, by the error of the plan returned."""
    tol, coarse, goal = accuracy
    if tol is None:
        status = np.full_like(solution.n_iter, SinkhornStatus.FIXED_COUNT)
    else:
        status = np.full_like(solution.n_iter, SinkhornStatus.CONVERGED)
        missed = error > tol
        if tol < coarse or missed.any():
            floor = _floor(solution, coarse, spread)
            status[missed] = SinkhornStatus.NOT_CONVERGED
            # If the iteration had arrived, what is missing to it is rounding.
            rounded = (error <= floor) | (solution.errors[:, -1] <= np.maximum(floor, tol))
            status[rounded & (missed | (tol < coarse))] = SinkhornStatus.TOLERANCE_UNREACHABLE
    if problem.forbidding.any():
        floor = _floor(solution, coarse, spread)
        least = floor if goal is None else np.maximum(floor, goal)
        status[_lack_a_plan(problem, solution, least)] = SinkhornStatus.INFEASIBLE
    return status


def _floor(
    solution: Solution, coarse: float, spread: Float[np.ndarray, " b"]
) -> Float[np.ndarray, " b"]:
    """Return the marginal error that rounding leaves of each item."""
    size = potential_size(solution.u, solution.v).cpu().numpy()
    return rounding_floor(size.clip(max=spread)).clip(min=coarse)


def _lack_a_plan(
    problem: Problem, solution: Solution, goal: Float[np.ndarray, " b"]
) -> Bool[np.ndarray, " b"]:
    """Tell which items have no plan at all.

    Whether there is one does not depend on the costs of the pairs that are allowed, and shows
    soonest where these are equal.
    """
    lost = solution.infeasible.copy()
    (items,) = (~(lost | (solution.errors[:, -1] <= goal))).nonzero()
    if len(items):
        part = problem.take(torch.as_tensor(items, device=problem.mu.device))
        equal = part._replace(cost=part.cost.masked_fill(part.cost < torch.inf, 0.0))
        lost[items] = solve(equal, goal=goal[items], max_iter=_FEASIBILITY_STEPS).infeasible
    return lost
