"""Every sentence of the page of the gradients holds in many states: each condition is computed anew."""

import itertools
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lab.gradient.captions import (
    approach_numbers,
    gradient_numbers,
    readouts,
    residual_numbers,
    simplex_numbers,
)
from lab.gradient.notes import notes
from lab.gradient.presets import PRESETS
from lab.gradient.results import Results, results
from lab.gradient.state import SMOOTHED, GradientState
from tests.support.closeness import close_to

STARTS = (
    (0.0, 0.0),
    (2.5, 0.5, -1.0),
    (18.0, 0.0, -1.0),
    (50.0, -50.0),
    (-50.0, 50.0, 50.0),
    (1.0, 0.0),
)
TARGETS: tuple[tuple[str, float], ...] = (("one-hot", 0.0), (SMOOTHED, 0.1), (SMOOTHED, 1.0))
STATES = [
    *(preset.state for preset in PRESETS.values() if not callable(preset.state)),
    *(
        GradientState(a, q=q, smoothing=smoothing, rate=rate, steps=steps)
        for (a, (q, smoothing)), (rate, steps) in zip(
            itertools.product(STARTS, TARGETS),
            itertools.cycle(itertools.product((0.01, 1.0, 4.0), (1, 2, 200, 2000))),
            strict=False,
        )
    ),
    GradientState((1.0, 0.5, -1.0), q=(1.0, 1.0, 1.000001), steps=2000),
    GradientState((1.0, 0.5, -1.0), q=(7.0, 7.0, 7.0), steps=1),
    GradientState((1.0, 0.0, 0.0), q=(0.5, 0.5, 0.0), steps=1),
    # L1 and L2 push by nearly 0.9975, which is rounded either way.
    GradientState((50.0, -50.0, -50.0, -50.0), q=SMOOTHED, target=2, smoothing=0.01),
    GradientState((16.0, 0.0, -1.0)),
    GradientState((17.0, 0.0, -1.0)),
    GradientState((9.0, 0.0, -1.0), steps=2000, rate=4.0),
    GradientState((0.0, 0.5), q=(1.0, 2.0), rate=4.0, steps=50),
    GradientState(tuple(float(k) for k in range(10)), q=tuple(float(k) for k in range(10)), rate=4.0),
]


class Facts:
    """The same in NumPy, from the definitions."""

    def __init__(self, found: Results, said: str) -> None:
        self.found, self.said, self.state = found, said, found.state
        self.q = found.q.numpy()
        self.start, self.end = np.array(found.state.a), found.paths.a[2, -1].numpy()
        self.shown = found.paths.a[2, found.state.at].numpy()
        self.least = found.minimum.p.numpy()

    def p(self, a: np.ndarray) -> np.ndarray:
        powers = np.exp(a - a.max())
        return np.array(powers / powers.sum())

    def gradients(self, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = self.p(a)
        l1 = p - self.q
        return l1, l1 + p * (a - p @ a)

    @property
    def own_residual(self) -> np.ndarray:
        """J a at the step that is shown, by itself, since beside p - q it would be lost."""
        p = self.p(self.shown)
        # Σ_j p_j (a_i - a_j), without the mean that would round to the largest.
        return np.array(p * (p * (self.shown[:, None] - self.shown)).sum(-1))

    @property
    def gap(self) -> float:
        return float(np.abs(self.p(self.end) - self.least).max())


def residual(facts: Facts, a: np.ndarray) -> np.ndarray:
    l1, full = facts.gradients(a)
    difference: np.ndarray = full - l1
    return difference


def pushes_opposite(facts: Facts) -> bool:
    l1, full = facts.gradients(facts.start)
    return bool((l1 * full).min() < 0)


def is_far_out(facts: Facts) -> bool:
    _l1, full = facts.gradients(facts.start)
    stuck = facts.gap > 0.9 * np.abs(facts.p(facts.start) - facts.least).max()
    return bool(np.abs(full).max() <= 1e-3) and ("stuck" in facts.said) == bool(stuck)


def rests(facts: Facts) -> bool:
    """The push is gone, and not because both of its parts are."""
    _l1, full = facts.gradients(facts.shown)
    part = np.abs(residual(facts, facts.shown)).max()
    return bool(np.abs(full).max() < 1e-6 and np.abs(full).max() < 1e-2 * part)


def jumps(facts: Facts) -> bool:
    """The last steps go across the minimum again and again; with a small learning rate they do not."""
    i = facts.found.watched

    def crossings(found: Results) -> int:
        sides = np.sign(found.paths.p[2, -9:, i].numpy() - facts.least[i])
        return int((np.diff(sides) != 0).sum())

    return crossings(results(replace(facts.state, rate=0.1))) <= 1 < crossings(facts.found)


CHECKS: dict[str, Callable[[Facts], bool]] = {
    "all-agree": lambda facts: len(set(facts.state.a)) == 1,
    "l1-rests": lambda facts: float(np.abs(facts.gradients(facts.start)[0]).max()) < 1e-6,
    "opposite-ways": pushes_opposite,
    "same-way": lambda facts: (
        float(np.abs(residual(facts, facts.start)).max()) > 0
        and float((facts.gradients(facts.start)[0] * facts.gradients(facts.start)[1]).min()) > -1e-6
    ),
    "as-hard": lambda facts: (
        float(np.abs(residual(facts, facts.start)).max())
        < 5e-3 * float(np.abs(facts.gradients(facts.start)[0]).max())
    ),
    "far-out": is_far_out,
    "uniform-target": lambda facts: len(set(facts.q.round(15))) == 1,
    "never-sure": lambda facts: sorted(facts.q)[-1] == 1 and facts.least.max() < 0.8,
    "misses-target": lambda facts: (
        len(set(facts.q.round(15))) > 1 and facts.q.max() < 1 and bool((facts.least != facts.q).any())
    ),
    "arrived": lambda facts: facts.gap < 2e-6,
    "not-arrived": lambda facts: facts.gap >= 1e-6,
    "restless": jumps,
    "one-path": lambda facts: facts.found.apart <= 1e-6,
    "one-gradient": lambda facts: facts.found.apart > 1e-6,
    "zero-residual": lambda facts: (
        float(np.ptp(facts.shown[facts.p(facts.shown) > 0])) < 1e-8
        and float(np.abs(residual(facts, facts.shown)).max()) < 1e-8
    ),
    "parts-cancel": rests,
    "only-the-sum": lambda facts: float(np.abs(facts.own_residual).max()) > 0,
    "check": lambda _: True,
}


def assert_notes_hold(state: GradientState) -> None:
    """Hold the condition of each note to its own computation."""
    found = results(state)
    said = notes(found)
    for note in said:
        assert CHECKS[note.id](Facts(found, note.text)), note
        assert not re.search(r"\b1 steps\b", note.text)
        assert "−0 " not in note.text
    misses = [note.text for note in said if note.id == "misses-target"]
    for text in misses:
        least, target = re.findall(r"= ([\d.]+), where q says ([\d.]+)", text)[0]
        assert least != target


@pytest.mark.parametrize("state", [state.settled() for state in STATES], ids=str)
def test_every_sentence_holds(state: GradientState) -> None:
    assert_notes_hold(state)


@pytest.mark.parametrize("state", [state.settled() for state in STATES], ids=str)
def test_bar_and_captions_promise_nothing_that_did_not_happen(state: GradientState) -> None:
    found = results(state)
    for name, _value in readouts(found):
        assert "stops" not in name
    told = dict(readouts(found))
    (least,) = (value for name, value in told.items() if "least" in name)
    assert float(least) == close_to(found.minimum.p[found.watched].item(), abs=6e-5)
    for text in (simplex_numbers, approach_numbers, gradient_numbers, residual_numbers):
        for step in (0, state.at):
            assert "nan" not in text(found, step)
            assert "not defined" not in text(found, step)


def test_far_start_is_not_said_to_stop_where_it_never_gets() -> None:
    found = results(GradientState((18.0, 0.0, -1.0)))
    told = dict(readouts(found))
    assert told["p₁ where L2 is least"] == "0.6835"
    assert told["p₁ by L2 in full"] == "1.0000"
    assert "only-the-sum" in [note.id for note in notes(found)]


def test_one_step_does_not_jump_to_and_fro() -> None:
    found = results(GradientState((0.0, 0.0), steps=1))
    assert "not-arrived" in [note.id for note in notes(found)]
