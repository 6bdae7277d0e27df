"""The rates item by item: what is wrong with one leaves its mates alone."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

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


# What one item or an empty row may not do to derivatives


def test_asymptotic_rate_with_padding_has_the_gradient_without_it() -> None:
    plan = torch.tensor([[0.4, 0.1], [0.1, 0.4]], dtype=torch.float64)
    padded = torch.zeros(4, 3, dtype=torch.float64)
    padded[:2, :2] = plan
    slopes = [
        torch.func.jacrev(derivative)(given)
        for derivative in (asymptotic_rate, torch.func.grad(asymptotic_rate))
        for given in (plan, padded)
    ]
    assert slopes[0].flatten().tolist() == close_to([0.48, -1.92, -1.92, 0.48], rel=1e-12)
    torch.testing.assert_close(slopes[1][:2, :2], slopes[0], rtol=1e-12, atol=0)
    torch.testing.assert_close(slopes[3][:2, :2, :2, :2], slopes[2], rtol=1e-12, atol=1e-14)
    assert not slopes[1][2:].any()
    assert not slopes[1][:, 2:].any()
    assert torch.autograd.gradcheck(asymptotic_rate, plan.requires_grad_())


def test_asymptotic_rate_of_the_plan_of_a_padded_problem_has_a_gradient() -> None:
    cost = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.2, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    half = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)

    def rate(cost: Tensor, weights: Tensor) -> Tensor:
        return asymptotic_rate(sinkhorn(cost, eps=0.3, mu=weights, nu=weights, tol=1e-13).plan)

    slope = torch.func.grad(rate)(cost, half)
    torch.testing.assert_close(
        slope[:2, :2], torch.func.grad(rate)(cost[:2, :2], half[:2]), rtol=1e-9, atol=0
    )
    assert not slope[2].any()
    assert not slope[:, 2].any()


@pytest.mark.parametrize("wrong", [NAN, INF, -1.0])
def test_asymptotic_rate_of_an_item_without_one_leaves_gradients_alone(wrong: float) -> None:
    plan = torch.tensor([[0.4, 0.1], [0.1, 0.4]], dtype=torch.float64)
    plans = torch.stack([plan, plan.new_tensor([[0.4, wrong], [0.1, 0.4]])]).requires_grad_()
    rates = asymptotic_rate(plans)
    assert rates.isnan().tolist() == [False, True]
    (slope,) = torch.autograd.grad(rates[0], plans)
    assert slope[0].flatten().tolist() == close_to([0.48, -1.92, -1.92, 0.48], rel=1e-12)
    assert not slope[1].any()


@pytest.mark.parametrize("wrong", [INF, NAN, -INF])
def test_birkhoff_rate_of_an_item_with_no_finite_range_leaves_gradients_alone(wrong: float) -> None:
    cost = torch.tensor([[0.0, 1.0], [1.0, 0.2]], dtype=torch.float64)
    at_fault = torch.tensor([[False, True], [False, False]])
    scale, eps = torch.tensor([1.0, 0.3], dtype=torch.float64).requires_grad_()
    rates = birkhoff_rate(
        torch.stack([scale * cost, (scale * cost).masked_fill(at_fault, wrong)]), eps=eps
    )
    # d tanh²(Δ/4) with Δ = 1.8/0.3.
    slope = 2 * math.tanh(1.5) / math.cosh(1.5) ** 2 * 1.5
    for total in (rates[0], rates.nan_to_num(0.0).sum()):
        found = torch.autograd.grad(total, (scale, eps), retain_graph=True)
        assert [x.item() for x in found] == close_to([slope, -slope / 0.3], rel=1e-12)


def test_birkhoff_rate_beyond_all_numbers_has_gradient_0() -> None:
    eps = torch.tensor(1e-300, dtype=torch.float64, requires_grad=True)
    rate = birkhoff_rate(1e300 * random_cost(3, 4), eps=eps)
    assert rate == 1
    assert torch.autograd.grad(rate, eps)[0] == 0
