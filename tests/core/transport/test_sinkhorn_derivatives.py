"""Derivatives of Sinkhorn that hold: isolated pairs, padding, mates without a plan, every order."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

from ce_core import SinkhornStatus, sinkhorn
from ce_core.transport import _bipartite_system
from ce_core.transport._bipartite_system import solve_network
from tests.support.cases import INF, central_differences, uniform
from tests.support.closeness import close_to

F64 = torch.float64
# Torch compiles its rules of forward mode when they are first used.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
FIELDS = ("plan", "f", "g", "transport_cost", "entropic_value")


def gradient_of(name: str, cost: Any, **options: Any) -> Tensor:
    cost = torch.as_tensor(cost, dtype=F64).clone().requires_grad_()
    field = getattr(sinkhorn(cost, **options), name)
    found: Tensor = torch.autograd.grad(field[..., :2].sum() if field.ndim else field, cost)[0]
    return found


# The linear system


def exact_pairs(plan: Tensor, rows: Tensor, columns: Tensor) -> np.ndarray:
    """Return all X_i + Y_j by mpmath, of a connected plan."""
    n, m = plan.shape
    with mpmath.workdps(300):
        system, right = mpmath.zeros(n + m), mpmath.zeros(n + m, 1)
        for i in range(n):
            for j in range(m):
                link = mpmath.mpf(plan[i, j].item())
                for a, b in ((i, i), (i, n + j), (n + j, i), (n + j, n + j)):
                    system[a, b] += link
        for k, value in enumerate([*rows.tolist(), *columns.tolist()]):
            right[k] = mpmath.mpf(value)
        # The first equation follows from the others.
        for k in range(n + m):
            system[0, k] = 1 if k == 0 else 0
        right[0] = 0
        x = mpmath.lu_solve(system, right)
        return np.array([[float(x[i] + x[n + j]) for j in range(m)] for i in range(n)])


def balanced_sides(n: int, m: int) -> tuple[Tensor, Tensor]:
    rows, columns = uniform(n, seed=5), uniform(m, seed=6)
    return rows, columns * rows.sum() / columns.sum()


@pytest.mark.parametrize("faint", [1e-3, 1e-9, 1e-22, 1e-120])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_solve_network_oracle_where_groups_hang_on_each_other_by_next_to_nothing(
    faint: float, shape: tuple[int, int]
) -> None:
    n, m = shape
    plan = faint * (1 + uniform(n, m, seed=1))
    plan[:2, :2] = 0.1 + uniform(2, 2)
    plan[2:, 2:] = 0.1 + uniform(n - 2, m - 2, seed=2)
    rows, columns = balanced_sides(n, m)
    pairs = solve_network(plan[None], rows[None], columns[None]).pairs[0]
    # The flows, of which those across are as large as those within.
    expected = plan.numpy() * exact_pairs(plan, rows, columns)
    np.testing.assert_allclose(plan * pairs, expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose((plan * pairs).sum(1), rows, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (70, 70)], ids=str)
@pytest.mark.parametrize("faint", [1e-9, 1e-22, 1e-120])
def test_solve_network_takes_flows_link_by_link(shape: tuple[int, int], faint: float) -> None:
    # Where every pair flows by T_ij = s_i + t_j times its link, X_i + Y_j is T_ij, whatever the links.
    n, m = shape
    plan = faint * (1 + uniform(n, m, seed=1))
    plan[: n // 2, : m // 2] = 0.1 + uniform(n // 2, m // 2)
    plan[n // 2 :, m // 2 :] = 0.1 + uniform(n // 2, m // 2, seed=2)
    tension = uniform(n, 1, seed=3) + uniform(m, seed=4)
    nothing = torch.zeros(1, n, dtype=F64), torch.zeros(1, m, dtype=F64)
    pairs = solve_network(plan[None], *nothing, (plan * tension)[None]).pairs[0]
    np.testing.assert_allclose(pairs, tension, rtol=0, atol=1e-13)


@pytest.mark.parametrize("sound", [0.0, 2.0], ids=["Cholesky", "elimination"])
def test_solve_network_both_ways_agree_and_are_differentiable_twice(
    sound: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_bipartite_system, "_SOUND", sound)
    plan = 0.1 + uniform(2, 3, 4)
    rows, columns = uniform(2, 3, seed=1), uniform(2, 4, seed=2)

    def pairs(plan: Tensor, rows: Tensor, columns: Tensor, flow: Tensor | None = None) -> Tensor:
        excess = rows.sum(-1, keepdim=True) / columns.sum(-1, keepdim=True)
        return solve_network(plan, rows, columns * excess, flow).pairs

    inputs = [x.requires_grad_() for x in (plan, rows, columns, uniform(2, 3, 4, seed=3))]
    for parts in (inputs[:3], inputs):
        assert torch.autograd.gradcheck(pairs, parts, check_forward_ad=True)
        assert torch.autograd.gradgradcheck(pairs, parts)


def test_solve_network_takes_off_what_no_solution_can_have() -> None:
    # Two pairs, of which the first is asked for 1 in its row and 0 in its column.
    plan = torch.tensor([[[0.5, 0.0], [0.0, 0.5]]], dtype=F64)
    found = solve_network(plan, torch.tensor([[1.0, 0.0]], dtype=F64), torch.zeros(1, 2, dtype=F64))
    torch.testing.assert_close((plan * found.pairs)[0].diagonal(), torch.tensor([0.5, 0.0], dtype=F64))


def test_solve_network_costs_what_the_smaller_side_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    cholesky = torch.linalg.cholesky_ex

    def watched(system: Tensor) -> Any:
        sizes.append(system.shape[-1])
        return cholesky(system)

    monkeypatch.setattr(torch.linalg, "cholesky_ex", watched)
    for shape in ((90, 3), (3, 90)):
        gradient_of("transport_cost", uniform(*shape), eps=0.3)
    assert sizes == [3, 3]


# Isolated pairs


@pytest.mark.parametrize("eps", [0.1, 0.02, 0.01, 1e-3, 1e-6])
@pytest.mark.parametrize("size", [2, 3, 5])
def test_sinkhorn_gradient_of_isolated_pairs_is_the_assignment(size: int, eps: float) -> None:
    cost = (torch.arange(size).unsqueeze(1) - torch.arange(size)).abs().double()
    found = gradient_of("transport_cost", cost, eps=eps)
    slack = 30 / eps * math.exp(-1 / eps)
    np.testing.assert_allclose(found, np.eye(size) / size, rtol=0, atol=1e-12 + slack)


@pytest.mark.parametrize("eps", [0.05, 0.02])
def test_sinkhorn_gradient_of_a_potential_goes_by_links_next_to_nothing(eps: float) -> None:
    # f0 + g0 = a, f1 + g1 = d and, as P01 = P10, f0 + g1 - b = f1 + g0 - c, up to logarithms; so with
    # f0 + f1 = 0 f0 is (a - d + b - c) / 4.
    cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=F64, requires_grad=True)
    (found,) = torch.autograd.grad(sinkhorn(cost, eps=eps).f[0], cost)
    np.testing.assert_allclose(found, [[0.25, 0.25], [-0.25, -0.25]], rtol=0, atol=1e-7)


def test_sinkhorn_gradient_of_a_potential_where_the_links_underflow() -> None:
    cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=F64, requires_grad=True)
    (found,) = torch.autograd.grad(sinkhorn(cost, eps=1e-3).f[0], cost)
    np.testing.assert_allclose(found.diagonal(), [0.25, -0.25], rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_sinkhorn_gradient_of_points_against_a_noisy_copy(seed: int) -> None:
    points = uniform(50, 2, seed=seed)
    order = torch.randperm(50, generator=torch.Generator().manual_seed(seed))
    copy = points[order] + 1e-3 * uniform(50, 2, seed=seed + 100)
    cost = (points.unsqueeze(1) - copy).square().sum(-1).requires_grad_()
    result = sinkhorn(cost, eps=3e-4, tol=1e-9)
    assert result.converged
    (found,) = torch.autograd.grad(result.transport_cost, cost)
    assert found.isfinite().all()
    # Rows and columns of the gradient sum as those of the plan do: a constant is passed on.
    np.testing.assert_allclose(found.sum(0), 1 / 50, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.sum(1), 1 / 50, rtol=0, atol=1e-9)


def test_sinkhorn_gradient_of_an_item_with_isolated_pairs_leaves_its_mates() -> None:
    cost = torch.stack([torch.eye(3, dtype=F64) * -1, uniform(3, 3)])
    cost = cost.requires_grad_()
    loss = sinkhorn(cost, eps=0.01).transport_cost.sum()
    (together,) = torch.autograd.grad(loss, cost)
    for item, found in zip(cost, together, strict=True):
        torch.testing.assert_close(found, gradient_of("transport_cost", item.detach(), eps=0.01))


# Padding, and mates without a plan


def test_sinkhorn_gradient_of_padded_sets_is_that_of_the_sets() -> None:
    inner = [[0.0, 1.0], [1.0, 0.2]]
    padded = [[*row, INF] for row in inner] + [[INF] * 3]
    half = [0.5, 0.5]
    expected = [[0.544, -0.044], [-0.044, 0.544]]
    for name in FIELDS:
        alone = gradient_of(name, inner, eps=0.3, mu=half, nu=half, tol=1e-13)
        found = gradient_of(name, padded, eps=0.3, mu=[*half, 0.0], nu=[*half, 0.0], tol=1e-13)
        torch.testing.assert_close(found[:2, :2], alone, rtol=1e-12, atol=1e-14)
        assert not found[2].any()
        assert not found[:, 2].any()
        if name == "transport_cost":
            np.testing.assert_allclose(alone, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"tol": None, "max_iter": 20}, {"gradient": "unrolled"}])
@pytest.mark.parametrize("name", FIELDS)
def test_sinkhorn_item_without_a_plan_poisons_no_parameter_that_it_shares(
    name: str, options: dict[str, Any]
) -> None:
    base = torch.tensor([[0.0, 1.0], [1.0, 0.2]], dtype=F64)
    lost = torch.tensor([[False, True], [False, True]])
    slopes = []
    for spoilt in (True, False):
        theta = torch.tensor(1.0, dtype=F64, requires_grad=True)
        items = [base * theta]
        if spoilt:
            items += [(base * theta).masked_fill(lost, INF), (base * theta).masked_fill(lost, math.nan)]
        result = sinkhorn(torch.stack(items), eps=0.3, **options)
        field = getattr(result, name)[:1] if name in ("f", "g") else getattr(result, name)
        (slope,) = torch.autograd.grad(field.square().sum(), theta, create_graph=True)
        (second,) = torch.autograd.grad(slope, theta)
        slopes.append(torch.stack([slope.detach(), second]))
    if spoilt:
        assert result.status[1] == SinkhornStatus.INFEASIBLE
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-9, atol=1e-12)


# Every order, both ways, each argument


def outputs(cost: Tensor, a: Tensor, b: Tensor, eps: Tensor, **options: Any) -> tuple[Tensor, ...]:
    result = sinkhorn(cost, eps=eps, mu=a.softmax(-1), nu=b.softmax(-1), **options)
    return tuple(getattr(result, name) for name in FIELDS)


@pytest.mark.parametrize(
    "options",
    [{"tol": 1e-14}, {"tol": None, "max_iter": 3}, {"tol": 1e-3, "gradient": "unrolled"}],
    ids=["implicit", "fixed count", "unrolled"],
)
def test_sinkhorn_derivatives_of_all_by_all_agree_with_finite_differences(
    options: dict[str, Any],
) -> None:
    inputs = [uniform(2, 3, 4), uniform(2, 3), uniform(2, 4), uniform(2) + 0.2]
    inputs = [x.requires_grad_() for x in inputs]

    def function(*parts: Tensor) -> tuple[Tensor, ...]:
        return outputs(*parts, **options)

    tolerances: dict[str, Any] = {"eps": 1e-5, "atol": 1e-7, "rtol": 1e-5}
    if options["tol"] == 1e-3:
        # A count of iterations that is the same for all that is tried.
        tolerances["eps"] = 1e-6
    assert torch.autograd.gradcheck(function, inputs, check_forward_ad=True, **tolerances)
    assert torch.autograd.gradgradcheck(function, inputs, **{**tolerances, "atol": 1e-5})


def test_sinkhorn_hessian_of_the_value_is_not_nothing() -> None:
    cost = uniform(3, 4)

    def value(cost: Tensor) -> Tensor:
        return sinkhorn(cost.reshape(3, 4), eps=0.3, tol=1e-14).entropic_value

    flat = cost.flatten()
    found = [way(value)(flat) for way in (hessian, lambda f: jacrev(jacrev(f)))]
    found.append(torch.autograd.functional.hessian(value, flat))  # type: ignore[no-untyped-call]
    slopes: Callable[[Tensor], Tensor] = grad(value)
    expected = torch.stack(
        [(slopes(flat + 1e-5 * e) - slopes(flat - 1e-5 * e)) / 2e-5 for e in torch.eye(12, dtype=F64)]
    )
    assert expected.abs().max().item() > 0.1
    for one in found:
        torch.testing.assert_close(one, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    "options", [{}, {"tol": None, "max_iter": 3}, {"gradient": "unrolled"}], ids=str
)
def test_sinkhorn_within_torch_func_is_what_it_is_without(options: dict[str, Any]) -> None:
    cost, mu = uniform(5, 3, 4), uniform(5, 3, seed=1).softmax(-1)
    eps = torch.tensor([0.1, 0.2, 0.5, 1.0, 3.0], dtype=F64)

    def loss(cost: Tensor, mu: Tensor, eps: Tensor) -> Tensor:
        result = sinkhorn(cost, eps=eps, mu=mu, **options)
        return (result.plan.square().sum() + result.f[..., 0].sum()) * result.entropic_value.sum()

    parts = (cost, mu, eps)
    items = list(zip(*parts, strict=True))
    for way in (grad, jacrev, jacfwd, hessian):
        mapped = vmap(way(loss))(*parts)
        alone = torch.stack([way(loss)(*item) for item in items])
        torch.testing.assert_close(mapped, alone, rtol=1e-12, atol=1e-13)
    whole: Callable[[Tensor], Tensor] = lambda c: vmap(loss)(c, mu, eps).sum()  # noqa: E731
    moved = jvp(whole, (cost,), (cost.cos(),))[1]
    assert moved.item() == close_to((grad(whole)(cost) * cost.cos()).sum().item(), rel=1e-9)
    status = vmap(lambda c, e: sinkhorn(c, eps=e).status)(cost, eps)
    assert (status == SinkhornStatus.CONVERGED).all()
    shared = vmap(lambda m: sinkhorn(cost[0], eps=0.5, mu=m).plan)(mu)
    torch.testing.assert_close(shared, sinkhorn(cost[0], eps=0.5, mu=mu).plan)


def test_sinkhorn_within_vmap_refuses_what_it_refuses_without() -> None:
    cost = uniform(2, 2)
    with pytest.raises(ValueError, match=r"^mu must sum to 1, got "):
        vmap(lambda m: sinkhorn(cost, eps=1.0, mu=m).plan)(torch.full((3, 2), 0.6))
    with pytest.raises(ValueError, match=r"^eps must be finite and > 0, got "):
        vmap(lambda e: sinkhorn(cost, eps=e).plan)(torch.tensor([1.0, -1.0]))


@pytest.mark.parametrize("name", ["transport_cost", "entropic_value", "f", "g", "plan"])
@pytest.mark.parametrize("options", [{"tol": 1e-14}, {"tol": None, "max_iter": 4}], ids=str)
def test_sinkhorn_gradient_at_a_weight_of_zero(name: str, options: dict[str, Any]) -> None:
    cost, step = uniform(3, 4), 1e-6
    direction = torch.tensor([1.0, -0.7, -0.3], dtype=F64)
    weights = torch.linspace(1, 2, 4, dtype=F64)

    def loss(mu: Tensor) -> Tensor:
        field = getattr(sinkhorn(cost, eps=0.3, mu=mu, **options), name)
        weighted: Tensor = field * weights[: field.shape[-1]] if field.ndim else field
        return weighted.sum()

    at = torch.tensor([0.0, 0.4, 0.6], dtype=F64, requires_grad=True)
    (found,) = torch.autograd.grad(loss(at), at)
    # One-sided, of second order: the weight cannot fall below 0.
    values = [loss(at.detach() + k * step * direction) for k in range(3)]
    expected = (4 * values[1] - 3 * values[0] - values[2]) / (2 * step)
    assert (found @ direction).item() == close_to(expected.item(), rel=1e-6, abs=1e-8)


def test_sinkhorn_gradient_of_the_value_after_a_fixed_count_is_that_of_the_value_returned() -> None:
    def value(cost: Tensor) -> Tensor:
        return sinkhorn(cost.reshape(3, 4), eps=0.1, tol=None, max_iter=3).entropic_value

    cost = uniform(12).requires_grad_()
    (found,) = torch.autograd.grad(value(cost), cost)
    np.testing.assert_allclose(
        found, central_differences(value, cost.detach(), step=1e-6), rtol=1e-7, atol=1e-9
    )


def test_sinkhorn_gradient_does_not_lose_digits_to_offsets() -> None:
    cost, offset = uniform(4, 5), torch.zeros(4, 5, dtype=F64)
    offset[1] = 2.0**40
    offset[:, 2] -= 2.0**41
    # What is left of the digits once the offsets are added.
    cost = (cost + offset) - offset
    for name in ("plan", "transport_cost"):
        weights = uniform(4, 5, seed=3) if name == "plan" else torch.tensor(1.0, dtype=F64)
        slopes: list[Tensor] = []
        for one in (cost, cost + offset):
            one = one.clone().requires_grad_()
            result = sinkhorn(one, eps=0.2, tol=1e-13)
            slopes += torch.autograd.grad((getattr(result, name) * weights).sum(), one)
        torch.testing.assert_close(slopes[1], slopes[0], rtol=1e-8, atol=1e-10)


def test_sinkhorn_refuses_forward_mode_within_forward_mode() -> None:
    def value(eps: Tensor) -> Tensor:
        return sinkhorn([[0.0, 1.0], [1.0, 0.2]], eps=eps, tol=1e-12).entropic_value

    eps = torch.tensor(0.3, dtype=torch.float64)
    for nested in (jacfwd(jacfwd(value)), jacfwd(grad(jacfwd(value)))):
        with pytest.raises(NotImplementedError, match=r"torch\.func\.hessian"):
            nested(eps)
