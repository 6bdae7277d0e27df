"""The Jacobian of the softmax and its products: theorems, autograd, differences, mpmath."""

from collections.abc import Callable

import mpmath
import pytest
import torch
from hypothesis import given
from torch import Tensor

from ce_core import (
    centred_product,
    logit_gap_residual,
    softmax,
    softmax_jacobian,
    softmax_jvp,
)
from tests.support.cases import (
    INF,
    NAN,
    gradient,
    mp_softmax,
    normalise,
    rows,
    tensor64,
    uniform,
)
from tests.support.closeness import close_to

# softmax_jacobian, softmax_jvp


@given(rows())
def test_softmax_jacobian_is_diag_p_minus_p_p(pair: tuple[Tensor]) -> None:
    p, found = softmax(pair[0]), softmax_jacobian(pair[0])
    torch.testing.assert_close(found.diagonal(), p - p * p, rtol=0, atol=1e-15)
    # What is not on the diagonal is one product, however small.
    apart = ~torch.eye(len(p), dtype=torch.bool)
    torch.testing.assert_close(found[apart], -torch.outer(p, p)[apart], rtol=1e-15, atol=0)


def test_softmax_jacobian_agrees_with_autograd() -> None:
    a = 6 * uniform(7)
    expected = torch.func.jacrev(softmax)(a)
    torch.testing.assert_close(softmax_jacobian(a), expected, rtol=1e-13, atol=1e-16)


def test_softmax_jacobian_agrees_with_finite_differences() -> None:
    a, step = 6 * uniform(5), 1e-5
    shifts = step * torch.eye(5, dtype=torch.float64)
    differences = (softmax(a + shifts) - softmax(a - shifts)) / (2 * step)
    # Truncation is about step² = 1e-10 and rounding 1e-16 / step = 1e-11.
    torch.testing.assert_close(softmax_jacobian(a), differences, rtol=0, atol=1e-9)


@given(rows())
def test_softmax_jacobian_is_symmetric_and_positive_semidefinite(pair: tuple[Tensor]) -> None:
    jacobian = softmax_jacobian(pair[0])
    assert torch.equal(jacobian, jacobian.mT)
    assert torch.linalg.eigvalsh(jacobian).min() >= -1e-16


@given(rows())
def test_softmax_jacobian_has_rows_that_sum_to_zero(pair: tuple[Tensor]) -> None:
    jacobian = softmax_jacobian(pair[0])
    torch.testing.assert_close(
        jacobian.sum(-1), torch.zeros(len(jacobian)).double(), rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("m", [1, 2, 5, 64])
def test_softmax_jacobian_has_rank_m_minus_one(m: int) -> None:
    assert torch.linalg.matrix_rank(softmax_jacobian(4 * uniform(m)), hermitian=True) == m - 1


def test_softmax_jacobian_vanishes_at_one_hot() -> None:
    assert not softmax_jacobian([2000.0, 0.0, -INF]).any()


@pytest.mark.parametrize("gap", [10.0, 40.0, 80.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_softmax_jacobian_keeps_its_digits_near_one_hot(gap: float, dtype: torch.dtype) -> None:
    a = [gap, 0.0, 1.0]
    diagonal = softmax_jacobian(torch.tensor(a, dtype=dtype)).diagonal().tolist()
    expected = [float(p * (1 - p)) for p in mp_softmax(a)]
    assert diagonal == close_to(expected, rel=16 * torch.finfo(dtype).eps)


@given(rows(-50, 50, count=2))
def test_softmax_jvp_is_the_jacobian_times_the_vector(pair: tuple[Tensor, Tensor]) -> None:
    a, v = pair
    torch.testing.assert_close(softmax_jvp(a, v), softmax_jacobian(a) @ v, rtol=0, atol=1e-13)


@given(rows(-50, 50, count=2))
def test_softmax_jvp_sums_to_zero(pair: tuple[Tensor, Tensor]) -> None:
    assert softmax_jvp(*pair).sum().item() == close_to(0, abs=1e-13)


def test_softmax_jvp_agrees_with_autograd() -> None:
    a, v = 6 * uniform(2, 7)
    # The Jacobian is symmetric, so that the product from the left is the same.
    expected = gradient(lambda x: softmax(x) * v, a)
    torch.testing.assert_close(softmax_jvp(a, v), expected, rtol=1e-13, atol=1e-16)


def test_softmax_jvp_ignores_an_offset_of_the_vector() -> None:
    a, v = uniform(6), tensor64(1, 2, 3, 4, 5, 6)
    # Both are exact in float64, so that only the arithmetic could lose the difference.
    assert torch.equal(softmax_jvp(a, v + 2.0**40), softmax_jvp(a, v))


def test_softmax_jvp_keeps_its_digits_near_one_hot() -> None:
    a, v = [80.0, 0.0, 1.0], [3.0, 1.0, -2.0]
    p = mp_softmax(a)
    # In mpmath's own 15 digits the mean would round to 3.
    with mpmath.workdps(60):
        mean = mpmath.fsum(x * y for x, y in zip(p, v, strict=True))
        expected = [float(x * (y - mean)) for x, y in zip(p, v, strict=True)]
    assert softmax_jvp(tensor64(*a), tensor64(*v)).tolist() == close_to(expected, rel=1e-14)


# centred_product


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_products_are_finite_though_the_differences_are_not(dtype: torch.dtype) -> None:
    most = torch.finfo(dtype).max
    v = torch.tensor([[-most, most, most], [most, 1.0, -most]], dtype=dtype)
    expected = torch.tensor([[-4, 2, 2], [3, 0, -3]], dtype=dtype) / 9 * most
    p = torch.full((3,), 1 / 3, dtype=dtype)
    for found in (softmax_jvp(torch.zeros(3, dtype=dtype), v), centred_product(p, v)):
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-12 * most)


def test_centred_product_sums_to_zero_but_is_not_zero_on_the_numbers_of_the_post() -> None:
    a = tensor64(0.90457897, 0.08975555, 0.6955031, 0.74161145, 0.50095907)
    p = tensor64(0.02797057, 0.09509987, 0.27454503, 0.273575, 0.32880953)
    result = centred_product(p, a)
    # Five terms below 0.05 round to 1e-17, and the eight digits printed of p sum to 1 exactly.
    assert abs(result.sum()) < 5e-17
    assert result.abs().max().item() == close_to(0.0478, abs=1e-4)


@given(rows(-50, 50, count=2))
def test_centred_product_sums_to_zero(pair: tuple[Tensor, Tensor]) -> None:
    p = normalise(pair[0].abs())
    assert centred_product(p, pair[1]).sum().item() == close_to(0, abs=1e-13)


def test_centred_product_is_the_jvp_where_p_is_a_softmax() -> None:
    a, v = 6 * uniform(2, 7)
    torch.testing.assert_close(
        centred_product(softmax(a), v), softmax_jvp(a, v), rtol=1e-12, atol=1e-15
    )


def test_centred_product_counts_minus_infinity_as_zero_where_p_is_zero() -> None:
    assert centred_product([0.5, 0.5, 0.0], [1.0, 3.0, -INF]).tolist() == [-0.5, 0.5, 0]
    assert not centred_product([0.5, 0.5], [1.0, -INF]).isfinite().any()


@pytest.mark.parametrize("hole", [-INF, INF, NAN], ids=str)
@pytest.mark.parametrize(
    "function",
    [
        logit_gap_residual,
        softmax_jacobian,
        lambda a: softmax_jvp(a, torch.tensor([1.0, -1.0])),
    ],
    ids=["residual", "jacobian", "jvp"],
)
def test_row_without_a_softmax_that_does_not_count_has_gradient_0(
    function: Callable[[Tensor], Tensor], hole: float
) -> None:
    a = torch.tensor([[1.0, 2.0], [hole, hole]], requires_grad=True)
    found = function(a)
    assert found[1].isnan().all()
    assert function(a.detach())[1].isnan().all()
    total = torch.where(found.detach().isnan(), 0.0, found).square().sum()
    (gradient,) = torch.autograd.grad(total, a)
    alone = a.detach()[:1].requires_grad_()
    torch.testing.assert_close(
        gradient[:1], torch.autograd.grad(function(alone).square().sum(), alone)[0]
    )
    assert gradient[1].tolist() == [0.0, 0.0]
