"""The statistics over trials against SciPy, NumPy, and the post's 20 published pairs."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import compare_losses, sort_losses
from ce_core.post.published import PUBLISHED_L1, PUBLISHED_L2
from tests.support.cases import INF, NAN, rows, tensor64, uniform
from tests.support.closeness import close_to


def vectors(trials: int, *, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Return losses and entropies with l1 - l2 = h."""
    l2, h = uniform(2, trials, seed=seed)
    return l2 + h, l2, h


@pytest.mark.parametrize("trials", [3, 20, 1000])
def test_compare_losses_agrees_with_scipy(trials: int) -> None:
    l1, l2, h = vectors(trials)
    comparison = compare_losses(l1, l2, h)
    expected = scipy.stats.linregress(l1.numpy(), l2.numpy())
    assert comparison.trials == trials
    assert comparison.correlation == close_to(expected.rvalue, rel=1e-12)
    assert comparison.slope == close_to(expected.slope, rel=1e-12)
    assert comparison.slope_error == close_to(expected.stderr, rel=1e-10)
    assert comparison.entropy_spread == close_to(np.std(h.numpy()) / np.std(l1.numpy()))
    for mean, values in zip(
        (comparison.l1_mean, comparison.l2_mean, comparison.entropy_mean), (l1, l2, h), strict=True
    ):
        assert mean == close_to(values.numpy().mean(), rel=1e-15)


@given(st.integers(2, 50), st.integers(0, 1000))
def test_compare_losses_has_a_slope_that_the_entropy_explains(trials: int, seed: int) -> None:
    comparison = compare_losses(*vectors(trials, seed=seed))
    assert comparison.slope == close_to(comparison.slope_from_entropy, abs=1e-9)
    assert abs(comparison.correlation) <= 1 + 1e-12


def test_compare_losses_keeps_its_digits_where_the_losses_hardly_vary() -> None:
    l1, l2, h = vectors(20)
    near = compare_losses(4.159 + 1e-9 * l1, 1e-9 * l2, h)
    # 4.159 + 1e-9 x holds seven digits of x.
    assert near.correlation == close_to(compare_losses(l1, l2, h).correlation, abs=1e-6)


def test_compare_losses_repeats_the_post() -> None:
    l1, l2 = np.array(PUBLISHED_L1), np.array(PUBLISHED_L2)
    comparison = compare_losses(l1, l2, l1 - l2)
    assert comparison.correlation == close_to(0.99956, abs=5e-6)
    assert comparison.slope == close_to(1.016, abs=5e-4)
    assert comparison.slope_from_entropy == close_to(comparison.slope, abs=1e-9)
    assert comparison.entropy_mean == close_to(4.158659, abs=5e-7)
    assert np.std(l1 - l2) == close_to(4e-6, abs=5e-7)


@pytest.mark.parametrize("trials", [3, 4, 5, 7, 20, 1000])
def test_compare_losses_interval_is_students(trials: int) -> None:
    comparison = compare_losses(*vectors(trials))
    quantile = scipy.stats.t.ppf(0.975, trials - 2)
    assert comparison.slope_interval == close_to(quantile * comparison.slope_error, rel=0.01)


def test_compare_losses_interval_holds_the_slope_19_times_of_20() -> None:
    held = 0
    for seed in range(400):
        generator = torch.Generator().manual_seed(seed)
        l1, noise = torch.randn(2, 5, generator=generator, dtype=torch.float64)
        held += not compare_losses(l1, l1 + noise, -noise).slope_differs_from_1
    assert 400 * 0.92 < held < 400 * 0.98


@pytest.mark.parametrize(("rounding", "decides"), [(0.0, False), (0.2, False), (0.3, True)])
def test_compare_losses_says_where_rounding_decides(rounding: float, decides: bool) -> None:
    l1, l2, h = vectors(20)
    spread = l1.std()
    comparison = compare_losses(l1, l2, h, rounding=(rounding * spread).repeat(20))
    assert comparison.l1_spread == close_to(spread.item())
    assert comparison.rounding == close_to(rounding * spread.item())
    assert comparison.rounding_decides is decides
    # Noise of that size takes its share of the variance from the slope.
    plain = compare_losses(l1, l2, h)
    taken = comparison.slope_interval - plain.slope_interval
    assert taken == close_to(abs(plain.slope) * rounding**2 * 20 / 19, abs=1e-12)


@pytest.mark.parametrize(("share", "decides"), [(0.0, False), (0.3, False), (0.9, True)])
def test_compare_losses_rounding_decides_where_it_makes_the_scatter(
    share: float, decides: bool
) -> None:
    generator = torch.Generator().manual_seed(3)
    l1, h, rounded = torch.randn(3, 40, generator=generator, dtype=torch.float64)
    h, rounded = 0.05 * (1 - share) * h, 0.05 * share * rounded
    comparison = compare_losses(l1, l1 - h - rounded, h)
    assert comparison.rounding_decides is decides
    assert comparison.entropy_deviation == close_to(h.std().item())
    assert comparison.residual_spread == close_to(rounded.std().item(), rel=1e-9, abs=1e-15)
    fit = np.polyfit(l1.numpy(), (l1 - h - rounded).numpy(), 1)
    left = (l1 - h - rounded).numpy() - np.polyval(fit, l1.numpy())
    assert comparison.scatter == close_to(math.sqrt(left @ left / 38), rel=1e-9)


def test_compare_losses_rounding_that_is_too_small_to_see_decides_nothing() -> None:
    l1 = uniform(20)
    comparison = compare_losses(l1, l1 - 2, [2.0] * 20)
    assert not comparison.rounding_decides
    assert not compare_losses(l1[:2], l1[:2] - 0.3, [0.1, 0.2]).rounding_decides


def test_compare_losses_rounding_of_trials_that_are_left_out_counts_not() -> None:
    comparison = compare_losses([1.0, 2.0, NAN], [0.0, 1.0, 2.0], [1.0] * 3, rounding=[0.1, 0.1, NAN])
    assert comparison.trials == 2
    assert comparison.rounding == close_to(0.1)


@pytest.mark.parametrize("trials", [0, 1, 2])
def test_compare_losses_tells_no_slope_from_1_with_two_trials(trials: int) -> None:
    comparison = compare_losses(*vectors(trials))
    assert math.isnan(comparison.slope_interval)
    assert not comparison.slope_differs_from_1


def test_compare_losses_reads_lists_in_float64() -> None:
    as_lists = compare_losses(PUBLISHED_L1, PUBLISHED_L2, [4.158659] * 20)
    as_arrays = compare_losses(np.array(PUBLISHED_L1), np.array(PUBLISHED_L2), np.full(20, 4.158659))
    assert as_lists.slope == as_arrays.slope
    assert as_lists.l1_mean == as_arrays.l1_mean


def test_statistics_of_losses_with_a_history_are_numbers_without_a_warning() -> None:
    l1, l2, entropy, rounding = uniform(4, 9)
    given = [values.clone().requires_grad_() for values in (l1, l2, entropy)]
    found = compare_losses(*given, rounding=rounding.clone().requires_grad_())
    assert found == compare_losses(l1, l2, entropy, rounding=rounding)
    assert not sort_losses(*given[:2]).l1_spacing.requires_grad


def test_compare_losses_has_no_slope_where_all_l1_are_equal() -> None:
    # The mean of three times 0.1 rounds to another number; that must not pass for a spread.
    comparison = compare_losses(tensor64(0.1, 0.1, 0.1), tensor64(1, 2, 3), tensor64(1, 2, 4))
    for name in ("correlation", "slope", "slope_error", "slope_from_entropy", "entropy_spread"):
        assert math.isnan(getattr(comparison, name))
    assert comparison.trials == 3
    assert comparison.l1_mean == close_to(0.1)


def test_compare_losses_has_a_slope_of_zero_where_all_l2_are_equal() -> None:
    comparison = compare_losses(tensor64(1, 2, 3), tensor64(0.1, 0.1, 0.1), tensor64(1, 2, 3))
    assert comparison.slope == 0
    assert math.isnan(comparison.correlation)


@pytest.mark.parametrize("trials", [0, 1, 2])
def test_compare_losses_of_few_trials_has_nan_for_what_does_not_exist(trials: int) -> None:
    comparison = compare_losses(*vectors(trials))
    assert comparison.trials == trials
    assert math.isnan(comparison.l1_mean) == (trials == 0)
    assert math.isnan(comparison.slope) == (trials < 2)
    assert math.isnan(comparison.correlation) == (trials < 2)
    assert math.isnan(comparison.slope_error)


@pytest.mark.parametrize("gap", [NAN, INF, -INF])
@pytest.mark.parametrize("position", range(3))
def test_compare_losses_leaves_out_trials_that_are_not_finite(position: int, gap: float) -> None:
    broken = [x.clone() for x in vectors(10)]
    broken[position][4] = gap
    kept = torch.arange(10) != 4
    assert compare_losses(*broken) == compare_losses(*(x[kept] for x in vectors(10)))


@given(rows(0, 10, count=2))
def test_sort_losses_keeps_the_pairs_and_ascends(pair: tuple[Tensor, Tensor]) -> None:
    ordered = sort_losses(*pair)
    assert (ordered.l1.diff() >= 0).all()
    pairs = sorted(zip(ordered.l1.tolist(), ordered.l2.tolist(), strict=True))
    assert pairs == sorted(zip(*(x.tolist() for x in pair), strict=True))


@pytest.mark.parametrize("trials", [2, 3, 20])
def test_sort_losses_agrees_with_numpy_gradient(trials: int) -> None:
    l1, l2, _ = (x.numpy() for x in vectors(trials))
    order = np.argsort(l1)
    ordered = sort_losses(l1, l2)
    assert ordered.l1_spacing.tolist() == close_to(np.gradient(l1[order]), rel=1e-14)
    assert ordered.l2_spacing.tolist() == close_to(np.gradient(l2[order]), rel=1e-14)


def test_sort_losses_repeats_the_gradients_of_the_post() -> None:
    ordered = sort_losses(PUBLISHED_L1, PUBLISHED_L2)
    assert ordered.l1.tolist() == list(PUBLISHED_L1)
    assert ordered.l2.tolist() == list(PUBLISHED_L2)
    # It states 3.5e-06 to 6.7e-05 and -5.3e-06 to 7.5e-05.
    spacings = (ordered.l1_spacing, ordered.l2_spacing)
    ranges = [bound for x in spacings for bound in (x.min().item(), x.max().item())]
    assert ranges == close_to([3.5e-6, 6.7e-5, -5.3e-6, 7.5e-5], rel=0.02)


def test_sort_losses_keeps_the_order_of_equal_trials() -> None:
    l2 = uniform(500)
    assert torch.equal(sort_losses([1.0] * 500, l2).l2, l2)


@pytest.mark.parametrize("trials", [0, 1])
def test_sort_losses_of_few_trials_has_no_spacing(trials: int) -> None:
    l1, l2, _ = vectors(trials)
    ordered = sort_losses(l1, l2)
    assert ordered.l1.tolist() == l1.tolist()
    assert len(ordered.l1_spacing) == trials
    assert ordered.l1_spacing.isnan().all()


def test_sort_losses_leaves_out_trials_that_are_not_finite() -> None:
    ordered = sort_losses([3.0, NAN, 1.0, 2.0], [0.3, 0.0, 0.1, INF])
    assert ordered.l1.tolist() == [1, 3]
    assert ordered.l2.tolist() == [0.1, 0.3]


@pytest.mark.parametrize("trials", [3, 20])
def test_compare_losses_says_how_far_rounding_moves_the_slope(trials: int) -> None:
    l1, _l2, h = vectors(trials)
    h, size = 0.1 * h, 0.01 * l1.std().item()
    generator = torch.Generator().manual_seed(1)
    moved = size * torch.randn(2, 400, trials, generator=generator, dtype=torch.float64)
    slopes = [compare_losses(l1 + x, l1 - h + y, h).slope for x, y in zip(*moved, strict=True)]
    told = compare_losses(l1, l1 - h, h, rounding=[size] * trials)
    assert told.slope_rounding == close_to(float(np.std(slopes)), rel=0.1)


def test_compare_losses_interval_is_no_narrower_than_rounding() -> None:
    # Three trials that rounding has put on a line to the last digit.
    l1 = tensor64(1.0, 1.5, 2.0)
    comparison = compare_losses(l1, l1 - 0.5, [0.5] * 3, rounding=[0.02] * 3)
    assert comparison.slope_error == 0
    assert comparison.slope_interval >= 2 * comparison.slope_rounding > 0.07


@pytest.mark.parametrize(("trials", "decides"), [(2, True), (3, True), (20, False)])
def test_compare_losses_rounding_decides_of_few_trials_sooner(trials: int, decides: bool) -> None:
    l1, _l2, h = vectors(trials)
    comparison = compare_losses(l1, l1 - h, h, rounding=(0.15 * l1.std()).repeat(trials))
    assert comparison.rounding_decides is decides
