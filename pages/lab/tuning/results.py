"""What the page of tuning shows: the map, the cells that meet the needs, the plans of three cells."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import streamlit as st
import torch
from torch import Tensor

from ce_core import (
    Reading,
    Recommendation,
    TemperatureCurve,
    TuningMap,
    balanced_assignment,
    reading,
    recommend,
    temperature_curve,
    temperature_for_entropy,
    tuning_map,
)
from ce_core.tuning.refinement import unit_range
from lab.page.admission import admitted
from lab.page.kept import computed_once
from lab.tuning.grid import Grid, grid_of
from lab.tuning.scores import Scores, kept_own, scores_of
from lab.tuning.state import ANY_COLUMNS, ANY_SHARE, ANY_SPREAD, OWN, SPREADS, TuningState

R = TypeVar("R")

# Entries times ε times iterations: above it a map waits its turn.
_HEAVY: Final = 60_000_000
# On the way to the plan whose rate is known: many would take longer than the map, and of so many
# entries the rate itself takes seconds.
_RATE_ITERATIONS: Final = 300
_RATE_ENTRIES: Final = 2**18
# Rows that are looked at as logits have so many entries together.
_LOGITS: Final = 2**16


@dataclass(frozen=True)
class Temperatures:
    """Softmax of the rows at many temperatures, and at that of a wanted entropy.

    Attributes
    ----------
    curve
        At each temperature, row by row.
    wanted
        The T of the wanted entropy, of the rows that have one.
    lowest, highest
        Between which entropies every row can be, in nats.
    rows
        How many were looked at.
    """

    curve: TemperatureCurve
    wanted: Tensor
    lowest: float
    highest: float
    rows: int


@dataclass(frozen=True)
class Survey:
    """What does not depend on needs and chosen cell."""

    scores: Scores
    near: bool
    grid: Grid
    map: TuningMap
    reading: Reading
    practice: TuningMap | None


@dataclass(frozen=True)
class Results:
    """All that a state determines."""

    state: TuningState
    cost: Tensor
    survey: Survey
    best: Recommendation
    at_stops: tuple[tuple[float, Recommendation], ...]
    cell: tuple[int, int]
    plans: tuple[Tensor, Tensor, Tensor]
    temperatures: Temperatures
    own_missing: bool

    @property
    def map(self) -> TuningMap:
        """The map."""
        return self.survey.map

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the scores."""
        return self.map.rows, self.map.columns

    @property
    def eps(self) -> float:
        """The ε of the chosen cell."""
        return self.map.eps[self.cell[0]].item()

    @property
    def n_iter(self) -> int:
        """The iterations of the chosen cell."""
        return int(self.map.n_iter[self.cell[1]])

    @property
    def is_best(self) -> bool:
        """Whether the chosen cell is the recommended one."""
        return (self.eps, self.n_iter) == (self.best.eps, self.best.n_iter)

    def misplaced(self, column: int, row: int) -> float:
        """Return the share of the mass that a cell leaves in wrong columns."""
        return self.map.column_error[column, row].item() / 2

    def spread(self, column: int, row: int) -> float:
        """Return over how many columns a row of a cell spreads."""
        return self.map.perplexity[column, row].item()

    @property
    def endless(self) -> bool:
        """Whether a pair costs -inf, which no plan can have."""
        return bool((self.cost == -math.inf).any())

    @property
    def planless(self) -> bool:
        """Whether a row or a column has no pair that it may use, so that there is no plan."""
        return not bool(self.map.perplexity.isfinite().all())


def results(state: TuningState) -> Results:
    """Compute everything that the page shows of a state."""
    scores = scores_of(state)
    own_missing = state.scores == OWN and kept_own() is None
    grid = grid_of(scores, state)
    survey = _asked_once(_map, scores, grid, state.near)
    cost = cost_of(scores, state.near)
    best = _recommend(survey.map, state)
    cell = _cell(survey.map, state, best)
    return Results(
        state=state,
        cost=cost,
        survey=survey,
        best=best,
        at_stops=tuple(
            (stop, _recommend(survey.map, replace(state, spread=stop)))
            for stop in lever_stops(survey.map.columns, state.spread)
        ),
        cell=cell,
        plans=_plans(cost, survey.map, cell),
        temperatures=_asked_once(_temperatures, scores, state.near, state.entropy),
        own_missing=own_missing,
    )


def lever_stops(columns: int, spread: float) -> tuple[float, ...]:
    """Return where the lever stops: below the number of columns, at the present value, and anything."""
    now = {spread} if spread < columns else set()
    return tuple(sorted({stop for stop in SPREADS if stop < columns} | now | {ANY_SPREAD}))


def needs_of(state: TuningState, columns: int) -> dict[str, float]:
    """Return the needs of a state as `recommend` takes them, without those that ask nothing."""
    needs: dict[str, float] = {}
    if state.misplaced < ANY_SHARE:
        needs["column_error"] = 2 * state.misplaced
    if state.spread < columns:
        needs["perplexity_at_most"] = state.spread
    if state.used > ANY_COLUMNS:
        needs["columns_used"] = state.used
    return needs


def _recommend(found: TuningMap, state: TuningState) -> Recommendation:
    return recommend(found, **needs_of(state, found.columns))  # type: ignore[arg-type]


def _cell(found: TuningMap, state: TuningState, best: Recommendation) -> tuple[int, int]:
    """Return the cell of the map that is nearest to what the state chooses; by default the best."""
    eps = best.eps if state.eps is None else state.eps
    count = best.n_iter if state.n_iter is None else state.n_iter
    column = (found.eps.log() - math.log(eps)).abs().argmin()
    row = (found.n_iter.log() - math.log(count)).abs().argmin()
    return int(column), int(row)


def _asked_once(compute: Callable[..., R], scores: Scores, *rest: Hashable) -> R:
    """Return what is computed of scores: of drawn ones once for all, of a visitor's in the session."""
    if scores.practice is not None:
        return _of_drawn(compute, scores, *rest)
    name, key = f"tuning: {compute.__name__}", (scores.digest, *rest)
    kept = st.session_state.get(name)
    if kept is None or kept[0] != key:
        kept = st.session_state[name] = key, compute(scores, *rest)
    found: R = kept[1]
    return found


@computed_once(megabytes=32, key=lambda compute, scores, *rest: (compute, scores.digest, *rest))
def _of_drawn(compute: Callable[..., R], scores: Scores, *rest: object) -> R:
    return compute(scores, *rest)


def _map(scores: Scores, grid: Grid, near: bool) -> Survey:
    cost = cost_of(scores, near)
    most = _RATE_ITERATIONS if cost.numel() <= _RATE_ENTRIES else 0
    with admitted(heavy=grid.work > _HEAVY):
        found = tuning_map(cost, eps=list(grid.eps), n_iter=list(grid.counts), max_iter=most)
    practice = None
    if scores.practice is not None:
        used = scores.practice
        practice = tuning_map(cost, eps=[used.eps], n_iter=[used.n_iter], max_iter=0)
    return Survey(scores, near, grid, found, reading(scores.matrix), practice)


def cost_of(scores: Scores, near: bool) -> Tensor:
    """Return the costs that scores stand for."""
    return -scores.matrix if near else scores.matrix


def _plans(cost: Tensor, found: TuningMap, cell: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the plans at the smallest ε, in the chosen cell and at the largest, after its count."""
    column, row = cell
    eps, count = found.eps, int(found.n_iter[row])
    low, now, high = (
        balanced_assignment(cost, eps=eps[place].item(), n_iter=count)
        for place in (0, column, len(eps) - 1)
    )
    return low, now, high


def _temperatures(scores: Scores, near: bool, entropy: float) -> Temperatures:
    cost = cost_of(scores, near)
    logits = -cost[: max(1, _LOGITS // cost.shape[1])]
    span = unit_range(logits)
    temperatures = torch.logspace(math.log10(span / 300), math.log10(span * 3), 25, dtype=torch.float64)
    curve = temperature_curve(logits, temperatures=temperatures.tolist())
    wanted = temperature_for_entropy(logits, entropy=entropy)
    return Temperatures(
        curve=curve,
        wanted=wanted.temperature[wanted.temperature.isfinite()],
        lowest=wanted.lowest.max().item(),
        highest=wanted.highest.min().item(),
        rows=len(logits),
    )
