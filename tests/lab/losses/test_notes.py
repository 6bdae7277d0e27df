"""Every note of the losses is there only where what it says is so, in states from end to end.

What is so is computed here: by float64 runs, SciPy's regression, and the parameters themselves.
"""

import itertools
import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch

from ce_core import DTYPES, ExperimentConfig, ExperimentResult, run_experiment
from lab.language.numerals import number, percent
from lab.losses.captions import (
    answer_numbers,
    answer_why,
    contrast_title,
    pair_numbers,
    readouts,
    spacing_numbers,
)
from lab.losses.notes import notes
from lab.losses.results import Measured, results
from lab.losses.state import LossesState
from tests.support.closeness import close_to

HALVES = ("float16", "bfloat16")


def _states() -> list[dict[str, Any]]:
    """Return changes of the post's state: each dtype with each extreme, and some of two at a time."""
    extremes: list[dict[str, Any]] = [
        {},
        *({"trials": trials} for trials in (1, 2, 3, 4)),
        *({"m": m} for m in (2, 3, 512)),
        *({"n": n} for n in (1, 2)),
        *({"logit_scale": scale} for scale in (4.0, 16.0, 64.0, 256.0, 1024.0)),
        *({"logit_exponent": exponent} for exponent in (0.0, 1e-9, 0.25, 1.0, 30.0, 1000.0)),
        *({"cost_exponent": exponent} for exponent in (0.0, 1000.0)),
        *({"eps": eps, "n_iter": 1} for eps in (1e-3, 0.05, 1e3)),
        {"eps": 1e-3, "n_iter": 100},
    ]
    alone = [
        {"dtype": dtype, **change} for dtype, change in itertools.product(reversed(DTYPES), extremes)
    ]
    together: list[dict[str, Any]] = [
        {"m": 3000, "n": 256, "eps": 0.05, "n_iter": 3, "trials": 20},
        {"m": 8192, "n": 43},
        {"m": 2, "n": 1, "trials": 3},
        {"m": 2, "logit_exponent": 1000.0},
        {"n": 1, "logit_exponent": 0.0},
        {"n": 1, "eps": 1e3, "logit_scale": 1024.0},
        {"m": 2, "trials": 200, "logit_scale": 2.0},
        {"trials": 2, "logit_scale": 64.0},
        {"logit_scale": 1024.0, "logit_exponent": 0.25, "m": 8},
    ]
    return [*alone, *together]


STATES = _states()


@dataclass(frozen=True)
class Truth:
    """What a state of the page is about, by itself and in float64."""

    measured: Measured
    own: ExperimentResult
    exact: ExperimentResult
    ids: tuple[str, ...]

    def line(self, result: ExperimentResult) -> tuple[float, float, float]:
        """Return r, the slope, and half the length of its interval, by SciPy."""
        kept = (result.missing_rows < result.config.n).numpy()
        l1, l2 = result.l1.numpy()[kept], result.l2.numpy()[kept]
        fit = scipy.stats.linregress(l1, l2)
        half = scipy.stats.t.ppf(0.975, len(l1) - 2) * fit.stderr
        return float(fit.rvalue), float(fit.slope), float(half)

    @property
    def trials(self) -> int:
        """As many as have a finite row."""
        return int((self.own.missing_rows < self.own.config.n).sum())


@cache
def truth_of(index: int) -> Truth:
    """Return what is so in one of the states."""
    found = results(LossesState(**STATES[index]))
    config = found.measured.config
    exact = run_experiment(replace(config, dtype="float64"))
    ids = tuple(note.id for note in notes(found.measured))
    return Truth(found.measured, run_experiment(config), exact, ids)


def _name(index: int) -> str:
    return "&".join(f"{name}={value}" for name, value in STATES[index].items())


every_state = pytest.mark.parametrize("index", range(len(STATES)), ids=_name)


@every_state
def test_notes_of_the_sample_are_there_where_it_is_so(index: int) -> None:
    truth = truth_of(index)
    config, ids = truth.measured.config, truth.ids
    missing = int(truth.own.missing_rows.sum())
    assert ("missing-rows" in ids) == (missing > 0)
    assert ("one-sample" in ids) == (config.n == 1)
    assert ("no-line" in ids) == (truth.trials < 2)
    assert ("target-not-finite" in ids) is False
    balance = truth.exact.marginal_error.max().item()
    if "unbalanced" in ids:
        assert balance > 5e-4
    elif not math.isnan(balance):
        assert balance < 2 * max(1e-3, {"float16": 2**-10, "bfloat16": 2**-7}.get(config.dtype, 0.0))
    if "equal-logits" in ids:
        assert truth.exact.l2.abs().max() < 1e-14
        assert truth.exact.l1.numpy() == close_to(math.log(config.m), abs=1e-13)


@every_state
def test_notes_of_the_line_hold_for_the_true_line(index: int) -> None:
    truth = truth_of(index)
    measured, ids = truth.measured, set(truth.ids)
    of_the_line = ids & {"not-slope-1", "slope-not-told", "nearly-uniform"}
    of_the_line |= ids & {"flat-entropy", "small-entropy"}
    none = ids & {"no-line", "equal-logits", "rounding-decides", "two-trials"}
    # One of them, and no finding where there is no line.
    assert len(of_the_line) + len(none) == 1
    if truth.trials < 3 or none:
        assert not ids & {"no-equality", "not-slope-1"}
        return
    r, slope, half = truth.line(truth.own)
    if measured.config.dtype not in HALVES and not truth.own.missing_rows.any():
        true_r, true_slope, _ = truth.line(truth.exact)
        assert measured.comparison.slope == close_to(true_slope, abs=1e-3)
        assert measured.comparison.correlation == close_to(true_r, abs=1e-3)
    spread = (truth.own.entropy.std() / truth.own.l1.std()).item()
    if "not-slope-1" in ids:
        assert abs(slope - 1) > 0.99 * half
    if "slope-not-told" in ids:
        assert abs(slope - 1) < 1.02 * half + 0.07
    if ids & {"nearly-uniform", "flat-entropy", "small-entropy"}:
        assert abs(slope - 1) < 0.11
        if not truth.own.missing_rows.any():
            assert spread < 0.1
        shares = truth.own.entropy / math.log(measured.config.m)
        constant = (shares.max() - shares.min()).item() < 0.021 * shares.max().item()
        assert ("small-entropy" not in ids) == constant
    if "no-equality" in ids:
        assert r > 0.95
        assert abs(slope - 1) > 0.1
    if "nearly-uniform" in ids:
        shares = truth.exact.entropy / math.log(measured.config.m)
        assert shares.min() > 0.98
        assert measured.config.logit_scale / measured.config.m < 1


@every_state
def test_notes_say_where_rounding_decides(index: int) -> None:
    truth = truth_of(index)
    if truth.trials < 2 or truth.own.missing_rows.any() or truth.exact.missing_rows.any():
        pytest.skip("no two trials to compare, or other rows in float64")
    moved = (truth.own.l1 - truth.exact.l1).numpy()
    moved, spread = np.std(moved, ddof=1), np.std(truth.own.l1.numpy(), ddof=1)
    apart = (truth.own.entropy - truth.exact.entropy).numpy()
    told = np.std(truth.own.entropy.numpy(), ddof=1)
    if "rounding-decides" in truth.ids:
        assert spread < 1e-12 or moved > spread / 20 or np.abs(apart).max() > told / 4
    elif "equal-logits" not in truth.ids:
        assert moved < spread / 3
    residual = truth.own.identity_residual.max().item()
    assert ("rounded-identity" in truth.ids) == (residual > 1e-6)
    above = truth.own.entropy.mean().item() / math.log(truth.measured.config.m) - 1
    assert ("rounded-entropy" in truth.ids) == (above > 1e-6)
    said = " ".join(note.text for note in notes(truth.measured))
    if truth.measured.config.dtype in HALVES:
        assert "exactly" not in said.replace("it holds exactly for real numbers", "")


@every_state
def test_notes_of_the_gradients_hold_for_the_true_gradients(index: int) -> None:
    truth = truth_of(index)
    apart = truth.exact.gradient_difference
    if "gradients-differ" in truth.ids:
        assert apart > 1e-9
    if "gradients-equal" in truth.ids:
        assert not apart > 1e-12
        assert np.abs((truth.exact.l2_grad - truth.exact.l1_grad).numpy()).max(initial=0) < 1e-12


@every_state
def test_captions_claim_no_line_where_there_is_none(index: int) -> None:
    truth = truth_of(index)
    measured = truth.measured
    shown = dict(readouts(measured))
    none = {"no-line", "equal-logits", "rounding-decides"} & set(truth.ids)
    assert (shown["slope"] == "–") == bool(none)
    assert ("slope = **" in pair_numbers(measured)) == (not none)
    if truth.trials < 3 and not none:
        assert "±" not in pair_numbers(measured)
    captions = [pair_numbers(measured), spacing_numbers(measured), answer_numbers(measured)]
    said = " ".join([*captions, *(note.text for note in notes(measured))])
    assert "nan" not in said
    assert "not defined" not in said
    for wrong in (" 1 numbers", " 1 trials", " 1 iterations", " 1 rows", " 1 times"):
        assert wrong not in said


@every_state
def test_captions_write_no_false_sum(index: int) -> None:
    measured = truth_of(index).measured
    said = answer_numbers(measured)
    if not said:
        return
    found = re.search(r"L1 \*\*(.*?)\*\* ([=≈]) H\(p\) \*\*(.*?)\*\* \+ L2 \*\*(.*?)\*\*", said)
    assert found is not None
    l1, sign, *parts = found.groups()
    left = Decimal(l1) - sum(Decimal(part.replace("−", "-")) for part in parts)
    if sign == "=":
        assert left == 0
        return
    assert measured.config.dtype in HALVES
    off = abs(measured.l1.nanmean() - measured.l2.nanmean() - measured.entropy.nanmean()).item()
    assert float(abs(left)) == close_to(off, abs=2e-5)
    assert f"off by {number(off, digits=2)}: the rounding of {measured.config.dtype}" in answer_why(
        measured
    )


@pytest.mark.parametrize("change", [{"eps": 1e-3}, {"logit_scale": 4.0}, {"trials": 40}])
@pytest.mark.parametrize("dtype", HALVES)
def test_half_precision_is_not_told_as_a_finding(dtype: str, change: dict[str, Any]) -> None:
    measured = results(LossesState(dtype=dtype, **change)).measured
    said = [note.id for note in notes(measured)]
    assert "rounding-decides" in said
    assert not {"nearly-uniform", "flat-entropy", "not-slope-1", "slope-not-told"} & set(said)
    captions = [pair_numbers(measured), answer_numbers(measured)]
    assert not any("slope = **" in one or ", slope" in one for one in captions)
    assert dict(readouts(measured))["slope"] == "–"


@pytest.mark.parametrize("scale", [1.0, 16.0])
def test_spacing_says_where_it_is_rounding(scale: float) -> None:
    for dtype, rounded in (("float16", True), ("bfloat16", True), ("float32", False)):
        measured = results(LossesState(dtype=dtype, logit_scale=scale, trials=80)).measured
        assert ("Rounding makes much of it" in spacing_numbers(measured)) == rounded


@pytest.mark.parametrize("scale", [512.0, 1024.0])
def test_notes_call_no_entropy_constant_that_is_not(scale: float) -> None:
    measured = results(LossesState(logit_scale=scale)).measured
    least, most = (percent(share) for share in measured.entropy_shares)
    (text,) = (note.text for note in notes(measured) if note.id in ("small-entropy", "not-slope-1"))
    assert "almost a constant" not in text
    assert "every trial" not in text
    if "small beside those of L1" in text:
        assert f"from {least} to {most} of log m" in text


def test_contrast_says_that_it_has_the_first_of_the_trials() -> None:
    found = results(LossesState(trials=512))
    assert found.contrast is not None
    some = found.contrast.config.trials
    assert some < 512
    assert contrast_title(found.contrast, 512).endswith(f", the first {some} of 512 trials")
    assert f"Means of the first {some} of 512 trials" in answer_numbers(found.contrast, 512)
    torch.testing.assert_close(
        found.contrast.l1, run_experiment(ExperimentConfig(trials=512, logit_scale=16.0)).l1[:some]
    )
    assert contrast_title(found.contrast, some) == "The same logits × 16"


def test_contrast_is_the_other_end_of_the_answer() -> None:
    for scale, other in ((1.0, 16.0), (2.0, 16.0), (4.0, 1.0), (16.0, 1.0), (1024.0, 1.0)):
        found = results(LossesState(logit_scale=scale, n=16, m=8, trials=5))
        assert found.contrast is not None
        assert found.contrast.config == replace(found.measured.config, logit_scale=other)


def test_contrast_of_a_large_experiment_has_fewer_trials_or_is_not_there() -> None:
    half = results(LossesState(n=512, m=256, trials=20))
    assert half.contrast is not None
    assert half.contrast.config == ExperimentConfig(
        n=512, m=256, logit_scale=16.0, trials=half.contrast.config.trials
    )
    assert 8 <= half.contrast.config.trials < 20
    assert results(LossesState(n=1024, m=1024, trials=4)).contrast is None
