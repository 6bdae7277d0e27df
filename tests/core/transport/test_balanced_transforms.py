"""The balanced assignment within torch's transforms, autocast and inference mode: the same numbers."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

from ce_core import balanced_assignment
from tests.support.cases import HALVES, INF, NAN, uniform

# Of torch's own forward mode.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

# Where the kernel itself is scaled, and where its logarithm is.
gentle_and_steep = pytest.mark.parametrize("eps", [0.5, 1e-3], ids=["gentle", "steep"])


def loss_of(eps: float) -> Callable[[Tensor], Tensor]:
    weights = uniform(6, 4, seed=9)
    return lambda cost: (weights.to(cost) * balanced_assignment(cost, eps=eps)).sum()


def batch_of(size: int) -> Tensor:
    return torch.stack([uniform(6, 4, seed=seed) for seed in range(size)])


@gentle_and_steep
def test_balanced_assignment_under_vmap_is_that_of_the_batch(eps: float) -> None:
    cost = batch_of(3)
    cost[1, 2, 3] = INF
    cost[2, 0, 0] = NAN
    found = vmap(lambda c: balanced_assignment(c, eps=eps))(cost)
    torch.testing.assert_close(
        found, balanced_assignment(cost, eps=eps), rtol=1e-11, atol=1e-15, equal_nan=True
    )


@gentle_and_steep
def test_balanced_assignment_gradients_of_samples(eps: float) -> None:
    cost = batch_of(3)
    found = vmap(grad(loss_of(eps)))(cost)
    for item, slope in zip(cost, found, strict=True):
        item = item.clone().requires_grad_()
        (expected,) = torch.autograd.grad(loss_of(eps)(item), item)
        torch.testing.assert_close(slope, expected, rtol=1e-9, atol=1e-13)
        torch.testing.assert_close(grad(loss_of(eps))(item.detach()), expected, rtol=1e-9, atol=1e-13)


@gentle_and_steep
def test_balanced_assignment_jacobians_agree(eps: float) -> None:
    cost = uniform(3, 2)

    def plan(x: Tensor) -> Tensor:
        return balanced_assignment(x, eps=eps)

    expected = torch.autograd.functional.jacobian(plan, cost)  # type: ignore[no-untyped-call]
    for transform in (jacrev, jacfwd):
        torch.testing.assert_close(transform(plan)(cost), expected, rtol=1e-9, atol=1e-12)


def test_balanced_assignment_hessians_agree() -> None:
    cost = uniform(6, 4)
    expected = torch.autograd.functional.hessian(loss_of(0.5), cost)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(hessian(loss_of(0.5))(cost), expected, rtol=1e-9, atol=1e-12)


@gentle_and_steep
def test_balanced_assignment_pushes_tangents_as_it_pulls_gradients(eps: float) -> None:
    cost, tangent, weights = uniform(6, 4), uniform(6, 4, seed=1), uniform(6, 4, seed=2)
    pushed = jvp(lambda c: balanced_assignment(c, eps=eps), (cost,), (tangent,))[1]
    pulled = vjp(lambda c: balanced_assignment(c, eps=eps), cost)[1](weights)[0]
    torch.testing.assert_close(
        (pushed * weights).sum(), (pulled * tangent).sum(), rtol=1e-9, atol=1e-13
    )


def test_balanced_assignment_within_a_functional_call() -> None:
    layer = torch.nn.Linear(3, 4)
    samples = uniform(6, 3).float()

    def loss(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        return balanced_assignment(functional_call(layer, parameters, (x,)), eps=0.5).square().sum()

    parameters = {name: value.detach() for name, value in layer.named_parameters()}
    found = grad(loss)(parameters, samples)
    expected = torch.autograd.grad(
        balanced_assignment(layer(samples), eps=0.5).square().sum(), list(layer.parameters())
    )
    for one, other in zip(found.values(), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@gentle_and_steep
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, *HALVES], ids=str)
def test_balanced_assignment_under_autocast_changes_no_digit(dtype: torch.dtype, eps: float) -> None:
    results = []
    for enabled in (False, True):
        cost = uniform(128, 64).to(dtype).requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            plan = balanced_assignment(cost, eps=eps)
            (slope,) = torch.autograd.grad((plan * uniform(128, 64, seed=1).to(dtype)).sum(), cost)
        results.append((plan.detach(), slope))
    for one, other in zip(*results, strict=True):
        assert one.dtype == dtype
        assert torch.equal(one, other)


def test_balanced_assignment_differentiates_twice_under_autocast() -> None:
    results = []
    for enabled in (False, True):
        cost = uniform(6, 4).float().requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            plan = balanced_assignment(cost, eps=0.5)
            (slope,) = torch.autograd.grad(plan[0, 0], cost, create_graph=True)
            (second,) = torch.autograd.grad(slope.square().sum(), cost)
        results.append(second)
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-7)


@gentle_and_steep
def test_balanced_assignment_in_inference_mode(eps: float) -> None:
    cost = uniform(6, 4)
    expected = balanced_assignment(cost, eps=eps)
    with torch.inference_mode():
        assert torch.equal(balanced_assignment(cost.clone(), eps=eps), expected)
        # A parameter asks for a gradient, and none is kept.
        parameter = torch.nn.Parameter(uniform(6, 4))
        assert torch.equal(balanced_assignment(parameter, eps=eps), expected)


# eps


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_balanced_assignment_takes_an_eps_for_each_item(dtype: torch.dtype) -> None:
    cost = batch_of(4).to(dtype).reshape(2, 2, 6, 4)
    eps = torch.tensor([[0.5, 1e-3], [5.0, 1e-300]], dtype=torch.float64)
    found = balanced_assignment(cost, eps=eps)
    for i in range(2):
        for j in range(2):
            alone = balanced_assignment(cost[i, j], eps=eps[i, j].item())
            torch.testing.assert_close(found[i, j], alone, rtol=1e-6, atol=0)
    several = balanced_assignment(cost[0, 0], eps=[0.5, 5.0])
    torch.testing.assert_close(several[0], found[0, 0], rtol=1e-6, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_balanced_assignment_takes_an_eps_that_is_a_scalar_tensor(dtype: torch.dtype) -> None:
    found = balanced_assignment(uniform(6, 4), eps=torch.tensor(5.0).to(dtype))
    assert torch.equal(found, balanced_assignment(uniform(6, 4)))


@gentle_and_steep
def test_balanced_assignment_differentiates_in_eps(eps: float) -> None:
    at = torch.tensor([eps, 2 * eps], dtype=torch.float64, requires_grad=True)
    cost = uniform(3, 2)
    assert torch.autograd.gradcheck(
        lambda eps: balanced_assignment(cost, eps=eps), (at,), eps=1e-7 * eps, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("eps", [[0.5, 0.0], [1.0, NAN], [1.0, 2.0, 3.0]], ids=str)
def test_balanced_assignment_says_what_is_wrong_with_eps(eps: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^eps must be"):
        balanced_assignment(batch_of(2), eps=eps)


@pytest.mark.parametrize("n_iter", [1, 5])
def test_balanced_assignment_of_costs_whose_range_overflows(n_iter: int) -> None:
    cost = torch.tensor([[1e308, -1e308], [-1e308, 1e308], [1e308, 1e308]], dtype=torch.float64)
    expected = torch.tensor([[0, 1], [1, 0], [0.5, 0.5]], dtype=torch.float64)
    torch.testing.assert_close(balanced_assignment(cost, eps=1.0, n_iter=n_iter), expected)
    torch.testing.assert_close(
        balanced_assignment(cost.requires_grad_(), eps=1.0, n_iter=n_iter).detach(), expected
    )


def test_balanced_assignment_without_a_plan_gives_its_mates_no_nan_gradient() -> None:
    theta = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    cost = batch_of(3) * theta
    blocked = torch.zeros(3, 6, 4, dtype=torch.bool)
    blocked[1, :, 2] = True
    plan = balanced_assignment(cost.masked_fill(blocked, INF), eps=1e-3)
    assert plan.isnan().flatten(1).any(1).tolist() == [False, True, False]
    (slope,) = torch.autograd.grad(plan[[0, 2]].square().sum(), theta)
    assert slope.isfinite()
