"""The rates item by item: what is wrong with one leaves its mates alone."""

import math
from typing import Any

import pytest
import torch

from ce_core import SinkhornStatus, asymptotic_rate, birkhoff_rate, random_cost, sinkhorn
from tests.support.cases import FLOATS, INF, NAN, uniform
from tests.support.closeness import close_to


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("wrong", [NAN, INF, -INF])
def test_asymptotic_rate_of_what_is_not_finite_is_nan_there_alone(
    wrong: float, dtype: torch.dtype
) -> None:
    plan = (uniform(3, 4, 5) / 20).to(dtype)
    expected = asymptotic_rate(plan)
    plan[1, 2, 3] = wrong
    found = asymptotic_rate(plan)
    assert found.dtype == dtype
    assert found.isnan().tolist() == [False, True, False]
    assert torch.equal(found[[0, 2]], expected[[0, 2]])
    assert asymptotic_rate(plan[1, 2:, :1] * 0 + wrong).isnan().all()


def test_asymptotic_rate_of_the_plans_of_a_batch_with_an_invalid_item() -> None:
    cost = torch.stack([random_cost(4, 5), random_cost(4, 5, seed=1)])
    cost[1, 0, 0] = NAN
    result = sinkhorn(cost, eps=0.1)
    assert result.status.tolist() == [SinkhornStatus.CONVERGED, SinkhornStatus.INVALID]
    rate = asymptotic_rate(result.plan)
    assert rate[0].item() == close_to(asymptotic_rate(sinkhorn(cost[0], eps=0.1).plan).item(), rel=1e-9)
    assert rate[1].isnan()


def test_asymptotic_rate_is_at_most_1_with_rounding() -> None:
    plans = torch.eye(6, dtype=torch.float64).expand(1, 6, 6) * uniform(50, 6, 1)
    assert (asymptotic_rate(plans) <= 1).all()


@pytest.mark.parametrize("eps", [torch.tensor(0.5), torch.tensor(0.5, dtype=torch.float64), [0.5, 0.5]])
def test_birkhoff_rate_takes_eps_as_a_tensor(eps: Any) -> None:
    cost = torch.stack([random_cost(3, 4), random_cost(3, 4, seed=1)])
    assert torch.equal(birkhoff_rate(cost, eps=eps), birkhoff_rate(cost, eps=0.5))


def test_birkhoff_rate_takes_an_eps_for_each_item() -> None:
    cost, eps = torch.stack([random_cost(3, 4)] * 3), torch.tensor([0.01, 1.0, 100.0])
    each = birkhoff_rate(cost, eps=eps)
    for rate, one in zip(each, eps.tolist(), strict=True):
        assert rate.item() == close_to(birkhoff_rate(cost[0], eps=one).item(), rel=1e-13)
    assert torch.equal(birkhoff_rate(cost[0], eps=eps), each)


@pytest.mark.parametrize("wrong", [NAN, -INF])
def test_birkhoff_rate_of_an_invalid_item_is_nan_there_alone(wrong: float) -> None:
    cost = torch.stack([random_cost(3, 4)] * 3)
    cost[0, 1, 1], cost[1, 0, 0], cost[1, 1, 1] = INF, INF, wrong
    found = birkhoff_rate(cost, eps=1.0)
    assert found[0] == 1
    assert found[1].isnan()
    assert found[2] == birkhoff_rate(cost[2], eps=1.0)


@pytest.mark.parametrize(
    ("cost", "eps", "expected"),
    [
        # Of rank one whatever their size; a range that no number holds; the same with a large eps.
        ([[1e308, 1e308], [-1e308, -1e308]], 1.0, 0.0),
        ([[1e308, -1e308], [-1e308, 1e308]], 1.0, 1.0),
        ([[1e308, -1e308], [-1e308, 1e308]], 1e308, math.tanh(1) ** 2),
        ([[0.0, 1.0], [1.0, 0.0]], 5e-324, 1.0),
        ([[1.0, 1.0], [1.0, 1.0]], 5e-324, 0.0),
    ],
    ids=str,
)
def test_birkhoff_rate_at_the_ends_of_the_numbers(
    cost: list[list[float]], eps: float, expected: float
) -> None:
    rate = birkhoff_rate(torch.tensor(cost, dtype=torch.float64), eps=eps)
    assert rate.item() == close_to(expected, rel=1e-14)


@pytest.mark.parametrize("eps", [[0.5, 0.0], [NAN, 1.0], [1.0, 1.0, 1.0]], ids=str)
def test_birkhoff_rate_says_what_is_wrong_with_eps(eps: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^eps must be"):
        birkhoff_rate(uniform(2, 3, 4), eps=eps)
