"""A relative eps: NumPy's statistics, whatever the unit, the padding and the items beside it."""

from typing import Any

import numpy as np
import pytest
import torch

from ce_core import SinkhornStatus, birkhoff_rate, relative_eps, sinkhorn
from tests.support.cases import FLOATS, INF, NAN, uniform
from tests.support.closeness import close_to

STATISTICS: dict[str, Any] = {"std": np.std, "mean": np.mean, "range": np.ptp}
scales = pytest.mark.parametrize("by", STATISTICS)


@scales
def test_relative_eps_is_a_share_of_the_statistic_of_numpy(by: str) -> None:
    cost = uniform(2, 3, 6, 5)
    eps = relative_eps(cost, 0.2, by=by)
    expected = 0.2 * STATISTICS[by](cost.numpy().reshape(2, 3, -1), axis=-1)
    assert eps.shape == (2, 3)
    np.testing.assert_allclose(eps, expected, rtol=1e-14)


def test_relative_eps_is_by_default_that_of_ott() -> None:
    cost = uniform(6, 5)
    assert relative_eps(cost).item() == close_to(0.05 * cost.numpy().std(), rel=1e-14)


@scales
def test_relative_eps_does_not_count_forbidden_pairs(by: str) -> None:
    cost = uniform(6, 5)
    cost[0, 1] = cost[3, 4] = INF
    expected = STATISTICS[by](cost.numpy()[np.isfinite(cost.numpy())])
    assert relative_eps(cost, 1.0, by=by).item() == close_to(expected, rel=1e-14)


@scales
@pytest.mark.parametrize("padding", [0.0, 1e9, INF, NAN])
def test_relative_eps_does_not_see_padding_without_weight(by: str, padding: float) -> None:
    cost = torch.full((5, 4), padding, dtype=torch.float64)
    cost[:3, :2] = uniform(3, 2)
    mu, nu = torch.tensor([0.2, 0.5, 0.3, 0.0, 0.0]), torch.tensor([0.9, 0.1, 0.0, 0.0])
    alone = relative_eps(cost[:3, :2], by=by, mu=mu[:3], nu=nu[:2])
    assert relative_eps(cost, by=by, mu=mu, nu=nu).item() == close_to(alone.item(), rel=1e-7)


def test_relative_eps_counts_pairs_by_their_weights() -> None:
    # As if each point were there as often as its weight says.
    cost = uniform(2, 3)
    rows, columns = torch.tensor([1, 3]), torch.tensor([2, 1, 1])
    repeated = cost.repeat_interleave(rows, 0).repeat_interleave(columns, 1)
    for by in STATISTICS:
        found = relative_eps(cost, by=by, mu=rows.double() / 4, nu=columns.double() / 4)
        assert found.item() == close_to(relative_eps(repeated, by=by).item(), rel=1e-14)


@scales
@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1e3, 1e290])
def test_relative_eps_goes_with_the_unit(by: str, unit: float) -> None:
    cost = uniform(4, 3)
    assert relative_eps(cost * unit, by=by).item() / unit == close_to(
        relative_eps(cost, by=by).item(), rel=1e-13
    )


@pytest.mark.parametrize("by", ["std", "range"])
def test_relative_eps_does_not_see_what_all_costs_have_in_common(by: str) -> None:
    cost = (uniform(4, 3) * 2**20).round() / 2**20
    assert torch.equal(relative_eps(cost + 2**30, by=by), relative_eps(cost, by=by))


@scales
@pytest.mark.parametrize(
    "cost",
    [[[0.0, 0.0]], [[NAN, 1.0]], [[-INF, 1.0]], [[INF, INF]], [[NAN, INF]]],
    ids=str,
)
def test_relative_eps_of_costs_without_a_scale_is_the_share(cost: list[list[float]], by: str) -> None:
    assert relative_eps(cost, 0.3, by=by).item() == 0.3


def test_relative_eps_of_equal_costs_is_the_share() -> None:
    assert relative_eps(torch.full((7, 3), 0.1), 0.3).item() == 0.3
    assert relative_eps(torch.full((7, 3), 0.1), 0.3, by="range").item() == 0.3


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_relative_eps_is_computed_in_float64(dtype: torch.dtype) -> None:
    cost = uniform(6, 5).to(dtype)
    eps = relative_eps(cost)
    assert eps.dtype == torch.float64
    assert eps.item() == close_to(0.05 * cost.double().numpy().std(), rel=1e-13)


def test_relative_eps_holds_no_gradient() -> None:
    assert not relative_eps(uniform(4, 3).requires_grad_()).requires_grad


def test_relative_eps_goes_into_sinkhorn_and_the_rate_item_by_item() -> None:
    cost = torch.stack(
        [uniform(4, 3), 1e6 * uniform(4, 3), torch.full((4, 3), NAN, dtype=torch.float64)]
    )
    eps = relative_eps(cost)
    result = sinkhorn(cost, eps=eps, tol=1e-12)
    torch.testing.assert_close(result.plan[1], result.plan[0], rtol=1e-9, atol=0)
    assert result.status.tolist() == [0, 0, SinkhornStatus.INVALID]
    rates = birkhoff_rate(cost, eps=eps)
    assert rates[1].item() == close_to(rates[0].item(), rel=1e-13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": 0.0}, "share must be finite and > 0"),
        ({"by": "median"}, "by must be one of"),
        ({"cost": [1.0]}, "cost must have shape"),
        ({"mu": [1.0]}, "mu must have shape"),
    ],
    ids=str,
)
def test_relative_eps_says_what_is_wrong(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        relative_eps(**({"cost": [[0.0, 1.0], [1.0, 0.0]]} | options))


@pytest.mark.parametrize(
    ("by", "expected"), [("std", 0.05 * 0.5**0.5), ("range", 0.1), ("mean", 0.025)]
)
def test_relative_eps_of_costs_whose_range_overflows(by: str, expected: float) -> None:
    cost = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    for unit in (1.0, 1e308, 1.7e308):
        assert relative_eps(unit * cost, by=by).item() / unit == close_to(expected, rel=1e-13)
    lists = [[0.0, 1e308], [-1e308, 0.0]]
    assert relative_eps(lists, by=by).item() == close_to(1e308 * expected, rel=1e-13)


def test_relative_eps_beyond_all_numbers_is_the_nearest() -> None:
    cost = torch.tensor([[0.0, 1.7e308], [-1.7e308, 0.0]], dtype=torch.float64)
    assert relative_eps(cost, 1.0, by="range").item() == torch.finfo(torch.float64).max
    assert relative_eps(torch.tensor([[0.0, 5e-324]], dtype=torch.float64), by="range").item() == 5e-324
