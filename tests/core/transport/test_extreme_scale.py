"""Costs and eps at the ends of float64: the solution is that of the same problem in another unit."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap

from ce_core import (
    balanced_assignment,
    birkhoff_rate,
    plans_along_iterations,
    sinkhorn,
    trace_convergence,
    unbalanced_sinkhorn,
)
from tests.support.cases import uniform
from tests.support.closeness import close_to

F64 = torch.float64
# Powers of two, and what the digits of costs so small allow: the largest costs span 2¹⁰²⁴.
UNITS = [(2.0**1023, 1e-12), (2.0**-1025, 1e-12), (2.0**-1050, 1e-4)]
SOLVERS: dict[str, Callable[..., Any]] = {
    "tol": lambda cost, eps: sinkhorn(cost, eps=eps, tol=1e-12),
    "fixed count": lambda cost, eps: sinkhorn(cost, eps=eps, tol=None, max_iter=20),
    "unbalanced": lambda cost, eps: unbalanced_sinkhorn(cost, eps=eps, rho=4 * eps, tol=1e-12),
}


def signed(*shape: int) -> Tensor:
    """Return costs of both signs, whose range overflows times the largest power of two."""
    return 3.8 * uniform(*shape) - 1.9


@pytest.mark.parametrize(("unit", "rel"), UNITS, ids=str)
@pytest.mark.parametrize("solve", SOLVERS.values(), ids=SOLVERS)
def test_solution_at_an_extreme_scale_is_that_in_another_unit(
    solve: Callable[..., Any], unit: float, rel: float
) -> None:
    given = (signed(4, 5) * unit).requires_grad_()
    cost = (given.detach() / unit).requires_grad_()
    expected, found = solve(cost, 0.125), solve(given, 0.125 * unit)
    assert found.status == expected.status
    torch.testing.assert_close(found.plan, expected.plan, rtol=rel, atol=rel)
    for name in ("f", "g", "transport_cost", "value", "entropic_value"):
        if hasattr(found, name):
            part, true = getattr(found, name), getattr(expected, name)
            torch.testing.assert_close(part / unit, true, rtol=rel, atol=rel)
            if unit > 1 and "value" not in name:
                # Derivatives that sum costs on the way may overflow.
                continue
            # What is in the unit of the cost has derivatives without one.
            slope, wanted = (
                torch.autograd.grad(x.sum(), by, retain_graph=True)[0]
                for x, by in ((part, given), (true, cost))
            )
            torch.testing.assert_close(slope, wanted, rtol=100 * rel, atol=100 * rel)


@pytest.mark.parametrize(("unit", "rel"), UNITS, ids=str)
def test_plans_and_rates_at_an_extreme_scale_are_those_in_another_unit(unit: float, rel: float) -> None:
    cost = signed(4, 5) * unit / unit
    functions: tuple[Callable[[Tensor, float], Tensor], ...] = (
        lambda cost, eps: balanced_assignment(cost, eps=eps),
        lambda cost, eps: balanced_assignment(cost, eps=eps / 1024),
        lambda cost, eps: birkhoff_rate(cost, eps=2 * eps),
        lambda cost, eps: plans_along_iterations(cost, eps=eps, counts=[0, 3]).plan,
        lambda cost, eps: trace_convergence(cost, eps=eps, n_iter=9).plain,
    )
    for function in functions:
        found, expected = function(cost * unit, 0.125 * unit), function(cost, 0.125)
        torch.testing.assert_close(found, expected, rtol=100 * rel, atol=rel)


@pytest.mark.parametrize("eps", [1.0, 1e307])
def test_sinkhorn_of_one_row_whose_range_overflows_has_its_plan(eps: float) -> None:
    result = sinkhorn(torch.tensor([[1e308, -1e308, 0.0]], dtype=F64), eps=eps)
    assert result.converged
    assert result.plan.tolist() == [close_to([1 / 3] * 3, rel=1e-12)]
    assert result.g.tolist() == close_to([1e308, -1e308, 0.0], rel=1e-12)


@pytest.mark.parametrize("unit", [2.0**1023, 2.0**-1050])
def test_sinkhorn_item_at_an_extreme_scale_leaves_its_mates_alone(unit: float) -> None:
    cost, each = signed(2, 4, 5), torch.tensor([0.125, 0.125 * unit], dtype=F64)
    items = torch.stack([cost[0], cost[1] * unit])
    together, alone = sinkhorn(items, eps=each), sinkhorn(items[0], eps=0.125)
    mapped = vmap(lambda cost, eps: sinkhorn(cost, eps=eps).plan)(items, each)
    assert torch.equal(mapped, together.plan)
    for name in ("plan", "f", "g", "transport_cost", "entropic_value"):
        assert torch.equal(getattr(together, name)[0], getattr(alone, name))
    slopes = vmap(grad(lambda cost, eps: sinkhorn(cost, eps=eps).entropic_value))(items, each)
    torch.testing.assert_close(slopes, together.plan, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("function", [sinkhorn, balanced_assignment])
def test_a_subnormal_eps_beside_the_largest_cost_is_a_small_one(function: Callable[..., Any]) -> None:
    cost = torch.tensor([[0.0, 1e306], [1e306, 0.0]], dtype=F64)
    found = function(cost, eps=5e-324)
    plan = 2 * found.plan if function is sinkhorn else found
    torch.testing.assert_close(plan, torch.eye(2, dtype=F64), rtol=0, atol=1e-12)
