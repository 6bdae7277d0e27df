"""What surrounds a call of transport changes no number: vmap, grad, autocast, inference mode.

`tests/core/test_derivative_table.py` asks each public function once, of one problem. Here are batches,
dimensions other than the first, narrow dtypes, and the ways that a function takes inside.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap

from ce_core import (
    asymptotic_rate,
    balanced_assignment,
    birkhoff_rate,
    hard_assignment,
    relative_eps,
    round_plan,
    sinkhorn,
    sinkhorn_divergence,
    squared_distances,
    with_dustbins,
)
from ce_core.transport.balanced import balanced_codes
from tests.support.cases import FLOATS, uniform

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sinkhorn": lambda x: sinkhorn(x, eps=0.5, tol=1e-12).plan,
    "sinkhorn_divergence": lambda x: sinkhorn_divergence(x, x + x.square(), eps=0.5).value,
    "balanced_assignment": lambda x: balanced_assignment(x, eps=0.5),
    "balanced_assignment_steep": lambda x: balanced_assignment(x, eps=1e-3),
    "balanced_codes": balanced_codes,
    "birkhoff_rate": lambda x: birkhoff_rate(x, eps=0.5),
    "asymptotic_rate": asymptotic_rate,
    "round_plan": lambda x: round_plan(x / 20),
    "with_dustbins": lambda x: with_dustbins(x, x.sum((-2, -1))).cost,
    "squared_distances": lambda x: squared_distances(x, 2 * x),
}
WITHOUT_GRADIENT: dict[str, Callable[[Tensor], Tensor]] = {
    "relative_eps": relative_eps,
    "hard_assignment": hard_assignment,
}
differentiable = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
everything = pytest.mark.parametrize(
    "function", (FUNCTIONS | WITHOUT_GRADIENT).values(), ids=FUNCTIONS | WITHOUT_GRADIENT
)


@everything
def test_functions_of_transport_under_vmap_are_those_of_the_batch(
    function: Callable[[Tensor], Tensor],
) -> None:
    x = uniform(3, 5, 4)
    torch.testing.assert_close(vmap(function)(x), function(x), rtol=1e-9, atol=1e-12)
    moved = vmap(function, in_dims=2)(x.movedim(0, 2))
    torch.testing.assert_close(moved, function(x), rtol=1e-9, atol=1e-12)


@differentiable
def test_functions_of_transport_have_gradients_of_samples(function: Callable[[Tensor], Tensor]) -> None:
    x = uniform(3, 5, 4)

    def loss(x: Tensor) -> Tensor:
        return function(x).sin().sum()

    at = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(loss(at), at)
    torch.testing.assert_close(vmap(grad(loss))(x), expected, rtol=1e-7, atol=1e-10)
    torch.testing.assert_close(grad(loss)(x), expected, rtol=1e-7, atol=1e-10)


@differentiable
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_functions_of_transport_change_no_digit_under_autocast(
    function: Callable[[Tensor], Tensor], dtype: torch.dtype
) -> None:
    results = []
    for enabled in (False, True):
        x = uniform(3, 5, 4).to(dtype).requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            found = function(x)
            weights = torch.linspace(1, 2, found.numel(), dtype=found.dtype).reshape(found.shape)
            results.append((found.detach(), torch.autograd.grad((found * weights).sum(), x)[0]))
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


@everything
def test_functions_of_transport_in_inference_mode(function: Callable[[Tensor], Tensor]) -> None:
    x = uniform(3, 5, 4)
    expected = function(x)
    with torch.inference_mode():
        torch.testing.assert_close(function(x.clone()), expected, rtol=1e-12, atol=0)


def test_round_plan_refuses_a_negative_entry_under_vmap() -> None:
    with pytest.raises(ValueError, match="plan must be >= 0"):
        vmap(round_plan)(uniform(3, 5, 4) - 0.5)


def test_hard_assignment_within_a_loss() -> None:
    def loss(cost: Tensor) -> Tensor:
        partners = hard_assignment(sinkhorn(cost, eps=0.1).plan)
        return cost.gather(-1, partners.unsqueeze(-1)).sum()

    cost = uniform(3, 4, 4)
    slopes = vmap(grad(loss))(cost)
    assert slopes.unique().tolist() == [0, 1]
    assert slopes.sum().item() == 12
