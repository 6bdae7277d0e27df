"""Derivatives of Sinkhorn's solution by the implicit function theorem, of every order and both ways.

With w = (f + g - C)/ε and K = exp(w), the solution fulfils Σ_j nu_j K_ij = 1 and Σ_i mu_i K_ij = 1. So
with A = nu K (by rows) and B = mu K (by columns) small changes fulfil

    df_i + Σ_j A_ij dg_j = Σ_j A_ij (dC_ij + w_ij dε) - ε Σ_j K_ij dnu_j

and the same for columns. Rows and columns that have mass make it the symmetric system of the plan;
those without follow from them. What is below is written in operations that can be differentiated
again, and does not look at values: so it works within `torch.func` as well. Items without a plan have
derivatives of 0, so that they do not spoil those of a parameter that they share with others.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._surroundings import refuse_nested_forward_mode
from ce_core.transport._bipartite_system import apply_flattened, solve_network
from ce_core.transport._offsets import take_off, used_eps
from ce_core.transport._problem import within_reach
from ce_core.transport._solution import Found, Request, find_plans
from ce_core.transport.status import SinkhornStatus

# Exponentials beyond this would overflow; only pairs of a row and a column without mass get there.
_LARGEST = 700.0
_DIFFERENTIABLE = 5


def solve_differentiably(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    start: Float[Tensor, "b start"],
    request: Request,
) -> Found:
    """Return the solution as a function of the problem, in memory that iterations do not add to.

    The potentials are those of costs without what they have in common, and what is done with them
    must not depend on the constant between them.
    """
    return Found(*_Solution.apply(cost, mu, nu, eps, start, request))  # type: ignore[no-untyped-call]


class _Solution(torch.autograd.Function):
    """The solution as a function of the problem."""

    @staticmethod
    def forward(*parts: Any) -> Any:
        """Find it."""
        return tuple(find_plans(*parts))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Remember the problem and its potentials."""
        found = Found(*output)
        ctx.mark_non_differentiable(*output[_DIFFERENTIABLE:])
        ctx.set_materialize_grads(False)
        kept = (*inputs[:4], *found[:3], *found[_DIFFERENTIABLE:-3], found.status)
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the gradients of cost, mu, nu and eps."""
        at = _Equations(*ctx.saved_tensors)
        return *_pull_back(at, ctx.needs_input_grad[1:4], *grads[:_DIFFERENTIABLE]), None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the tangents of what can be differentiated."""
        refuse_nested_forward_mode()
        moved = _push_forward(_Equations(*ctx.saved_tensors), *tangents[:4])
        return *moved, *[None] * (len(Found._fields) - _DIFFERENTIABLE)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> tuple[Any, tuple[int, ...]]:
        """Solve all items at once."""
        return apply_flattened(_Solution, info.batch_size, in_dims, args)


class _Equations:
    """What the equations at a solution are made of, each part as it is needed."""

    def __init__(
        self,
        cost: Tensor,
        mu: Tensor,
        nu: Tensor,
        eps: Tensor,
        f: Tensor,
        g: Tensor,
        plan: Tensor,
        common: Tensor,
        rows: Tensor,
        columns: Tensor,
        special: Tensor,
        used: Tensor,
        status: Tensor,
    ) -> None:
        self.mu, self.nu = mu, nu
        self.regular = special.shape[-1] == 0
        self.eps = used_eps(eps, used)
        cost = within_reach(take_off(cost, common, rows, columns), self.eps)
        self.rows, self.columns = rows.sum(-1), columns.sum(-1)
        if not self.regular:
            # What is left out is replaced before anything is computed from it, lest its NaN come back.
            good = (status != int(SinkhornStatus.INFEASIBLE)) & (status != int(SinkhornStatus.INVALID))
            self.good = good
            self.allowed = (cost < torch.inf) & good[..., None, None]
            cost = torch.where(self.allowed, cost, 0.0)
            f, g = (torch.where(good[..., None], part, 0.0) for part in (f, g))
            plan = torch.where(self.allowed, plan, 0.0)
            common = torch.where(good, common, 0.0)
        self.cost, self.f, self.g, self.plan, self.common = cost, f, g, plan, common

    def of_good(self, part: Tensor | None) -> Tensor | None:
        """Return 0 in the items without a plan."""
        if part is None:
            return None
        return torch.where(self.good.reshape(-1, *[1] * (part.ndim - 1)), part, 0.0)

    @cached_property
    def whole_f(self) -> Float[Tensor, "b n"]:
        """The potential of rows with what they have in common."""
        return self.f + self.rows

    @cached_property
    def whole_g(self) -> Float[Tensor, "b m"]:
        """That of columns."""
        return self.g + self.columns + self.common[..., None]

    @cached_property
    def exponent(self) -> Float[Tensor, "b n m"]:
        """w, and 0 where there is no pair."""
        part = self.f.unsqueeze(-1) + self.g.unsqueeze(-2) - self.cost
        part = part / self.eps[..., None, None]
        return part if self.regular else torch.where(self.allowed, part, 0.0)

    @cached_property
    def kernel(self) -> Float[Tensor, "b n m"]:
        """K."""
        if self.regular:
            return self.by_row / self.nu.unsqueeze(-2)
        return torch.where(self.allowed, self.exponent.clamp(max=_LARGEST).exp(), 0.0)

    @cached_property
    def by_row(self) -> Float[Tensor, "b n m"]:
        """A, of which the rows sum to 1."""
        if self.regular:
            return self.plan / self.mu.unsqueeze(-1)
        return self.nu.unsqueeze(-2) * self.kernel

    @cached_property
    def by_column(self) -> Float[Tensor, "b n m"]:
        """B, of which the columns sum to 1."""
        if self.regular:
            return self.plan / self.nu.unsqueeze(-2)
        return self.mu.unsqueeze(-1) * self.kernel


def _pull_back(
    at: _Equations,
    needs: tuple[bool, ...],
    by_f: Tensor | None,
    by_g: Tensor | None,
    by_plan: Tensor | None,
    by_transport: Tensor | None,
    by_value: Tensor | None,
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
    """Return the gradients of cost, mu, nu and eps from those of what was found."""
    if not at.regular:
        grads = (by_f, by_g, by_plan, by_transport, by_value)
        by_f, by_g, by_plan, by_transport, by_value = (at.of_good(part) for part in grads)
    by_cost = torch.zeros_like(at.cost)
    by_mu, by_nu, by_eps = (
        torch.zeros_like(part) if need else None
        for part, need in zip((at.mu, at.nu, at.eps), needs, strict=True)
    )
    if by_value is not None:
        # By the envelope theorem the potentials and the plan count as fixed.
        by_cost = by_value[..., None, None] * at.plan
        weight = by_value[..., None]
        by_mu, by_nu = (
            _plus(by_mu, lambda: weight * at.whole_f),
            _plus(by_nu, lambda: weight * at.whole_g),
        )
        by_eps = _plus(by_eps, lambda: by_value * (at.plan * at.exponent).sum((-2, -1)))
    pull, direct = by_plan, None
    if by_transport is not None:
        # It is mu·f + nu·g - ε ⟨P, w⟩. So nothing is divided by ε, and nothing large has to cancel.
        share = by_transport[..., None]
        weighted = -(share * at.eps[..., None]).unsqueeze(-1) * at.exponent
        pull = weighted if pull is None else pull + weighted
        by_cost = by_cost + share.unsqueeze(-1) * at.plan
        by_mu = _plus(by_mu, lambda: share * at.whole_f)
        by_nu = _plus(by_nu, lambda: share * at.whole_g)
    if pull is None and by_f is None and by_g is None:
        return by_cost, by_mu, by_nu, by_eps
    by_f = torch.zeros_like(at.mu) if by_f is None else by_f
    by_g = torch.zeros_like(at.nu) if by_g is None else by_g
    if pull is not None:
        direct = pull * at.plan / at.eps[..., None, None]
        by_cost = by_cost - direct
        by_mu = _plus(by_mu, lambda: (pull * at.by_row).sum(-1))
        by_nu = _plus(by_nu, lambda: (pull * at.by_column).sum(-2))
        by_eps = _plus(by_eps, lambda: -(direct * at.exponent).sum((-2, -1)))
    x, y, through = _pull_through(at, by_f, by_g, direct)
    eps = at.eps[..., None]
    return (
        by_cost + through,
        _plus(by_mu, lambda: -eps * (at.kernel @ y.unsqueeze(-1)).squeeze(-1)),
        _plus(by_nu, lambda: -eps * (x.unsqueeze(-2) @ at.kernel).squeeze(-2)),
        _plus(by_eps, lambda: (through * at.exponent).sum((-2, -1))),
    )


def _plus(total: Tensor | None, part: Callable[[], Tensor]) -> Tensor | None:
    """Add to a gradient, if it is wanted."""
    return None if total is None else total + part()


def _pull_through(
    at: _Equations,
    by_f: Float[Tensor, "b n"],
    by_g: Float[Tensor, "b m"],
    by_pairs: Float[Tensor, "b n m"] | None,
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"], Float[Tensor, "b n m"]]:
    """Return how much each row's and each column's equation counts, and by them each pair's cost."""
    if at.regular:
        x, y, pairs = solve_network(at.plan, by_f, by_g, by_pairs)
        return at.mu * x, at.nu * y, at.plan * pairs
    # Rows and columns without mass follow from the others.
    outer_f, outer_g = torch.where(at.mu > 0, 0.0, by_f), torch.where(at.nu > 0, 0.0, by_g)
    x, y, pairs = solve_network(
        at.plan,
        torch.where(at.mu > 0, by_f, 0.0) - (at.by_column @ outer_g.unsqueeze(-1)).squeeze(-1),
        torch.where(at.nu > 0, by_g, 0.0) - (outer_f.unsqueeze(-2) @ at.by_row).squeeze(-2),
        by_pairs,
    )
    outer = outer_f.unsqueeze(-1) * at.by_row + outer_g.unsqueeze(-2) * at.by_column
    return at.mu * x + outer_f, at.nu * y + outer_g, at.plan * pairs + outer


def _push_forward(
    at: _Equations,
    cost: Tensor | None,
    mu: Tensor | None,
    nu: Tensor | None,
    eps: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return the tangents of what was found from those of cost, mu, nu and eps."""
    cost, mu, nu, eps = (
        torch.zeros_like(part) if tangent is None else tangent
        for part, tangent in zip((at.cost, at.mu, at.nu, at.eps), (cost, mu, nu, eps), strict=True)
    )
    cost = cost if at.regular else torch.where(at.allowed, cost, 0.0)
    moved = cost + at.exponent * eps[..., None, None]
    from_nu = at.eps[..., None] * (at.kernel @ nu.unsqueeze(-1)).squeeze(-1)
    from_mu = at.eps[..., None] * (mu.unsqueeze(-2) @ at.kernel).squeeze(-2)
    flow = at.plan * moved
    f, g, pairs = solve_network(at.plan, -at.mu * from_nu, -at.nu * from_mu, flow)
    if not at.regular:
        outer_f = (at.by_row * (moved - g.unsqueeze(-2))).sum(-1) - from_nu
        outer_g = (at.by_column * (moved - f.unsqueeze(-1))).sum(-2) - from_mu
        f, g = torch.where(at.mu > 0, f, outer_f), torch.where(at.nu > 0, g, outer_g)
    plan = at.plan * (pairs - moved) / at.eps[..., None, None]
    plan = plan + mu.unsqueeze(-1) * at.by_row + nu.unsqueeze(-2) * at.by_column
    by_marginals = (at.whole_f * mu).sum(-1) + (at.whole_g * nu).sum(-1)
    rest = at.plan * cost - at.eps[..., None, None] * at.exponent * plan
    transport = rest.sum((-2, -1)) + by_marginals
    value = flow.sum((-2, -1)) + by_marginals
    return f, g, plan, transport, value
