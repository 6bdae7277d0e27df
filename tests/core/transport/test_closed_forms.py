"""Entropic transport where the answer is known: Gaussians, limits, duality, units, memory."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ce_core import SinkhornStatus, sinkhorn
from tests.support.cases import central_differences, uniform
from tests.support.closeness import close_to

F64 = torch.float64


def weights(size: int, *, seed: int) -> Tensor:
    drawn = uniform(size, seed=seed) + 0.2
    return drawn / drawn.sum()


def dual_value(cost: Tensor, mu: Tensor, nu: Tensor, f: Tensor, g: Tensor, eps: float) -> Tensor:
    """Return μ·f + ν·g - ε (mass - 1), a lower bound of ⟨P, C⟩ + ε KL(P‖μν) for every f and g."""
    mass = (mu[:, None] * nu * ((f[:, None] + g - cost) / eps).exp()).sum()
    return mu @ f + nu @ g - eps * (mass - 1)


# Closed forms


@pytest.mark.parametrize("eps", [0.01, 0.1, 1.0, 10.0, 1e3])
@pytest.mark.parametrize(("mu0", "nu0"), [(0.7, 0.4), (0.05, 0.9), (0.5, 0.5), (0.999, 0.3)])
def test_sinkhorn_closed_form_two_by_two_unequal_marginals(mu0: float, nu0: float, eps: float) -> None:
    # P = [[x, mu0 - x], [nu0 - x, 1 - mu0 - nu0 + x]] with P00 P11 = k P01 P10, k = exp(-D / eps).
    cost = torch.tensor([[0.3, 1.0], [0.6, 0.7]], dtype=F64)
    k = math.exp(-(cost[0, 0] + cost[1, 1] - cost[0, 1] - cost[1, 0]).item() / eps)
    a, b, c = 1 - k, 1 - mu0 - nu0 + k * (mu0 + nu0), -k * mu0 * nu0
    # The root that stays in the range; in this form it does not cancel, and a may be 0.
    x = -2 * c / (b + math.sqrt(b * b - 4 * a * c))
    assert max(0.0, mu0 + nu0 - 1) <= x <= min(mu0, nu0)
    result = sinkhorn(cost, eps=eps, mu=[mu0, 1 - mu0], nu=[nu0, 1 - nu0], tol=1e-13)
    expected = [[x, mu0 - x], [nu0 - x, 1 - mu0 - nu0 + x]]
    np.testing.assert_allclose(result.plan, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("eps", [0.1, 0.5, 2.0, 20.0])
@pytest.mark.parametrize(("a", "b", "shift"), [(1.0, 1.0, 0.0), (0.6, 1.1, 1.5), (1.2, 0.4, -2.0)])
def test_sinkhorn_closed_form_two_gaussians(a: float, b: float, shift: float, eps: float) -> None:
    # Janati, Muzellec, Peyré and Cuturi 2020, arXiv:2006.02572, theorem 1, for the cost (x - y)²
    # and ε KL(P‖μν), so that their 2 σ² is ε; with variances a² and b² in one dimension,
    # D = sqrt(4 a² b² + σ⁴), value = shift² + a² + b² - D + σ² (1 - log 2σ²) + σ² log(D + σ²),
    # and the plan is a Gaussian of covariance (D - σ²) / 2.
    sigma2 = eps / 2
    d = math.sqrt(4 * a * a * b * b + sigma2 * sigma2)
    value = shift**2 + a * a + b * b - d + sigma2 * (1 - math.log(2 * sigma2) + math.log(d + sigma2))
    # The grid cuts off e^-32, and sums of Gaussians on it are exact to rounding (Poisson).
    x, y = (torch.linspace(-8, 8, 321, dtype=F64) * width for width in (a, b))
    mu, nu = ((-0.5 * (z / width) ** 2).softmax(0) for z, width in ((x, a), (y, b)))
    y = y + shift
    result = sinkhorn((x[:, None] - y).square(), eps=eps, mu=mu, nu=nu, tol=1e-12)
    assert result.status in (SinkhornStatus.CONVERGED, SinkhornStatus.TOLERANCE_UNREACHABLE)
    assert result.entropic_value.item() == close_to(value, rel=1e-9)
    covariance = (result.plan * x[:, None] * (y - shift)).sum().item()
    assert covariance == close_to((d - sigma2) / 2, rel=1e-8)
    # The potentials are quadratic; f'' = 2 (1 - covariance / a²).
    middle = slice(120, 201)
    curvature = np.polyfit(x[middle], result.f[middle], 2)[0]
    assert curvature == close_to(1 - covariance / (a * a), rel=1e-6, abs=1e-8)


# Limits


@pytest.mark.parametrize("seed", range(4))
def test_sinkhorn_limit_eps_to_zero_is_the_optimal_permutation(seed: int) -> None:
    cost = uniform(7, 7, seed=seed)
    rows, columns = linear_sum_assignment(cost.numpy())
    # Any other permutation differs in two pairs or more, so it costs 0.04 more or more.
    cost[rows, columns] -= 0.02
    optimum = cost.numpy()[rows, columns].mean()
    previous = math.inf
    for eps in (0.1, 0.01, 1e-3):
        result = sinkhorn(cost, eps=eps, tol=1e-9)
        assert result.converged
        # The optimum costs at most ε H less than the plan in the entropic value, H <= log n.
        gap = result.transport_cost.item() - optimum
        assert -1e-9 <= gap <= min(previous, eps * math.log(7)) + 1e-9
        previous = gap
    expected = np.zeros((7, 7))
    expected[rows, columns] = 1 / 7
    # e^-40 of the mass is elsewhere, and what the tolerance leaves.
    np.testing.assert_allclose(result.plan, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", [F64, torch.float32])
def test_sinkhorn_limit_eps_to_infinity_is_the_product(dtype: torch.dtype) -> None:
    mu, nu = weights(6, seed=1).to(dtype), weights(4, seed=2).to(dtype)
    product = torch.outer(mu, nu)
    previous = math.inf
    for eps in (1e1, 1e3, 1e5, 1e7):
        result = sinkhorn(uniform(6, 4).to(dtype), eps=eps, mu=mu, nu=nu)
        # P = μν (1 + (f + g - C) / ε + ...), and |f + g - C| <= 2 here.
        distance = (result.plan - product).abs().max().item()
        assert distance <= min(previous, 2 / eps * product.max().item() + torch.finfo(dtype).eps)
        previous = distance + torch.finfo(dtype).eps


# Units, order, duality


@pytest.mark.parametrize("factor", [1e-9, 0.3, 7.0, 1e9])
def test_sinkhorn_scaling_of_cost_and_eps_scales_the_potentials(factor: float) -> None:
    cost, mu, nu = uniform(5, 4), weights(5, seed=1), weights(4, seed=2)
    one = sinkhorn(cost, eps=0.2, mu=mu, nu=nu, tol=1e-12)
    other = sinkhorn(factor * cost, eps=factor * 0.2, mu=mu, nu=nu, tol=1e-12)
    np.testing.assert_allclose(other.plan, one.plan, rtol=1e-9)
    for name in ("f", "g", "transport_cost", "entropic_value"):
        expected = factor * getattr(one, name)
        torch.testing.assert_close(getattr(other, name), expected, rtol=1e-9, atol=1e-11 * factor)


def test_sinkhorn_transposed_has_the_potentials_swapped_up_to_the_gauge() -> None:
    cost, mu, nu = uniform(5, 4), weights(5, seed=1), weights(4, seed=2)
    one = sinkhorn(cost, eps=0.2, mu=mu, nu=nu, tol=1e-13)
    other = sinkhorn(cost.T, eps=0.2, mu=nu, nu=mu, tol=1e-13)
    np.testing.assert_allclose(other.plan.T, one.plan, rtol=1e-10)
    shift = nu @ one.g
    np.testing.assert_allclose(other.f, one.g - shift, rtol=0, atol=1e-11)
    np.testing.assert_allclose(other.g, one.f + shift, rtol=0, atol=1e-11)


@pytest.mark.parametrize("eps", [0.02, 0.2, 2.0])
def test_sinkhorn_duality_gap_is_not_negative_and_vanishes(eps: float) -> None:
    cost, mu, nu = uniform(6, 5), weights(6, seed=1), weights(5, seed=2)
    best = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=1e-13)
    gaps = []
    for max_iter in (1, 3, 10, 100):
        early = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=None, max_iter=max_iter)
        gaps.append((best.entropic_value - dual_value(cost, mu, nu, early.f, early.g, eps)).item())
    final = (best.entropic_value - dual_value(cost, mu, nu, best.f, best.g, eps)).item()
    assert all(gap >= -1e-12 for gap in [*gaps, final])
    # Sinkhorn's iteration ascends the dual.
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(gaps))
    assert final <= 1e-11
    assert gaps[0] > 1e-6


def test_sinkhorn_of_a_reduced_cost_starts_at_its_solution() -> None:
    cost, mu, nu = uniform(6, 5), weights(6, seed=1), weights(5, seed=2)
    solved = sinkhorn(cost, eps=0.05, mu=mu, nu=nu, tol=1e-13)
    assert solved.n_iter > 5
    again = sinkhorn(cost - solved.f[:, None] - solved.g, eps=0.05, mu=mu, nu=nu, tol=1e-11)
    assert again.n_iter == 1
    np.testing.assert_allclose(again.plan, solved.plan, rtol=1e-9)
    np.testing.assert_allclose(again.f, 0, atol=1e-11)


# Derivatives


@pytest.mark.parametrize("eps", [0.05, 0.5, 5.0])
def test_sinkhorn_gradient_of_the_value_agrees_with_finite_differences(eps: float) -> None:
    mu, nu = weights(4, seed=1), weights(3, seed=2)

    def value(cost: Tensor) -> Tensor:
        result = sinkhorn(cost.reshape(4, 3), eps=eps, mu=mu, nu=nu, tol=1e-14)
        return result.entropic_value

    cost = uniform(12).requires_grad_()
    (gradient,) = torch.autograd.grad(value(cost), cost)
    # Truncation is step² / ε² and rounding 1e-16 / step.
    differences = central_differences(value, cost.detach(), step=1e-5 * min(eps, 1.0) ** 0.5)
    np.testing.assert_allclose(differences, gradient, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("gradient", ["implicit", "unrolled"])
@pytest.mark.parametrize("eps", [0.1, 1.0])
def test_sinkhorn_gradients_of_the_plan_agree_with_finite_differences(
    eps: float, gradient: str
) -> None:
    a, b, c = uniform(4), uniform(3, seed=1), uniform(4, 3, seed=2)

    def loss(x: Tensor) -> Tensor:
        cost, mu, nu = x[:12].reshape(4, 3), x[12:16].softmax(0), x[16:].softmax(0)
        result = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=1e-14, max_iter=400, gradient=gradient)
        return (c.cos() * result.plan).sum()

    x = torch.cat([uniform(12, seed=3), a, b]).requires_grad_()
    (found,) = torch.autograd.grad(loss(x), x)
    differences = central_differences(loss, x.detach(), step=1e-5)
    np.testing.assert_allclose(differences, found, rtol=1e-6, atol=1e-9)


def saved_entries(gradient: str, max_iter: int) -> int:
    """Return how many numbers a solution keeps for the backward pass."""
    kept = 0

    def pack(tensor: Tensor) -> Tensor:
        nonlocal kept
        kept += tensor.numel()
        return tensor

    cost = uniform(8, 8).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        # A tolerance that is not reached, so that every iteration is done.
        result = sinkhorn(cost, eps=0.01, tol=0.0, max_iter=max_iter, gradient=gradient)
    assert result.plan.requires_grad
    return kept


def test_sinkhorn_implicit_memory_does_not_depend_on_the_iterations() -> None:
    assert saved_entries("implicit", 50) == saved_entries("implicit", 500)
    assert saved_entries("unrolled", 500) > 5 * saved_entries("unrolled", 50)
