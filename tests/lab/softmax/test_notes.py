"""Every sentence of the page of the softmax holds in many states: each condition is computed anew."""

import itertools
import math
import random
import re
from collections.abc import Callable

import mpmath
import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from ce_core import DTYPES
from lab.language.numerals import number
from lab.softmax.captions import (
    contour_alt,
    contour_numbers,
    difference_alt,
    difference_numbers,
    difference_why,
    eigenvalue_alt,
    eigenvalue_numbers,
    surface_alt,
    surface_numbers,
)
from lab.softmax.figures import figure_set
from lab.softmax.notes import notes
from lab.softmax.presets import PRESETS
from lab.softmax.results import Results, results
from lab.softmax.state import DEFAULT, SoftmaxState
from tests.support.closeness import close_to

LOGITS = (
    DEFAULT.a, (0.0, 0.0), (1.0, 0.0), (18.0, 0.0), (104.0, 0.0), (746.0, 0.0), (1000.0, -1000.0),
    (1000.0, 999.99), (-1000.0, -999.0, -999.5), (2.0, 2.0, -50.0), (800.0, 796.0), (0.0,) * 30,
    tuple(k / 7 for k in range(30)), (12.0, 11.0), (-12.0, -18.0, -17.0),
)  # fmt: skip
STATES = [
    *(preset.state(DEFAULT) if callable(preset.state) else preset.state for preset in PRESETS.values()),
    *(
        SoftmaxState(a, temperature, target)
        for a, temperature, target in itertools.product(LOGITS, (0.01, 1.0, 100.0), (1, 2))
    ),
]


class Facts:
    """The same by mpmath at 60 digits."""

    def __init__(self, found: Results) -> None:
        self.found, self.state = found, found.state
        with mpmath.workdps(60):
            top = max(found.state.a)
            scores = [
                (mpmath.mpf(x) - mpmath.mpf(top)) / found.state.temperature for x in found.state.a
            ]
            powers = [mpmath.exp(x) for x in scores]
            total = mpmath.fsum(powers)
            self.p = [float(x / total) for x in powers]
            # Without the 1 of the largest, beside which nothing else would be seen.
            others = mpmath.fsum(sorted(powers)[:-1])
            self.loss = float(mpmath.log1p(others) - scores[found.state.target - 1])
            self.entropy = float(-mpmath.fsum(x / total * mpmath.log(x / total) for x in powers))

    @property
    def winners(self) -> int:
        return self.state.a.count(max(self.state.a))

    def naive_is_nan(self, dtype: str) -> bool:
        scores = torch.tensor(self.state.a, dtype=torch.float64) / self.state.temperature
        powers = scores.to(getattr(torch, dtype)).exp()
        return bool((powers / powers.sum()).isnan().any())


def fails(facts: Facts) -> bool:
    """The dtypes that are named are those in which the textbook formula is NaN."""
    return facts.found.naive_failures == tuple(d for d in DTYPES if facts.naive_is_nan(d))


CHECKS: dict[str, Callable[[Facts], bool]] = {
    "overflow": lambda facts: fails(facts) and max(facts.state.a) > 0,
    "underflow": lambda facts: fails(facts) and max(facts.state.a) <= 0,
    "all-equal": lambda facts: facts.winners == len(facts.p),
    "tie": lambda facts: 1 < facts.winners < len(facts.p),
    "saturated-wrong": lambda facts: max(facts.p) >= 0.99 and facts.p[facts.state.target - 1] <= 0.0101,
    "one-hot": lambda facts: max(facts.p) == 1 and facts.p[facts.state.target - 1] == 1,
    "saturated-right": lambda facts: 0.99 <= facts.p[facts.state.target - 1] <= 1,
    "nearly-uniform": lambda facts: facts.entropy >= 0.98999 * math.log(len(facts.p)),
    "only-differences": lambda facts: max(facts.p) < 0.99 and facts.winners == 1,
    "full-rank": lambda facts: int(facts.found.spectrum.rank) == len(facts.p) - 1,
    "rank-lost": lambda facts: 0 < int(facts.found.spectrum.rank) < len(facts.p) - 1,
    "zero-jacobian": lambda facts: not facts.found.jacobian.any(),
    "best-step": lambda facts: bool(facts.found.differences.best_errors[0] < 1),
    "no-step": lambda facts: not bool((facts.found.differences.best_errors < 1).all()),
    "autograd": lambda facts: max(facts.p) > 0.99,
}


def drawn(draw: random.Random) -> SoftmaxState:
    """Return a state that a visitor may set: shifts, ties, gaps of every size."""
    classes = draw.choice((2, 3, 5, 8, 30))
    scale, shift = 10.0 ** draw.uniform(-2, 3), draw.choice((0.0, 0.0, 800.0, -800.0))
    logits = [max(-1000.0, min(1000.0, round(scale * draw.gauss() + shift, 4))) for _ in range(classes)]
    if draw.random() < 0.2:
        logits[1] = logits[0]
    temperature = draw.choice((1.0, float(f"{10 ** draw.uniform(-2, 2):.3g}")))
    target, held = draw.randint(1, classes), draw.randint(1, classes)
    return SoftmaxState(tuple(logits), temperature, target, held)


# The answer, which the browser says, is held to as many in tests/unit_js/softmax_page.test.js.
@pytest.mark.parametrize(
    ("seed", "count"), [(0, 30), pytest.param(1, 1000, marks=pytest.mark.long)], ids=["some", "all"]
)
def test_every_sentence_holds_in_states_drawn_at_random(seed: int, count: int) -> None:
    draw = random.Random(seed)
    for _ in range(count):
        check_sentences(drawn(draw))


@pytest.mark.parametrize("state", [state.settled() for state in STATES], ids=str)
def test_every_sentence_holds(state: SoftmaxState) -> None:
    check_sentences(state)


def check_sentences(state: SoftmaxState) -> None:
    found = results(state)
    facts = Facts(found)
    said = {note.id: note.text for note in notes(found)}
    for name, text in said.items():
        assert CHECKS[name](facts), text
        assert "not defined" not in text
        assert "−0 " not in text
    assert ("overflow" in said or "underflow" in said) == any(map(facts.naive_is_nan, DTYPES))
    if "one-hot" in said:
        assert ("still has its digits" in said["one-hot"]) == (facts.loss > 1e-323)
    # What sees only differences keeps its digits at every offset.
    assert found.p.tolist() == close_to(facts.p, rel=1e-12, abs=1e-300)
    assert found.loss == close_to(facts.loss, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("state", [state.settled() for state in STATES], ids=str)
def test_captions_and_charts_show_no_zero_as_a_number(state: SoftmaxState) -> None:
    found = results(state)
    for text in (difference_numbers, eigenvalue_numbers, surface_numbers):
        assert "nan" not in text(found)
        assert "−0 " not in text(found)
    for card in figure_set(found).cards:
        for drawn in go.Figure(card.tree).data:
            if drawn.type == "scatter" and drawn.y is not None:
                assert not np.isin(drawn.y, [1e-18]).any()


@pytest.mark.parametrize("state", [state.settled() for state in STATES], ids=str)
def test_p_is_said_to_grow_only_where_the_others_have_some_to_lose(state: SoftmaxState) -> None:
    """Up the dashed line by far, p₁ becomes p₁/(p₁ + p₂)."""
    found = results(state)
    if len(found.p) == 2:
        return
    first, second, *others = Facts(found).p
    if first + second > 0:
        grows = sum(others) > 2.0**-53
        assert ("grows, since" in contour_numbers(found)) == grows
        assert ("nothing left to lose, as here" in contour_numbers(found)) == (not grows)


@pytest.mark.parametrize("state", [state.settled() for state in STATES], ids=str)
def test_autograd_is_called_dotted_only_where_a_dotted_line_is_drawn(state: SoftmaxState) -> None:
    found = results(state)
    (chart,) = (go.Figure(card.tree) for card in figure_set(found).cards if card.key == "differences")
    dotted = [line for line in chart.data if line.line.dash == "dot" and np.isfinite(line.y).any()]
    assert ("Dotted" in difference_why(found)) == bool(dotted)


@pytest.mark.parametrize("a", [(0.0, 0.0), (0.0,) * 4, (2.0, 2.0)], ids=str)
def test_step_that_is_exact_is_not_called_the_best(a: tuple[float, ...]) -> None:
    found = results(SoftmaxState(a, 1.0, 1).settled())
    said = difference_numbers(found)
    assert "**0**" not in said
    assert "exact at" in difference_alt(found)
    (chart,) = (go.Figure(card.tree) for card in figure_set(found).cards if card.key == "differences")
    marked = {drawn.uid.removesuffix("-best") for drawn in chart.data if drawn.uid.endswith("-best")}
    errors = zip(found.differences.dtypes, found.differences.best_errors.tolist(), strict=True)
    for dtype, error in errors:
        assert (f"{dtype} exact at " in said) == (error == 0)
        assert (f"{dtype} {number(error, digits=2)}" in difference_why(found)) == (0 < error < 1)
        assert (dtype in marked) == (0 < error < 1)


@pytest.mark.parametrize("state", [state.settled() for state in STATES[::9]], ids=str)
def test_alternative_texts_hold_the_finding_of_the_state(state: SoftmaxState) -> None:
    found, facts = results(state), Facts(results(state))
    assert surface_alt(found).endswith(f"where p₁ is {number(float(facts.p[0]), digits=4)}.")
    assert contour_alt(found).endswith(f"p₁ is {number(float(facts.p[0]), digits=4)}.")
    p = np.array([float(x) for x in facts.p])
    largest = np.linalg.eigvalsh(np.diag(p) - np.outer(p, p)).max()
    (said,) = re.findall(r"the largest is (\S+),", eigenvalue_alt(found))
    assert said == number(largest) or largest < 1e-12
    best = found.differences.differences[0].nan_to_num(nan=np.inf).min().item()
    assert (number(best, digits=2) in difference_alt(found)) or best == 0 or best >= 1
