"""Cases at the edge that the property tests have found, each as small as it gets."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from ce_core import (
    SinkhornStatus,
    balanced_assignment,
    plans_along_iterations,
    sinkhorn,
    unbalanced_sinkhorn,
)
from tests.support.cases import INF, tensor64, uniform

F64 = torch.float64


@pytest.mark.parametrize("tol", [1e-6, None])
def test_sinkhorn_accepts_an_empty_batch(tol: float | None) -> None:
    result = sinkhorn(torch.zeros(0, 3, 2), eps=1.0, tol=tol)
    assert result.plan.shape == (0, 3, 2)
    assert result.status.shape == (0,)


def test_sinkhorn_fixed_count_where_a_row_without_mass_has_the_least_costs() -> None:
    # The kernel of the row with mass is e^-1000 there, which is not 0: the column is not forbidden.
    cost = torch.tensor([[0.0, 1.0], [0.0, 0.0]], dtype=F64)
    result = sinkhorn(cost, eps=1e-3, mu=[1.0, 0.0], tol=None, max_iter=1)
    expected = torch.tensor([[0.5, 0.5], [0.0, 0.0]], dtype=F64)
    # Exponents of 1000 are rounded by 2^-53 of that.
    torch.testing.assert_close(result.plan, expected, rtol=1e-12, atol=0)
    assert result.errors[-1] < 1e-12


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("size", [3, 7, 11, 49])
def test_sinkhorn_accepts_uniform_marginals_rounded_to_a_half_type(
    size: int, dtype: torch.dtype
) -> None:
    weights = torch.full((size,), 1 / size, dtype=dtype)
    result = sinkhorn(torch.zeros(size, 2, dtype=dtype), eps=1.0, mu=weights, tol=1e-2)
    assert result.converged


def test_sinkhorn_feasibility_of_items_that_end_at_different_times() -> None:
    allowed = torch.tensor(
        [
            [[1, 1, 0], [1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 1]],
            [[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 1]],
            [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 1]],
        ]
    )
    cost = torch.linspace(0, 1, 45, dtype=F64).sin().reshape(3, 5, 3).masked_fill(allowed == 0, INF)
    result = sinkhorn(cost, eps=4e-3, tol=1e-9, max_iter=1)
    feasible = result.status != SinkhornStatus.INFEASIBLE
    assert feasible.tolist() == [True, False, True]


@pytest.mark.parametrize("offset", [1e6, -1e9, 4e12])
@pytest.mark.parametrize("tol", [1e-12, None])
def test_sinkhorn_plan_does_not_lose_digits_to_what_all_costs_have_in_common(
    offset: float, tol: float | None
) -> None:
    # Whole numbers, so that nothing is lost in the sum.
    cost = torch.tensor([[0.0, 3.0, 5.0], [4.0, 1.0, 2.0]], dtype=F64)
    one, other = (sinkhorn(c, eps=0.7, tol=tol, max_iter=50) for c in (cost, cost + offset))
    torch.testing.assert_close(other.plan, one.plan, rtol=1e-12, atol=0)
    assert other.status == one.status
    torch.testing.assert_close(other.f, one.f, rtol=0, atol=1e-12)
    torch.testing.assert_close(other.g, one.g + offset, rtol=1e-15, atol=0)
    for name in ("transport_cost", "entropic_value"):
        torch.testing.assert_close(
            getattr(other, name), getattr(one, name) + offset, rtol=1e-14, atol=0
        )


@pytest.mark.parametrize("gradient", ["implicit", "unrolled"])
def test_sinkhorn_gradient_does_not_see_what_all_costs_have_in_common(gradient: str) -> None:
    cost = torch.tensor([[0.0, 3.0, 5.0], [4.0, 1.0, 2.0]], dtype=F64)
    slopes: list[Tensor] = []
    for offset in (0.0, 1e9):
        shifted = (cost + offset).requires_grad_()
        result = sinkhorn(shifted, eps=0.7, tol=1e-12, gradient=gradient)
        slopes += torch.autograd.grad(result.plan[0, 1] + result.entropic_value, shifted)
    torch.testing.assert_close(slopes[1], slopes[0], rtol=1e-9, atol=1e-12)


def test_sinkhorn_takes_the_offset_of_each_item_from_that_item_alone() -> None:
    cost = torch.tensor([[[0.0, 3.0], [1.0, 1.0]], [[1e9, 1e9 + 3], [1e9 + 1, 1e9 + 1]]], dtype=F64)
    alone = [sinkhorn(item, eps=0.5, tol=1e-12) for item in cost]
    together = sinkhorn(cost, eps=0.5, tol=1e-12)
    for name in ("plan", "f", "g", "entropic_value"):
        assert torch.equal(getattr(together, name), torch.stack([getattr(x, name) for x in alone]))


@pytest.mark.parametrize("mate", ["steep", "without mass"])
def test_sinkhorn_takes_the_range_of_each_item_from_that_item_alone(mate: str) -> None:
    # Of 0.85, which is less than a thousandth of eps, and not of 0.95, which is more.
    cost = torch.tensor([[[0.95, 0.1, 0.57]], [[0.58, 0.83, 0.58]]], dtype=F64)
    eps = torch.tensor([900.0, 1e-5 if mate == "steep" else 1.0], dtype=F64)
    last = [0.5, 0.5, 0.0] if mate == "without mass" else [0.2, 0.4, 0.4]
    nu = torch.tensor([[0.6, 0.1, 0.3], last], dtype=F64)
    together = sinkhorn(cost, eps=eps, nu=nu)
    alone = sinkhorn(cost[0], eps=900.0, nu=nu[0])
    for name in ("plan", "f", "g", "entropic_value"):
        assert torch.equal(getattr(together, name)[0], getattr(alone, name))


def test_sinkhorn_item_does_not_depend_on_how_long_its_mates_take() -> None:
    # The first arrives on a kernel that has left its range, but not on logarithms.
    cost = [
        [[43.25, 45.0, 3.53125], [7.65625, 20.75, 15.3125]],
        [[-0.375, -29.75, 45.75], [-50.0, INF, 3.75]],
    ]
    mu = torch.tensor([0.75, 0.25], dtype=F64)
    nu = torch.tensor([[4 / 11, 4 / 11, 3 / 11], [0.0, 0.2, 0.8]], dtype=F64)
    items = torch.tensor(cost, dtype=torch.bfloat16)
    together = sinkhorn(items, eps=0.48, mu=mu, nu=nu, tol=1e-3, max_iter=60)
    alone = sinkhorn(items[0], eps=0.48, mu=mu, nu=nu[0], tol=1e-3, max_iter=60)
    for name in ("plan", "f", "g", "status", "n_iter"):
        assert torch.equal(getattr(together, name)[0], getattr(alone, name))


def test_sinkhorn_arrives_where_a_block_on_the_kernel_leaves_its_range() -> None:
    # On logarithms it arrives an iteration earlier than on the kernel.
    cost = torch.tensor(
        [[21.68845927286786, -27.575701847601042], [-15.11082666684782, -28.056419798949015]], dtype=F64
    )
    mu, nu = [0.4130561091321327, 0.5869438908678674], [0.9982561880553718, 0.00174381194462824]
    result = sinkhorn(cost, eps=0.2704500266641016, mu=mu, nu=nu, tol=0.0, max_iter=60)
    assert result.status == SinkhornStatus.TOLERANCE_UNREACHABLE
    assert result.errors[-1] < 1e-14


@pytest.mark.parametrize("tol", [1e-6, None])
def test_sinkhorn_counts_a_weight_next_to_nothing_as_zero(tol: float | None) -> None:
    cost = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]], dtype=F64)
    faint, none = (
        sinkhorn(cost, eps=0.01, nu=[least, 0.0, 1.0], tol=tol, max_iter=3) for least in (5e-324, 0.0)
    )
    for name in ("plan", "f", "transport_cost", "entropic_value", "status"):
        assert torch.equal(getattr(faint, name), getattr(none, name))


# At the large cost the kernel itself would underflow.
@pytest.mark.parametrize("large", [50.0, 2000.0])
def test_other_plans_do_not_lose_digits_to_what_all_costs_have_in_common(large: float) -> None:
    cost = torch.tensor([[0.0, 1.0, large], [large, 3.0, 2.0]], dtype=F64)
    for offset in (1e9, -4e12):
        frames, shifted = (
            plans_along_iterations(c, eps=0.7, counts=[0, 1, 9]).plan for c in (cost, cost + offset)
        )
        torch.testing.assert_close(shifted, frames, rtol=1e-12, atol=0)
        balanced, other = (balanced_assignment(c, eps=0.7) for c in (cost, cost + offset))
        torch.testing.assert_close(other, balanced, rtol=1e-12, atol=0)


def test_sinkhorn_unrolled_gradient_of_the_marginals_where_pairs_are_forbidden() -> None:
    # Enough iterations that it is looked whether there is a plan at all.
    cost = torch.tensor([[0.0, 1.0, INF], [0.8, 0.1, 0.6], [0.9, INF, 0.3]], dtype=F64)
    gradients = []
    for gradient in ("implicit", "unrolled"):
        mu = torch.tensor([0.2, 0.5, 0.3], dtype=F64, requires_grad=True)
        result = sinkhorn(cost, eps=0.05, mu=mu, tol=1e-12, gradient=gradient)
        assert result.converged
        (found,) = torch.autograd.grad(result.transport_cost, mu)
        # Only what keeps the sum of mu means anything.
        gradients.append(found - found.mean())
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-6, atol=0)


@pytest.mark.parametrize("value", [0.1, [0.1, 0.2]])
def test_transport_takes_an_eps_of_inference_mode_beside_a_leaf(value: float | list[float]) -> None:
    with torch.inference_mode():
        eps = torch.tensor(value, dtype=F64)
    cost = torch.eye(2, dtype=F64).expand(2, 2, 2).clone().requires_grad_()
    for plan in (
        sinkhorn(cost, eps=eps).plan,
        sinkhorn(cost, eps=eps, tol=None, max_iter=3).plan,
        balanced_assignment(cost, eps=eps),
    ):
        assert torch.autograd.grad(plan[..., 0, 0].sum(), cost)[0].isfinite().all()


@pytest.mark.parametrize("kind", ["cost", "mu", "nu"])
@pytest.mark.parametrize(
    "solve", [sinkhorn, partial(unbalanced_sinkhorn, rho=1.0)], ids=["balanced", "not"]
)
def test_transport_takes_arrays_of_inference_mode_beside_an_eps_that_is_a_leaf(
    solve: Callable[..., Any], kind: str
) -> None:
    given = {"cost": uniform(3, 3), "mu": tensor64(0.2, 0.3, 0.5), "nu": tensor64(0.4, 0.4, 0.2)}
    slopes = []
    for inference in (False, True):
        with torch.inference_mode(inference):
            beside = given[kind].clone()
        eps = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        solve(**{**given, kind: beside}, eps=eps).transport_cost.backward()
        slopes.append(eps.grad)
    torch.testing.assert_close(*slopes, rtol=1e-12, atol=0)
