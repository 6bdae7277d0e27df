"""Traces, outcomes, differences, spectra and surfaces: one form of each is the oracle of another."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import (
    DTYPES,
    FORMULAS,
    difference_errors,
    jacobian_spectrum,
    outcome_map,
    softmax,
    softmax_surface,
    trace_formula,
    trace_formulas,
)
from ce_core.stability.outcome_map import OUTCOMES
from tests.fuzz import reference
from tests.fuzz.reference import assert_known, of_logits
from tests.fuzz.strategies import (
    Draw,
    distributions,
    dtypes,
    logits,
    not_count,
    not_positive,
    seldom,
)
from tests.support.cases import INF, NAN

Pair = tuple[Tensor, Tensor]


@st.composite
def rows_and_targets(draw: Draw) -> Pair:
    """Draw one row of logits in float64, finite somewhere, and a target of its length."""
    kinds = [st.floats(-20, 20), st.floats(-1e3, 1e3), st.floats(-1e308, 1e308), st.integers(0, 2)]
    m = draw(st.integers(1, 5))
    kind: Any = draw(st.sampled_from(kinds))
    element = draw(st.sampled_from([kind, kind | st.just(-INF)]))
    a = torch.tensor(draw(st.lists(element, min_size=m, max_size=m)), dtype=torch.float64)
    assume(bool(a.isfinite().any()))
    return a, draw(distributions(torch.float64, (m,)))


def outcome(values: Tensor) -> str:
    if values.isnan().any():
        return "nan"
    return "inf" if values.isinf().any() else "finite"


@given(rows_and_targets(), st.sampled_from(list(FORMULAS)), st.sampled_from(DTYPES))
def test_trace_formula_agrees_with_itself_and_with_the_truth(
    pair: Pair, formula: str, dtype: str
) -> None:
    a, q = pair
    trace = trace_formula(formula, a, q, dtype=dtype)
    assert (trace.formula, trace.dtype) == (formula, dtype)
    for step in trace.steps:
        assert step.value.dtype == getattr(torch, dtype)
        assert step.outcome == outcome(step.value)
        if step.gradient is not None:
            assert step.gradient.shape == step.value.shape
            assert step.gradient_outcome == outcome(step.gradient)
    assert trace.steps[-1].value.item() == trace.value or math.isnan(trace.value)
    assert trace.gradient_outcome == outcome(trace.gradient)
    assert (trace.left_forward is None) == all(
        step.outcome == "finite" or bool((a == -INF).any()) for step in trace.steps
    ) or bool((a == -INF).any())
    # Where all is finite forward, the loss is.
    if trace.left_forward is None and not (a == -INF).any():
        assert math.isfinite(trace.value)
    if "double" not in formula:
        truth = reference.logit_gap if formula.startswith("logit_gap") else reference.cross_entropy
        assert_known(torch.tensor([trace.true_value], dtype=torch.float64), of_logits(truth, a, q))
    if math.isfinite(trace.value) and math.isfinite(trace.true_value):
        assert trace.error == trace.value - trace.true_value


@given(rows_and_targets(), st.sampled_from(["log_softmax_masked", "logit_gap_masked"]))
def test_trace_formula_of_a_cure_is_finite_wherever_the_gaps_are(pair: Pair, formula: str) -> None:
    a, q = pair
    for dtype in DTYPES:
        rounded = a.to(getattr(torch, dtype))
        kept = rounded[rounded > -INF]
        assume(len(kept))
        # Gaps that are numbers of the dtype, and weight only where a class can happen.
        if not (kept.max() - kept).isfinite().all() or kept.isinf().any():
            continue
        if (q.to(rounded.dtype)[rounded == -INF] > 0).any():
            continue
        trace = trace_formula(formula, a, q, dtype=dtype)
        assert trace.value_outcome == "finite"
        assert trace.gradient_outcome == "finite"


@seldom
@given(rows_and_targets(), st.sampled_from(list(FORMULAS)), st.sampled_from(DTYPES))
def test_trace_formulas_is_every_formula_in_every_dtype(pair: Pair, formula: str, dtype: str) -> None:
    traces = trace_formulas(*pair)
    assert list(traces) == [(name, kind) for name in FORMULAS for kind in DTYPES]
    trace, alone = traces[formula, dtype], trace_formula(formula, *pair, dtype=dtype)
    np.testing.assert_equal(trace.value, alone.value)
    torch.testing.assert_close(trace.gradient, alone.gradient, rtol=0, atol=0, equal_nan=True)


@given(
    st.one_of(
        st.tuples(st.just("a"), st.sampled_from([[NAN, 0.0], [0.0, NAN], [NAN, NAN]])),
        st.tuples(st.just("q"), st.sampled_from([[NAN, 1.0], [INF, 0.0], [-0.5, 1.5]])),
        st.tuples(st.just("q"), st.floats(0, 0.4).map(lambda x: [x, x])),
        st.tuples(st.just("formula"), st.text().filter(lambda name: name not in FORMULAS)),
        st.tuples(st.just("dtype"), st.text().filter(lambda name: name not in DTYPES)),
    )
)
def test_trace_formula_refuses_by_name(change: tuple[str, Any]) -> None:
    arguments: dict[str, Any] = {"formula": "naive", "a": [1.0, 0.0], "q": [0.5, 0.5]}
    arguments["dtype"] = "float32"
    arguments[change[0]] = change[1]
    with pytest.raises(ValueError, match=rf"^{change[0]} must "):
        trace_formula(**arguments)


gap_rows = st.lists(
    st.one_of(st.floats(-50, 50), st.floats(-2e3, 2e3), st.floats(-1e308, 1e308)),
    min_size=1,
    max_size=4,
)


@seldom
@given(gap_rows, st.integers(1, 4), st.data())
def test_outcome_map_is_what_the_traces_say(gaps: list[float], m: int, data: Any) -> None:
    q = data.draw(distributions(torch.float64, (m,)))
    outcomes = outcome_map(gaps, q)
    assert outcomes.gaps.tolist() == gaps
    formula = data.draw(st.sampled_from(outcomes.formulas))
    dtype = data.draw(st.sampled_from(outcomes.dtypes))
    at = outcomes.formulas.index(formula), outcomes.dtypes.index(dtype)
    for k, gap in enumerate(gaps):
        trace = trace_formula(formula, [gap, *[0.0] * (m - 1)], q, dtype=dtype)
        assert OUTCOMES[outcomes.values[at][k]] == trace.value_outcome
        assert OUTCOMES[outcomes.gradients[at][k]] == trace.gradient_outcome


@given(st.sampled_from([NAN, INF, -INF]), gap_rows)
def test_outcome_map_refuses_gaps_that_are_not_finite(wrong: float, gaps: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^gaps must be finite, got "):
        outcome_map([*gaps, wrong])


# Differences

steps = st.lists(st.floats(-50, 3).map(lambda power: 2.0**power), min_size=1, max_size=6)
short_rows = st.lists(st.floats(-8, 8), min_size=2, max_size=4)


@given(short_rows, steps)
def test_difference_errors_is_the_difference_in_numpy(a: list[float], steps: list[float]) -> None:
    errors = difference_errors(a, steps=steps)
    p = scipy.special.softmax(a)
    # Without p - p², which has few digits where p is near 1.
    jacobian = -np.outer(p, p)
    np.fill_diagonal(jacobian, 0.0)
    jacobian -= np.diag(jacobian.sum(1))
    size = np.abs(jacobian).max()
    for k, h in enumerate(steps):
        columns = [
            (scipy.special.softmax(a + h * e) - scipy.special.softmax(a - h * e)) / (2 * h)
            for e in np.eye(len(a))
        ]
        expected = np.abs(np.array(columns) - jacobian).max() / size
        # Two values of p near 1, and logits up to 8 + h, are rounded, and divided by h.
        slack = 64 * 2.0**-52 / (h * size) + 1e-12 * max(1.0, expected)
        assert abs(errors.differences[0, k].item() - expected) <= slack
    for row in range(len(errors.dtypes)):
        found = errors.differences[row]
        known = found[~found.isnan()]
        if len(known):
            assert errors.best_errors[row] == known.min()
            assert found[(errors.steps == errors.best_steps[row]).nonzero()].min() == known.min()
        else:
            assert errors.best_errors[row].isnan()
    unit = torch.tensor([torch.finfo(getattr(torch, name)).eps for name in errors.dtypes])
    assert ((errors.expected_steps > 0) & errors.expected_steps.isfinite()).all()
    # The closed form is computed in float32 or float64 and rounded once, where it is small to a
    # multiple of the smallest number.
    wide = torch.maximum(unit, torch.tensor([0.0, *[2.0**-23] * 3])) * 64
    normal = torch.tensor(
        [torch.finfo(getattr(torch, name)).smallest_normal for name in errors.dtypes],
        dtype=torch.float64,
    )
    assert (errors.closed_form <= wide + normal * unit / size).all()


@given(st.sampled_from(["a", "steps"]), st.sampled_from([NAN, INF, -INF]), short_rows)
def test_difference_errors_refuses_what_is_not_finite(
    name: str, wrong: float, row: list[float]
) -> None:
    arguments: dict[str, Any] = {"a": row, "steps": [0.5], name: [*map(abs, row), 1.0, wrong]}
    with pytest.raises(ValueError, match=rf"^{name} must be finite"):
        difference_errors(arguments["a"], steps=arguments["steps"])


# The spectrum


@given(logits(special=(-INF,)))
def test_jacobian_spectrum_interlaces_the_probabilities(a: Tensor) -> None:
    a = a[(a > -INF).any(-1)]
    spectrum = jacobian_spectrum(a)
    m = a.shape[-1]
    assert spectrum.eigenvalues.shape == a.shape
    assert spectrum.eigenvalues.dtype == a.dtype
    computed = torch.finfo(torch.promote_types(a.dtype, torch.float32)).eps
    slack = 8 * m * computed + torch.finfo(a.dtype).eps
    found, p = spectrum.eigenvalues.double(), softmax(a.double()).sort(-1, descending=True).values
    assert (found.diff(dim=-1) <= slack).all()
    assert (found <= p + slack).all()
    assert (found[..., :-1] >= p[..., 1:] - slack).all()
    assert (found[..., -1].abs() <= slack).all()
    trace = (p * (1 - p)).sum(-1)
    assert ((found.sum(-1) - trace).abs() <= m * slack).all()
    assert ((spectrum.rank >= 0) & (spectrum.rank <= m)).all()
    # Far from the tolerance the rank is at least the number of p that count, less one (interlacing).
    clear = ((p[..., 1:] > 100 * slack) | (p[..., 1:] == 0)).all(-1)
    certain = clear & (p[..., 0] < 0.99)
    assert (spectrum.rank >= (p[..., 1:] > 100 * slack).sum(-1))[certain].all()


@given(logits(), st.integers(0, 1000), st.sampled_from([NAN, INF]))
def test_jacobian_spectrum_refuses_rows_without_a_softmax(a: Tensor, place: int, what: float) -> None:
    assume(a.numel())
    a = a.clone()
    a.view(-1)[place % a.numel()] = what
    with pytest.raises(ValueError, match=r"^a must have a softmax in every row, got "):
        jacobian_spectrum(a)


# The surface


@given(
    st.lists(st.floats(-30, 30), min_size=2, max_size=5),
    dtypes,
    st.tuples(st.floats(-30, 30), st.floats(-30, 30)).filter(lambda ends: ends[0] < ends[1]),
    st.integers(2, 6),
    st.floats(0.1, 50),
)
def test_softmax_surface_is_the_softmax_at_every_point(
    row: list[float], dtype: torch.dtype, ends: tuple[float, float], points: int, temperature: float
) -> None:
    a = torch.tensor(row, dtype=torch.float64).to(dtype)
    surface = softmax_surface(a, low=ends[0], high=ends[1], points=points, temperature=temperature)
    assert surface.p.shape == (points, points)
    assert surface.p.dtype == dtype
    side = np.linspace(*ends, points)
    unit = torch.finfo(dtype).eps
    np.testing.assert_allclose(surface.first.double(), side, rtol=0, atol=2 * unit * 30 + 1e-6 * unit)
    first, second = surface.first.double().numpy(), surface.second.double().numpy()
    for i, j in np.ndindex(points, points):
        scores = np.array([first[j], second[i], *a[2:].double().tolist()]) / temperature
        # Scores are rounded to the dtype, which shifts the exponents by that much of their size.
        slack = 4 * unit * (1 + 2 * np.abs(scores).max())
        assert abs(surface.p[i, j].item() - scipy.special.softmax(scores)[0]) <= slack


@given(
    st.one_of(
        st.tuples(st.just("temperature"), not_positive()),
        st.tuples(st.just("points"), not_count()),
        st.tuples(st.just("low"), st.sampled_from([NAN, INF, -INF])),
        st.tuples(st.just("high"), st.floats(max_value=-1.0) | st.sampled_from([NAN, INF])),
    )
)
def test_softmax_surface_refuses_by_name(change: tuple[str, Any]) -> None:
    options: dict[str, Any] = {"low": -1.0, "high": 1.0, change[0]: change[1]}
    with pytest.raises(ValueError, match=rf"^{change[0]} must be "):
        softmax_surface([0.0, 1.0], **options)
