"""`sinkhorn` started from the potentials of a similar problem: the same plan, in fewer iterations."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import grad, jvp, vmap

from ce_core import SinkhornStatus, sinkhorn
from tests.support.cases import FLOATS, INF, uniform

NAN = float("nan")
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")


def moved(*shape: int) -> tuple[Tensor, Tensor]:
    """Return a cost, and one that differs from it by little."""
    cost = uniform(*shape)
    return cost, cost + 0.002 * uniform(*shape, seed=1)


@pytest.mark.parametrize("eps", [0.5, 0.05, 0.01, 0.001])
def test_warm_start_leads_to_the_same_plan(eps: float) -> None:
    cost, near = moved(3, 20, 15)
    earlier = sinkhorn(cost, eps=eps, tol=1e-10)
    cold, warm = (sinkhorn(near, eps=eps, tol=1e-10, warm_start=start) for start in (None, earlier))
    assert warm.converged.all()
    torch.testing.assert_close(warm.plan, cold.plan, rtol=0, atol=1e-9)


@pytest.mark.parametrize("eps", [0.05, 0.02])
def test_warm_start_saves_iterations(eps: float) -> None:
    cost, near = moved(3, 20, 15)
    earlier = sinkhorn(cost, eps=eps)
    cold, warm = (sinkhorn(near, eps=eps, warm_start=start) for start in (None, earlier))
    assert (warm.n_iter < cold.n_iter).all()


@pytest.mark.parametrize("eps", [0.5, 0.05, 0.001])
def test_warm_start_at_the_solution_ends_at_once(eps: float) -> None:
    cost = uniform(3, 20, 15)
    first = sinkhorn(cost, eps=eps, tol=1e-9)
    again = sinkhorn(cost, eps=eps, tol=1e-8, warm_start=first.f)
    assert (again.n_iter == 1).all()
    torch.testing.assert_close(again.plan, first.plan, rtol=0, atol=1e-8)


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_warm_start_of_a_bad_item_is_a_cold_one(bad: float) -> None:
    cost = uniform(2, 6, 5)
    f = sinkhorn(cost, eps=0.1).f
    f[1, 2] = bad
    cold = sinkhorn(cost, eps=0.1)
    warm = sinkhorn(cost, eps=0.1, warm_start=f)
    assert warm.n_iter[0] == 1
    assert warm.n_iter[1] == cold.n_iter[1]
    assert torch.equal(warm.plan[1], cold.plan[1])


def test_warm_start_from_an_item_that_was_invalid() -> None:
    cost = uniform(2, 6, 5)
    poisoned = cost.clone()
    poisoned[1, 0, 0] = NAN
    earlier = sinkhorn(poisoned, eps=0.1)
    assert earlier.status[1] == SinkhornStatus.INVALID
    warm = sinkhorn(cost, eps=0.1, warm_start=earlier)
    assert warm.converged.all()


def test_warm_start_broadcasts() -> None:
    cost = uniform(2, 3, 6, 5)
    f = sinkhorn(cost[0, 0], eps=0.1).f
    warm, cold = (sinkhorn(cost, eps=0.1, tol=1e-10, warm_start=start) for start in (f, None))
    torch.testing.assert_close(warm.plan, cold.plan, rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_warm_start_in_every_dtype(dtype: torch.dtype) -> None:
    cost = uniform(4, 5).to(dtype)
    earlier = sinkhorn(cost, eps=0.1, tol=1e-2)
    assert sinkhorn(cost, eps=0.1, tol=1e-2, warm_start=earlier).converged


def test_warm_start_with_padding_forbidden_pairs_and_offsets() -> None:
    cost = uniform(4, 5) + 1e6 * torch.arange(4, dtype=torch.float64)[:, None]
    cost[0, 1] = INF
    mu = torch.tensor([0.5, 0.2, 0.3, 0.0], dtype=torch.float64)
    earlier = sinkhorn(cost, eps=0.1, mu=mu)
    # Offsets of rows cost no iterations, also where pairs are forbidden.
    assert earlier.converged
    assert earlier.n_iter < 100
    again = sinkhorn(cost, eps=0.1, mu=mu, warm_start=earlier)
    torch.testing.assert_close(again.plan, earlier.plan, rtol=0, atol=1e-6)
    assert again.n_iter == 1


def test_warm_start_far_off_is_only_slow() -> None:
    cost = uniform(6, 5)
    wild = 1e3 * uniform(6, seed=1)
    warm = sinkhorn(cost, eps=0.1, tol=1e-10, warm_start=wild)
    assert warm.converged
    torch.testing.assert_close(warm.plan, sinkhorn(cost, eps=0.1, tol=1e-10).plan, rtol=0, atol=1e-9)


def test_warm_start_is_where_a_fixed_count_starts() -> None:
    cost = uniform(6, 5)
    whole = sinkhorn(cost, eps=0.1, tol=None, max_iter=7)
    half = sinkhorn(cost, eps=0.1, tol=None, max_iter=3)
    rest = sinkhorn(cost, eps=0.1, tol=None, max_iter=4, warm_start=half)
    torch.testing.assert_close(rest.plan, whole.plan, rtol=0, atol=1e-14)


@pytest.mark.parametrize("gradient", ["implicit", "unrolled"])
def test_warm_start_is_a_constant(gradient: str) -> None:
    cost, near = moved(6, 5)
    f = sinkhorn(cost, eps=0.1).f.requires_grad_()

    def corner(cost: Tensor, f: Tensor | None) -> Tensor:
        result = sinkhorn(cost, eps=0.1, tol=1e-12, gradient=gradient, warm_start=f)
        return result.plan[0, 0]

    near.requires_grad_()
    (by_cost,) = torch.autograd.grad(corner(near, f), near)
    (expected,) = torch.autograd.grad(corner(near, None), near)
    # Unrolled, derivatives arrive later than what is differentiated: the count is that of the plan.
    atol = 1e-9 if gradient == "implicit" else 1e-1
    torch.testing.assert_close(by_cost, expected, rtol=0, atol=atol)
    assert not corner(near.detach(), f).requires_grad


def test_warm_start_within_torch_func() -> None:
    cost, near = moved(3, 6, 5)
    f = sinkhorn(cost, eps=0.1).f

    def value(cost: Tensor, f: Tensor) -> Tensor:
        return sinkhorn(cost, eps=0.1, tol=1e-11, warm_start=f).plan[..., 0, 0].sum()

    batched = torch.stack([grad(value)(near[i], f[i]) for i in range(3)])
    torch.testing.assert_close(vmap(grad(value))(near, f), batched, rtol=0, atol=1e-10)
    assert vmap(grad(value, argnums=1))(near, f).count_nonzero() == 0
    by_f = jvp(lambda f: value(near, f), (f,), (torch.ones_like(f),))[1]
    assert by_f == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([0.0] * 3, "warm_start must have potentials f of shape"),
        ([[0.0] * 4] * 2, "warm_start must have potentials f of shape"),
        ("fast", "warm_start"),
        (2.0, "warm_start"),
    ],
)
def test_warm_start_refuses_what_is_none(wrong: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sinkhorn(uniform(4, 5), eps=0.1, warm_start=wrong)


def test_warm_start_from_the_largest_numbers_leads_to_the_plan_too() -> None:
    cost = uniform(3, 3, seed=4)
    start = torch.full((3,), torch.finfo(torch.float64).max, dtype=torch.float64)
    found, cold = sinkhorn(cost, eps=0.05, warm_start=start), sinkhorn(cost, eps=0.05)
    assert found.converged
    torch.testing.assert_close(found.plan, cold.plan, rtol=0, atol=1e-5)
