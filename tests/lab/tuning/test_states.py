"""What the page of tuning says is true in any state: states are drawn, and each sentence is tested.

Every number is held to Sinkhorn as NumPy and SciPy iterate it, on logarithms, cell by cell.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import logsumexp, softmax
from scipy.stats import entropy as entropy_of

from ce_core.tuning.score_sets import score_set
from lab.state.fields import stops_of
from lab.tuning.answer import answer
from lab.tuning.map_data import map_data
from lab.tuning.notes import notes
from lab.tuning.results import Results, results
from lab.tuning.state import DEFAULT, PRESETS, TuningState, with_scores
from tests.support.closeness import close_to

# Those with few enough entries to be iterated a thousand times.
SETS = ("cosines", "superglue", "mhc", "products", "pixels", "post")
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")
_NUMBER = r"−?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
# Of so many digits at least is what is said.
_TWO, _THREE = 0.051, 0.0051


def value(text: str) -> float:
    """Return a number as a person reads it."""
    mantissa, _ten, power = text.rstrip(".,").replace(",", "").partition("·10")
    return float(mantissa.translate(_SUPERSCRIPTS)) * 10.0 ** int(power.translate(_SUPERSCRIPTS) or 0)


def numbers_in(text: str) -> list[float]:
    """Return all numbers of a sentence, in order."""
    return [value(found) for found in re.findall(_NUMBER, text)]


@dataclass(frozen=True)
class Facts:
    """The map, computed in another way: by ε, then by count."""

    cost: np.ndarray
    eps: np.ndarray
    counts: np.ndarray
    error: np.ndarray
    spread: np.ndarray
    used: np.ndarray
    low: np.ndarray
    high: np.ndarray


def cell_facts(cost: np.ndarray, eps: float, counts: list[int]) -> list[tuple[float, float, int]]:
    """Return column error, perplexity and columns used after each count."""
    n, m = cost.shape
    kernel = -cost / eps
    u = np.zeros((n, 1))
    found = []
    for count in range(1, max(counts) + 1):
        v = math.log(n / m) - logsumexp(kernel + u, axis=0, keepdims=True)
        u = -logsumexp(kernel + v, axis=1, keepdims=True)
        if count in counts:
            q = np.exp(kernel + u + v)
            spread = math.exp(entropy_of(q, axis=1).mean())
            used = len(set(q.argmax(1).tolist()))
            found.append((np.abs(q.sum(0) - n / m).sum() / n, spread, used))
    return found


def facts_of(found: Results) -> Facts:
    """Return the facts of a state."""
    state = found.state
    drawn = score_set(state.scores, seed=state.seed).scores
    cost = -drawn if state.near else drawn
    eps, counts = list(found.survey.grid.eps), list(found.survey.grid.counts)
    cells = np.array([cell_facts(cost, each, counts) for each in eps])
    error, spread, used = np.moveaxis(cells, -1, 0)
    return Facts(cost, np.array(eps), np.array(counts), error, spread, used, cells[0], cells[-1])


def draw(generator: np.random.Generator) -> TuningState:
    """Return a state that the controls can say."""
    state = with_scores(DEFAULT, str(generator.choice(SETS)))
    stops = {
        name: generator.choice(stops_of(TuningState, name)).item()
        for name in ("misplaced", "spread", "used", "entropy")
    }
    if generator.random() < 0.6:
        stops["used"] = 0
    if generator.random() < 0.5:
        stops["spread"] = float(generator.choice([1.5, 2, 3, 6, 12]))
    state = replace(state, **stops, seed=int(generator.integers(0, 1000)))
    if generator.random() < 0.15:
        state = replace(state, near=not state.near)
    if generator.random() < 0.3:
        state = replace(state, max_iter=int(generator.choice([3, 6, 12, 24])))
    if generator.random() < 0.5:
        grid = results(state).survey.grid
        eps, count = generator.choice(grid.eps).item(), generator.choice(grid.counts).item()
        state = replace(state, eps=eps, n_iter=count)
    return state


def meets(facts: Facts, state: TuningState, slack: float) -> np.ndarray:
    """Return which cells meet every need; with slack > 0, which surely do."""
    wide = state.spread >= facts.cost.shape[1]
    few = (facts.error / 2 <= state.misplaced - slack) | (state.misplaced >= 1)
    narrow = (facts.spread <= state.spread - slack * state.spread) | wide
    met: np.ndarray = few & narrow & (facts.used >= state.used)
    return met


def check_answer(found: Results, facts: Facts) -> None:
    """Hold the answer to the facts."""
    said = answer(found)
    best, state = found.best, found.state
    column, row = facts.eps.tolist().index(best.eps), facts.counts.tolist().index(best.n_iter)
    (eps,) = re.findall(rf"ε = ({_NUMBER})", said)
    assert value(eps) == close_to(best.eps, rel=1e-3)
    assert re.search(rf"\b{best.n_iter} iteration", said)
    shares = re.findall(rf"(<?) ?({_NUMBER}) %", said)
    bound, told = shares[-1]
    error = 50 * facts.error[column, row]
    assert error < value(told) if bound else error == close_to(value(told), rel=_TWO, abs=1e-9)
    spread = value(re.findall(rf"a row over ({_NUMBER}) of", said)[0])
    assert spread == close_to(facts.spread[column, row], rel=_THREE)
    surely, perhaps = meets(facts, state, 1e-9), meets(facts, state, -1e-9)
    if said.startswith("For these scores"):
        assert perhaps[column, row]
        assert not surely[:, :row].any()
        assert not surely[column + 1 :, row].any()
        return
    if state.scores != "superglue":
        assert not surely.any()
    if "No ε of the map" in said:
        assert not (facts.error / 2 < state.misplaced - 1e-9).any()
    if "rows spread over" in said:
        assert not (facts.spread < state.spread * (1 - 1e-9)).any()
    if "No cell of the map uses" in said:
        assert (facts.used < state.used).all() or state.scores == "superglue"
    if "meets all needs" in said:
        assert (facts.error / 2 < state.misplaced + 1e-9).any()
        assert (facts.spread < state.spread * (1 + 1e-9)).any()


def practice(text: str, found: Results, facts: Facts) -> None:
    used = score_set(found.state.scores)
    ((error, spread, _used),) = cell_facts(facts.cost, used.eps, [used.n_iter])
    eps, count, *rest = numbers_in(text)
    assert (eps, count) == (used.eps, used.n_iter)
    assert rest[-2:] == close_to([spread, facts.cost.shape[1]], rel=_THREE)
    assert "<" in text or rest[0] == close_to(50 * error, rel=_TWO)


def floor(text: str, found: Results, facts: Facts) -> None:
    n, m = facts.cost.shape
    assert n < m
    assert numbers_in(text)[-1] == close_to(m / n, rel=_THREE)


def stuck(text: str, found: Results, facts: Facts) -> None:
    entropy = math.log(facts.spread[found.cell])
    most = math.log(facts.cost.shape[1])
    told, columns, whole = numbers_in(text)[:3]
    assert told == close_to(entropy, rel=_THREE, abs=1e-9)
    assert (columns, whole) == (facts.cost.shape[1], close_to(most, rel=1e-3))


def really_stuck(text: str, found: Results, facts: Facts) -> None:
    stuck(text, found, facts)
    uniform = 0.98 * math.log(facts.cost.shape[1])
    assert math.log(facts.spread[found.cell]) > 0.999 * uniform
    everywhere = math.log(facts.spread[0, found.cell[1]]) >= uniform
    assert ("at every ε of the map" in text) == everywhere


def used(text: str, found: Results, facts: Facts) -> None:
    told, columns = numbers_in(text)
    assert columns == facts.cost.shape[1]
    assert told == facts.used[found.cell] or found.state.scores == "superglue"


def pace(text: str, found: Results, facts: Facts) -> None:
    """The rate is the second singular value of the converged plan, squared, the plan scaled."""
    n, m = facts.cost.shape
    kernel = -facts.cost / found.eps
    u = np.zeros((n, 1))
    for _ in range(20_000):
        v = math.log(n / m) - logsumexp(kernel + u, axis=0, keepdims=True)
        before, u = u, -logsumexp(kernel + v, axis=1, keepdims=True)
        if np.abs(u - before).max() < 1e-13:
            break
    else:
        # So slow that this loop does not get there either.
        return
    scaled = np.exp(kernel + u + v) * math.sqrt(m / n)
    rate = np.linalg.svd(scaled, compute_uv=False)[1] ** 2
    told = re.search(rf"leaves \*\*(1 − )?({_NUMBER})\*\*", text)
    assert told is not None
    exact, digits = (1 - rate, _TWO) if told[1] else (rate, 1e-3)
    assert value(told[2]) == close_to(exact, rel=digits)
    assert numbers_in(text)[-1] == close_to(math.log(0.1) / math.log(rate), rel=_TWO)


def underflow(text: str, found: Results, facts: Facts) -> None:
    above = (facts.cost - facts.cost.min()) / found.eps
    assert numbers_in(text)[0] == close_to(above.max(), rel=_THREE)
    half = np.exp(-above).astype(np.float16)
    lost = 100 * (half == 0).mean()
    told = re.search(rf"\bfloat16 ({_NUMBER}) %", text)
    assert (lost == 0) if told is None else value(told[1]) == close_to(lost, rel=_TWO)


def temperature(text: str, found: Results, facts: Facts) -> None:
    reached = []
    for row in -facts.cost:

        def beyond(logarithm: float, row: np.ndarray = row) -> float:
            return float(entropy_of(softmax(row / math.exp(logarithm)))) - found.state.entropy

        if not np.ptp(row):
            continue
        span = math.log(np.ptp(row))
        if beyond(span - 30) < 0 < beyond(span + 30):
            reached.append(math.exp(brentq(beyond, span - 30, span + 30, xtol=1e-12)))
    if "No temperature" in text:
        assert not reached
        return
    ordered = np.sort(reached)
    wanted, middle, count, rows, low, high = numbers_in(text)
    assert wanted == close_to(found.state.entropy, rel=1e-3)
    assert (count, rows) == (len(reached), len(facts.cost))
    expected = [ordered[(len(ordered) - 1) // 2], ordered[0], ordered[-1]]
    assert [middle, low, high] == close_to(expected, rel=_THREE)


def sign(text: str, found: Results, facts: Facts) -> None:
    """The set says what it is; the page contradicts only who says the other."""
    state = found.state
    assert state.near != score_set(state.scores).near or state.scores in {"products", "superglue"}


def dustbin(text: str, _found: Results, facts: Facts) -> None:
    assert {*numbers_in(text)} == {24}
    rows = facts.cost[24:]
    assert (rows == rows[0]).all()


def true(_text: str, _found: Results, _facts: Facts) -> None:
    """Nothing to compute."""


def coarse(_text: str, found: Results, _facts: Facts) -> None:
    assert found.survey.grid.coarse


def unknown_pace(_text: str, found: Results, _facts: Facts) -> None:
    assert math.isnan(found.map.rate[found.cell[0]].item())


CHECKS: dict[str, Callable[[str, Results, Facts], None]] = {
    "practice": practice,
    "floor": floor,
    "ln-k": stuck,
    "ln-k-stuck": really_stuck,
    "used": used,
    "pace": pace,
    "pace-unknown": unknown_pace,
    "pace-none": true,
    "underflow": underflow,
    "no-underflow": underflow,
    "temperature": temperature,
    "no-temperature": temperature,
    "seems-far": sign,
    "seems-near": sign,
    "coarse": coarse,
    "cut": true,
    "dustbin": dustbin,
}


def check_map(found: Results, facts: Facts) -> None:
    """Hold what the map in the browser shows to the facts."""
    sent: dict[str, Any] = map_data(found)
    assert np.allclose(sent["misplaced"], facts.error / 2, rtol=1e-6, atol=1e-12)
    assert np.allclose(sent["spread"], facts.spread, rtol=1e-6)
    for stop, best in zip(sent["stops"], sent["best"], strict=True):
        at = replace(found.state, spread=stop)
        surely, perhaps = meets(facts, at, 1e-9), meets(facts, at, -1e-9)
        if best is None:
            assert not surely.any() or found.state.scores == "superglue"
        else:
            assert perhaps[tuple(best)] or found.state.scores == "superglue"


def check(state: TuningState) -> None:
    """Check every sentence of a state."""
    found = results(state)
    facts = facts_of(found)
    check_answer(found, facts)
    check_map(found, facts)
    for note in notes(found):
        CHECKS[note.id](note.text, found, facts)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_said_of_a_drawn_state_is_true(seed: int) -> None:
    check(draw(np.random.default_rng(seed)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20, 1020))
def test_what_is_said_of_many_states_is_true(seed: int) -> None:
    check(draw(np.random.default_rng(seed)))


@pytest.mark.long
@pytest.mark.parametrize("name", PRESETS)
def test_what_is_said_of_a_preset_is_true(name: str) -> None:
    check(PRESETS[name].of(DEFAULT))
