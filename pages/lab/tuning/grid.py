"""The two axes of the map: which ε, and after how many iterations."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ce_core.tuning.refinement import unit_range
from lab.tuning.scores import Scores
from lab.tuning.state import TuningState

_COLUMNS: Final = 14
_FEW_COLUMNS: Final = 8
_COUNTS: Final = (1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 32, 48, 64, 100, 150, 200)
_MOST_ROWS: Final = 12
# Entries times ε times iterations: so much is a tenth of a second.
_FINE: Final = 40_000_000
_MOST: Final = 400_000_000


@dataclass(frozen=True)
class Grid:
    """The axes of a map.

    Attributes
    ----------
    eps, counts
        Ascending.
    work
        Entries times ε times iterations.
    coarse
        Whether there are fewer ε or iterations than was asked for, since the scores are many.
    """

    eps: tuple[float, ...]
    counts: tuple[int, ...]
    work: int
    coarse: bool


def grid_of(scores: Scores, state: TuningState) -> Grid:
    """Return the axes of the map of a state: as fine as so many scores allow."""
    span = unit_range(scores.matrix)
    entries = scores.matrix.numel()
    most = state.max_iter
    columns = _COLUMNS if entries * _COLUMNS * most <= _FINE else _FEW_COLUMNS
    while entries * columns * most > _MOST and most > _COUNTS[2]:
        most = next(count for count in reversed(_COUNTS) if count < most)
    counts = tuple(count for count in _COUNTS if count <= most)
    # Where there are too many, those between the smallest go.
    counts = tuple(c for c in counts if len(counts) <= _MOST_ROWS or c not in (2, 4, 8, 12))
    return Grid(
        eps=_steps(*_ends(span, state), columns),
        counts=counts,
        work=entries * columns * most,
        coarse=columns < _COLUMNS or most < state.max_iter,
    )


def _ends(span: float, state: TuningState) -> tuple[float, float]:
    high = _rounded(span if state.eps_to is None else state.eps_to, 1 if state.eps_to is None else 6)
    low = _rounded(high / 100, 1) if state.eps_from is None else state.eps_from
    return (low, high) if low < high else (high / 100, high)


def _steps(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return ε in equal ratios from one to the other, rounded as far as they stay apart."""
    exact = [low * (high / low) ** (place / (count - 1)) for place in range(count)]
    for digits in (2, 3, 6, 12):
        rounded = [low, *(_rounded(value, digits) for value in exact[1:-1]), high]
        if all(a < b for a, b in pairwise(rounded)):
            return tuple(rounded)
    return low, high


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")
