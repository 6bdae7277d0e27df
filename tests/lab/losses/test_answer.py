"""The answer and the notes of the page of the losses, in sampled states, against NumPy and SciPy."""

import math
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats

from ce_core import DTYPES
from ce_core.experiment.inputs import draw_inputs
from lab.losses.alternatives import answer_alt, pairs_alt
from lab.losses.answer import answer
from lab.losses.captions import numbers_at_trials
from lab.losses.notes import notes
from lab.losses.results import Results, results
from lab.losses.state import LossesState
from lab.state.fields import stops_of
from tests.support.closeness import close_to


def states(count: int) -> Iterator[LossesState]:
    """Yield small experiments drawn from all that the other fields may be."""
    draw = random.Random(4)
    swept = ("logit_scale", "logit_exponent", "eps", "n_iter", "cost_exponent")
    for _ in range(count):
        state = LossesState(
            n=draw.choice([1, 2, 3, 8, 24]), m=draw.choice([2, 3, 8, 24]),
            trials=draw.choice([1, 2, 3, 5, 12]), seed=draw.randrange(1000), dtype=draw.choice(DTYPES),
        )  # fmt: skip
        drawn: dict[str, Any] = {name: draw.choice(stops_of(LossesState, name)) for name in swept}
        yield replace(state, **drawn)


def measured_by_numpy(state: LossesState) -> np.ndarray:
    """Return L1, L2 and H(p) of the trials that have them, in float64, [3, trials]."""
    trials = []
    for logits, targets, _error in draw_inputs(state.config):
        for a, q in zip(logits.double().numpy(), targets.double().numpy(), strict=True):
            with np.errstate(all="ignore"):
                # A target that was rounded does not sum to 1.
                q = q / q.sum(-1, keepdims=True)
                log_p = scipy.special.log_softmax(a, axis=-1)
                p = np.exp(log_p)
                rows = np.stack([
                    -(q * log_p).sum(-1), ((p - q) * a).sum(-1), scipy.special.entr(p).sum(-1)
                ])  # fmt: skip
            rows = rows[:, np.isfinite(rows).all(0)]
            if rows.size:
                trials.append(rows.mean(-1))
    return np.array(trials).T if trials else np.empty((3, 0))


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.long)])
def test_answer_and_corner_are_true_in_every_state(count: int) -> None:
    seen = set()
    for state in states(count):
        found = results(state)
        seen.add(check(state, found, answer(found)))
    assert seen == {"none", "point", "rounding", "flat", "varies"}


def check(state: LossesState, found: Results, text: str) -> str:
    truth = measured_by_numpy(state)
    l1, l2, entropy = truth
    np.testing.assert_allclose(l1, l2 + entropy, rtol=1e-11, atol=1e-11)
    assert text.startswith("**No. L1 = L2 + H(p)**, exactly.")
    corner = numbers_at_trials(found.measured)
    if "has a finite loss" in text:
        assert found.measured.comparison.trials == 0
        assert not corner
        return "none"
    if "there is no line" in text:
        assert found.measured.comparison.trials == 1 or state.logit_exponent == 0
        assert not corner
        if state.dtype == "float64":
            shown = re.findall(r"L1 is (\S+) and L2 is (\S+);", text)
            assert [read(number) for number in shown[0]] == close_to(
                [l1.mean(), l2.mean()], rel=1e-3, abs=1e-12
            )
        return "point"
    if "rounding decides" in text:
        assert corner == "rounding decides"
        # In the arithmetic with the most digits only where the losses hardly move at all.
        assert state.dtype != "float64" or np.ptp(l1) < 1e-12
        return "rounding"
    said = re.findall(
        r"varies (?:only )?(?:about )?(\S+) % as much as L1, and the slope is (\S+)\.", text
    )
    spread, slope = said[0]
    corner_r, corner_slope = re.findall(r"r = (\S+)<br>slope (\S+)", corner)[0]
    assert corner_slope == slope
    if state.dtype in ("float64", "float32") and np.ptp(l1) > 1e-5:
        fit = scipy.stats.linregress(l1, l2)
        tolerance: dict[str, Any] = {"rel": 2e-3, "abs": 2e-3}
        assert read(slope) == close_to(fit.slope, **tolerance)
        assert read(corner_r) == close_to(fit.rvalue, **tolerance)
        assert read(spread) == close_to(100 * entropy.std() / l1.std(), rel=0.06, abs=1e-3)
    flat = "varies only" in text
    assert flat == (read(spread) < 10) or spread == "10"
    # H(p) of logits that differ is never quite constant.
    assert ("about" in text) == (spread == "0")
    if flat:
        assert abs(read(slope) - 1) <= 0.1 + 1e-3
    return "flat" if flat else "varies"


@pytest.mark.parametrize("count", [30, pytest.param(600, marks=pytest.mark.long)])
def test_half_precision_tells_no_digit_that_rounding_made(count: int) -> None:
    draw, compared, missed = random.Random(7), 0, 0
    for _ in range(count):
        state = LossesState(
            n=draw.choice([1, 2, 16]), m=draw.choice([2, 3, 8]), trials=draw.choice([2, 3, 4]),
            seed=draw.randrange(1000), dtype=draw.choice(["float16", "bfloat16"]),
            logit_scale=draw.choice([1.0, 4.0, 16.0, 256.0]),
            logit_exponent=draw.choice([0.25, 1.0, 4.0]),
        )  # fmt: skip
        corner = numbers_at_trials(results(state).measured)
        exact = results(replace(state, dtype="float64")).measured.comparison
        if corner == "rounding decides" or not corner:
            continue
        compared += 1
        r, slope = (re.findall(rf"{name} (\S+?)(?:<|$)", corner)[0] for name in ("r =", "slope"))
        # Half of a told decimal, and as much again: the uncertainty is one of a standard deviation.
        decimals = len(slope.partition(".")[2])
        missed += abs(read(slope) - exact.slope) > 2 * 10.0**-decimals * max(1, abs(exact.slope))
        assert read(r) == close_to(exact.correlation, abs=0.03)
    assert compared > count / 4
    assert missed <= compared / 20


def test_a_spread_without_sure_digits_is_about_0() -> None:
    found = results(LossesState(trials=3, n=2, m=3, logit_scale=1024.0))
    assert "it varies only about 0 % as much as L1" in answer(found)
    assert "sd(H)/sd(L1) = about 0." in notes(found.measured)[0].text


def test_p_is_nearly_uniform_from_99_percent_of_log_m_on() -> None:
    states = LossesState(), LossesState(eps=0.001, logit_scale=16.0)
    said = [notes(results(state).measured) for state in states]
    uniform, flat = ({note.id for note in some} for some in said)
    assert "nearly-uniform" in uniform
    assert "nearly-uniform" not in flat


def test_one_point_has_no_line_in_its_alternatives() -> None:
    for state in LossesState(trials=1), LossesState(logit_exponent=0.0):
        measured = results(state).measured
        for alt in answer_alt(measured), pairs_alt(measured):
            assert "one point" in alt
            assert "slope 1" not in alt


def read(number: str) -> float:
    mantissa, _dot, power = number.replace("−", "-").partition("·10")
    return float(f"{mantissa}e{power.translate(str.maketrans('⁻⁰¹²³⁴⁵⁶⁷⁸⁹', '-0123456789')) or 0}")


def test_notes_of_sampled_states_are_so() -> None:
    for state in states(50):
        found = results(state)
        l1, _l2, entropy = measured_by_numpy(state)
        ids = {note.id for note in notes(found.measured)}
        if state.dtype != "float64" or found.measured.comparison.trials < 3:
            continue
        if ids & {"nearly-uniform", "flat-entropy", "small-entropy"}:
            assert entropy.std() < 0.1001 * l1.std()
        if ids & {"not-slope-1", "slope-not-told"}:
            assert entropy.std() > 0.0999 * l1.std()
        if "nearly-uniform" in ids:
            assert entropy.min() > 0.9899 * math.log(state.m)
        assert ("one-sample" in ids) == (state.n == 1)
