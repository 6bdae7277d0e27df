"""Which cell of a map meets what is needed."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._options import require_instance, require_integer, require_number
from ce_core.tuning.grid import TuningMap
from ce_core.tuning.status import TuningStatus

_LEAST = 1e-300
# How far below the perplexity wanted the end of a map may be.
_ABOUT = 1.05
# Factors by which cells miss their needs, in logarithms, that count as the same.
_ALIKE = 1e-3


@dataclass(frozen=True)
class Need:
    """What is asked of a cell, and where a map meets it.

    Attributes
    ----------
    name
        "column_error" or "perplexity_at_most", of which it is the most, "perplexity", about which, or
        "columns_used", of which it is the least.
    wanted
        How much.
    fewest
        The fewest iterations that meet it, by ε, [E]; 0 where none does.
    largest_eps
        The largest ε that meets it, by number of iterations, [K]; NaN where none does.
    """

    name: str
    wanted: float
    fewest: Int[Tensor, " E"]
    largest_eps: Float[Tensor, " K"]

    @property
    def met_somewhere(self) -> bool:
        """Whether any cell meets it."""
        return bool((self.fewest > 0).any())


@dataclass(frozen=True)
class Recommendation:
    """The cell of a map that meets every need, or the nearest one.

    Attributes
    ----------
    met
        Whether it meets them.
    eps, n_iter
        The cell: of those with the fewest iterations the one of the largest ε. If none meets every
        need, the one that misses the need which it misses most by the smallest factor.
    column_error, perplexity, columns_used
        What the map says of it.
    needs
        Each need, with where it is met.
    failing
        The needs that no cell meets; if each is met somewhere, but not all in one cell, all of them.
    """

    met: bool
    eps: float
    n_iter: int
    column_error: float
    perplexity: float
    columns_used: int
    needs: tuple[Need, ...]
    failing: tuple[str, ...]

    @property
    def advice(self) -> str:
        """What was found, and what to change."""
        if self.met:
            return "every need is met"
        if math.isnan(self.perplexity):
            return TuningStatus.INVALID.advice
        words = " and ".join(name.replace("_", " ") for name in self.failing)
        if any(not need.met_somewhere for need in self.needs):
            return f"no cell has the {words} needed: ask for less of it, or widen the map"
        return f"no one cell has the {words} needed: ask for less of one, or widen the map"


def recommend(
    map: TuningMap,
    *,
    column_error: float | None = None,
    perplexity: float | None = None,
    perplexity_at_most: float | None = None,
    columns_used: int | None = None,
) -> Recommendation:
    """Choose the cell of a map with the fewest iterations that meets every need.

    Parameters
    ----------
    map
        What `tuning_map` returned.
    column_error
        The largest column error wanted, >= 0; None for any.
    perplexity
        Over about how many columns a row is to be spread, >= 1; None for any. Of each number of
        iterations it is met by one cell: that of the largest ε at which the perplexity is at most this,
        if at the next larger ε it is more, or if it is within 5 % here.
    perplexity_at_most
        Over how many columns a row may be spread, >= 1; None for any.
    columns_used
        The fewest columns wanted that are the largest of some row, >= 1; None for any.

    Returns
    -------
    Recommendation
        The cell. If no cell meets every need it says so, and names the nearest.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Examples
    --------
    >>> from ce_core import tuning_map
    >>> cost = [[0.0, 1.0, 2.0], [1.0, 0.2, 1.0], [2.0, 1.0, 0.5]]
    >>> found = tuning_map(cost, eps=[0.1, 0.5, 1.0], n_iter=[1, 3, 10, 30])
    >>> chosen = recommend(found, column_error=0.01, perplexity=2.0)
    >>> chosen.met, chosen.eps, chosen.n_iter
    (True, 0.5, 10)
    """
    found = require_instance("map", map, TuningMap)
    # Where there is no plan no need is met, not even that there be none.
    planned = found.perplexity.isfinite()
    asked = []
    if column_error is not None:
        wanted = require_number("column_error", column_error, at_least=0.0)
        asked.append(("column_error", wanted, found.column_error, found.column_error <= wanted))
    if perplexity is not None:
        wanted = require_number("perplexity", perplexity, at_least=1.0)
        asked.append(("perplexity", wanted, found.perplexity, _line(found, wanted)))
    if perplexity_at_most is not None:
        wanted = require_number("perplexity_at_most", perplexity_at_most, at_least=1.0)
        meets = planned & (found.perplexity <= wanted)
        asked.append(("perplexity_at_most", wanted, found.perplexity, meets))
    if columns_used is not None:
        least = require_integer("columns_used", columns_used, at_least=1)
        used = found.columns_used
        asked.append(("columns_used", float(least), used.double(), planned & (used >= least)))
    met, factor = planned.clone(), torch.zeros_like(found.perplexity)
    needs = []
    for name, wanted, values, meets in asked:
        met &= meets
        missed = (values.clamp(min=_LEAST).log() - math.log(max(wanted, _LEAST))).abs()
        factor = torch.maximum(factor, missed.masked_fill(meets, 0.0))
        needs.append(_need(found, name, wanted, meets))
    row, column = _first(found, met if met.any() else _nearest(planned, factor))
    failing = [need.name for need in needs if not need.met_somewhere] or [need.name for need in needs]
    return Recommendation(
        met=bool(met.any()),
        eps=found.eps[row].item(),
        n_iter=int(found.n_iter[column]),
        column_error=found.column_error[row, column].item(),
        perplexity=found.perplexity[row, column].item(),
        columns_used=int(found.columns_used[row, column]),
        needs=tuple(needs),
        failing=() if met.any() else tuple(failing),
    )


def _line(found: TuningMap, wanted: float) -> Bool[Tensor, "E K"]:
    """Return of each number of iterations the cell at which the perplexity passes what is wanted."""
    order = found.eps.argsort(descending=True)
    values = found.perplexity[order]
    at_most = values <= wanted
    first = at_most.int().argmax(0, keepdim=True)
    close = values.gather(0, first) * _ABOUT >= wanted
    meets = at_most.any(0) & ((first > 0) | close)
    return torch.zeros_like(at_most).scatter(0, order[first], meets)


def _need(found: TuningMap, name: str, wanted: float, meets: Bool[Tensor, "E K"]) -> Need:
    counts = found.n_iter.expand(meets.shape).masked_fill(~meets, torch.iinfo(torch.int64).max)
    fewest = counts.amin(-1).masked_fill(~meets.any(-1), 0)
    largest = found.eps[:, None].expand(meets.shape).masked_fill(~meets, -torch.inf).amax(0)
    return Need(name, wanted, fewest, largest.masked_fill(~meets.any(0), torch.nan))


def _nearest(planned: Bool[Tensor, "E K"], factor: Float[Tensor, "E K"]) -> Bool[Tensor, "E K"]:
    missed = factor.masked_fill(~planned, torch.inf)
    return missed <= missed.min() * (1 + _ALIKE)


def _first(found: TuningMap, cells: Bool[Tensor, "E K"]) -> tuple[int, int]:
    """Return of some cells, of those with the fewest iterations, the one of the largest eps."""
    column = int(cells.any(0).int().argmax())
    eps = found.eps.masked_fill(~cells[:, column], -torch.inf)
    return int(eps.argmax()), column
