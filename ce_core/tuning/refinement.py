"""Needs met on a cost: a coarse map, then finer ones around its best cell."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.tuning._arguments import half_range
from ce_core.tuning.choice import Recommendation, recommend
from ce_core.tuning.grid import TuningMap, tuning_map

Needs = Mapping[str, Any]
"""What `recommend` takes."""

# ε a decade, and from where to where, in ranges of the cost.
_DENSITY, _LOW, _HIGH = 8, 1e-3, 1e1
_LEAST_RANGE, _LARGEST_RANGE = 1e-290, 1e300
# How many ε a finer map has, and how often one is drawn; the digits of ε that are said.
_FINER, _ROUNDS, _DIGITS = 17, 3, 4


class Tuned(NamedTuple):
    """What was found: the coarse map, and the cell, of that map or between its ε and counts."""

    map: TuningMap
    chosen: Recommendation


def unit_range(values: Float[Tensor, "n m"]) -> float:
    """Return the range of the finite entries; 1 where there is none, or ε of its size had no digits."""
    width = 2 * half_range(values.masked_fill(~values.isfinite(), torch.inf))
    return width if _LEAST_RANGE < width < _LARGEST_RANGE else 1.0


def default_eps(
    cost: Float[Tensor, "n m"], low: float | None = None, high: float | None = None
) -> Float[Tensor, " E"]:
    """Return 8 ε a decade, from a thousandth of the range of the costs to ten times it."""
    unit = unit_range(cost)
    first, last = unit * _LOW if low is None else low, unit * _HIGH if high is None else high
    if first >= last:
        # One end lies beyond where the other would.
        first, last = (first, 10 * first) if high is None else (last / 10, last)
    decades = torch.tensor([first, last], dtype=torch.float64).log10()
    steps = max(2, 1 + int((decades[1] - decades[0]) * _DENSITY + 0.5))
    found = torch.logspace(decades[0].item(), decades[1].item(), steps, dtype=torch.float64)
    # As they were given, not as they were rounded.
    found[0], found[-1] = first, last
    return found


def default_counts(most: int) -> list[int]:
    """Return numbers of iterations up to the most, each at most a quarter more than the one before."""
    counts = [1]
    while counts[-1] < most:
        counts.append(min(most, counts[-1] + max(1, counts[-1] // 4)))
    return counts


def tune(
    cost: Float[Tensor, "n m"], eps: Float[Tensor, " E"], n_iter: list[int], needs: Needs
) -> Tuned:
    """Map a cost, and find the cell that meets the needs, between the ε and counts of the map too."""
    found = tuning_map(cost, eps=eps, n_iter=n_iter)
    chosen = recommend(found, **needs)
    if not chosen.met:
        return Tuned(found, chosen)
    finer, span = found, max(2, chosen.n_iter // 4)
    for _ in range(_ROUNDS):
        counts, apart = _up_to(chosen.n_iter, span)
        finer = tuning_map(cost, eps=_between(finer.eps, chosen.eps), n_iter=counts, max_iter=0)
        chosen = _better(recommend(finer, **needs), chosen)
        span = 2 * apart
    return Tuned(found, _in_few_digits(cost, chosen, needs))


def _better(new: Recommendation, old: Recommendation) -> Recommendation:
    if new.met and (-new.n_iter, new.eps) >= (-old.n_iter, old.eps):
        return new
    return old


def _between(eps: Float[Tensor, " E"], chosen: float) -> Float[Tensor, " finer"]:
    """Return eps from the one below the chosen to the one above, those included."""
    below, above = eps[eps < chosen], eps[eps > chosen]
    ends = [below.max().item() if len(below) else chosen, above.min().item() if len(above) else chosen]
    low, high = torch.tensor(ends, dtype=torch.float64).log().tolist()
    inner = torch.linspace(low, high, _FINER, dtype=torch.float64).exp()[1:-1]
    return torch.tensor(sorted({*ends, chosen, *inner.tolist()}), dtype=torch.float64)


def _up_to(chosen: int, span: int) -> tuple[list[int], int]:
    """Return counts up to the chosen, and how far apart they are."""
    apart = max(1, span // 8)
    return sorted(range(chosen, max(0, chosen - span - 1), -apart)), apart


def _in_few_digits(cost: Float[Tensor, "n m"], chosen: Recommendation, needs: Needs) -> Recommendation:
    """Return the same at an eps that is said in few digits, if it does as well."""
    shift = 10.0 ** -(_DIGITS - 1)
    for near in (chosen.eps, chosen.eps * (1 - shift), chosen.eps * (1 + shift)):
        short = float(f"{near:.{_DIGITS}g}")
        found = recommend(tuning_map(cost, eps=[short], n_iter=[chosen.n_iter], max_iter=0), **needs)
        if found.met:
            return found
    return chosen
