"""Derivatives of Sinkhorn's solution by the implicit function theorem, of every order and both ways.

With w = (f + g - C)/ε and K = exp(w), the solution fulfils Σ_j nu_j K_ij = 1 and Σ_i mu_i K_ij = 1. So
with A = nu K (by rows) and B = mu K (by columns) small changes fulfil

    df_i + Σ_j A_ij dg_j = Σ_j A_ij (dC_ij + w_ij dε) - ε Σ_j K_ij dnu_j

and the same for columns. Rows and columns that have mass make it the symmetric system of the plan;
those without follow from them. What is below is written in operations that can be differentiated
again, and does not look at values: so it works within `torch.func` as well. Items without a plan have
derivatives of 0, so that they do not spoil those of a parameter that they share with others.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.transport._bipartite_system import apply_flattened, solve_network
from ce_core.transport._offsets import take_off
from ce_core.transport._solution import WIDEST, Found, Request, find_plans
from ce_core.transport.status import SinkhornStatus

# Exponentials beyond this would overflow; only pairs of a row and a column without mass get there.
_LARGEST = 700.0
_DIFFERENTIABLE = 5


def solve_differentiably(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    request: Request,
) -> Found:
    """Return the solution as a function of the problem, in memory that iterations do not add to.

    The potentials are those of costs without what they have in common, and what is done with them
    must not depend on the constant between them.
    """
    return Found(*_Solution.apply(cost, mu, nu, eps, request))  # type: ignore[no-untyped-call]


class _Solution(torch.autograd.Function):
    """The solution as a function of the problem."""

    @staticmethod
    def forward(cost: Tensor, mu: Tensor, nu: Tensor, eps: Tensor, request: Request) -> Any:
        """Find it."""
        return tuple(find_plans(cost, mu, nu, eps, request))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Remember the problem and its potentials."""
        found = Found(*output)
        ctx.mark_non_differentiable(*output[_DIFFERENTIABLE:])
        ctx.set_materialize_grads(False)
        kept = (*inputs[:4], found.f, found.g, found.common, found.rows, found.columns, found.status)
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the gradients of cost, mu, nu and eps."""
        return *_pull_back(_linearize(*ctx.saved_tensors), *grads[:_DIFFERENTIABLE]), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the tangents of what can be differentiated."""
        moved = _push_forward(_linearize(*ctx.saved_tensors), *tangents[:4])
        return *moved, *[None] * (len(Found._fields) - _DIFFERENTIABLE)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> tuple[Any, tuple[int, ...]]:
        """Solve all items at once."""
        return apply_flattened(_Solution, info.batch_size, in_dims, args)


class _Linearized(NamedTuple):
    """The equations at a solution."""

    cost: Float[Tensor, "b n m"]
    """Without what costs have in common; 0 where a pair is forbidden or an item has no plan."""
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]
    eps: Float[Tensor, " b"]
    exponent: Float[Tensor, "b n m"]
    kernel: Float[Tensor, "b n m"]
    by_row: Float[Tensor, "b n m"]
    by_column: Float[Tensor, "b n m"]
    plan: Float[Tensor, "b n m"]
    f: Float[Tensor, "b n"]
    g: Float[Tensor, "b m"]
    """With what rows and columns have in common."""
    rows: Float[Tensor, "b n_or_1"]
    columns: Float[Tensor, "b m_or_1"]


def _linearize(
    cost: Tensor,
    mu: Tensor,
    nu: Tensor,
    eps: Tensor,
    f: Tensor,
    g: Tensor,
    common: Tensor,
    rows: Tensor,
    columns: Tensor,
    status: Tensor,
) -> _Linearized:
    good = (status != SinkhornStatus.INFEASIBLE) & (status != SinkhornStatus.INVALID)
    cost = take_off(cost, common, rows, columns)
    allowed = (cost < torch.inf) & good[..., None, None]
    # What is left out is replaced before anything is computed from it, lest its NaN come back.
    cost = torch.where(allowed, cost, 0.0)
    f, g = (torch.where(good[..., None], part, 0.0) for part in (f, g))
    eps = torch.maximum(eps, cost.detach().abs().amax((-2, -1)) / WIDEST)
    exponent = (f.unsqueeze(-1) + g.unsqueeze(-2) - cost) / eps[..., None, None]
    exponent = torch.where(allowed, exponent, 0.0)
    kernel = torch.where(allowed, exponent.clamp(max=_LARGEST).exp(), 0.0)
    by_row, by_column = nu.unsqueeze(-2) * kernel, mu.unsqueeze(-1) * kernel
    plan = mu.unsqueeze(-1) * by_row
    if not rows.shape[-1]:
        rows, columns = f.new_zeros(1), g.new_zeros(1)
    common = torch.where(good, common, 0.0)
    matrices = exponent, kernel, by_row, by_column, plan
    g = g + columns + common[..., None]
    return _Linearized(cost, mu, nu, eps, *matrices, f + rows, g, rows, columns)


def _pull_back(
    at: _Linearized,
    by_f: Tensor | None,
    by_g: Tensor | None,
    by_plan: Tensor | None,
    by_transport: Tensor | None,
    by_value: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of cost, mu, nu and eps from those of what was found."""
    by_cost, by_mu, by_nu, by_eps = (torch.zeros_like(x) for x in (at.cost, at.mu, at.nu, at.eps))
    if by_value is not None:
        # By the envelope theorem the potentials and the plan count as fixed.
        by_cost = by_value[..., None, None] * at.plan
        by_mu, by_nu = by_value[..., None] * at.f, by_value[..., None] * at.g
        by_eps = by_value * (at.plan * at.exponent).sum((-2, -1))
    pull = by_plan
    if by_transport is not None:
        weight = by_transport[..., None]
        weighted = weight.unsqueeze(-1) * at.cost
        pull = weighted if pull is None else pull + weighted
        by_cost = by_cost + weight.unsqueeze(-1) * at.plan
        by_mu, by_nu = by_mu + weight * at.rows, by_nu + weight * at.columns
    if pull is None and by_f is None and by_g is None:
        return by_cost, by_mu, by_nu, by_eps
    by_f = torch.zeros_like(at.mu) if by_f is None else by_f
    by_g = torch.zeros_like(at.nu) if by_g is None else by_g
    if pull is not None:
        by_exponent = pull * at.plan / at.eps[..., None, None]
        by_f, by_g = by_f + by_exponent.sum(-1), by_g + by_exponent.sum(-2)
        by_cost = by_cost - by_exponent
        by_mu = by_mu + (pull * at.by_row).sum(-1)
        by_nu = by_nu + (pull * at.by_column).sum(-2)
        by_eps = by_eps - (by_exponent * at.exponent).sum((-2, -1))
    outer_f, outer_g = torch.where(at.mu > 0, 0.0, by_f), torch.where(at.nu > 0, 0.0, by_g)
    x, y, pairs = solve_network(
        at.plan,
        torch.where(at.mu > 0, by_f, 0.0) - (at.by_column @ outer_g.unsqueeze(-1)).squeeze(-1),
        torch.where(at.nu > 0, by_g, 0.0) - (outer_f.unsqueeze(-2) @ at.by_row).squeeze(-2),
    )
    through = at.plan * pairs + outer_f.unsqueeze(-1) * at.by_row + outer_g.unsqueeze(-2) * at.by_column
    x, y = at.mu * x + outer_f, at.nu * y + outer_g
    eps = at.eps[..., None]
    return (
        by_cost + through,
        by_mu - eps * (at.kernel @ y.unsqueeze(-1)).squeeze(-1),
        by_nu - eps * (x.unsqueeze(-2) @ at.kernel).squeeze(-2),
        by_eps + (through * at.exponent).sum((-2, -1)),
    )


def _push_forward(
    at: _Linearized,
    cost: Tensor | None,
    mu: Tensor | None,
    nu: Tensor | None,
    eps: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return the tangents of what was found from those of cost, mu, nu and eps."""
    cost, mu, nu, eps = (
        torch.zeros_like(x) if tangent is None else tangent
        for x, tangent in zip(at[:4], (cost, mu, nu, eps), strict=True)
    )
    cost = torch.where(at.plan + at.by_row + at.by_column > 0, cost, 0.0)
    moved = cost + at.exponent * eps[..., None, None]
    from_nu = at.eps[..., None] * (at.kernel @ nu.unsqueeze(-1)).squeeze(-1)
    from_mu = at.eps[..., None] * (mu.unsqueeze(-2) @ at.kernel).squeeze(-2)
    flow = at.plan * moved
    rows, columns = flow.sum(-1) - at.mu * from_nu, flow.sum(-2) - at.nu * from_mu
    f, g, pairs = solve_network(at.plan, rows, columns)
    outer_f = (at.by_row * (moved - g.unsqueeze(-2))).sum(-1) - from_nu
    outer_g = (at.by_column * (moved - f.unsqueeze(-1))).sum(-2) - from_mu
    f, g = torch.where(at.mu > 0, f, outer_f), torch.where(at.nu > 0, g, outer_g)
    plan = at.plan * (pairs - moved) / at.eps[..., None, None]
    plan = plan + mu.unsqueeze(-1) * at.by_row + nu.unsqueeze(-2) * at.by_column
    transport = (at.plan * cost + at.cost * plan).sum((-2, -1))
    transport = transport + (at.rows * mu).sum(-1) + (at.columns * nu).sum(-1)
    value = (at.plan * moved).sum((-2, -1)) + (at.f * mu).sum(-1) + (at.g * nu).sum(-1)
    return f, g, plan, transport, value
