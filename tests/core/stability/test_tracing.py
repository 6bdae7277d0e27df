"""Traced formulas: where each leaves the finite numbers, and that the trace is the computation."""

import math
from collections.abc import Callable

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ce_core import (
    DTYPES,
    FORMULAS,
    FormulaTrace,
    cross_entropy,
    cross_entropy_grad,
    logit_gap,
    logit_gap_grad,
    outcome_map,
    trace_formula,
    trace_formulas,
)
from ce_core.stability import formulas
from ce_core.stability.formulas import Formula, Run, clip_floor
from ce_core.stability.outcome_map import OUTCOMES
from tests.support.cases import (
    INF,
    NAN,
    central_differences,
    logits_and_target,
    mp_cross_entropy,
    mp_softmax,
    normalise,
    tensor64,
    uniform,
)
from tests.support.closeness import close_to

# The whole gap at which softmax, maximum subtracted, underflows to exactly 0.
UNDERFLOW = {"float16": 18, "bfloat16": 93, "float32": 104, "float64": 746}
# The whole gap at which the reciprocal of the smaller probability is beyond the dtype.
RECIPROCAL_OVERFLOW = {"float16": 12, "bfloat16": 89, "float32": 89, "float64": 710}
# The whole number whose exponential is beyond the dtype: the same, since 1/p = e^gap nearly.
OVERFLOW = RECIPROCAL_OVERFLOW
CURES = ["log_softmax", "log_softmax_masked", "logit_gap", "logit_gap_masked"]
LOGARITHMIC = [name for name, formula in FORMULAS.items() if formula.truth is cross_entropy]
ON_THE_LARGE, ON_THE_SMALL = [1.0, 0.0], [0.0, 1.0]
EXCLUDED = ([2.0, 1.0, -INF], [0.25, 0.75, 0.0])

every_formula = pytest.mark.parametrize("formula", FORMULAS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def first_failure(formula: str, dtype: str, q: list[float], *, of: str) -> tuple[int, str] | None:
    """Return the first whole gap at which the value or gradient is not finite, and what it is."""
    outcomes = outcome_map(range(1000), q)
    codes = getattr(outcomes, of)[outcomes.formulas.index(formula), outcomes.dtypes.index(dtype)]
    failed = codes.nonzero().flatten().tolist()
    assert failed == list(range(failed[0], 1000)) if failed else True
    return (failed[0], OUTCOMES[codes[failed[0]]]) if failed else None


def gradients(trace: FormulaTrace) -> dict[str, Tensor | None]:
    return {step.name: step.gradient for step in trace.steps}


def values(trace: FormulaTrace) -> dict[str, Tensor]:
    return {step.name: step.value for step in trace.steps}


# The trace is the computation


def _plain_naive(a: Tensor, q: Tensor) -> Tensor:
    e = a.exp()
    return -(q * (e / e.sum()).log()).sum()


def _plain_softmax(a: Tensor) -> Tensor:
    e = (a - a.detach().max()).exp()
    return e / e.sum()


def _plain_where_masked(a: Tensor, q: Tensor) -> Tensor:
    return -torch.where(q > 0, q * _plain_softmax(a).log(), torch.zeros_like(q)).sum()


def _plain_log_p(a: Tensor) -> Tensor:
    s = a - a.detach().max()
    return s - s.exp().sum().log()


def _plain_log_softmax_masked(a: Tensor, q: Tensor) -> Tensor:
    return -(q * _plain_log_p(a).masked_fill(q == 0, 0)).sum()


def _plain_logit_gap(a: Tensor, q: Tensor) -> Tensor:
    s = a - a.detach().max()
    e = s.exp()
    return ((e / e.sum() - q) * s).sum()


def _plain_logit_gap_masked(a: Tensor, q: Tensor) -> Tensor:
    s = a - a.detach().max()
    e = s.exp()
    p = e / e.sum()
    return ((p - q) * s.masked_fill((p == 0) & (q == 0), 0)).sum()


PLAIN: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "naive": _plain_naive,
    "max_shifted": lambda a, q: -(q * _plain_softmax(a).log()).sum(),
    "clipped": lambda a, q: -(q * _plain_softmax(a).clip(clip_floor(a.dtype)).log()).sum(),
    "where_masked": _plain_where_masked,
    "log_softmax": lambda a, q: -(q * _plain_log_p(a)).sum(),
    "log_softmax_masked": _plain_log_softmax_masked,
    "double_softmax": lambda a, q: -(q * _plain_log_p(_plain_softmax(a))).sum(),
    "logit_gap": _plain_logit_gap,
    "logit_gap_masked": _plain_logit_gap_masked,
}


@every_formula
@given(
    pair=logits_and_target(),
    stretch=st.sampled_from([0.1, 1.0, 20.0]),
    dtype=st.sampled_from(DTYPES),
)
def test_trace_is_the_plain_computation_in_torch(
    formula: str, pair: tuple[Tensor, Tensor], stretch: float, dtype: str
) -> None:
    a, q = stretch * pair[0], pair[1]
    logits = a.to(getattr(torch, dtype)).requires_grad_()
    loss = PLAIN[formula](logits, q.to(logits.dtype))
    (expected,) = torch.autograd.grad(loss, logits)
    trace = trace_formula(formula, a, q, dtype=dtype)
    torch.testing.assert_close(trace.value, loss.item(), rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(trace.gradient, expected, rtol=0, atol=0, equal_nan=True)


@every_formula
@every_dtype
def test_trace_runs_every_operation_in_its_dtype(formula: str, dtype: str) -> None:
    steps = trace_formula(formula, uniform(5), [0.2] * 5, dtype=dtype).steps
    assert {step.value.dtype for step in steps} == {getattr(torch, dtype)}
    arrived = [step.gradient for step in steps if step.gradient is not None]
    assert {gradient.dtype for gradient in arrived} == {getattr(torch, dtype)}
    assert len({step.name for step in steps}) == len(steps)


@every_formula
def test_trace_of_half_precision_is_not_a_wide_one_rounded(formula: str) -> None:
    a, q = 8 * uniform(50, 6), uniform(50, 6, seed=1).softmax(-1)
    rounded = [
        trace_formula(formula, x.bfloat16(), y.bfloat16(), dtype="float32").value
        for x, y in zip(a, q, strict=True)
    ]
    half = [trace_formula(formula, *pair, dtype="bfloat16").value for pair in zip(a, q, strict=True)]
    assert torch.tensor(rounded).bfloat16().tolist() != half


@given(logits_and_target(), st.sampled_from(sorted(FORMULAS)), st.sampled_from(DTYPES))
def test_trace_agrees_with_itself(pair: tuple[Tensor, Tensor], formula: str, dtype: str) -> None:
    trace = trace_formula(formula, 20 * pair[0], pair[1], dtype=dtype)
    first, last = trace.steps[0], trace.steps[-1]
    torch.testing.assert_close(last.value.item(), trace.value, rtol=0, atol=0, equal_nan=True)
    assert last.gradient == 1
    torch.testing.assert_close(first.gradient, trace.gradient, rtol=0, atol=0, equal_nan=True)
    failed = [step.name for step in trace.steps if not step.value.isfinite().all()]
    assert trace.left_forward == (failed[0] if failed else None)
    arrived = {step.name: g for step in trace.steps if (g := step.gradient) is not None}
    assert (trace.left_backward is None) == all(g.isfinite().all() for g in arrived.values())
    for step in trace.steps:
        for tensor, outcome in ((step.value, step.outcome), (step.gradient, step.gradient_outcome)):
            if tensor is None:
                assert outcome is None
            else:
                expected = (
                    "nan" if tensor.isnan().any() else "inf" if tensor.isinf().any() else "finite"
                )
                assert outcome == expected


@settings(max_examples=15)
@given(
    st.lists(st.integers(0, 800), min_size=1, max_size=12),
    st.lists(st.floats(0, 1), min_size=1, max_size=4).map(lambda w: normalise(tensor64(*w))),
)
def test_outcome_map_agrees_with_the_traces(gaps: list[int], q: Tensor) -> None:
    outcomes = outcome_map(gaps, q)
    assert outcomes.gaps.tolist() == gaps
    a = [gaps[-1], *[0] * (len(q) - 1)]
    for (formula, dtype), trace in trace_formulas(a, q).items():
        i, j = outcomes.formulas.index(formula), outcomes.dtypes.index(dtype)
        assert OUTCOMES[outcomes.values[i, j, -1]] == trace.value_outcome
        assert OUTCOMES[outcomes.gradients[i, j, -1]] == trace.gradient_outcome


def test_gradients_that_arrive_are_the_derivatives_of_the_loss() -> None:
    a, q = 4 * uniform(5), uniform(5, seed=1).softmax(-1)
    p = a.softmax(-1)
    arrived = gradients(trace_formula("max_shifted", a, q, dtype="float64"))
    expected = {
        "logits": p - q,
        "shifted": p - q,
        "probabilities": -q / p,
        "logs": -q,
        "products": -torch.ones(5, dtype=torch.float64),
        "sum": tensor64(-1.0)[0],
    }
    for name, gradient in expected.items():
        torch.testing.assert_close(arrived[name], gradient, rtol=1e-13, atol=1e-15)
    assert arrived["maximum"] is None
    assert arrived["target"] is None


@every_formula
def test_gradient_agrees_with_finite_differences(formula: str) -> None:
    a, q = 4 * uniform(5), uniform(5, seed=1).softmax(-1)
    differences = central_differences(
        lambda x: tensor64(trace_formula(formula, x, q, dtype="float64").value).squeeze(), a
    )
    trace = trace_formula(formula, a, q, dtype="float64")
    # Truncation is about step² = 1e-10 and rounding 1e-15 / step = 1e-10; the truth is closer.
    torch.testing.assert_close(trace.gradient, differences, rtol=0, atol=2e-9)
    if formula == "double_softmax":
        assert (trace.gradient - trace.true_gradient).abs().max() > 0.1
    else:
        torch.testing.assert_close(trace.gradient, trace.true_gradient, rtol=0, atol=1e-14)


def test_trace_works_where_gradients_are_off_and_leaves_its_arguments_alone() -> None:
    a, q = tensor64(200.0, 0.0).requires_grad_(), tensor64(1.0, 0.0)
    with torch.no_grad():
        trace = trace_formula("where_masked", a, q, dtype="float64")
        outcomes = outcome_map(a, q)
    assert trace.value_outcome == trace.gradient_outcome == "finite"
    assert not trace.gradient.requires_grad
    assert not any(step.value.requires_grad for step in trace.steps)
    assert not outcomes.gaps.requires_grad
    assert a.grad is None
    assert not q.requires_grad


def test_traces_come_in_the_order_of_formulas_and_dtypes() -> None:
    traces = trace_formulas([1.0, 0.0], [0.5, 0.5])
    assert list(traces) == [(formula, dtype) for formula in FORMULAS for dtype in DTYPES]
    assert all((trace.formula, trace.dtype) == key for key, trace in traces.items())


# Where each formula fails


@every_dtype
def test_max_shifted_is_nan_from_the_gap_where_softmax_underflows(dtype: str) -> None:
    expected = (UNDERFLOW[dtype], "nan")
    assert first_failure("max_shifted", dtype, ON_THE_LARGE, of="values") == expected
    assert first_failure("max_shifted", dtype, ON_THE_LARGE, of="gradients") == expected


@every_dtype
def test_max_shifted_is_infinite_where_the_target_is_on_what_underflows(dtype: str) -> None:
    failure = first_failure("max_shifted", dtype, ON_THE_SMALL, of="values")
    assert failure == (UNDERFLOW[dtype], "inf")


@every_dtype
def test_gradient_of_max_shifted_fails_before_its_value(dtype: str) -> None:
    # p is still a subnormal number, but the derivative of its logarithm, 1/p, overflows.
    gap = RECIPROCAL_OVERFLOW[dtype]
    assert first_failure("max_shifted", dtype, ON_THE_SMALL, of="gradients") == (gap, "nan")
    trace = trace_formula("max_shifted", [gap, 0.0], ON_THE_SMALL, dtype=dtype)
    assert (trace.value_outcome, trace.left_forward, trace.left_backward) == ("finite", None, "logs")
    arrived = gradients(trace)["probabilities"]
    assert arrived is not None
    assert arrived.tolist() == [0, -INF]


def test_gradient_of_a_value_used_twice_may_overflow_though_no_use_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def twice(run: Run, a: Tensor, q: Tensor) -> Tensor:
        weights = torch.full_like(a, 40_000)
        once, again = (run(name, "w_i a_i", torch.mul, weights, a) for name in ("once", "again"))
        both = run("both", "o_i + g_i", torch.add, once, again)
        loss: Tensor = run("loss", "Σ", lambda x: x.sum(-1), both)
        return loss

    monkeypatch.setattr(formulas, "FORMULAS", {"twice": Formula(twice)})
    trace = trace_formula("twice", [0.5, 0.0], ON_THE_LARGE, dtype="float16")
    assert trace.value_outcome == "finite"
    # Of the steps, 40,000 arrives at each of the two, and their sum is beyond float16.
    assert [step.gradient_outcome for step in trace.steps if step.name in ("once", "again")] == [
        "finite"
    ] * 2
    assert trace.gradient_outcome == "inf"
    assert trace.left_backward == "logits"


@every_dtype
def test_softmax_underflows_between_two_whole_gaps(dtype: str) -> None:
    for gap, underflows in ((UNDERFLOW[dtype] - 1, False), (UNDERFLOW[dtype], True)):
        trace = trace_formula("max_shifted", [gap, 0.0], ON_THE_LARGE, dtype=dtype)
        smaller = values(trace)["probabilities"][1]
        torch_softmax = torch.tensor([gap, 0.0], dtype=getattr(torch, dtype)).softmax(-1)[1]
        assert bool(smaller == 0) is bool(torch_softmax == 0) is underflows
        assert trace.left_forward == trace.left_backward == ("logs" if underflows else None)


@every_dtype
def test_underflow_is_where_the_exponential_is_half_the_smallest_number(dtype: str) -> None:
    info = torch.finfo(getattr(torch, dtype))
    with mpmath.workdps(30):
        # Below half the smallest subnormal number a quotient rounds to 0.
        gap = -mpmath.log(mpmath.mpf(info.smallest_normal) * mpmath.mpf(info.eps) / 2)
    assert math.ceil(gap) == UNDERFLOW[dtype]


@every_dtype
@pytest.mark.parametrize("q", [ON_THE_LARGE, ON_THE_SMALL], ids=["large", "small"])
def test_naive_is_nan_from_the_gap_where_the_exponential_overflows(dtype: str, q: list[float]) -> None:
    expected = (OVERFLOW[dtype], "nan")
    assert first_failure("naive", dtype, q, of="values") == expected
    assert first_failure("naive", dtype, q, of="gradients") == expected
    trace = trace_formula("naive", [OVERFLOW[dtype], 0.0], q, dtype=dtype)
    assert trace.left_forward == "exponentials"
    outcomes = {step.name: step.outcome for step in trace.steps}
    assert (outcomes["exponentials"], outcomes["probabilities"]) == ("inf", "nan")
    with mpmath.workdps(30):
        limit = mpmath.log(mpmath.mpf(torch.finfo(getattr(torch, dtype)).max))
    assert math.ceil(limit) == OVERFLOW[dtype]


@every_dtype
def test_naive_fails_by_an_offset_that_changes_nothing_else(dtype: str) -> None:
    a = [OVERFLOW[dtype] + 1.0, OVERFLOW[dtype]]
    assert trace_formula("naive", a, [0.5, 0.5], dtype=dtype).value_outcome == "nan"
    for formula in FORMULAS.keys() - {"naive"}:
        shifted = trace_formula(formula, a, [0.5, 0.5], dtype=dtype)
        assert shifted.value == trace_formula(formula, [1.0, 0.0], [0.5, 0.5], dtype=dtype).value


@every_dtype
def test_where_masked_saves_the_value_and_leaves_nan_in_the_backward_pass(dtype: str) -> None:
    gap = UNDERFLOW[dtype]
    assert first_failure("where_masked", dtype, ON_THE_LARGE, of="values") is None
    assert first_failure("where_masked", dtype, ON_THE_LARGE, of="gradients") == (gap, "nan")
    trace = trace_formula("where_masked", [gap, 0.0], ON_THE_LARGE, dtype=dtype)
    assert trace.value == 0
    assert (trace.left_forward, trace.left_backward) == ("logs", "logs")
    arrived = gradients(trace)
    # The gradient 0 that the mask sends arrives at the logarithm, which divides it by p = 0.
    for name, finite in (("products", True), ("logs", True), ("probabilities", False)):
        gradient = arrived[name]
        assert gradient is not None
        assert bool(gradient.isfinite().all()) is finite
        assert bool(gradient[1].isnan()) is not finite
    assert trace.gradient.isnan().all()


@every_dtype
def test_where_masked_does_not_help_where_the_target_is_on_what_underflows(dtype: str) -> None:
    trace = trace_formula("where_masked", [UNDERFLOW[dtype], 0.0], ON_THE_SMALL, dtype=dtype)
    assert trace.value == INF
    assert trace.error == INF


@pytest.mark.parametrize(
    ("dtype", "floor"),
    [("float64", 1e-12), ("float32", 1e-12), ("bfloat16", 1e-12), ("float16", 2.0**-14)],
)
@pytest.mark.parametrize("gap", [100.0, 10000.0])
def test_clipped_is_finite_and_wrong(dtype: str, floor: float, gap: float) -> None:
    trace = trace_formula("clipped", [gap, 0.0], ON_THE_SMALL, dtype=dtype)
    resolution = torch.finfo(getattr(torch, dtype)).eps
    assert trace.value == close_to(-math.log(floor), rel=2 * resolution)
    assert trace.true_value == gap
    assert trace.error == trace.value - gap
    # Nothing pulls back what has been clipped, though the true gradient is as large as it gets.
    assert trace.gradient.tolist() == [0, 0]
    assert trace.true_gradient.tolist() == close_to([1, -1])
    assert trace.left_forward is trace.left_backward is None


def test_clip_floor_is_no_zero_in_any_dtype() -> None:
    assert torch.tensor(1e-12, dtype=torch.float16) == 0
    for dtype in DTYPES:
        torch_dtype = getattr(torch, dtype)
        assert torch.tensor(clip_floor(torch_dtype), dtype=torch_dtype) > 0


def test_clipped_is_max_shifted_where_no_probability_is_below_the_floor() -> None:
    for dtype in DTYPES:
        clipped, shifted = (
            trace_formula(f, [5.0, 0.0], [0.5, 0.5], dtype=dtype) for f in ("clipped", "max_shifted")
        )
        assert clipped.value == shifted.value
        assert torch.equal(clipped.gradient, shifted.gradient)


@every_dtype
@pytest.mark.parametrize("floor", [1e-4, 1e-8, 0.25])
def test_clipped_stops_at_the_floor_that_it_is_given(dtype: str, floor: float) -> None:
    trace = trace_formula("clipped", [60.0, 0.0], ON_THE_SMALL, dtype=dtype, floor=floor)
    rounded = torch.tensor(floor, dtype=getattr(torch, dtype)).item()
    if rounded == 0:
        assert (trace.dtype, floor, trace.value) == ("float16", 1e-8, INF)
    else:
        resolution = torch.finfo(getattr(torch, dtype)).eps
        assert trace.value == close_to(-math.log(rounded), rel=2 * resolution)


# A mistake that stays finite


@every_dtype
@pytest.mark.parametrize("gap", [5.0, 50.0, 900.0])
def test_double_softmax_never_falls_below_its_floor(dtype: str, gap: float) -> None:
    # The best that probabilities can do as logits is (1, 0, 0): log(1 + 2/e).
    trace = trace_formula("double_softmax", [gap, 0.0, 0.0], [1.0, 0.0, 0.0], dtype=dtype)
    assert trace.left_forward is trace.left_backward is None
    assert trace.value >= math.log1p(2 / math.e) * (1 - torch.finfo(getattr(torch, dtype)).eps)
    assert trace.true_value < 0.014


def test_double_softmax_is_the_loss_of_torch_on_probabilities() -> None:
    a, q = 4 * uniform(5), uniform(5, seed=1).softmax(-1)
    expected = torch.nn.functional.cross_entropy(a.softmax(-1), q).item()
    assert trace_formula("double_softmax", a, q, dtype="float64").value == close_to(expected)


# Rows without a softmax


@every_formula
@every_dtype
@pytest.mark.parametrize("a", [[INF, 0.0], [INF, INF], [-INF, -INF]], ids=str)
def test_row_without_softmax_is_nan_and_has_no_truth(formula: str, dtype: str, a: list[float]) -> None:
    trace = trace_formula(formula, a, ON_THE_LARGE, dtype=dtype)
    assert trace.value_outcome == trace.gradient_outcome == "nan"
    assert math.isnan(trace.true_value)
    assert trace.true_gradient.isnan().all()
    # inf - inf where the maximum is subtracted; inf / inf or 0 / 0 where it is not.
    assert trace.left_forward == ("probabilities" if formula == "naive" else "shifted")


@every_formula
def test_steps_name_what_they_were_given_and_what_they_do(formula: str) -> None:
    steps = trace_formula(formula, [2.0, 0.0], ON_THE_LARGE, dtype="float64").steps
    names = [step.name for step in steps]
    for place, step in enumerate(steps):
        assert set(step.operands) <= set(names[:place])
        assert (step.operands == ()) is (step.kind == "round") is (place < 2)
    known = {step.name: step.value for step in steps}
    applied: dict[str, Callable[..., Tensor]] = {
        "exp": torch.exp, "log": torch.log, "subtract": torch.sub, "multiply": torch.mul,
        "divide": torch.div, "negate": torch.neg, "sum": torch.sum, "maximum": torch.max,
    }  # fmt: skip
    for step in steps:
        if step.kind in applied:
            expected = applied[step.kind](*(known[name] for name in step.operands))
            torch.testing.assert_close(
                step.value.reshape(-1), expected.reshape(-1), rtol=0, atol=0, equal_nan=True
            )


# The cures


@pytest.mark.parametrize("formula", CURES)
@every_dtype
def test_cures_are_finite_at_every_gap(formula: str, dtype: str) -> None:
    limit = torch.finfo(getattr(torch, dtype)).max
    gaps = [*range(1000), 1e4, 65504.0, -65504.0, limit / 2, limit]
    for q in (ON_THE_LARGE, ON_THE_SMALL, [0.5, 0.25, 0.25]):
        outcomes = outcome_map(gaps, q)
        i, j = outcomes.formulas.index(formula), outcomes.dtypes.index(dtype)
        within = outcomes.gaps.abs() <= limit
        assert not outcomes.values[i, j, within].any()
        assert not outcomes.gradients[i, j, within].any()
        trace = trace_formula(formula, [limit / 2, *[0.0] * (len(q) - 1)], q, dtype=dtype)
        assert trace.left_forward is trace.left_backward is None


@pytest.mark.parametrize("formula", CURES)
@given(
    pair=logits_and_target(),
    stretch=st.sampled_from([0.1, 1.0, 20.0, 600.0]),
    dtype=st.sampled_from(DTYPES),
)
def test_cures_are_finite_and_right(
    formula: str, pair: tuple[Tensor, Tensor], stretch: float, dtype: str
) -> None:
    # Rounded beforehand: the error is then that of the formula alone.
    a, q = (x.to(getattr(torch, dtype)) for x in (stretch * pair[0], pair[1]))
    trace = trace_formula(formula, a, q, dtype=dtype)
    assert trace.left_forward is trace.left_backward is None
    spread = (a.max() - a.min()).item()
    # A few roundings of terms of the size of the spread, and those of the unit sum of p.
    unit = torch.finfo(a.dtype).eps
    assert abs(trace.error) <= 4 * unit * (1 + spread)
    scale = 1.0 if formula in LOGARITHMIC else 1 + spread
    wrong = trace.gradient.double() - trace.true_gradient
    assert wrong.abs().max() <= 4 * unit * scale


# Logits of -inf


@pytest.mark.parametrize(
    ("formula", "value", "gradient", "left_forward", "left_backward"),
    [
        ("naive", "nan", "nan", "logs", "logs"),
        ("max_shifted", "nan", "nan", "logs", "logs"),
        ("clipped", "finite", "finite", None, None),
        ("where_masked", "finite", "nan", "logs", "logs"),
        ("log_softmax", "nan", "finite", "products", None),
        ("log_softmax_masked", "finite", "finite", None, None),
        ("logit_gap", "nan", "nan", "products", "products"),
        ("logit_gap_masked", "finite", "finite", None, None),
    ],
)
@every_dtype
def test_formulas_where_a_class_without_weight_is_at_minus_infinity(
    formula: str, value: str, gradient: str, left_forward: str, left_backward: str, dtype: str
) -> None:
    trace = trace_formula(formula, *EXCLUDED, dtype=dtype)
    assert (trace.value_outcome, trace.gradient_outcome) == (value, gradient)
    assert (trace.left_forward, trace.left_backward) == (left_forward, left_backward)
    assert math.isfinite(trace.true_value)
    assert trace.true_gradient.isfinite().all()
    if value == gradient == "finite":
        unit = torch.finfo(trace.gradient.dtype).eps
        assert abs(trace.error) <= 4 * unit
        torch.testing.assert_close(trace.gradient.double(), trace.true_gradient, rtol=0, atol=4 * unit)


def test_log_softmax_is_nan_where_torch_is() -> None:
    a, q = (torch.tensor(row) for row in EXCLUDED)
    assert torch.nn.functional.cross_entropy(a, q).isnan()
    assert trace_formula("log_softmax", a, q, dtype="float32").value_outcome == "nan"


@pytest.mark.parametrize("formula", ["log_softmax_masked", "logit_gap_masked", "max_shifted"])
def test_error_is_zero_where_the_truth_is_the_same_infinity(formula: str) -> None:
    trace = trace_formula(formula, [0.0, -INF], [0.5, 0.5], dtype="float32")
    assert trace.value == trace.true_value == INF
    assert trace.error == 0


def test_rounding_the_logits_is_the_operation_at_fault_where_they_are_beyond_the_dtype() -> None:
    for (_, dtype), trace in trace_formulas([1e5, 0.0], ON_THE_SMALL).items():
        if dtype == "float16":
            assert trace.left_forward == "logits"
            assert trace.value_outcome != "finite"
            assert math.isfinite(trace.true_value)
        else:
            assert trace.left_forward != "logits"


# The truth


def mp_logit_gap(a: list[float], q: list[float]) -> float:
    """Return L2 by mpmath, 60 digits, as a sum over gaps, none of which cancels the leading ones."""
    with mpmath.workdps(60):
        p = mp_softmax(a)
        gaps = [mpmath.mpf(x) - mpmath.mpf(max(a)) for x in a]
        return float(mpmath.fsum((x - mpmath.mpf(w)) * g for x, w, g in zip(p, q, gaps, strict=True)))


def mp_gradient(formula: str, a: list[float], q: list[float]) -> list[float]:
    """Return dL1/da or dL2/da by mpmath, 60 digits."""
    with mpmath.workdps(60):
        p = mp_softmax(a)
        logits = [mpmath.mpf(x) for x in a]
        mean = mpmath.fsum(x * y for x, y in zip(p, logits, strict=True))
        full = 0 if formula in LOGARITHMIC else 1
        total = mpmath.fsum(mpmath.mpf(w) for w in q) if formula in LOGARITHMIC else 1
        return [
            float(total * x - mpmath.mpf(w) + full * x * (y - mean))
            for x, w, y in zip(p, q, logits, strict=True)
        ]


TRUTH_CASES = [
    ([float(gap), 0.0], q)
    for gap in (0, 1, 18, 93, 746, 10000)
    for q in (ON_THE_LARGE, ON_THE_SMALL, [0.9, 0.1])
]


@pytest.mark.parametrize(("a", "q"), TRUTH_CASES, ids=str)
def test_truth_of_the_map_agrees_with_mpmath(a: list[float], q: list[float]) -> None:
    _check_truth(a, q)


@given(logits_and_target())
def test_truth_agrees_with_mpmath(pair: tuple[Tensor, Tensor]) -> None:
    _check_truth(pair[0].tolist(), pair[1].tolist())


def _check_truth(a: list[float], q: list[float]) -> None:
    for formula, expected in (
        ("log_softmax", mp_cross_entropy(a, q)),
        ("logit_gap", mp_logit_gap(a, q)),
    ):
        trace = trace_formula(formula, a, q, dtype="float64")
        spread = max(a) - min(a)
        # L1 is a sum without cancellation; the terms of L2 may cancel, as far as their own rounding.
        allowed = (
            1e-15 * abs(expected) if formula == "log_softmax" else 1e-15 * (abs(expected) + spread)
        )
        assert abs(trace.true_value - expected) <= 4 * allowed
        reference = tensor64(*mp_gradient(formula, a, q))
        scale = 1.0 if formula == "log_softmax" else 1 + spread
        assert (trace.true_gradient - reference).abs().max() <= 2e-15 * scale


def test_truth_is_that_of_the_accurate_functions_on_the_arguments_as_given() -> None:
    a, q = 30 * uniform(6), uniform(6, seed=1).softmax(-1)
    for (formula, _), trace in trace_formulas(a, q).items():
        if formula in LOGARITHMIC:
            assert trace.true_value == cross_entropy(a, q)
            assert torch.equal(trace.true_gradient, cross_entropy_grad(a, q))
        else:
            assert trace.true_value == logit_gap(a, q)
            assert torch.equal(trace.true_gradient, logit_gap_grad(a, q))


# Invalid arguments


@pytest.mark.parametrize(
    ("a", "q", "message"),
    [
        (1.0, [1.0], "a must have at least one dimension, got a scalar"),
        ([], [], "a must have at least 1 entries"),
        ([[1.0, 0.0]], [1.0, 0.0], r"a must be one row, got shape \(1, 2\)"),
        ([1.0, 0.0], [[1.0, 0.0]], r"q must be one row, got shape \(1, 2\)"),
        ([1.0, 0.0], [1.0], r"q must have the last dimension of a, 2, got shape \(1,\)"),
        ([1.0, NAN], [1.0, 0.0], r"a must not be NaN, got \[1.0, nan\]"),
        ([1.0, 0.0], [1.5, -0.5], r"q must be finite and >= 0, got \[1.5, -0.5\]"),
        ([1.0, 0.0], [NAN, 1.0], r"q must be finite and >= 0, got \[nan, 1.0\]"),
        ([1.0, 0.0], [1.0, 1.0], r"q must sum to 1 within 0.01, got \[1.0, 1.0\]"),
    ],
    ids=str,
)
def test_trace_formula_refuses(a: object, q: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        trace_formula("naive", a, q, dtype="float32")  # type: ignore[arg-type]


def test_trace_formula_refuses_unknown_names() -> None:
    with pytest.raises(ValueError, match=r"^formula must be one of naive, .*, got 'exact'"):
        trace_formula("exact", [1.0, 0.0], [1.0, 0.0], dtype="float32")
    with pytest.raises(ValueError, match=r"^dtype must be one of float64, .*, got 'float8'"):
        trace_formula("naive", [1.0, 0.0], [1.0, 0.0], dtype="float8")


@pytest.mark.parametrize(
    ("gaps", "q", "message"),
    [
        (1.0, [1.0, 0.0], "gaps must have at least one dimension"),
        ([], [1.0, 0.0], "gaps must have at least 1 entries"),
        ([[1.0]], [1.0, 0.0], r"gaps must be one row, got shape \(1, 1\)"),
        ([1.0, INF], [1.0, 0.0], r"gaps must be finite, got \[1.0, inf\]"),
        ([1.0], [[1.0, 0.0]], r"q must be one row, got shape \(1, 2\)"),
        ([1.0], [2.0, 0.0], "q must sum to 1 within 0.01"),
    ],
    ids=str,
)
def test_outcome_map_refuses(gaps: object, q: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        outcome_map(gaps, q)  # type: ignore[arg-type]


def test_trace_formula_refuses_a_floor_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"^floor must be None for the formula naive, got 0.1"):
        trace_formula("naive", [1.0, 0.0], [1.0, 0.0], dtype="float32", floor=0.1)
    with pytest.raises(ValueError, match=r"^floor must be finite and > 0 and <= 1, got 0"):
        trace_formula("clipped", [1.0, 0.0], [1.0, 0.0], dtype="float32", floor=0.0)


def test_formulas_cannot_be_changed_in_place() -> None:
    with pytest.raises(TypeError):
        FORMULAS["naive"] = FORMULAS["clipped"]  # type: ignore[index]
