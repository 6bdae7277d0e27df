"""Softmax, entropy and divergence against SciPy, mpmath, finite differences and theorems."""

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from torch import Tensor

from ce_core import (
    entropy,
    js_from_logits,
    kl_divergence,
    log_softmax,
    softmax,
)
from tests.support.cases import (
    INF,
    NAN,
    central_differences,
    gradient,
    mp_cross_entropy,
    normalise,
    rows,
    tensor64,
    uniform,
)
from tests.support.closeness import close_to

# Whole gaps at which softmax([gap, 0]) reaches exactly 0: half the smallest subnormal is e^-17.3,
# e^-92.9, e^-104.0 and e^-745.1.
UNDERFLOW_GAPS = {
    torch.float16: 18,
    torch.bfloat16: 93,
    torch.float32: 104,
    torch.float64: 746,
}
LARGE = {dtype: torch.finfo(dtype).max for dtype in UNDERFLOW_GAPS}


# softmax, log_softmax


@pytest.mark.parametrize("dim", [-1, 0, 1])
def test_softmax_agrees_with_scipy(dim: int) -> None:
    a = 20 * uniform(4, 5, 6)
    expected = torch.from_numpy(scipy.special.softmax(a.numpy(), axis=dim))
    torch.testing.assert_close(softmax(a, dim=dim), expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("dim", [-1, 0, 1])
def test_log_softmax_agrees_with_scipy(dim: int) -> None:
    a = 20 * uniform(4, 5, 6)
    expected = torch.from_numpy(scipy.special.log_softmax(a.numpy(), axis=dim))
    # SciPy takes the logarithm of a sum near 1 and so has no relative accuracy near 0.
    torch.testing.assert_close(log_softmax(a, dim=dim), expected, rtol=1e-13, atol=1e-15)


@given(rows())
def test_softmax_is_a_distribution(pair: tuple[Tensor]) -> None:
    p = softmax(pair[0])
    assert (p >= 0).all()
    assert p.sum().item() == close_to(1, abs=1e-14)


@given(rows(-300, 300))
def test_log_softmax_is_the_logarithm_of_the_softmax(pair: tuple[Tensor]) -> None:
    torch.testing.assert_close(log_softmax(pair[0]).exp(), softmax(pair[0]), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("dtype", UNDERFLOW_GAPS, ids=str)
def test_softmax_underflows_only_at_the_limit_of_the_dtype(dtype: torch.dtype) -> None:
    gap = UNDERFLOW_GAPS[dtype]
    assert softmax(torch.tensor([gap, 0.0], dtype=dtype))[1] == 0
    assert softmax(torch.tensor([gap - 1.0, 0.0], dtype=dtype))[1] > 0


@pytest.mark.parametrize("dtype", UNDERFLOW_GAPS, ids=str)
def test_log_softmax_is_minus_the_gap_where_softmax_underflows(dtype: torch.dtype) -> None:
    gap = 4.0 * UNDERFLOW_GAPS[dtype]
    assert log_softmax(torch.tensor([gap, 0.0], dtype=dtype)).tolist() == [0, -gap]
    assert log_softmax(torch.tensor([LARGE[dtype], 0.0], dtype=dtype))[1] == -LARGE[dtype]


# Beyond gaps of 87 and 708 the true value is subnormal.
@pytest.mark.parametrize(
    ("dtype", "gap"),
    [(torch.float32, g) for g in (1.0, 20.0, 80.0)] + [(torch.float64, g) for g in (1.0, 40.0, 700.0)],
    ids=str,
)
def test_log_softmax_keeps_its_digits_near_zero(dtype: torch.dtype, gap: float) -> None:
    result = log_softmax(torch.tensor([gap, 0.0], dtype=dtype))[0].item()
    expected = -mp_cross_entropy([gap, 0.0], [1.0, 0.0])
    assert result == close_to(expected, rel=8 * torch.finfo(dtype).eps)


def test_log_softmax_gradient_is_finite_where_softmax_underflows() -> None:
    gradients = gradient(lambda a: log_softmax(a)[1], tensor64(2000.0, 0.0, -INF))
    assert gradients.tolist() == [-1, 1, 0]


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize("row", [[-INF, -INF], [INF, 0.0], [0.0, NAN], [NAN, INF]], ids=str)
def test_softmax_is_nan_where_there_is_none(function: Callable[..., Tensor], row: list[float]) -> None:
    assert function(row).isnan().all()


def test_softmax_excludes_a_class_at_minus_infinity() -> None:
    assert softmax([0.0, -INF, 0.0]).tolist() == [0.5, 0, 0.5]
    assert log_softmax([0.0, -INF]).tolist() == [0, -INF]


# entropy


@given(rows(0, 1))
def test_entropy_agrees_with_scipy(pair: tuple[Tensor]) -> None:
    p = normalise(pair[0])
    expected = scipy.special.entr(p.numpy()).sum()
    assert entropy(p).item() == close_to(expected, rel=1e-14, abs=1e-300)


@given(rows(0, 1))
def test_entropy_lies_between_zero_and_log_m(pair: tuple[Tensor]) -> None:
    p = normalise(pair[0])
    assert -1e-15 <= entropy(p) <= math.log(len(p)) + 1e-15


@pytest.mark.parametrize("m", [1, 2, 64, 4096])
def test_entropy_is_log_m_for_uniform_p(m: int) -> None:
    assert entropy(torch.full((m,), 1 / m).double()).item() == close_to(math.log(m), rel=1e-14)


def test_entropy_is_zero_for_one_hot_p() -> None:
    assert entropy([0.0, 1.0, 0.0]) == 0


def test_entropy_accepts_integers() -> None:
    assert entropy(np.array([0, 1], dtype=np.uint8)) == 0
    assert entropy([0, 1]).dtype == torch.get_default_dtype()


def test_entropy_is_nan_for_negative_p() -> None:
    assert entropy([-0.5, 1.5]).isnan()


@pytest.mark.parametrize("gap", [5.0, 300.0, 2000.0])
def test_entropy_gradient_with_respect_to_logits_is_finite(gap: float) -> None:
    a = tensor64(gap, 1.0, 0.0, -INF)
    p = softmax(a)
    # dH/da = -p (log p + H); p log p is 0 where p is.
    expected = torch.special.entr(p) - p * entropy(p)
    torch.testing.assert_close(
        gradient(lambda x: entropy(softmax(x)), a), expected, rtol=1e-13, atol=1e-16
    )


# kl_divergence


@given(rows(1e-3, 1, count=2))
def test_kl_divergence_agrees_with_scipy(pair: tuple[Tensor, Tensor]) -> None:
    q, p = (normalise(weights) for weights in pair)
    expected = scipy.special.rel_entr(q.numpy(), p.numpy()).sum()
    assert kl_divergence(q, p).item() == close_to(expected, rel=1e-13, abs=1e-15)


@given(rows(0, 1, count=2))
def test_kl_divergence_is_at_least_half_the_squared_distance(pair: tuple[Tensor, Tensor]) -> None:
    q, p = (normalise(weights) for weights in pair)
    # Pinsker's inequality, from which KL >= 0, and 0 only where q = p.
    assert kl_divergence(q, p) >= 0.5 * (q - p).abs().sum() ** 2 - 1e-15


@given(rows(0, 1))
def test_kl_divergence_is_zero_for_equal_distributions(pair: tuple[Tensor]) -> None:
    q = normalise(pair[0])
    assert kl_divergence(q, q) == 0


def test_kl_divergence_is_infinite_where_only_p_is_zero() -> None:
    assert kl_divergence([0.5, 0.5], [1.0, 0.0]) == INF
    assert kl_divergence([1.0, 0.0], [1.0, 0.0]) == 0
    assert kl_divergence([1.0, 0.0], [0.5, 0.5]).item() == close_to(math.log(2))


@pytest.mark.parametrize("gap", [5.0, 300.0, 700.0])
def test_kl_divergence_gradient_with_respect_to_logits_is_p_minus_q(gap: float) -> None:
    a, q = tensor64(gap, 0.0, -2000.0, -INF), tensor64(0.25, 0.75, 0.0, 0.0)
    result = gradient(lambda x: kl_divergence(q, softmax(x)), a)
    torch.testing.assert_close(result, softmax(a) - q, rtol=1e-12, atol=1e-15)


def test_kl_divergence_gradient_agrees_with_finite_differences() -> None:
    q, a = uniform(5, seed=1).softmax(-1), 3 * uniform(5, seed=2)

    def of_logits(x: Tensor) -> Tensor:
        return kl_divergence(q, softmax(x))

    # Truncation is about step² = 1e-10 and rounding 1e-16 / step = 1e-11.
    torch.testing.assert_close(
        gradient(of_logits, a), central_differences(of_logits, a), rtol=0, atol=1e-9
    )


def test_softmax_of_a_million_classes_keeps_its_digits() -> None:
    a = torch.arange(10**6, dtype=torch.float32) % 7
    error = softmax(a).double() / a.double().softmax(-1) - 1
    assert error.abs().max() < 2e-7


def test_divergence_of_near_distributions_and_entropy_of_one_hot_are_not_below_zero() -> None:
    q = uniform(1000, 6).softmax(-1)
    p = q * (1 + 1e-16 * uniform(1000, 6, seed=1))
    assert (kl_divergence(q, p) >= 0).all()
    assert math.copysign(1, entropy([0.0, 1.0]).item()) == 1


def test_kl_divergence_of_a_class_that_both_all_but_exclude_is_finite() -> None:
    q, p = tensor64(1.0, 1e-30), tensor64(1.0, 1e-300)
    # 1e-30 log(1e270), mpmath.
    assert kl_divergence(q, p).item() == close_to(6.2169797510839239e-28, rel=1e-12)
    assert kl_divergence(q, tensor64(1.0, 0.0)).item() == INF


def test_kl_divergence_of_a_class_that_q_holds_subnormal_is_finite() -> None:
    # p / q is beyond float64.
    q, p = tensor64(1.0, 1e-315), tensor64(1 - 1e-3, 1e-3)
    # -log(0.999)
    assert kl_divergence(q, p).item() == close_to(1.0005003335835335e-3, rel=1e-12)


GAPS = [20.0, 85.0, 89.0, 95.0, 103.0, 110.0, 700.0, 710.0, 740.0, 760.0, 9999.0, 10001.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("teacher", ["logits", "one_hot"])
def test_js_from_logits_has_the_true_gradient_however_sure(
    gap: float, dtype: torch.dtype, teacher: str
) -> None:
    sure = teacher == "logits"
    q = torch.tensor([0.0, gap if sure else 1.0], dtype=dtype)
    found = gradient(
        lambda a: js_from_logits(q, a, q_is_logits=sure), torch.tensor([gap, 0.0], dtype=dtype)
    )
    with mpmath.workdps(60):
        small = 1 / (1 + mpmath.exp(mpmath.mpf(gap)))
        p, target = [1 - small, small], [small if sure else mpmath.mpf(0)]
        target.append(1 - target[0])
        slopes = [mpmath.log(2 * x / (x + y)) for x, y in zip(p, target, strict=True)]
        expected = float(p[0] * p[1] * (slopes[0] - slopes[1]) / 2)
    smallest = torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps
    slack = max(64 * torch.finfo(dtype).eps * abs(expected), 256 * smallest)
    assert found.tolist() == close_to([expected, -expected], abs=slack)
