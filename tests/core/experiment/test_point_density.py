"""The counts of a cloud of points against NumPy's histogram."""

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import Tensor

from ce_core.experiment.point_density import count_points
from tests.support.cases import INF, NAN, rows, uniform
from tests.support.closeness import close_to


def test_count_points_agrees_with_numpy() -> None:
    x, y = uniform(2, 5000)
    density = count_points(x, y, bins=16)
    counts, y_edges, x_edges = np.histogram2d(y.numpy(), x.numpy(), bins=16)
    assert np.array_equal(density.counts.numpy(), counts)
    for centres, edges in ((density.x_centres, x_edges), (density.y_centres, y_edges)):
        # A chart needs no more digits of them.
        assert centres.tolist() == close_to((edges[1:] + edges[:-1]) / 2, rel=1e-12)


@given(rows(-50, 50, count=2))
def test_count_points_counts_every_point_once(pair: tuple[Tensor, Tensor]) -> None:
    density = count_points(*pair, bins=3)
    assert density.points == density.counts.sum() == len(pair[0])


def test_count_points_samples_evenly_and_at_most_as_many_as_asked() -> None:
    x = torch.arange(1001.0)
    density = count_points(x, -x, sample=100)
    assert density.x_sample.tolist() == list(range(0, 1001, 11))
    assert torch.equal(density.y_sample, -density.x_sample)


def test_count_points_leaves_out_points_that_are_not_finite() -> None:
    density = count_points([0.0, NAN, 1.0, 2.0], [0.0, 1.0, INF, 2.0], bins=2)
    assert density.points == 2
    assert density.counts.tolist() == [[1, 0], [0, 1]]


def test_count_points_puts_equal_points_into_one_cell() -> None:
    density = count_points([3.0] * 5, [0.0] * 5, bins=4)
    assert density.counts.max() == 5
    assert density.x_centres.min() < 3 < density.x_centres.max()


@pytest.mark.parametrize("values", [[], [NAN, INF]], ids=str)
def test_count_points_of_no_finite_point_is_empty(values: list[float]) -> None:
    density = count_points(values, values)
    assert density.points == 0
    assert density.counts.numel() == len(density.x_sample) == 0


def test_count_points_reaches_from_end_to_end_of_the_numbers() -> None:
    density = count_points([-1.7e308, 0.5, 1.7e308], [0.0, 1.0, 2.0], bins=2)
    assert density.counts.tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert density.x_centres.tolist() == close_to([-0.85e308, 0.85e308])
