"""Both losses and their gradients: the theorems that tie them together, and their extremes."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import (
    cross_entropy,
    cross_entropy_grad,
    entropy,
    kl_divergence,
    log_softmax,
    logit_gap,
    logit_gap_grad,
    logit_gap_residual,
    softmax,
    softmax_jacobian,
    softmax_jvp,
)
from tests.support.cases import (
    FLOATS,
    HALVES,
    INF,
    NAN,
    central_differences,
    gradient,
    logits_and_target,
    mp_cross_entropy,
    tensor64,
    uniform,
)
from tests.support.closeness import close_to

LIMITS = {dtype: torch.finfo(dtype).max for dtype in FLOATS}

# Rows of logits with a target whose true losses are finite, though p underflows.
FAR_APART = {
    "gap_1e4": ([1e4, 0.0], [0.5, 0.5]),
    "gap_1e4_one_hot": ([1e4, 0.0, -1e4], [0.0, 1.0, 0.0]),
    "minus_infinity_where_q_is_0": ([2.0, 1.0, -INF], [0.25, 0.75, 0.0]),
    "minus_infinity_and_gap": ([0.0, 1e4, -INF, -1e4], [0.5, 0.25, 0.0, 0.25]),
    "all_but_one_excluded": ([3.0, -INF], [1.0, 0.0]),
}

Loss = Callable[..., Tensor]
both_losses = pytest.mark.parametrize(
    ("loss", "closed_form"),
    [(cross_entropy, cross_entropy_grad), (logit_gap, logit_gap_grad)],
    ids=["cross_entropy", "logit_gap"],
)
far_apart = pytest.mark.parametrize(("a", "q"), FAR_APART.values(), ids=FAR_APART)


# The theorems


@given(logits_and_target())
def test_losses_differ_by_the_entropy(pair: tuple[Tensor, Tensor]) -> None:
    a, q = pair
    difference = cross_entropy(a, q) - logit_gap(a, q)
    assert difference.item() == close_to(entropy(softmax(a)).item(), abs=1e-12)


@given(logits_and_target())
def test_kl_divergence_is_the_cross_entropy_less_the_entropy_of_q(
    pair: tuple[Tensor, Tensor],
) -> None:
    a, q = pair
    expected = (cross_entropy(a, q) - entropy(q)).item()
    assert kl_divergence(q, softmax(a)).item() == close_to(expected, abs=1e-12)


@given(logits_and_target())
def test_gradients_differ_by_the_residual(pair: tuple[Tensor, Tensor]) -> None:
    a, q = pair
    residual = logit_gap_residual(a)
    torch.testing.assert_close(
        logit_gap_grad(a, q) - cross_entropy_grad(a, q), residual, rtol=0, atol=1e-13
    )
    torch.testing.assert_close(residual, softmax_jvp(a, a), rtol=1e-12, atol=0)
    torch.testing.assert_close(residual, softmax_jacobian(a) @ a, rtol=0, atol=1e-12)


@given(logits_and_target())
def test_logit_gap_grad_with_p_held_is_the_gradient_of_cross_entropy(
    pair: tuple[Tensor, Tensor],
) -> None:
    held = logit_gap_grad(*pair, detach_p=True)
    torch.testing.assert_close(held, cross_entropy_grad(*pair), rtol=0, atol=1e-15)


@given(logits_and_target(), st.floats(-1e3, 1e3))
def test_losses_ignore_a_constant_added_to_the_logits(
    pair: tuple[Tensor, Tensor], shift: float
) -> None:
    a, q = pair
    for loss in (cross_entropy, logit_gap):
        # The shifted logits themselves are rounded by up to 1e3 times 2^-53.
        assert loss(a + shift, q).item() == close_to(loss(a, q).item(), abs=1e-12)


@given(logits_and_target())
def test_cross_entropy_is_at_least_the_entropy_of_q(pair: tuple[Tensor, Tensor]) -> None:
    assert cross_entropy(*pair) >= entropy(pair[1]) - 1e-14


def test_logit_gap_residual_sums_to_zero_but_is_not_zero() -> None:
    residual = logit_gap_residual(3 * uniform(1000, 10))
    assert residual.sum(-1).abs().max() < 1e-14
    assert residual.abs().amax(-1).min() > 1e-2


@pytest.mark.parametrize("a", [[0.5] * 4, [1.0, -2000.0, 1.0], [7.0, -INF]], ids=str)
def test_logit_gap_residual_is_zero_for_uniform_p_over_the_logits_that_matter(
    a: list[float],
) -> None:
    assert not logit_gap_residual(a).any()


def test_logit_gap_has_its_minimum_where_lambert_says() -> None:
    # One-hot target, the other logits equal, x = a_y - a_other: (x - 1) e^(x - 1) = (K - 1) / e.
    for classes, probability in ((2, 0.782), (10, 0.476), (64, 0.302)):
        w = scipy.special.lambertw((classes - 1) / math.e).real
        a, q = torch.zeros(2, classes, dtype=torch.float64)
        a[0], q[0] = 1 + w, 1
        assert logit_gap_grad(a, q).abs().max() < 1e-15
        assert logit_gap(a, q).item() == close_to(-w, rel=1e-14)
        assert softmax(a)[0].item() == close_to(probability, abs=5e-4)


# Oracles


def test_cross_entropy_agrees_with_torch() -> None:
    a, q = 20 * uniform(2, 100, 8)
    q = q.softmax(-1)
    expected = torch.nn.functional.cross_entropy(a, q, reduction="none")
    torch.testing.assert_close(cross_entropy(a, q), expected, rtol=1e-14, atol=0)


def test_cross_entropy_agrees_with_scipy_where_q_does_not_sum_to_one() -> None:
    a, q = 20 * uniform(2, 100, 8)
    log_p = scipy.special.log_softmax(a.numpy(), axis=-1)
    expected = -torch.from_numpy((q.numpy() * log_p).sum(-1))
    torch.testing.assert_close(cross_entropy(a, q), expected, rtol=1e-13, atol=0)
    torch.testing.assert_close(
        gradient(lambda x: cross_entropy(x, q), a), cross_entropy_grad(a, q), rtol=0, atol=1e-13
    )


def test_logit_gap_agrees_with_its_definition() -> None:
    a, q = 20 * uniform(2, 100, 8)
    q = q.softmax(-1)
    p = scipy.special.softmax(a.numpy(), axis=-1)
    expected = torch.from_numpy(((p - q.numpy()) * a.numpy()).sum(-1))
    torch.testing.assert_close(logit_gap(a, q), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("gap", [1.0, 20.0, 60.0, 300.0, 700.0])
def test_cross_entropy_keeps_its_digits_near_zero(gap: float) -> None:
    a, q = [gap, 0.0, 0.5], [1.0, 0.0, 0.0]
    result = cross_entropy(tensor64(*a), tensor64(*q)).item()
    assert result == close_to(mp_cross_entropy(a, q), rel=1e-15)


@pytest.mark.parametrize("gap", [1.0, 20.0, 80.0])
def test_cross_entropy_keeps_its_digits_near_zero_in_float32(gap: float) -> None:
    a, q = [gap, 0.0, 0.5], [1.0, 0.0, 0.0]
    assert cross_entropy(a, q).item() == close_to(mp_cross_entropy(a, q), rel=5e-7)


@pytest.mark.parametrize("total", [0.25, 2.0])
@pytest.mark.parametrize("gap", [5.0, 60.0])
def test_cross_entropy_keeps_its_digits_near_zero_where_q_does_not_sum_to_one(
    gap: float, total: float
) -> None:
    a, q = [gap, 0.0, 0.5], [total, 0.0, 0.0]
    result = cross_entropy(tensor64(*a), tensor64(*q)).item()
    assert result == close_to(mp_cross_entropy(a, q), rel=1e-15)


@pytest.mark.parametrize("loss", [0.2, 1e-3, 1e-9])
def test_cross_entropy_keeps_its_digits_however_large_the_logits_are(loss: float) -> None:
    # Were it found as max + log Σ - q·a, or from a log p near 0, the digits would be those of 1000.
    gap = -math.log(math.expm1(loss))
    a, q = [1000.0, 1000.0 - gap], [1.0, 0.0]
    expected = mp_cross_entropy(a, q)
    assert cross_entropy(tensor64(*a), tensor64(*q)).item() == close_to(expected, rel=4e-16)


@pytest.mark.parametrize("gap", [0.5, 5.0, 40.0, 400.0])
@both_losses
def test_gradients_agree_with_autograd(gap: float, loss: Loss, closed_form: Loss) -> None:
    a, q = gap * uniform(2, 50, 6)
    q = q.softmax(-1)
    by_autograd = gradient(lambda x: loss(x, q), a)
    torch.testing.assert_close(closed_form(a, q), by_autograd, rtol=0, atol=1e-13)


@both_losses
def test_gradients_agree_with_finite_differences(loss: Loss, closed_form: Loss) -> None:
    a, q = 6 * uniform(2, 6)
    q = q.softmax(-1)
    differences = central_differences(lambda x: loss(x, q), a)
    # Truncation is about step² = 1e-10 and rounding 1e-15 / step = 1e-10.
    torch.testing.assert_close(closed_form(a, q), differences, rtol=0, atol=2e-9)


def test_logit_gap_grad_with_p_held_agrees_with_autograd_through_detach() -> None:
    a, q = 6 * uniform(2, 50, 6)
    q = q.softmax(-1)
    by_autograd = gradient(lambda x: ((softmax(x).detach() - q) * x).sum(-1), a)
    torch.testing.assert_close(logit_gap_grad(a, q, detach_p=True), by_autograd, rtol=0, atol=1e-15)


# Extremes


@far_apart
def test_cross_entropy_is_right_where_softmax_underflows(a: list[float], q: list[float]) -> None:
    expected = mp_cross_entropy(
        [x for x in a if x > -INF], [w for w, x in zip(q, a, strict=True) if x > -INF]
    )
    assert cross_entropy(a, q).item() == close_to(expected, rel=1e-6)
    assert cross_entropy(tensor64(*a), tensor64(*q)).item() == close_to(expected, rel=1e-15)


@far_apart
@both_losses
def test_losses_have_finite_gradients_where_softmax_underflows(
    a: list[float], q: list[float], loss: Loss, closed_form: Loss
) -> None:
    logits, target = tensor64(*a), tensor64(*q)
    by_autograd = gradient(lambda x: loss(x, target), logits)
    assert by_autograd.isfinite().all()
    torch.testing.assert_close(by_autograd, closed_form(logits, target), rtol=0, atol=1e-15)


@far_apart
def test_losses_differ_by_the_entropy_where_softmax_underflows(a: list[float], q: list[float]) -> None:
    logits, target = tensor64(*a), tensor64(*q)
    difference = cross_entropy(logits, target) - logit_gap(logits, target)
    assert difference.item() == close_to(entropy(softmax(logits)).item(), abs=1e-12)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@both_losses
def test_losses_are_finite_where_only_the_gap_is_beyond_the_dtype(
    dtype: torch.dtype, loss: Loss, closed_form: Loss
) -> None:
    limit = LIMITS[dtype]
    a = torch.tensor([limit, -limit, 0.0], dtype=dtype)
    q = torch.tensor([0.75, 0.25, 0.0], dtype=dtype)
    # A quarter of a gap of twice the limit.
    assert loss(a, q).item() == limit / 2
    assert closed_form(a, q).tolist() == [0.25, -0.25, 0]
    assert gradient(lambda x: loss(x, q), a).tolist() == [0.25, -0.25, 0]


def test_losses_lose_no_digits_to_an_offset() -> None:
    a, q = tensor64(2.0, 1.0, 0.0), tensor64(0.25, 0.25, 0.5)
    # Exact in float64, and in float32 where the grid of numbers near 2^20 is 1/8.
    for dtype, offset in ((torch.float64, 2.0**50), (torch.float32, 2.0**20)):
        x, target = a.to(dtype), q.to(dtype)
        for function in (cross_entropy, logit_gap, logit_gap_grad, cross_entropy_grad):
            assert torch.equal(function(x + offset, target), function(x, target))


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("loss", [cross_entropy, logit_gap])
def test_losses_in_half_precision_are_the_rounded_true_value(loss: Loss, dtype: torch.dtype) -> None:
    a, q = 8 * uniform(2, 500, 10)
    a, q = a.to(dtype), q.softmax(-1).to(dtype)
    # Float32 in between may turn a tie: then the result is the neighbour, hence one unit.
    error = (loss(a, q).double() - loss(a.double(), q.double()).to(dtype).double()).abs()
    unit = torch.finfo(dtype).eps * loss(a.double(), q.double()).abs().clamp(min=1e-3)
    assert (error <= unit).all()
    assert (error == 0).double().mean() > 0.99


@pytest.mark.parametrize("loss", [cross_entropy, logit_gap])
def test_losses_are_infinite_where_q_is_not_0_at_minus_infinity(loss: Loss) -> None:
    assert loss([0.0, -INF], [0.5, 0.5]) == INF


@pytest.mark.parametrize("loss", [cross_entropy, logit_gap])
@pytest.mark.parametrize(
    ("a", "q"),
    [
        ([0.0, NAN], [1.0, 0.0]),
        ([NAN, -INF], [1.0, 0.0]),
        ([0.0, -INF], [1.0, NAN]),
        ([INF, 0.0], [1.0, 0.0]),
        ([-INF, -INF], [1.0, 0.0]),
    ],
    ids=str,
)
def test_losses_are_nan_where_there_is_no_softmax_or_target(
    loss: Loss, a: list[float], q: list[float]
) -> None:
    assert loss(a, q).isnan()


def test_cross_entropy_of_one_hot_targets_is_minus_the_log_softmax() -> None:
    a = 20 * uniform(5)
    torch.testing.assert_close(
        cross_entropy(a, torch.eye(5, dtype=torch.float64)), -log_softmax(a), rtol=1e-15, atol=0
    )


def test_losses_of_a_single_class_are_zero() -> None:
    assert cross_entropy([[3.0], [-7.0]], [1.0]).tolist() == [0, 0]
    assert logit_gap([[3.0], [-7.0]], [1.0]).tolist() == [0, 0]
    assert not cross_entropy_grad([3.0], [1.0]).any()
    assert not logit_gap_grad([3.0], [1.0]).any()


def test_logit_gap_is_not_convex() -> None:
    x = np.linspace(0, 20, 200)
    gap = logit_gap(np.stack([x, 0 * x], -1), [1.0, 0.0])
    assert (gap < 0)[1:].all()
    # It returns to 0 from below, so its curvature changes sign.
    assert gap[-1] > -1e-6
    assert gap.min() < -0.27
