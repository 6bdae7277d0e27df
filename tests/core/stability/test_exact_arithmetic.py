"""Formulas in exact arithmetic: the trace of float64 agrees where float64 can, and only there."""

import math
from typing import Any

import mpmath
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import FORMULAS, cross_entropy, cross_entropy_grad, trace_formula
from ce_core.stability.exact_arithmetic import exact_steps
from tests.support.cases import INF, NAN, logits_and_target, mp_cross_entropy, mp_softmax
from tests.support.closeness import close_to

every_formula = pytest.mark.parametrize("formula", FORMULAS)


def floats(numbers: tuple[Any, ...] | None) -> Tensor:
    assert numbers is not None
    return torch.tensor([float(x) for x in numbers], dtype=torch.float64)


@every_formula
@given(pair=logits_and_target())
def test_exact_steps_are_those_of_the_trace_in_float64(
    formula: str, pair: tuple[Tensor, Tensor]
) -> None:
    a, q = pair[0] / 10, pair[1]
    exact = exact_steps(formula, a.tolist(), q.tolist())
    trace = trace_formula(formula, a, q, dtype="float64")
    assert list(exact) == [step.name for step in trace.steps]
    for step in trace.steps:
        found = exact[step.name]
        assert (found.gradient is None) is (step.gradient is None)
        torch.testing.assert_close(step.value.reshape(-1), floats(found.value), rtol=1e-11, atol=1e-13)
        if step.gradient is not None:
            scale = max(1.0, float(step.gradient.abs().max()))
            torch.testing.assert_close(
                step.gradient.reshape(-1), floats(found.gradient), rtol=1e-11, atol=1e-12 * scale
            )


@pytest.mark.parametrize("gap", [18.0, 104.0, 746.0, 1000.0])
@pytest.mark.parametrize("q", [(1.0, 0.0), (0.0, 1.0)], ids=["large", "small"])
@pytest.mark.parametrize("formula", ["naive", "max_shifted", "where_masked", "log_softmax"])
def test_exact_loss_is_the_truth_where_every_dtype_fails(
    formula: str, gap: float, q: tuple[float, float]
) -> None:
    steps = exact_steps(formula, [gap, 0.0], q)
    expected = mp_cross_entropy([gap, 0.0], list(q))
    assert float(steps["loss"].value[0]) == close_to(expected, rel=1e-15)
    a, target = (torch.tensor(row, dtype=torch.float64) for row in ([gap, 0.0], q))
    assert float(steps["loss"].value[0]) == close_to(cross_entropy(a, target).item(), rel=1e-15)
    gradient = floats(steps["logits"].gradient)
    # The share of the smaller class, which p - 1 of the larger one would lose.
    small = math.exp(-gap) / (1 + math.exp(-gap))
    pull = small if q[0] else 1 - small
    assert gradient.tolist() == close_to([-pull, pull] if q[0] else [pull, -pull], rel=1e-15)
    torch.testing.assert_close(cross_entropy_grad(a, target), gradient, rtol=0, atol=2e-16)


@pytest.mark.parametrize("gap", [20.0, 40.0, 100.0, 800.0])
@pytest.mark.parametrize(
    "q", [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1 - 2.0**-30, 2.0**-30, 0.0)], ids=str
)
@pytest.mark.parametrize(
    "formula", [name for name in FORMULAS if name not in ("clipped", "double_softmax")]
)
def test_exact_gradient_holds_28_digits_where_p_minus_q_cancels(
    formula: str, q: tuple[float, ...], gap: float
) -> None:
    """By mpmath at 1,200 digits: p - q, and for L2 p - q + p (a - p·a)."""
    given = [gap, 0.0, -gap / 3]
    gradient = exact_steps(formula, given, q)["logits"].gradient
    assert gradient is not None
    with mpmath.workdps(1200):
        a, target = [mpmath.mpf(x) for x in given], [mpmath.mpf(x) for x in q]
        powers = [mpmath.exp(x) for x in a]
        p = [x / mpmath.fsum(powers) for x in powers]
        expected = [x - y for x, y in zip(p, target, strict=True)]
        if formula.startswith("logit_gap"):
            mean = mpmath.fdot(p, a)
            expected = [e + x * (y - mean) for e, x, y in zip(expected, p, a, strict=True)]
        for found, right in zip(gradient, expected, strict=True):
            assert mpmath.almosteq(found, right, rel_eps=mpmath.mpf(10) ** -28, abs_eps=0)


def test_exact_probability_keeps_what_no_float_holds() -> None:
    steps = exact_steps("max_shifted", [800.0, 0.0], [1.0, 0.0])
    (_, smaller) = mp_softmax([800.0, 0.0])
    assert mpmath.almosteq(steps["probabilities"].value[1], smaller, 1e-29)
    assert 0 < steps["probabilities"].value[1] < mpmath.mpf(5e-324)
    assert steps["logs"].value[1] == close_to(-800)


def test_exact_clipped_stops_at_its_floor_and_sends_nothing_back() -> None:
    for floor, expected in ((None, 1e-12), (1e-8, 1e-8)):
        steps = exact_steps("clipped", [60.0, 0.0], [0.0, 1.0], floor=floor)
        assert float(steps["loss"].value[0]) == close_to(-math.log(expected))
        assert floats(steps["logits"].gradient).tolist() == [0, 0]


@pytest.mark.parametrize("a", [[INF, 0.0], [-INF, -INF]], ids=str)
def test_exact_arithmetic_has_no_answer_either_where_there_is_no_softmax(a: list[float]) -> None:
    steps = exact_steps("max_shifted", a, [1.0, 0.0])
    assert mpmath.isnan(steps["loss"].value[0])
    assert mpmath.isnan(steps["shifted"].value[0])


def test_exact_excluded_class_is_nan_without_the_convention_and_right_with_it() -> None:
    a, q = [2.0, 1.0, -INF], [0.25, 0.75, 0.0]
    assert mpmath.isnan(exact_steps("log_softmax", a, q)["loss"].value[0])
    masked = exact_steps("log_softmax_masked", a, q)["loss"].value[0]
    expected = cross_entropy(torch.tensor(a).double(), torch.tensor(q).double()).item()
    assert float(masked) == close_to(expected)


@given(st.floats(0, 1000))
def test_exact_steps_hold_30_digits(gap: float) -> None:
    # 1 - p cancels as many digits as the gap has units.
    p = exact_steps("naive", [gap, 0.0], [1.0, 0.0])["probabilities"].value
    with mpmath.workdps(28):
        assert abs(p[0] + p[1] - 1) < mpmath.mpf(10) ** -27


@pytest.mark.parametrize(
    ("a", "q", "message"),
    [
        ([1.0], [0.5, 0.5], "a and q must be of one length >= 1, got 1 and 2"),
        ([], [], "a and q must be of one length >= 1, got 0 and 0"),
        ([NAN], [1.0], "a and q must not be NaN"),
        ([1e5, 0.0], [1.0, 0.0], "a must spread over at most 10000, got 100000"),
    ],
)
def test_exact_steps_refuse(a: list[float], q: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        exact_steps("naive", a, q)


def test_exact_steps_refuse_unknown_formulas_and_floors() -> None:
    with pytest.raises(ValueError, match=r"^formula must be one of naive"):
        exact_steps("exact", [1.0], [1.0])
    with pytest.raises(ValueError, match=r"^floor must be None"):
        exact_steps("naive", [1.0], [1.0], floor=1e-3)
