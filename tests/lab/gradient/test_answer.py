"""The answer of the page is true in every state: a thousand are drawn, and computed anew in NumPy."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import lambertw

from lab.gradient.answer import answer
from lab.gradient.presets import PRESETS
from lab.gradient.results import results
from lab.gradient.state import DEFAULT, KINDS, GradientState
from lab.language.numerals import indexed
from lab.state.fields import stops_of
from tests.lab.gradient.test_notes import assert_notes_hold
from tests.support.closeness import close_to

# As numbers are shown, and what rounding may add.
SHOWN = 5e-4 + 1e-9
Vector = np.ndarray


def drawn_states(count: int, *, most_steps: int) -> Iterator[GradientState]:
    """Yield states of all kinds: every field takes every kind of value that it may."""
    draw = random.Random(11)
    for k in range(count):
        m = draw.choice([2, 3, 3, 3, 4, 5, 10, 64])
        scale = draw.choice([0.0, 0.3, 1.0, 3.0, 10.0, 50.0])
        a = tuple(round(min(50.0, max(-50.0, scale * draw.gauss())), 2) for _ in range(m))
        weights = tuple(draw.choice([0.0, 1.0, round(draw.random(), 3)]) for _ in range(m))
        q = (*KINDS[:2], weights if sum(weights) else (1.0,) * m)[k % 3]
        steps = min(most_steps, draw.choice([1, 5, 10, 20, 50, 100, 200] if k % 100 else [2000]))
        yield GradientState(
            a,
            q=q,
            target=draw.randint(1, m),
            smoothing=draw.choice(stops_of(GradientState, "smoothing")),
            rate=draw.choice(stops_of(GradientState, "rate")),
            steps=steps,
            step=draw.choice([None, 0, steps // 3]),
        ).settled()


def softmax(a: Vector) -> Vector:
    powers = np.exp(a - a.max())
    return np.array(powers / powers.sum())


def gradient(a: Vector, q: Vector, *, full: bool) -> Vector:
    p = softmax(a)
    centred = a - a.max()
    return np.array(p - q + full * p * (centred - p @ centred))


def least(q: Vector) -> Vector:
    """Return p where L2 in full is least, by bisection on the multiplier."""

    def p_of(multiplier: float) -> Vector:
        return np.array(np.exp(lambertw(q * np.exp(multiplier)).real - multiplier))

    return p_of(brentq(lambda at: p_of(at).sum() - 1, 0.9, 2 + np.log(len(q)), xtol=1e-14))


@dataclass
class Facts:
    """The same as the answer says, from the definitions."""

    start: float
    l1: float
    l2: float
    rest: float
    p: Vector
    goal: Vector
    push: Vector
    tail: Vector
    later: float


def facts_of(state: GradientState) -> tuple[int, Facts]:
    """Return the class that is followed, and what happens to it."""
    m = len(state.a)
    if state.weights:
        q = np.array(state.weights) / sum(state.weights)
    else:
        smoothing = state.smoothing if state.kind == "smoothed" else 0.0
        q = np.full(m, smoothing / m)
        q[state.target - 1] += 1 - smoothing
    i = int(q.argmax())
    ends = []
    for full in (False, True):
        a = np.array(state.a)
        path = [softmax(a)]
        for _ in range(state.steps):
            a = a - state.rate * gradient(a, q, full=full)
            path.append(softmax(a))
        ends.append((a, path))
    (_, l1), (a, l2) = ends
    goal = least(q)
    push = gradient(a, q, full=True)
    after = a
    later = 0.0
    for _ in range(50):
        after = after - state.rate * gradient(after, q, full=True)
        later = max(later, float(np.abs(softmax(after) - goal).max()))
    return i, Facts(
        l1[0][i],
        l1[-1][i],
        l2[-1][i],
        goal[i],
        l2[-1],
        goal,
        push,
        np.array(l2[-9:])[:, i] - goal[i],
        later,
    )


def rests(facts: Facts) -> bool:
    """All of p is where L2 in full is least, and stays."""
    return float(np.abs(facts.p - facts.goal).max()) < 1.01e-3 and facts.later < 2e-3


FIRST: dict[str, tuple[tuple[str, ...], Callable[[Facts], bool]]] = {
    "lifts": (("l1",), lambda f: f.start < f.l1),
    "lowers": (("l1",), lambda f: f.l1 < f.start),
    "leaves": (("l1",), lambda f: abs(f.l1 - f.start) < 2 * SHOWN),
}
SECOND: dict[str, tuple[tuple[str, ...], Callable[[Facts], bool]]] = {
    "jumps to and fro": (
        ("rest",),
        lambda f: f.tail.min() < 0 < f.tail.max() and np.ptp(f.tail) > 1e-3,
    ),
    "lifts it only to": (("l2",), lambda f: f.start < f.l2 < f.l1 and rests(f)),
    "lifts it to": (("l2",), lambda f: f.start < f.l2 and f.l1 < f.l2 + 2 * SHOWN and rests(f)),
    "lowers it only to": (("l2",), lambda f: f.l1 < f.l2 < f.start and rests(f)),
    "lowers it to": (("l2",), lambda f: f.l2 < f.start and f.l2 < f.l1 + 2 * SHOWN and rests(f)),
    "pulls it back to": (
        ("l2",),
        lambda f: f.l2 < f.start and f.start < f.l1 + 2 * SHOWN and rests(f),
    ),
    "rests at": (("l2",), lambda f: abs(f.l2 - f.l1) < 4 * SHOWN and rests(f)),
    "where it began": (("l2",), lambda f: abs(f.l2 - f.start) < 2 * SHOWN and rests(f)),
    "other p": (
        ("l2",),
        lambda f: abs(f.l2 - f.rest) < 2 * SHOWN and float(np.abs(f.p - f.goal).max()) > 0.99e-3,
    ),
    "next to nothing": (
        ("l2", "rest"),
        lambda f: float(np.abs(f.push).max()) < 1.01e-3 and abs(f.l2 - f.rest) > 0,
    ),
    "has come to": (
        ("l2", "rest"),
        lambda f: float(np.abs(f.push).max()) > 0.99e-3 and abs(f.l2 - f.rest) > 0,
    ),
}


def assert_true(state: GradientState) -> str:
    """Hold each number of the answer, and the condition of each of its sentences, to NumPy."""
    found = results(state)
    said = answer(found)
    i, facts = facts_of(state)
    first, second = re.split(r"(?<=\.) (?=:orange)", said)
    assert found.minimum.p.numpy() == close_to(facts.goal, abs=1e-9)
    named = []
    for table, sentence in ((FIRST, first), (SECOND, second)):
        (phrase,) = [phrase for phrase in table if phrase in sentence][:1]
        names, holds = table[phrase]
        assert holds(facts), (phrase, said, facts)
        numbers = [float(text) for text in re.findall(r"\d\.\d{3}", sentence)]
        assert len(numbers) == len(names), said
        for name, value in zip(names, numbers, strict=True):
            assert value == close_to(getattr(facts, name), abs=SHOWN), (name, said)
        named.append(phrase)
    assert f"{indexed('p', i + 1)} " in first
    return " / ".join(named)


# Some that are seldom drawn: L1 and L2 both fall, L2 less; L2 ends where it began.
SELDOM = (
    GradientState((3.0, 0.0), q=(0.5001, 0.4999)),
    GradientState((0.2, 0.0, 0.0), q=(0.34, 0.33, 0.33)),
    GradientState((1.27846, 0.0)),
    GradientState((0.0, 0.0), q=(1.0, 1.0)),
)


def test_answer_and_notes_are_true_in_the_presets_and_in_many_states() -> None:
    states = [
        *(preset.of(DEFAULT) for preset in PRESETS.values()),
        *SELDOM,
        *drawn_states(30, most_steps=50),
    ]
    phrases = {assert_true(state) for state in states}
    assert len(phrases) > 10
    for state in states:
        assert_notes_hold(state)


@pytest.mark.long
def test_answer_and_notes_are_true_in_a_thousand_states() -> None:
    for state in drawn_states(1000, most_steps=2000):
        assert_true(state)
        assert_notes_hold(state)
