"""What the page of stability shows, computed once for all visitors who ask for the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from torch import Tensor

from ce_core import (
    DTYPES,
    PITFALLS,
    AccuracyMap,
    ClippingCurves,
    FormulaTrace,
    PitfallResult,
    accuracy_map,
    clipping_curves,
    run_pitfall,
    trace_formula,
)
from ce_core.stability.exact_arithmetic import exact_steps
from ce_core.stability.underflow import vanishing_gaps
from lab.page.csv import csv_text
from lab.page.kept import computed_once
from lab.stability.state import DTYPE_NAMES, StabilityState

MAP_GAPS: Final = tuple(float(gap) for gap in range(1, 1001))
CURVE_GAPS: Final = tuple(float(gap) for gap in range(0, 101))
OTHER_FLOORS: Final = (1e-4, 1e-8, 1e-16, 1e-30)
FORWARD, BACKWARD = "forward", "backward"


@dataclass(frozen=True)
class Column:
    """What one stage is in one arithmetic: its entries, and "inf" or "nan" where that begins here."""

    entries: tuple[Any, ...]
    begins: str = ""


@dataclass(frozen=True)
class Stage:
    """One operation, forward, or the gradient that arrives at its result, backward.

    `columns` are the dtypes of `DTYPE_NAMES`, and exact arithmetic last.
    """

    phase: str
    name: str
    text: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Results:
    """All that a state determines.

    `cures` are the traces of the formula that mends the one chosen; `vanishing` is the gap from which
    on the softmax of these logits has a p that is 0. Both by dtype.
    """

    state: StabilityState
    traces: Mapping[str, FormulaTrace]
    stages: tuple[Stage, ...]
    cures: Mapping[str, FormulaTrace]
    vanishing: Mapping[str, float | None]
    judged: AccuracyMap
    curves: ClippingCurves

    @property
    def cure(self) -> FormulaTrace:
        """The trace of the cure in the chosen dtype."""
        return self.cures[self.state.dtype]

    @property
    def trace(self) -> FormulaTrace:
        """The trace in the chosen dtype."""
        return self.traces[self.state.dtype]

    @property
    def on_map(self) -> float | None:
        """The present gap, if the map has it."""
        return _within(self.state.gap, self.judged.gaps)

    @property
    def on_curves(self) -> float | None:
        """The gap by which the target loses, if the curves of the clipping have it."""
        return _within(self.state.lag, self.curves.gaps)

    @property
    def step(self) -> int:
        """The present stage, from 1: the one that was set, or where it first fails."""
        return min(self.state.step or self.first_failure, len(self.stages))

    @property
    def failures(self) -> Iterator[tuple[int, Column]]:
        """The stages, from 1, at which NaN begins in the chosen dtype, then those of infinity."""
        place = DTYPE_NAMES.index(self.state.dtype)
        for trouble in ("nan", "inf"):
            for number, stage in enumerate(self.stages, start=1):
                column = stage.columns[place]
                if column.begins == trouble:
                    yield number, column

    @property
    def first_failure(self) -> int:
        """The stage, from 1, at which the chosen dtype first has NaN, or else infinity, or a clip."""
        for number, _column in self.failures:
            return number
        names = [stage.name for stage in self.stages]
        return names.index("clipped" if "clipped" in names else "loss") + 1


def _within(gap: float | None, gaps: Tensor) -> float | None:
    return gap if gap is not None and gaps[0] <= gap <= gaps[-1] else None


def results(state: StabilityState) -> Results:
    """Compute everything that the page shows of a state."""
    return replace(_results(replace(state, step=None)), state=state)


@computed_once(megabytes=32)
def _results(state: StabilityState) -> Results:
    traces = traces_of(state, state.formula, floor=state.clip)
    return Results(
        state=state,
        traces=traces,
        stages=_stages(state, traces),
        cures=traces_of(state, state.cure),
        vanishing=_vanishing(*state.line),
        judged=_judge(*state.line, state.q, state.floor, _also(MAP_GAPS, state.gap)),
        curves=_curves(state.floor, state.dtype, _also(CURVE_GAPS, state.lag)),
    )


def traces_of(
    state: StabilityState, formula: str, *, floor: float | None = None
) -> dict[str, FormulaTrace]:
    """Return the trace of a formula with the logits of a state, by dtype."""
    a, q = list(state.a), list(state.q)
    return {dtype: trace_formula(formula, a, q, dtype=dtype, floor=floor) for dtype in DTYPE_NAMES}


def _also(gaps: tuple[float, ...], here: float | None) -> tuple[float, ...]:
    """Return the gaps with the present one among them, if it lies between the ends."""
    return gaps if here is None or not gaps[0] <= here <= gaps[-1] else tuple(sorted({*gaps, here}))


@computed_once(megabytes=8)
def _judge(
    origin: tuple[float, ...],
    direction: tuple[float, ...],
    q: tuple[float, ...],
    floor: float,
    gaps: tuple[float, ...],
) -> AccuracyMap:
    return accuracy_map(
        list(gaps), list(q), origin=list(origin), direction=list(direction), floor=floor
    )


@computed_once(megabytes=2)
def _vanishing(origin: tuple[float, ...], direction: tuple[float, ...]) -> Mapping[str, float | None]:
    return vanishing_gaps(MAP_GAPS, origin=origin, direction=direction)


@computed_once(megabytes=8)
def _curves(floor: float, dtype: str, gaps: tuple[float, ...]) -> ClippingCurves:
    floors = (floor, *(other for other in OTHER_FLOORS if other != floor))
    return clipping_curves(list(gaps), floors, dtype=dtype)


@computed_once(megabytes=2)
def case_results(name: str) -> tuple[PitfallResult, PitfallResult]:
    """Run the line of a case and its cure."""
    case = PITFALLS[name]
    return run_pitfall(case, cured=False), run_pitfall(case, cured=True)


def _stages(state: StabilityState, traces: Mapping[str, FormulaTrace]) -> tuple[Stage, ...]:
    exact = exact_steps(state.formula, state.a, state.q, floor=state.clip)
    steps = {dtype: {step.name: step for step in trace.steps} for dtype, trace in traces.items()}
    first = traces[state.dtype].steps
    stages = []
    for phase in (FORWARD, BACKWARD):
        seen: dict[str, set[str]] = {dtype: set() for dtype in traces}
        for step in first if phase == FORWARD else reversed(first):
            if phase == BACKWARD and step.gradient is None:
                continue
            columns = []
            for dtype in DTYPE_NAMES:
                one = steps[dtype][step.name]
                values = one.value if phase == FORWARD else one.gradient
                outcome = one.outcome if phase == FORWARD else one.gradient_outcome
                assert values is not None
                # What is given as infinite does not begin here.
                given = phase == FORWARD and one.kind == "round"
                begins = "" if given or outcome in (None, "finite", *seen[dtype]) else outcome
                seen[dtype].add(outcome or "")
                columns.append(Column(tuple(values.reshape(-1).tolist()), begins or ""))
            found = exact[step.name]
            columns.append(Column(found.value if phase == FORWARD else (found.gradient or ())))
            stages.append(Stage(phase, step.name, step.text, tuple(columns)))
    return tuple(stages)


def numbers(found: Results) -> dict[str, float]:
    """Return the numbers of the page by name."""
    table: dict[str, float] = {"true_value": found.trace.true_value}
    for dtype in DTYPES:
        table[f"value_{dtype}"] = found.traces[dtype].value
    for i, value in enumerate(found.trace.true_gradient.tolist(), start=1):
        table[f"true_gradient_{i}"] = value
        for dtype in DTYPES:
            table[f"gradient_{i}_{dtype}"] = found.traces[dtype].gradient[i - 1].item()
    for prefix, codes in (("", found.judged.values), ("gradient_", found.judged.gradients)):
        for run in found.judged.runs(codes):
            if run.formula == found.state.formula and run.verdict != "right":
                # Where a verdict comes back, its first run counts.
                table.setdefault(f"{prefix}{run.verdict}_from_{run.dtype}", run.first)
    return table


def data_csv(found: Results) -> str:
    """Return the trace and the map as CSV, one number a line, every digit kept."""
    return csv_text(("table", "row", "operation", "arithmetic", "entry", "value"), _lines(found))


def _lines(found: Results) -> Iterator[tuple[str, str | int, str, str, float, Any]]:
    for number, stage in enumerate(found.stages, start=1):
        for arithmetic, column in zip((*DTYPE_NAMES, "exact"), stage.columns, strict=True):
            for i, value in enumerate(column.entries, start=1):
                yield stage.phase, number, stage.name, arithmetic, i, value
    for of, codes in (("loss", found.judged.values), ("gradient", found.judged.gradients)):
        for run in found.judged.runs(codes):
            yield f"map of the {of}", run.formula, run.verdict, run.dtype, run.first, run.last
