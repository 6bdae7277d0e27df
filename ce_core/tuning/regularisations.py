"""Which ε spreads the rows of a plan over so many columns."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike
from ce_core._options import require_integer, require_number
from ce_core._surroundings import uncompiled
from ce_core.probability.distributions import entropy
from ce_core.transport.entropic_ot import SinkhornResult, sinkhorn
from ce_core.transport.status import SinkhornStatus
from ce_core.tuning._arguments import as_costs, half_range, items_of
from ce_core.tuning._cells import iterations
from ce_core.tuning.status import TuningStatus

# Of a plan that counts as converged, and the logarithms of perplexities that count as equal.
_SOLVED, _NEAR, _EQUAL = 1e-10, 1e-6, 1e-9
# Where the search begins and ends, in ranges of the cost, and how it strides.
_START, _LEAST, _MOST, _STRIDE = 0.05, 1e-6, 1e9, 4.0
# Steps of the grid a decade, which goes from the second to the third.
_GRID = 8, -5, 6
# Powers of two that costs are divided by.
_FARTHEST = 1000


@dataclass(frozen=True)
class EpsForPerplexity:
    """The ε at which the rows of a plan are spread over so many columns, each per item.

    Attributes
    ----------
    eps
        That ε, [...], in the unit of the cost; NaN where there is none.
    perplexity
        exp of the mean entropy of the rows there, [...].
    status
        How the search ended, as the integer of a `TuningStatus`, [...].
    lowest, highest
        The least and the largest perplexity that the search has seen, [...]. If the wanted one is out
        of reach these are the limits of what is within it, of a converged plan those of small and of
        large ε.
    crossings
        At how many places of the grid the perplexity passes the wanted one, [...]: 1 of a converged
        plan. `eps` is the largest of them.
    """

    eps: Float[Tensor, "*batch"]
    perplexity: Float[Tensor, "*batch"]
    status: Int[Tensor, "*batch"]
    lowest: Float[Tensor, "*batch"]
    highest: Float[Tensor, "*batch"]
    crossings: Int[Tensor, "*batch"]


class _Found(NamedTuple):
    eps: float
    entropy: float
    status: TuningStatus
    lowest: float
    highest: float
    crossings: int


@uncompiled
def eps_for_perplexity(
    cost: Float[Tensor, "... n m"] | ArrayLike, *, perplexity: float, n_iter: int | None = None
) -> EpsForPerplexity:
    r"""Find the ε at which a row of the plan is spread over `perplexity` columns.

    Parameters
    ----------
    cost
        C, shape [..., n, m]: low cost means high mass. +inf forbids a pair.
    perplexity
        exp of the wanted mean entropy of the rows, >= 1.
    n_iter
        Iterations of `balanced_assignment`, whose plan is meant; None for the converged plan.

    Returns
    -------
    EpsForPerplexity
        Constants, floating-point numbers in float64, on the CPU. What cannot be had is an item's
        `status`: NaN in `eps`, and `lowest` and `highest` say what can be.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    The entropy of the converged plan grows with ε, so there is one ε at most. After a fixed count it
    can fall here and there: it is looked at on a grid of 8 ε a decade, and the largest ε that passes
    the wanted value is refined, so that at all larger ones of the grid the rows are wider. The
    perplexity returned is that of the plan at `eps`. An ε below a millionth of the range of the
    costs (after a fixed count, 1e-5 of it) is not looked at.

    No plan whose columns are even is narrower than m/n columns a row, nor wider than m.

    References
    ----------
    van der Maaten and Hinton, "Visualizing data using t-SNE", 2008,
    https://jmlr.org/papers/v9/vandermaaten08a.html.

    Examples
    --------
    >>> cost = [[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [2.0, 1.0, 0.0]]
    >>> found = eps_for_perplexity(cost, perplexity=2.0)
    >>> round(found.eps.item(), 3), round(found.perplexity.item(), 6)
    (0.671, 2.0)
    >>> TuningStatus(int(eps_for_perplexity(cost, perplexity=4.0).status)).name
    'TOO_HIGH'
    """
    cost = as_costs("cost", cost)
    target = math.log(require_number("perplexity", perplexity, at_least=1.0))
    count = None if n_iter is None else require_integer("n_iter", n_iter, at_least=1)
    found = [_search(item, target, count) for item in items_of(cost)]
    batch = cost.shape[:-2]

    def numbers(values: list[float]) -> Float[Tensor, "*batch"]:
        return torch.tensor(values, dtype=torch.float64).reshape(batch)

    def counts(values: list[int]) -> Int[Tensor, "*batch"]:
        return torch.tensor(values, dtype=torch.int64).reshape(batch)

    return EpsForPerplexity(
        eps=numbers([item.eps for item in found]),
        perplexity=numbers([item.entropy for item in found]).exp(),
        status=counts([int(item.status) for item in found]),
        lowest=numbers([item.lowest for item in found]).exp(),
        highest=numbers([item.highest for item in found]).exp(),
        crossings=counts([item.crossings for item in found]),
    )


def _search(cost: Float[Tensor, "n m"], target: float, n_iter: int | None) -> _Found:
    nothing = math.nan, math.nan
    half = half_range(cost)
    if math.isnan(half) or _is_blocked(cost):
        return _Found(*nothing, TuningStatus.INVALID, *nothing, 0)
    # In a unit, a power of two, in which the range is near 1. Where all costs are equal any does.
    unit = 2.0 ** max(-_FARTHEST, min(_FARTHEST, math.frexp(half)[1]))
    scaled = cost / unit
    width = 2 * half_range(scaled) or 1.0
    if n_iter is None:
        found = _converged(scaled, target, width)
    else:
        found = _fixed(scaled, target, width, n_iter)
    return found._replace(eps=found.eps * unit)


def _is_blocked(cost: Float[Tensor, "n m"]) -> bool:
    forbidden = cost == torch.inf
    return bool(forbidden.all(-1).any() or forbidden.all(-2).any())


def _converged(cost: Float[Tensor, "n m"], target: float, width: float) -> _Found:
    """Stride from the middle until the target lies between, and find it there."""

    def solve(eps: float) -> SinkhornResult:
        return sinkhorn(cost, eps=eps, tol=_SOLVED)

    def measure(eps: float) -> float:
        return _entropy_of(solve(eps))

    start = _START * width
    first = solve(start)
    seen = {start: _entropy_of(first)}
    if math.isnan(seen[start]):
        infeasible = first.status == int(SinkhornStatus.INFEASIBLE)
        status = TuningStatus.INFEASIBLE if infeasible else TuningStatus.NOT_REACHED
        return _Found(math.nan, math.nan, status, math.nan, math.nan, 0)
    upward = seen[start] < target
    if not _stride(measure, seen, width, target, upward=upward):
        # Out of reach: the other end of what is within it is told too.
        _stride(measure, seen, width, -math.inf if upward else math.inf, upward=not upward)
    return _refine(measure, seen, target)


def _stride(
    measure: Callable[[float], float],
    seen: dict[float, float],
    width: float,
    target: float,
    *,
    upward: bool,
) -> bool:
    """Measure at ever larger, or ever smaller, eps until the target is passed; tell whether it was."""
    here = _START * width
    while abs(seen[here] - target) > _EQUAL and (seen[here] < target) == upward:
        here *= _STRIDE if upward else 1 / _STRIDE
        if not _LEAST * width <= here <= _MOST * width:
            return False
        seen[here] = measure(here)
        if math.isnan(seen[here]):
            return False
    return True


def _entropy_of(solved: SinkhornResult) -> float:
    """Return the mean entropy of the rows of a plan, NaN where it is none."""
    if not solved.errors[-1] <= _NEAR:
        return math.nan
    return entropy(solved.plan / solved.plan.sum(-1, keepdim=True)).mean().item()


def _fixed(cost: Float[Tensor, "n m"], target: float, width: float, n_iter: int) -> _Found:
    """Look at a grid, and find the target at the largest eps that passes it."""

    def read(eps: Float[Tensor, " b"]) -> dict[float, float]:
        values = torch.full_like(eps, torch.nan)
        for some, steps in iterations(cost, eps):
            steps.run(n_iter)
            values[some] = torch.as_tensor(steps.read().entropy)
        return dict(zip(eps.tolist(), values.tolist(), strict=True))

    def measure(eps: float) -> float:
        return read(torch.tensor([eps], dtype=torch.float64))[eps]

    density, low, high = _GRID
    grid = torch.logspace(low, high, (high - low) * density + 1, dtype=torch.float64)
    return _refine(measure, read(grid * width), target)


def _refine(measure: Callable[[float], float], seen: dict[float, float], target: float) -> _Found:
    """Find the largest eps that passes the target, between those that were seen."""
    known = sorted((eps, value) for eps, value in seen.items() if not math.isnan(value))
    values = [value for _, value in known]
    ends = min(values), max(values)
    passing = [
        (low, high)
        for (low, below), (high, above) in pairwise(known)
        if (below < target) != (above < target)
    ]
    near = [(eps, value) for eps, value in known if abs(value - target) <= _EQUAL]
    if near:
        return _Found(*near[-1], TuningStatus.REACHED, *ends, max(1, len(passing)))
    if not passing:
        if len(known) < len(seen):
            status = TuningStatus.NOT_REACHED
        else:
            status = TuningStatus.TOO_LOW if target < ends[0] else TuningStatus.TOO_HIGH
        return _Found(math.nan, math.nan, status, *ends, 0)
    eps = _root(measure, target, *passing[-1])
    value = measure(eps)
    status = TuningStatus.REACHED if abs(value - target) <= _NEAR else TuningStatus.NOT_REACHED
    return _Found(eps, value, status, *ends, len(passing))


def _root(measure: Callable[[float], float], target: float, low: float, high: float) -> float:
    # Imported where it is used: it takes as long as all of this package.
    from scipy.optimize import brentq

    found: float = brentq(
        lambda exponent: measure(math.exp(exponent)) - target, math.log(low), math.log(high), xtol=1e-13
    )
    return math.exp(found)
