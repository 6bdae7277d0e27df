"""The post's fourth step: its own numbers, and the rounding error of the sum over many draws."""

import math

import numpy as np
import pytest
import torch

from ce_core import check_sum, sum_errors
from ce_core.post.published import CHECK_MEAN, CHECK_P, CHECK_SUM, CHECK_VALUES
from ce_core.post.sum_check import SUM_CHECK_DTYPES
from tests.support.cases import tensor64
from tests.support.closeness import close_to

ERRORS = sum_errors()


def test_check_centring_of_the_posts_numbers() -> None:
    found = check_sum(CHECK_P, CHECK_VALUES)
    assert found.elements.abs().max().item() == close_to(0.0478, abs=1e-4)
    # What is in the last digits depends on the order of a sum of five terms.
    assert abs(found.total) < 1e-16 < CHECK_SUM * 2
    assert found.total != CHECK_SUM
    assert found.mean != CHECK_MEAN
    assert found.mean == close_to(CHECK_MEAN, abs=1e-9)


def test_check_centring_with_the_mean_as_printed() -> None:
    found = check_sum(CHECK_P, CHECK_VALUES, mean=CHECK_MEAN)
    assert found.total == close_to(3.8333e-10, rel=1e-4)
    # This one is no rounding error: the digits that were not printed make it.
    assert found.total == close_to(found.exact_total, abs=1e-16)


def test_check_centring_is_numpys() -> None:
    generator = torch.Generator().manual_seed(1)
    p = torch.rand(7, generator=generator, dtype=torch.float64).softmax(-1)
    a = torch.rand(7, generator=generator, dtype=torch.float64)
    found = check_sum(p, a)
    b = np.dot(p.numpy(), a.numpy())
    expected = p.numpy() * (a.numpy() - b)
    np.testing.assert_allclose(found.elements.numpy(), expected, rtol=0, atol=1e-16)
    assert abs(found.total) < 1e-15
    assert abs(found.exact_total) < 1e-15


def test_check_centring_exact_total_is_exact() -> None:
    # p·a is representable, and so is each product.
    found = check_sum([0.25, 0.75], [0.5, 0.75])
    assert found.total == found.exact_total == 0
    off = check_sum([0.25, 0.5], [1.0, 1.0], mean=0.5)
    assert off.exact_total == 0.375
    # A little more than half of the smallest number, which rounds up: once.
    assert check_sum([0.5, 1e-30], [5e-324, 5e-324]).exact_total == 5e-324


@pytest.mark.parametrize(
    ("p", "a", "message"),
    [
        ([0.5, 0.5], [1.0], "a must have the last dimension of p, 2"),
        ([0.5, math.nan], [1.0, 2.0], "p must be finite"),
        ([0.5, 0.5], [1.0, math.inf], "a must be finite"),
        ([[0.5, 0.5]], [1.0, 2.0], "p must be one row"),
    ],
    ids=str,
)
def test_check_centring_refuses(p: list[float], a: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        check_sum(p, a)


def test_centring_errors_are_those_of_numpy_by_the_posts_recipe() -> None:
    generator = torch.Generator().manual_seed(3)
    a, w = (torch.rand(500, 4, generator=generator, dtype=torch.float64).numpy() for _ in range(2))
    found = sum_errors(draws=500, m=4, seed=3)
    for index, name in enumerate(SUM_CHECK_DTYPES):
        dtype = np.dtype(name)
        values, weights = a.astype(dtype), w.astype(dtype)
        p = weights / weights.sum(-1, keepdims=True)
        total = (p * (values - (p * values).sum(-1, keepdims=True))).sum(-1)
        expected = total.astype(np.float64) / ERRORS.eps[index]
        # NumPy may add in another order.
        assert abs(expected - found.errors[index].numpy()).max() < 2
        assert found.rms[index].item() == close_to(np.sqrt((expected**2).mean()), rel=0.1)


def test_centring_errors_are_a_few_tenths_of_eps_in_either_dtype() -> None:
    assert ERRORS.dtypes == SUM_CHECK_DTYPES
    assert ERRORS.eps == (2.0**-52, 2.0**-23)
    assert ((ERRORS.rms > 0.2) & (ERRORS.rms < 0.4)).all()
    assert (ERRORS.largest < 3).all()
    assert (ERRORS.largest_element > 0.05).all()
    assert ERRORS.errors.mean(-1).abs().max() < 0.02


def test_centring_errors_counts_every_draw_once() -> None:
    assert ERRORS.counts.sum(-1).tolist() == [10_000, 10_000]
    assert len(ERRORS.edges) == ERRORS.counts.shape[1] + 1
    assert (ERRORS.edges.diff() == 1 / 16).all()
    for row, errors in zip(ERRORS.counts, ERRORS.errors, strict=True):
        inside = (errors > ERRORS.edges[:-1, None]) & (errors < ERRORS.edges[1:, None])
        on_edges = torch.isin(errors, ERRORS.edges).sum()
        assert (row - inside.sum(-1)).abs().sum() <= on_edges
    middle = ERRORS.counts.shape[1] // 2
    assert ERRORS.edges[middle : middle + 2].tolist() == [-1 / 32, 1 / 32]


def test_centring_errors_agree_with_their_seed() -> None:
    again = sum_errors()
    assert torch.equal(again.errors, ERRORS.errors)
    assert not torch.equal(sum_errors(seed=1).errors, ERRORS.errors)
    assert (ERRORS.errors == 0).double().mean(-1).tolist() == ERRORS.zero_share.tolist()


def test_centring_errors_of_one_number_are_zero_where_its_weight_is_one() -> None:
    found = sum_errors(draws=3, m=1)
    assert not found.errors.any()
    assert found.zero_share.tolist() == [1, 1]
    assert found.counts.tolist() == [[3], [3]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 0}, "draws must be an integer >= 1, got 0"),
        ({"m": 0}, "m must be an integer >= 1"),
        ({"seed": -1}, "seed must be an integer >= 0"),
    ],
    ids=str,
)
def test_centring_errors_refuse(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        sum_errors(**options)


def test_check_centring_takes_tensors_and_follows_their_dtype() -> None:
    found = check_sum(tensor64(*CHECK_P).float(), tensor64(*CHECK_VALUES).float())
    assert found.elements.dtype == torch.float32
    assert abs(found.total) < 1e-7


def test_check_centring_refuses_what_leaves_the_dtype() -> None:
    with pytest.raises(ValueError, match=r"a must be such that .* is within torch\.float64"):
        check_sum([1e300], [1e300])
    with pytest.raises(ValueError, match="mean must be finite"):
        check_sum([1.0], [1.0], mean=float("nan"))
