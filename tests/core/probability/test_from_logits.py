"""Entropy and divergences straight from logits: the same values, and digits where p has none."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
import torch
from torch import Tensor
from torch.func import hessian

from ce_core import entropy, entropy_from_logits, js_from_logits, kl_divergence, kl_from_logits, softmax
from tests.support.cases import INF, gradient, mp_softmax, tensor64, uniform
from tests.support.closeness import close_to

# Of torch itself, at its first use of forward mode.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_kl_from_logits_keeps_its_digits_near_zero() -> None:
    b = [0.3, -0.2, 0.1]
    a = [0.3, -0.2, 0.1 + 2.0**-30]
    with mpmath.workdps(60):
        q, p = mp_softmax(b), mp_softmax(a)
        known = float(mpmath.fsum(x * mpmath.log(x / y) for x, y in zip(q, p, strict=True)))
    found = kl_from_logits(tensor64(*b), tensor64(*a), q_is_logits=True).item()
    assert found == close_to(known, rel=1e-6)


def test_forms_from_logits_agree_with_those_of_distributions() -> None:
    b, a = 6 * uniform(2, 50, 7)
    for t in (0.5, 1.0, 3.0):
        q, p = softmax(b / t), softmax(a / t)
        r = (q + p) / 2
        torch.testing.assert_close(entropy_from_logits(a, temperature=t), entropy(p))
        divergence = kl_divergence(q, p)
        torch.testing.assert_close(kl_from_logits(q, a, temperature=t), divergence)
        torch.testing.assert_close(kl_from_logits(b, a, q_is_logits=True, temperature=t), divergence)
        halves = (kl_divergence(q, r) + kl_divergence(p, r)) / 2
        torch.testing.assert_close(js_from_logits(q, a, temperature=t), halves)
        torch.testing.assert_close(js_from_logits(b, a, q_is_logits=True, temperature=t), halves)


@pytest.mark.parametrize("t", [5e-324, 1e-308, 1e308], ids=str)
def test_temperature_divides_without_overflow(t: float) -> None:
    for dtype in (torch.float64, torch.float32, torch.float16):
        found = entropy_from_logits(torch.tensor([0.0, 0.0, -5.0], dtype=dtype), temperature=t)
        assert found.item() == close_to(math.log(2 if t < 1 else 3), rel=1e-3)


def _mp_divergences(q: list[float], a: list[float]) -> tuple[float, float]:
    """Return KL and JS of q and softmax(a)."""
    with mpmath.workdps(100):
        p, q = mp_softmax(a), [mpmath.mpf(x) for x in q]
        middle = [(x + y) / 2 for x, y in zip(q, p, strict=True)]

        def divergence(x: list[Any], y: list[Any]) -> Any:
            return mpmath.fsum(u * mpmath.log(u / v) for u, v in zip(x, y, strict=True) if u)

        return float(divergence(q, p)), float((divergence(q, middle) + divergence(p, middle)) / 2)


def _slope(function: Callable[..., Tensor], b: Tensor, a: Tensor) -> Tensor:
    return gradient(lambda x: function(b, x, q_is_logits=True), a)


def _mp_js_gradient(q: list[float], a: list[float]) -> list[float]:
    with mpmath.workdps(60):
        p = mp_softmax(a)
        slopes = [mpmath.log(2 * x / (x + y)) / 2 for x, y in zip(p, q, strict=True)]
        mean = mpmath.fsum(x * slope for x, slope in zip(p, slopes, strict=True))
        return [float(x * (slope - mean)) for x, slope in zip(p, slopes, strict=True)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("steps", [1, 7, 1000])
def test_divergences_of_nearly_equal_logits_keep_their_digits(dtype: torch.dtype, steps: int) -> None:
    b = torch.tensor([30.0, 10.1, -20.3, 29.0], dtype=dtype)
    a = b.clone()
    a[1] += steps * (b[1].nextafter(b[0]) - b[1])
    with mpmath.workdps(100):
        q = [mpmath.exp(x) for x in b.tolist()]
        q = [x / mpmath.fsum(q) for x in q]
    kl, js = _mp_divergences(q, a.tolist())
    assert kl_from_logits(b, a, q_is_logits=True).item() == close_to(kl, rel=1e-6)
    assert js_from_logits(b, a, q_is_logits=True).item() == close_to(js, rel=1e-6)
    assert kl_from_logits(b + 64, a, q_is_logits=True).isfinite()


def test_divergences_of_nearly_equal_logits_are_right_at_any_distance_in_float32() -> None:
    b = torch.randn(30, 5, generator=torch.Generator().manual_seed(0)) * 4
    for distance in (1e-7, 1e-5, 1e-3, 0.1):
        a = b + distance * b.roll(1, -1)
        wide = b.double(), a.double()
        for function in (kl_from_logits, js_from_logits):
            expected = function(*wide, q_is_logits=True)
            found = function(b, a, q_is_logits=True).double()
            torch.testing.assert_close(found, expected, rtol=2e-6, atol=0)
            slopes = [_slope(function, y, at) for y, at in ((b, a), wide)]
            error = (slopes[0].double() - slopes[1]).abs().amax(-1)
            assert (error <= 2e-6 * slopes[1].abs().amax(-1)).all()


@pytest.mark.parametrize(
    ("dtype", "a", "q"),
    [
        (torch.float32, [20.0, 19.0, 0.0], [0.0, 0.0, 1.0]),
        (torch.float32, [40.0, 39.0, 0.0], [0.0, 0.0, 1.0]),
        (torch.float32, [20.0, 19.0, 0.0], [1e-9, 1e-9, 1.0]),
        (torch.float32, [3.0, 1.0, 0.5], [0.820962, 0.111105, 0.067388]),
        (torch.float64, [40.0, 40.0, 0.0], [0.0, 0.0, 1.0]),
        (torch.float64, [80.0, 79.0, 0.0], [0.0, 0.0, 1.0]),
    ],
    ids=str,
)
def test_gradient_of_js_does_not_cancel(dtype: torch.dtype, a: list[float], q: list[float]) -> None:
    logits, target = torch.tensor(a, dtype=dtype), torch.tensor(q, dtype=dtype)
    expected = _mp_js_gradient(target.tolist(), logits.tolist())
    rel = 1e-4 if min(abs(x) for x in expected) > 1e-9 else 1e-6
    assert gradient(lambda x: js_from_logits(target, x), logits).tolist() == close_to(expected, rel=rel)


def test_second_derivative_of_js_does_not_cancel_for_two_sure_classes() -> None:
    a, q = tensor64(40.0, 40.0, 0.0), tensor64(0.0, 0.0, 1.0)
    step = mpmath.mpf(10) ** -10
    with mpmath.workdps(60):
        rows = [_mp_js_row(step * sign) for sign in (-1, 0, 1)]
        known = float((rows[0] - 2 * rows[1] + rows[2]) / step**2)
    assert hessian(lambda x: js_from_logits(q, x))(a)[0, 0].item() == close_to(known, rel=1e-8)


def _mp_js_row(shift: Any) -> Any:
    """Return JS of (0, 0, 1) and softmax(40 + shift, 40, 0)."""
    powers = [mpmath.exp(40 + shift), mpmath.exp(40), mpmath.mpf(1)]
    p = powers[2] / mpmath.fsum(powers)
    middle = (1 + p) / 2
    return (-mpmath.log(middle) + p * mpmath.log(p / middle) + (1 - p) * mpmath.log(2)) / 2


def test_kl_is_finite_where_only_a_logarithm_is_beyond_the_dtype() -> None:
    for dtype, large in ((torch.float64, 1e308), (torch.float32, 3e38)):
        a = torch.tensor([large, -large], dtype=dtype)
        for q, as_logits in (([0.5, 0.5], False), ([0.0, 0.0], True)):
            found = kl_from_logits(torch.tensor(q, dtype=dtype), a, q_is_logits=as_logits)
            assert found.item() == close_to(large, rel=1e-6)
    assert kl_from_logits([0.5, 0.5], [0.0, -INF]) == INF


@pytest.mark.parametrize("function", [kl_from_logits, js_from_logits])
@pytest.mark.parametrize(("dtype", "least"), [(torch.float64, 1e-310), (torch.float32, 1e-40)], ids=str)
def test_second_derivative_by_a_subnormal_weight_is_infinite_and_others_are_not(
    function: Callable[..., Tensor], dtype: torch.dtype, least: float
) -> None:
    q = torch.tensor([0.5, least, 0.5], dtype=dtype).requires_grad_()
    a = torch.tensor([1.0, 2.0, 3.0], dtype=dtype)
    (slope,) = torch.autograd.grad(function(q, a), q, create_graph=True)
    for i, entry in enumerate(slope):
        (row,) = torch.autograd.grad(entry, q, retain_graph=True)
        assert row.isinf().tolist() == [False, i == 1, False]
        assert not row.isnan().any()
    mapped = hessian(lambda x: function(x, a))(q.detach())
    assert mapped[1, 1] == INF
    assert not mapped.isnan().any()


def test_second_derivative_at_a_subnormal_temperature_is_zero_where_it_is() -> None:
    a = tensor64(5.0, 0.0, -5.0, 5.0)
    for function in (
        entropy_from_logits,
        lambda x, **kw: kl_from_logits([0.5, 0.0, 0.0, 0.5], x, **kw),
    ):
        found = hessian(lambda x: function(x, temperature=1e-309))(a)  # noqa: B023
        assert not found[1].any()
        assert not found[2].any()


@pytest.mark.parametrize("function", [kl_from_logits, js_from_logits])
def test_divergence_of_a_row_of_zeros_is_what_its_formula_says(function: Callable[..., Tensor]) -> None:
    expected = 0.0 if function is kl_from_logits else math.log(2) / 2
    assert function([0.0, 0.0], [2e4, -2e4]).item() == close_to(expected, rel=1e-6)


@pytest.mark.parametrize("share", [0.9999, 0.99, 1e-3, 0.0014])
def test_divergence_of_a_target_that_does_not_sum_to_1_may_be_below_0(share: float) -> None:
    q, half = share * tensor64(0.5, 0.5), tensor64(0.5, 0.5)
    expected = share * math.log(share)
    assert kl_from_logits(q, tensor64(0.0, 0.0)).item() == close_to(expected, rel=1e-12)
    assert kl_divergence(q, half).item() == close_to(expected, rel=1e-12)
    mean = (1 + share) / 2
    js = (expected - (1 + share) * math.log(mean)) / 2
    assert js_from_logits(q, tensor64(0.0, 0.0)).item() == close_to(js, abs=1e-15)
    assert kl_divergence(half, 1.001 * half).item() == close_to(-math.log(1.001), rel=1e-12)
    assert entropy(tensor64(1.001)).item() == close_to(-1.001 * math.log(1.001), rel=1e-12)
