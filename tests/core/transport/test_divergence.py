"""The Sinkhorn divergence: Gaussians, Diracs, limits, sign, gradients."""

import math
from typing import Any

import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ce_core import sinkhorn, sinkhorn_divergence, squared_distances
from tests.support.cases import FLOATS, NAN, uniform
from tests.support.closeness import close_to

F64 = torch.float64


def weights(size: int, seed: int) -> Tensor:
    drawn = uniform(size, seed=seed) + 0.2
    return drawn / drawn.sum()


def gaussian_value(shift: float, one: float, other: float, eps: float) -> float:
    """Return OT_ε of two normal distributions on the line without the terms that cancel in S.

    Janati, Muzellec, Peyré and Cuturi, 2020, arXiv:2006.02572, theorem 1, with ε = 2σ².
    """
    half = eps / 2
    d = math.sqrt(4 * one**2 * other**2 + half**2)
    return shift**2 + one**2 + other**2 - d + half * math.log(d + half)


@pytest.mark.parametrize("eps", [0.2, 1.0, 10.0])
@pytest.mark.parametrize(("shift", "one", "other"), [(0.0, 1.0, 0.5), (1.5, 1.0, 1.0), (0.7, 0.6, 1.2)])
def test_sinkhorn_divergence_closed_form_gaussians(
    shift: float, one: float, other: float, eps: float
) -> None:
    # On an even grid sums are integrals to rounding.
    grid = torch.linspace(-9, 9, 241, dtype=F64)
    mu, nu = (
        torch.softmax(-((grid - centre) ** 2) / (2 * width**2), 0)
        for centre, width in ((0.0, one), (shift, other))
    )
    found = sinkhorn_divergence(grid[:, None], grid[:, None], eps=eps, mu=mu, nu=nu)
    expected = (
        gaussian_value(shift, one, other, eps)
        - (gaussian_value(0, one, one, eps) + gaussian_value(0, other, other, eps)) / 2
    )
    assert found.converged
    assert found.value.item() == close_to(expected, rel=1e-8)


@pytest.mark.parametrize("eps", [1e-3, 1.0, 1e6])
def test_sinkhorn_divergence_of_two_points_is_their_squared_distance(eps: float) -> None:
    found = sinkhorn_divergence([[1.0, 2.0]], [[4.0, 6.0]], eps=eps)
    assert found.value.item() == close_to(25, rel=1e-6)


def test_sinkhorn_divergence_tends_to_optimal_transport_as_eps_falls() -> None:
    x, y = uniform(8, 3), uniform(8, 3, seed=1)
    cost = squared_distances(x, y)
    best = cost[linear_sum_assignment(cost.numpy())].mean().item()
    found = sinkhorn_divergence(x, y, eps=1e-3)
    # OT_ε lies above by at most ε log 8, and so do the two values against themselves.
    assert found.value.item() == close_to(best, abs=1e-3 * math.log(8))


def test_sinkhorn_divergence_tends_to_the_distance_of_the_means_as_eps_grows() -> None:
    x, y, mu, nu = uniform(5, 3), uniform(7, 3, seed=1) + 0.5, weights(5, 2), weights(7, 3)
    found = sinkhorn_divergence(x, y, eps=1e5, mu=mu, nu=nu).value.item()
    expected = (mu @ x - nu @ y).square().sum().item()
    assert found == close_to(expected, rel=1e-4)


@pytest.mark.parametrize("eps", [0.01, 0.1, 1.0, 100.0])
def test_sinkhorn_divergence_is_its_definition(eps: float) -> None:
    x, y, mu, nu = uniform(5, 2), uniform(7, 2, seed=1), weights(5, 2), weights(7, 3)
    cross, own, others = (
        sinkhorn(squared_distances(a, b), eps=eps, mu=p, nu=q, tol=1e-13).entropic_value.item()
        for a, b, p, q in ((x, y, mu, nu), (x, x, mu, mu), (y, y, nu, nu))
    )
    found = sinkhorn_divergence(x, y, eps=eps, mu=mu, nu=nu)
    assert found.value.item() == close_to(cross - (own + others) / 2, abs=1e-11 * max(1, eps))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("eps", [1e-2, 1.0, 1e4])
def test_sinkhorn_divergence_of_a_cloud_and_itself_is_0(eps: float, dtype: torch.dtype) -> None:
    x = uniform(9, 2).to(dtype)
    found = sinkhorn_divergence(x, x, eps=eps)
    assert found.value.dtype == dtype
    assert found.value.item() == 0
    # In another order too, up to rounding of the costs, which are below 2.
    assert abs(sinkhorn_divergence(x, x.flip(0), eps=eps).value.item()) < 1e-14


@pytest.mark.parametrize("eps", [1e-3, 0.1, 10.0])
@pytest.mark.parametrize("step", [0.0, 1e-9, 1e-5, 1e-2])
def test_sinkhorn_divergence_is_not_negative(step: float, eps: float) -> None:
    x = torch.stack([uniform(6, 2, seed=seed) for seed in range(10)])
    y = x[:, torch.tensor([3, 0, 5, 1, 2, 4])] + step * torch.stack(
        [uniform(6, 2, seed=100 + seed) for seed in range(10)]
    )
    found = sinkhorn_divergence(x, y, eps=eps)
    assert found.converged.all()
    assert (found.value >= -1e-14).all()


def test_sinkhorn_divergence_is_symmetric() -> None:
    x, y, mu, nu = uniform(5, 2), uniform(7, 2, seed=1), weights(5, 2), weights(7, 3)
    one = sinkhorn_divergence(x, y, eps=0.1, mu=mu, nu=nu).value.item()
    other = sinkhorn_divergence(y, x, eps=0.1, mu=nu, nu=mu).value.item()
    assert one == close_to(other, rel=1e-12)


def test_sinkhorn_divergence_takes_batches_each_with_its_eps() -> None:
    x, y = uniform(2, 3, 5, 2), uniform(2, 3, 4, 2, seed=1)
    eps = uniform(2, 3, seed=2) + 0.05
    found = sinkhorn_divergence(x, y, eps=eps)
    assert found.status.shape == (2, 3, 3)
    for i in range(2):
        for j in range(3):
            alone = sinkhorn_divergence(x[i, j], y[i, j], eps=eps[i, j].item())
            assert found.value[i, j].item() == close_to(alone.value.item(), rel=1e-12)


@pytest.mark.parametrize("eps", [0.05, 1.0])
def test_sinkhorn_divergence_gradient_is_that_of_differences(eps: float) -> None:
    x, y = uniform(4, 2).requires_grad_(), uniform(5, 2, seed=1).requires_grad_()

    def value(x: Tensor, y: Tensor, mu: Tensor) -> Tensor:
        return sinkhorn_divergence(x, y, eps=eps, mu=mu.softmax(0), tol=1e-12).value

    logits = uniform(4, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(value, (x, y, logits), atol=1e-7)


def test_sinkhorn_divergence_gradient_is_0_at_equality() -> None:
    x = uniform(6, 2)
    moved = x.clone().requires_grad_()
    value = sinkhorn_divergence(moved, x.flip(0), eps=0.1, tol=1e-12).value
    (slope,) = torch.autograd.grad(value, moved)
    assert slope.abs().max() < 1e-11


def test_sinkhorn_divergence_takes_other_costs() -> None:
    x, y = uniform(5, 2), uniform(7, 2, seed=1)
    half = sinkhorn_divergence(x, y, eps=0.1, cost=lambda a, b: squared_distances(a, b) / 2)
    assert 2 * half.value.item() == close_to(sinkhorn_divergence(x, y, eps=0.2).value.item(), rel=1e-12)


def test_sinkhorn_divergence_of_what_does_not_converge_says_so() -> None:
    x = torch.stack([uniform(8, 2), uniform(8, 2)])
    y = uniform(2, 8, 2, seed=1)
    y[1, 0, 0] = NAN
    found = sinkhorn_divergence(x, y, eps=[0.1, 0.1])
    assert found.converged.tolist() == [True, False]
    assert found.value.isnan().tolist() == [False, True]
    assert not sinkhorn_divergence(x[0], y[0], eps=1e-3, max_iter=1).converged


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eps": 0.0}, "eps must be finite and > 0"),
        ({"mu": [2.0]}, "mu must sum to 1"),
        ({"x": [0.0]}, r"x must have shape \[..., n, m\] with n >= 1, got shape \(1,\)"),
        ({"x": [[[0.0]]] * 2, "y": [[[0.0]]] * 3}, r"y must broadcast with x of shape \(2, 1, 1\)"),
    ],
    ids=str,
)
def test_sinkhorn_divergence_says_what_is_wrong(options: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"x": [[0.0]], "y": [[1.0]], "eps": 1.0} | options
    with pytest.raises(ValueError, match=message):
        sinkhorn_divergence(**arguments)


@pytest.mark.parametrize(
    "cost",
    [
        lambda x, _: x[..., :1],
        lambda x, _: x,
        lambda x, y: squared_distances(x, y).mT,
        lambda x, y: squared_distances(x, y)[0],
        lambda x, y: squared_distances(x, y).sum((-2, -1)),
    ],
    ids=["of_one_column", "of_the_points", "transposed", "of_one_item", "of_no_pairs"],
)
def test_sinkhorn_divergence_refuses_what_is_no_cost_for_each_pair(cost: Any) -> None:
    message = (
        r"^cost must take clouds of shapes \(3, 5, 2\) and \(3, 6, 2\) to costs of shape \(3, 5, 6\)"
    )
    with pytest.raises(ValueError, match=message):
        sinkhorn_divergence(uniform(3, 5, 2), uniform(3, 6, 2), eps=0.1, cost=cost)


def test_sinkhorn_divergence_takes_costs_with_dimensions_in_front() -> None:
    x, y, scales = uniform(5, 2), uniform(6, 2, seed=1), torch.tensor([1.0, 2.0])[:, None, None]
    found = sinkhorn_divergence(x, y, eps=0.1, cost=lambda x, y: scales * squared_distances(x, y))
    alone = sinkhorn_divergence(x, y, eps=0.1, cost=lambda x, y: 2 * squared_distances(x, y))
    assert found.value[1].item() == close_to(alone.value.item(), rel=1e-7)


@pytest.mark.parametrize(("tol", "missed"), [(1e-9, 1e-9), (1e-12, 1e-15)])
def test_sinkhorn_divergence_of_clusters_that_hardly_exchange_mass_misses_by_tol(
    tol: float, missed: float
) -> None:
    x = torch.tensor([[0.0], [0.0], [1.0], [0.0]], dtype=F64)
    mu = torch.tensor([8.0, 8.0, 5.0, 8.0], dtype=F64) / 29
    found = sinkhorn_divergence(x, x.flip(0), eps=0.05, mu=mu, nu=mu.flip(0), tol=tol)
    assert found.converged
    assert abs(found.value.item()) <= missed


def test_sinkhorn_divergence_without_a_plan_is_not_finite_and_leaves_its_mates_alone() -> None:
    def cost(x: Tensor, y: Tensor) -> Tensor:
        far = squared_distances(x, y)
        return far.masked_fill(far > 9, math.inf)

    def without_own(x: Tensor, y: Tensor) -> Tensor:
        return squared_distances(x, y).masked_fill(squared_distances(x, y) == 0, math.inf)

    x = torch.tensor([[[0.0], [1.0]], [[0.0], [1.0]]], dtype=F64, requires_grad=True)
    y = torch.tensor([[[0.5], [1.5]], [[10.0], [11.0]]], dtype=F64)
    found = sinkhorn_divergence(x, y, eps=0.1, cost=cost)
    assert found.value.tolist() == [close_to(found.value[0].item()), math.inf]
    (slopes,) = torch.autograd.grad(found.value.sum(), x)
    (alone,) = torch.autograd.grad(sinkhorn_divergence(x[0], y[0], eps=0.1, cost=cost).value, x)
    torch.testing.assert_close(slopes, alone, rtol=1e-9, atol=0)
    point = torch.zeros(1, 1, dtype=F64)
    assert sinkhorn_divergence(point, point + 1, eps=0.1, cost=without_own).value.isnan()
