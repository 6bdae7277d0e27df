"""The eigenvalues of the Jacobian: closed forms, interlacing, rank, extremes."""

import math

import pytest
import torch
from hypothesis import given
from torch import Tensor

from ce_core import jacobian_spectrum, softmax, softmax_jacobian
from tests.support.cases import INF, NAN, rows, uniform
from tests.support.closeness import close_to


@pytest.mark.parametrize("gap", [0.0, 1.0, 5.0, 30.0])
def test_jacobian_spectrum_of_two_classes_is_twice_p_times_1_minus_p(gap: float) -> None:
    eigenvalues = jacobian_spectrum(torch.tensor([gap, 0.0]).double()).eigenvalues
    small = softmax(torch.tensor([gap, 0.0]).double())[1].item()
    assert eigenvalues[0].item() == close_to(2 * small * (1 - small), rel=1e-14)
    assert abs(eigenvalues[1]) < 1e-16


@pytest.mark.parametrize("m", [1, 2, 5, 30])
def test_jacobian_spectrum_of_equal_logits_is_1_over_m(m: int) -> None:
    spectrum = jacobian_spectrum(torch.zeros(m).double())
    expected = torch.full((m,), 1 / m, dtype=torch.float64)
    expected[-1] = 0
    torch.testing.assert_close(spectrum.eigenvalues, expected, rtol=0, atol=1e-15)
    assert spectrum.rank == m - 1


@given(rows(-8, 8))
def test_jacobian_spectrum_interlaces_the_probabilities(pair: tuple[Tensor]) -> None:
    p = softmax(pair[0]).sort(descending=True).values
    eigenvalues = jacobian_spectrum(pair[0]).eigenvalues
    assert (eigenvalues <= p + 1e-15).all()
    assert (eigenvalues[:-1] >= p[1:] - 1e-15).all()
    assert abs(eigenvalues[-1]) < 1e-15


@given(rows(-8, 8))
def test_jacobian_spectrum_sums_to_the_trace(pair: tuple[Tensor]) -> None:
    total = jacobian_spectrum(pair[0]).eigenvalues.sum().item()
    assert total == close_to(1 - softmax(pair[0]).square().sum().item(), abs=1e-14)


@pytest.mark.parametrize("gap", [0.0, 20.0, 60.0, 200.0])
def test_jacobian_spectrum_has_the_rank_of_torch(gap: float) -> None:
    a = torch.tensor([gap, 1.0, 0.5, -0.5, -gap]).double()
    expected = torch.linalg.matrix_rank(softmax_jacobian(a), hermitian=True)
    assert jacobian_spectrum(a).rank == expected


def test_jacobian_spectrum_of_one_hot_is_zero_and_has_rank_zero() -> None:
    spectrum = jacobian_spectrum([2000.0, 0.0, -INF])
    assert not spectrum.eigenvalues.any()
    assert spectrum.rank == 0
    assert spectrum.tolerance == 0


@pytest.mark.parametrize(("dtype", "gap"), [(torch.float32, 99.5), (torch.float64, 735.0)], ids=str)
def test_jacobian_spectrum_of_probabilities_that_are_subnormal(dtype: torch.dtype, gap: float) -> None:
    found = jacobian_spectrum(torch.tensor([-1.0, 0.0, 0.0, gap, gap], dtype=dtype)).eigenvalues
    assert found[0].item() == close_to(0.5, rel=1e-6)
    assert (found[1:].abs() <= torch.finfo(dtype).eps).all()
    # And where there are no others.
    alone = jacobian_spectrum(torch.tensor([0.0, gap], dtype=dtype))
    assert alone.eigenvalues[0].item() == close_to(2 * math.exp(-gap), rel=1e-2)
    assert alone.rank == 1


def test_jacobian_spectrum_takes_batches_and_keeps_dtypes() -> None:
    a = uniform(2, 3, 5)
    spectrum = jacobian_spectrum(a)
    assert spectrum.eigenvalues.shape == (2, 3, 5)
    assert spectrum.rank.tolist() == [[4] * 3] * 2
    alone = jacobian_spectrum(a[1, 2]).eigenvalues
    torch.testing.assert_close(spectrum.eigenvalues[1, 2], alone, rtol=1e-13, atol=1e-16)
    half = jacobian_spectrum(a.half())
    assert half.eigenvalues.dtype == half.tolerance.dtype == torch.float16
    assert half.rank.tolist() == [[4] * 3] * 2


@pytest.mark.parametrize("a", [[INF, 0.0], [NAN, 0.0], [-INF, -INF]])
def test_jacobian_spectrum_refuses_what_has_no_softmax(a: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^a must have a softmax in every row"):
        jacobian_spectrum(a)
