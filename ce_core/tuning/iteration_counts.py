"""How many iterations bring the column error down to a wanted one."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike
from ce_core._options import require_integer, require_number
from ce_core._surroundings import uncompiled
from ce_core.transport.status import SinkhornStatus
from ce_core.tuning._arguments import as_costs, as_eps_per_item, half_range, items_of
from ce_core.tuning._cells import iterations
from ce_core.tuning._rate import rates
from ce_core.tuning.status import TuningStatus

_FIRST_BLOCK = 16
# Iterations to the converged plan, of which the rate is.
_ON_THE_WAY = 10_000


@dataclass(frozen=True)
class IterationsForError:
    """The first number of iterations after which the column error is small enough, each per item.

    Attributes
    ----------
    n_iter
        That number, [...]; where the error is never so small, the number that was done, 0 if none.
    column_error
        The error there, [...].
    status
        How it ended, as the integer of a `TuningStatus`, [...].
    rate
        By which factor a late iteration shrinks the error, [...]: σ₂² of the converged plan, NaN where
        that was not found.
    promised
        After how many iterations the error would be so small if each shrank it by `rate` from the
        first on, [...]. It is the true number in the limit of small errors, up to a constant.
    """

    n_iter: Int[Tensor, "*batch"]
    column_error: Float[Tensor, "*batch"]
    status: Int[Tensor, "*batch"]
    rate: Float[Tensor, "*batch"]
    promised: Float[Tensor, "*batch"]


@uncompiled
def iterations_for_error(
    cost: Float[Tensor, "... n m"] | ArrayLike,
    *,
    eps: Float[Tensor, "..."] | ArrayLike,
    column_error: float,
    max_iter: int = 10_000,
) -> IterationsForError:
    r"""Find after how many iterations of `balanced_assignment` the columns are even enough.

    Parameters
    ----------
    cost
        C, shape [..., n, m]: low cost means high mass. +inf forbids a pair.
    eps
        Regularisation ε > 0, in the unit of C: a number, or one for each item of the batch.
    column_error
        The largest error wanted, Σ_j |Σ_i Q_ij - n/m| / n, finite and >= 0.
    max_iter
        Most iterations.

    Returns
    -------
    IterationsForError
        Constants, floating-point numbers in float64, on the CPU. What cannot be had is an item's
        `status`.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    An iteration never raises the error, so every larger number does as well, up to the rounding of
    float64, in which all is computed.

    References
    ----------
    Knight, "The Sinkhorn-Knopp algorithm: convergence and applications", 2008,
    doi:10.1137/060659624.

    Examples
    --------
    >>> found = iterations_for_error([[0.0, 1.0], [0.0, 2.0]], eps=0.5, column_error=0.01)
    >>> int(found.n_iter), round(found.column_error.item(), 4), round(found.rate.item(), 3)
    (3, 0.0077, 0.214)
    """
    cost, each = as_eps_per_item(eps, as_costs("cost", cost))
    goal = require_number("column_error", column_error, at_least=0.0)
    max_iter = require_integer("max_iter", max_iter, at_least=1)
    found = [
        _search(item, own, goal, max_iter)
        for item, own in zip(items_of(cost), each.flatten(), strict=True)
    ]
    n_iter, errors, statuses, rates, promised = zip(*found, strict=True) if found else ((),) * 5
    batch = each.shape
    return IterationsForError(
        n_iter=torch.tensor(n_iter, dtype=torch.int64).reshape(batch),
        column_error=torch.tensor(errors, dtype=torch.float64).reshape(batch),
        status=torch.tensor(statuses, dtype=torch.int64).reshape(batch),
        rate=torch.tensor(rates, dtype=torch.float64).reshape(batch),
        promised=torch.tensor(promised, dtype=torch.float64).reshape(batch),
    )


def _search(
    cost: Float[Tensor, "n m"], eps: Float[Tensor, ""], goal: float, max_iter: int
) -> tuple[int, float, int, float, float]:
    errors = _errors(cost, eps, goal, max_iter)
    if np.isnan(errors[0]):
        return 0, math.nan, int(TuningStatus.INVALID), math.nan, math.nan
    rate, ended = (part.item() for part in rates(cost, eps[None], _ON_THE_WAY))
    reached = errors <= goal
    count = int(reached.argmax()) + 1 if reached.any() else len(errors)
    if reached.any():
        status = TuningStatus.REACHED
    elif ended == int(SinkhornStatus.INFEASIBLE):
        status = TuningStatus.INFEASIBLE
    elif _is_rounding(errors, 2 * (half_range(cost) / eps.item())):
        status = TuningStatus.ROUNDED
    else:
        status = TuningStatus.NOT_REACHED
    return count, errors[count - 1].item(), int(status), rate, _promise(errors[0].item(), goal, rate)


def _errors(
    cost: Float[Tensor, "n m"], eps: Float[Tensor, ""], goal: float, max_iter: int
) -> Float[np.ndarray, " done"]:
    """Return the error after each iteration, until it is small enough."""
    ((_, steps),) = iterations(cost, eps[None])
    blocks, done, length = [], 0, _FIRST_BLOCK
    while done < max_iter:
        blocks.append(steps.run(min(length, max_iter - done))[0])
        done += len(blocks[-1])
        # An error that is NaN stays so.
        if not blocks[-1][-1] > goal:
            break
        length *= 2
    return np.concatenate(blocks)


def _is_rounding(errors: Float[np.ndarray, " done"], widest: float) -> bool:
    """Tell whether errors no longer fall, and are as small as rounding leaves them."""
    half = len(errors) // 2
    floor = np.finfo(np.float64).eps * (8 + widest)
    return bool(errors[-1] <= floor and errors[half:].min() >= errors[:half].min(initial=np.inf) / 2)


def _promise(first: float, goal: float, rate: float) -> float:
    if first <= goal:
        return 1.0
    if math.isnan(rate) or rate >= 1 or goal == 0:
        return math.nan if math.isnan(rate) else math.inf
    return 2.0 if rate == 0 else 1.0 + max(1.0, math.ceil(math.log(goal / first) / math.log(rate)))
