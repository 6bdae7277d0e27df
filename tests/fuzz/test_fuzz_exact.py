"""The formulas in exact arithmetic, what a floor costs, and the verdicts on all of them."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from ce_core import (
    DTYPES,
    FORMULAS,
    PITFALLS,
    accuracy_map,
    clipping_curves,
    clipping_gap,
    outcome_map,
    run_pitfall,
    trace_formula,
)
from ce_core.stability.exact_arithmetic import exact_steps
from ce_core.stability.outcome_map import OUTCOMES
from ce_core.stability.verdicts import VERDICTS
from tests.fuzz import reference
from tests.fuzz.strategies import Draw, distributions, not_positive, seldom
from tests.support.cases import INF, NAN
from tests.support.closeness import close_to

L1_FORMULAS = ["naive", "max_shifted", "where_masked", "log_softmax", "log_softmax_masked"]


@st.composite
def spread_rows(draw: Draw) -> tuple[list[float], list[float]]:
    """Draw finite logits that spread over at most 2,000, and a target."""
    m = draw(st.integers(1, 4))
    a = draw(st.lists(st.one_of(st.floats(-20, 20), st.floats(-1e3, 1e3)), min_size=m, max_size=m))
    return a, draw(distributions(torch.float64, (m,))).tolist()


@given(spread_rows(), st.sampled_from(L1_FORMULAS))
def test_exact_steps_end_at_the_loss_and_begin_at_its_gradient(
    pair: tuple[list[float], list[float]], formula: str
) -> None:
    a, q = pair
    steps = exact_steps(formula, a, q)
    with mpmath.workdps(reference.DIGITS):
        row = reference.Row(a)
        (loss,) = steps["loss"].value
        (expected,) = reference.cross_entropy(row, q)
        # The reference takes Σq as it is in float64, and all steps of it have 30 digits.
        assert abs(loss - expected.value) <= mpmath.mpf("1e-27") * (1 + expected.scale)
        gradient = steps["logits"].gradient
        assert gradient is not None
        for found, known in zip(gradient, reference.cross_entropy_grad(row, q), strict=True):
            assert abs(found - known.value) <= mpmath.mpf("1e-25")


@given(spread_rows(), st.sampled_from(list(FORMULAS)))
def test_exact_steps_are_those_of_the_trace(
    pair: tuple[list[float], list[float]], formula: str
) -> None:
    a, q = pair
    assume(max(map(abs, a)) < 30)
    trace = trace_formula(formula, a, q, dtype="float64")
    steps = exact_steps(formula, a, q)
    assert list(steps) == [step.name for step in trace.steps]
    for step in trace.steps:
        found = [float(x) for x in steps[step.name].value]
        # Rounding is relative to numbers up to e^30 on the way, and absolute below 1.
        np.testing.assert_allclose(step.value.reshape(-1), found, rtol=1e-10, atol=1e-12)


@given(st.lists(st.floats(-1e4, 2e4), min_size=2, max_size=4), st.sampled_from(list(FORMULAS)))
def test_exact_steps_refuses_logits_too_far_apart(a: list[float], formula: str) -> None:
    assume(max(a) - min(a) > 10_000)
    with pytest.raises(ValueError, match=r"^a must spread over at most 10000, got "):
        exact_steps(formula, a, [1.0] + [0.0] * (len(a) - 1))


floors = st.floats(-12, -0.1).map(lambda power: 10**power)


@given(floors)
def test_clipping_gap_is_where_p_is_the_floor(floor: float) -> None:
    gap = clipping_gap(floor)
    assert 1 / (1 + math.exp(gap)) == close_to(floor, rel=1e-12)


@given(not_positive() | st.floats(1.0, 1e300))
def test_clipping_gap_refuses_what_is_no_probability(floor: Any) -> None:
    with pytest.raises(ValueError, match=r"^floor must be "):
        clipping_gap(floor)


gap_rows = st.lists(st.one_of(st.floats(-50, 50), st.floats(-900, 900)), min_size=1, max_size=4)


@given(gap_rows, st.lists(floors, min_size=1, max_size=3))
def test_clipping_curves_is_the_loss_up_to_minus_log_floor(
    gaps: list[float], limits: list[float]
) -> None:
    curves = clipping_curves(gaps, tuple(limits), dtype="float64")
    for row, floor in enumerate(limits):
        for k, gap in enumerate(gaps):
            true = max(gap, 0.0) + math.log1p(math.exp(-abs(gap)))
            # Below 2^-1022 there are no digits left to agree in.
            assert curves.true_values[k].item() == close_to(true, rel=1e-14, abs=1e-323)
            expected = min(true, -math.log(floor))
            # Here p is computed first, so that a p near 1 has an absolute error.
            assert curves.values[row, k].item() == close_to(expected, rel=1e-12, abs=1e-15)
            assume(abs(gap - clipping_gap(floor)) > 1e-9)
            slope = -scipy.special.expit(gap) if gap < clipping_gap(floor) else 0.0
            assert curves.gradients[row, k].item() == close_to(slope, rel=1e-12, abs=1e-15)


@given(st.sampled_from([NAN, INF, -INF]), gap_rows)
def test_clipping_curves_refuses_gaps_that_are_not_finite(wrong: float, gaps: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^gaps must be finite, got "):
        clipping_curves([*gaps, wrong], (1e-6,))


@seldom
@given(gap_rows.map(lambda gaps: sorted(set(gaps))), st.data())
def test_verdict_map_is_the_outcome_and_the_truth(gaps: list[float], data: Any) -> None:
    q = data.draw(distributions(torch.float64, (data.draw(st.integers(1, 3)),)))
    judged, outcomes = accuracy_map(gaps, q), outcome_map(gaps, q)
    formula = data.draw(st.sampled_from([*L1_FORMULAS, "logit_gap"]))
    dtype = data.draw(st.sampled_from(DTYPES))
    at = judged.formulas.index(formula), judged.dtypes.index(dtype)
    same = outcomes.formulas.index(formula), outcomes.dtypes.index(dtype)
    for k, gap in enumerate(gaps):
        verdict = VERDICTS[judged.values[at][k]]
        outcome = OUTCOMES[outcomes.values[same][k]]
        trace = trace_formula(formula, [gap, *[0.0] * (len(q) - 1)], q, dtype=dtype)
        if outcome == "finite":
            # 5 % of the truth, unless that is within 4 spacings of the numbers at 1.
            spacing = torch.finfo(getattr(torch, dtype)).eps
            allowed = max(0.05 * abs(trace.true_value), 4 * spacing)
            error = abs(trace.value - trace.true_value)
            assume(abs(error - allowed) > 1e-9 * allowed)
            assert verdict == ("right" if error <= allowed else "wrong")
        else:
            assert verdict == outcome
    runs = list(judged.runs(judged.values))
    assert len({(run.formula, run.dtype) for run in runs}) == len(FORMULAS) * len(DTYPES)


@pytest.mark.parametrize("name", PITFALLS)
def test_run_code_breaks_and_its_cure_does_not(name: str) -> None:
    broken, cured = (run_pitfall(PITFALLS[name], cured=cured) for cured in (False, True))
    assert broken.code != cured.code
    assert cured.value_outcome == cured.gradient_outcome == "finite"
    if not math.isnan(cured.true_value):
        # Half types round the loss to three digits.
        assert cured.value == close_to(cured.true_value, rel=2e-3, abs=1e-3)
