"""Differences against the Jacobian: the analytic error at two classes, theory, dtypes, extremes."""

import math

import mpmath
import pytest
import torch

from ce_core import DTYPES, difference_errors, softmax_jacobian
from tests.support.cases import tensor64, uniform
from tests.support.closeness import close_to

DEFAULT = [2.0, 1.0, 0.5, -0.5, -1.5]


def index(dtype: str) -> int:
    return DTYPES.index(dtype)


def truncation(gap: float, step: float) -> float:
    """Return the relative error of the central difference at two classes, 50 digits by mpmath."""
    with mpmath.workdps(50):

        def p(x: mpmath.mpf) -> mpmath.mpf:
            return 1 / (1 + mpmath.exp(-x))

        d, h = mpmath.mpf(gap), mpmath.mpf(step)
        slope = p(d) * (1 - p(d))
        return float(abs((p(d + h) - p(d - h)) / (2 * h) - slope) / slope)


@pytest.mark.parametrize("step", [2.0**-8, 0.25, 1.0, 8.0])
@pytest.mark.parametrize("gap", [0.0, 1.5, -3.0])
def test_difference_errors_is_the_truncation_where_steps_are_large(gap: float, step: float) -> None:
    found = difference_errors([gap, 0.0], steps=[step]).differences[index("float64"), 0].item()
    # Rounding adds 1e-16 / step, relative to a slope of 0.05 or more.
    assert found == close_to(truncation(gap, step), abs=1e-11)


def test_difference_errors_falls_with_the_square_of_the_step() -> None:
    wide, narrow = difference_errors(DEFAULT, steps=[2.0**-6, 2.0**-7]).differences[0].tolist()
    assert wide / narrow == close_to(4, rel=0.01)


@pytest.mark.parametrize("dtype", DTYPES)
def test_difference_errors_is_a_v_with_its_foot_where_theory_says(dtype: str) -> None:
    errors, i = difference_errors(DEFAULT), index(dtype)
    curve = errors.differences[i]
    best = curve.nan_to_num(nan=math.inf).argmin()
    assert errors.best_steps[i] == errors.steps[best]
    assert errors.best_errors[i] == curve[best]
    assert 0.2 < errors.best_steps[i] / errors.expected_steps[i] < 5
    finite = curve[curve.isfinite()]
    assert finite[0] > 10 * errors.best_errors[i] < finite[-1]


@pytest.mark.parametrize(
    "a", [[12.0, 2.0, 0.0, -1.0, -2.0], [0.02, 0.01, -0.015], [802.3, 801.1, 800.0]]
)
def test_difference_errors_expects_the_best_step_in_float64(a: list[float]) -> None:
    errors = difference_errors(a)
    assert 0.1 < errors.best_steps[0] / errors.expected_steps[0] < 10


@pytest.mark.parametrize("dtype", DTYPES)
def test_difference_errors_autograd_and_closed_form_round_once(dtype: str) -> None:
    errors = difference_errors(4 * uniform(7))
    limit = 4 * torch.finfo(getattr(torch, dtype)).eps
    assert errors.autograd[index(dtype)] <= limit
    assert errors.closed_form[index(dtype)] <= limit


def test_difference_errors_autograd_loses_digits_near_one_hot_and_the_closed_form_does_not() -> None:
    errors = difference_errors([30.0, 0.0])
    assert errors.autograd[0] > 1e-4
    assert errors.closed_form[0] == 0


def test_difference_errors_sees_nothing_below_the_spacing_of_the_logits() -> None:
    # Near 800 neighbouring numbers of bfloat16 are 4 apart, so that no smaller step moves a logit.
    errors = difference_errors([800.0, 796.0], steps=[0.5, 1.0])
    assert errors.differences[index("bfloat16")].tolist() == [1, 1]
    assert errors.differences[index("float64")].max() < 0.2


def test_difference_errors_is_nan_where_the_step_rounds_to_zero() -> None:
    errors = difference_errors(DEFAULT, steps=[2.0**-26])
    assert errors.differences[index("float16")].isnan().all()
    assert errors.best_steps[index("float16")].isnan()
    assert not errors.differences[: index("float16")].isnan().any()


def test_difference_errors_is_nan_where_the_jacobian_vanishes_or_logits_overflow() -> None:
    vanished = difference_errors([1000.0, 0.0])
    assert vanished.differences.isnan().all()
    assert vanished.best_errors.isnan().all()
    assert vanished.expected_steps.isnan().all()
    overflown = difference_errors([1e5, 1e5])
    assert overflown.differences[index("float16")].isnan().all()
    assert overflown.autograd[0] < 1e-15


def test_difference_errors_takes_the_closed_form_of_the_rounded_logits() -> None:
    # 0.3 is not in bfloat16: against the Jacobian at 0.3 the closed form would be off by more.
    rounded = tensor64(0.3, -0.3).bfloat16().double()
    relative = (softmax_jacobian([0.3, -0.3]) - softmax_jacobian(rounded)).abs().max()
    assert relative / 0.25 > 1e-5
    assert (
        difference_errors(rounded).closed_form[index("bfloat16")]
        == difference_errors([0.3, -0.3]).closed_form[index("bfloat16")]
    )


def test_difference_errors_works_without_gradients_and_leaves_none() -> None:
    a = tensor64(*DEFAULT).requires_grad_()
    with torch.no_grad():
        errors = difference_errors(a)
    assert not errors.autograd.requires_grad
    assert errors.autograd[0] < 1e-15


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"a": [[1.0, 2.0]]}, "a must be one row"),
        ({"a": [1.0, math.inf]}, r"a must be finite, got \[1.0, inf\]"),
        ({"a": [1.0, math.nan]}, "a must be finite"),
        ({"a": []}, "a must have at least 1 entries"),
        ({"a": [1.0], "steps": [0.0]}, r"steps must be finite and > 0, got \[0.0\]"),
        ({"a": [1.0], "steps": [math.inf]}, "steps must be finite and > 0"),
        ({"a": [1.0], "steps": []}, "steps must have at least 1 entries"),
        ({"a": [1.0], "steps": [[1.0]]}, "steps must be one row"),
    ],
    ids=str,
)
def test_difference_errors_refuses(arguments: dict[str, list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        difference_errors(**arguments)
