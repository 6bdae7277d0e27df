"""Every sentence of the page of stability holds in many states: each condition is computed anew."""

import itertools
import math
import re
from collections.abc import Callable, Iterator

import mpmath
import pytest
import torch

from ce_core import DTYPES, FORMULAS, PITFALLS, trace_formula
from lab.stability.notes import notes
from lab.stability.results import Results, results
from lab.stability.state import CASES, StabilityState
from lab.stability.table import rows
from lab.stability.text import (
    clip_gradient_numbers,
    entry,
    error_numbers,
    gradient_map_numbers,
    gradient_map_why,
    map_numbers,
    map_why,
)
from tests.support.cases import INF

LOGITS: tuple[tuple[float, ...], ...] = (
    (0.0, 0.0), (1.0, 0.0), (8.0, 0.0, 0.0), (8.0, 8.0, 0.0), (12.0, 0.0), (17.6, 0.0), (18.0, 0.0),
    (27.6, 0.0), (28.0, 0.0), (29.3, 0.0), (30.0, 0.0), (60.0, 0.0), (104.0, 0.0), (100.3, 99.0, 0.0),
    (746.0, 0.0), (1000.0, -1000.0), (5.0, -INF), (8.0, 0.0, -INF), (0.0, 0.0, -INF), (INF, 0.0),
    (-INF, -INF), (1000.0, 999.5, 3.0, 0.1, -7.0, -1000.0),
)  # fmt: skip


def _settings() -> Iterator[tuple[str, float, int]]:
    """Return dtype, floor and target in turn, for ever."""
    pairs = itertools.cycle(itertools.product(DTYPES, (1e-38, 1e-12, 1e-4, 0.1)))
    for (dtype, floor), target in zip(pairs, itertools.cycle((1, 2, 2, 1, 2, 1, 1)), strict=False):
        yield dtype, floor, target


STATES = [
    *CASES.values(),
    # Every formula at every row of logits, the rest in turn.
    *(
        StabilityState(a, target if target == 1 else len(a), formula, dtype, floor)
        for (a, formula), (dtype, floor, target) in zip(
            itertools.product(LOGITS, FORMULAS),
            _settings(),
            strict=False,
        )
    ),
]


def truth(state: StabilityState) -> tuple[float, float]:
    """Return the loss and p of the target, by mpmath at 900 digits; q is one-hot."""
    own = state.a[state.target - 1]
    with mpmath.workdps(900):
        powers = [mpmath.exp(mpmath.mpf(x)) for x in state.a]
        total = mpmath.fsum(powers)
        p = mpmath.exp(mpmath.mpf(own)) / total
        if own == -INF:
            return INF, 0.0
        if not state.formula.startswith("logit_gap"):
            return float(mpmath.log(total) - own), float(p)
        mean = mpmath.fsum(e / total * x for e, x in zip(powers, state.a, strict=True) if e)
        return float(mean - own), float(p)


def is_right(found: float, true: float, dtype: str) -> bool:
    allowed = max(0.05 * abs(true), 4 * torch.finfo(getattr(torch, dtype)).eps)
    return found == true or (math.isfinite(true) and abs(found - true) <= allowed)


CHECKS: dict[str, Callable[[Results], bool]] = {
    "no-softmax": lambda found: INF in found.state.a or set(found.state.a) == {-INF},
    "loss-nan": lambda found: math.isnan(found.trace.value),
    "loss-infinite": lambda found: (
        math.isinf(found.trace.value) and math.isfinite(truth(found.state)[0])
    ),
    "loss-wrong": lambda found: (
        math.isfinite(found.trace.value)
        and not is_right(found.trace.value, truth(found.state)[0], found.state.dtype)
    ),
    "gradient-nan": lambda found: (
        any(map(math.isnan, found.trace.gradient.tolist()))
        and is_right(found.trace.value, truth(found.state)[0], found.state.dtype)
    ),
    "gradient-infinite": lambda found: (
        any(map(math.isinf, found.trace.gradient.tolist()))
        and is_right(found.trace.value, truth(found.state)[0], found.state.dtype)
    ),
    "gradient-wrong": lambda found: (
        all(map(math.isfinite, found.trace.gradient.tolist()))
        and is_right(found.trace.value, truth(found.state)[0], found.state.dtype)
    ),
    "right": lambda found: (
        is_right(found.trace.value, truth(found.state)[0], found.state.dtype)
        and all(map(math.isfinite, found.trace.gradient.tolist()))
    ),
    "clips-nothing": lambda found: (
        torch.tensor(found.state.floor, dtype=getattr(torch, found.state.dtype)).item() == 0
    ),
    "clipping": lambda found: (
        torch.tensor(found.state.floor, dtype=getattr(torch, found.state.dtype)).item() > 0
    ),
    "log-softmax": lambda found: not found.state.formula.startswith(("log_softmax", "logit_gap")),
    "never-fails": lambda found: failures(found) == [],
    "fails-from": lambda found: failures(found) != [],
}


def failures(found: Results) -> list[str]:
    row = found.judged.formulas.index(found.state.formula)
    bad = (found.judged.values[row] + found.judged.gradients[row]).amax(-1) > 0
    return [dtype for dtype, failed in zip(found.judged.dtypes, bad.tolist(), strict=True) if failed]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_every_sentence_holds(state: StabilityState) -> None:
    found = results(state)
    _check_notes_hold_what_they_say(found)
    _check_trace_and_map_of_one_state_are_one(found)
    _check_captions_are_of_the_present_target(found)
    _check_table_gives_no_wrong_reason(found)


def _check_notes_hold_what_they_say(found: Results) -> None:
    state = found.state
    said = notes(found)
    for note in said:
        assert CHECKS[note.id](found), note
        assert "not defined" not in note.text
    texts = {note.id: note.text for note in said}
    if "no-softmax" in texts:
        assert len(said) == 1
        return
    true, p = truth(state)
    if texts.keys() & {"loss-nan", "loss-infinite", "loss-wrong"}:
        assert entry(true) in said[0].text or abs(true) < 1e-300
    # The loss of a class is clipped where its own p is below the floor, and nowhere else.
    if "clipping" in texts and abs(math.log(max(p, 1e-320) / state.floor)) > 0.02:
        assert ("its loss is clipped" in texts["clipping"]) == (p < state.floor)
    if "fails-from" in texts:
        named = {dtype for dtype in DTYPES if re.search(rf"\b{dtype} ", texts["fails-from"])}
        assert named == set(failures(found))
        assert f"class {state.target} " in texts["fails-from"]
    for kind in texts.keys() & {"fails-from", "never-fails"}:
        assert ("logits stretched" in texts[kind]) == (state.gap != 0)
        assert ("No gap to stretch" in texts[kind]) == (state.gap == 0)


def _check_trace_and_map_of_one_state_are_one(found: Results) -> None:
    state = found.state
    if found.on_map is None:
        assert state.gap is None or not 1 <= state.gap <= 1000
        return
    assert found.on_map == state.gap
    at = found.judged.verdict_at(state.formula, state.dtype, found.on_map)
    assert at == (found.trace.value_verdict, found.trace.gradient_verdict)


def _check_captions_are_of_the_present_target(found: Results) -> None:
    state = found.state
    assert f"class {state.target}" in map_numbers(found)
    assert ("No gap to stretch" in map_numbers(found)) == (not state.gap)
    assert gradient_map_numbers()
    said = error_numbers(found), clip_gradient_numbers(found)
    for text in said:
        for value, instead in re.findall(r"\*\*([^*]+)\*\* instead of (\S+?)[.;]? ", text + " "):
            assert value != instead
    if state.gap is None:
        assert found.on_curves is None
        return
    own = state.a[state.target - 1]
    lag = max(x for i, x in enumerate(state.a) if i != state.target - 1) - own
    assert found.on_curves == (lag if 0 <= lag <= 100 else None)
    if own == -INF:
        assert "−∞" in said[0]
        assert "At the gap" not in said[0]
    if found.on_curves is not None:
        value = trace_formula(
            "clipped", [lag, 0.0], [0.0, 1.0], dtype=state.dtype, floor=state.floor
        ).value
        assert f"**{entry(value)}**" in said[0]


def _check_table_gives_no_wrong_reason(found: Results) -> None:
    state = found.state
    for stage, row in zip(found.stages, rows(found), strict=True):
        place = list(reversed(DTYPES)).index(state.dtype)
        entries = stage.columns[place].entries
        if "changed" in row.said:
            assert stage.name == "clipped"
            assert any(x == entries[0] or math.isfinite(x) for x in entries)
        if "smallest positive" in row.said:
            assert 0 in entries
            assert "/ ∞" not in row.said
        if "No number is meant" in row.said:
            assert any(map(math.isnan, entries))


def test_both_maps_say_the_whole_rule_of_what_is_wrong() -> None:
    """In float16 a gradient that is 60 % off is within four spacings, and not called wrong."""
    trace = trace_formula("double_softmax", [6.0, 0.0, 0.0], [1.0, 0.0, 0.0], dtype="float16")
    off = (trace.gradient - trace.true_gradient).abs().max()
    assert off > 0.05 * trace.true_gradient.abs().max()
    assert off < 4 * torch.finfo(torch.float16).eps
    assert trace.gradient_verdict == "right"
    for why in map_why(), gradient_map_why():
        assert "more than 5 %" in why
        assert "four times the spacing of the dtype's numbers at 1" in why


def test_pitfalls_are_all_walked() -> None:
    assert {state.formula for state in STATES} == set(FORMULAS)
    assert len(CASES) == len(PITFALLS)


INFINITE = [state for state in STATES if not all(map(math.isfinite, state.a))]


@pytest.mark.parametrize("state", INFINITE[::3])
def test_what_has_no_value_is_called_undefined_not_nan(state: StabilityState) -> None:
    found = results(state)
    for stage, row in zip(found.stages, rows(found), strict=True):
        _said, exact, told = row.said.partition("In exact arithmetic: ")
        values = stage.columns[-1].entries
        assert bool(exact) == bool(values)
        assert "NaN" not in told
        assert told.count("undefined") == sum(map(mpmath.isnan, values))
        # Only where a logit is infinite is anything undefined, and then no dtype has a value either.
        for column in stage.columns[:-1]:
            undefined = zip(values, column.entries, strict=bool(values))
            assert all(math.isnan(given) for exact, given in undefined if mpmath.isnan(exact))


def test_nothing_is_undefined_where_logits_are_finite() -> None:
    for state in STATES:
        if all(map(math.isfinite, state.a)):
            assert "undefined" not in " ".join(row.said for row in rows(results(state)))
