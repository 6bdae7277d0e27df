"""Entropic optimal transport by Sinkhorn's iteration in the log domain, item by item of a batch."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._arguments import ArrayLike, floating, require_integer, require_matrices, require_number
from ce_core.transport._epsilon_scaling import anneal
from ce_core.transport._fixed_point_loop import solve
from ce_core.transport._implicit_differentiation import differentiate_implicitly
from ce_core.transport._problem import Problem, as_marginal, prepare_costs
from ce_core.transport.status import SinkhornStatus, accuracy_within_reach, judge


@dataclass(frozen=True)
class SinkhornResult:
    """The solution of a batch of entropic transport problems, each field per item.

    Attributes
    ----------
    plan
        P, [..., n, m], of mass 1: mu_i nu_j exp((f_i + g_j - C_ij) / eps). Rows sum to mu.
    f, g
        Dual potentials, [..., n] and [..., m], in the unit of the cost, with mu·f = 0.
    errors
        History, [..., iterations]: after each iteration, Σ_j |Σ_i P_ij - nu_j|; the final value is
        held after an item has stopped.
    converged
        Whether the error is at most `tol`, [...].
    n_iter
        Iterations done at `eps`, [...]. Iterations at larger ones that come before them where `eps`
        is small, and Newton steps between them, are not counted.
    status
        How each item ended, as the integer of a `SinkhornStatus`, [...].
    transport_cost
        ⟨P, C⟩, [...], in the unit of the cost.
    entropic_value
        ⟨P, C⟩ + eps KL(P‖mu nu), [...]; mu·f + nu·g once converged. It is not the transport cost.
    """

    plan: Float[Tensor, "*batch n m"]
    f: Float[Tensor, "*batch n"]
    g: Float[Tensor, "*batch m"]
    errors: Float[Tensor, "*batch iterations"]
    converged: Bool[Tensor, "*batch"]
    n_iter: Int[Tensor, "*batch"]
    status: Int[Tensor, "*batch"]
    transport_cost: Float[Tensor, "*batch"]
    entropic_value: Float[Tensor, "*batch"]


def sinkhorn(
    cost: Float[Tensor, "*batch n m"] | ArrayLike,
    *,
    eps: float,
    mu: Float[Tensor, "*#batch n"] | ArrayLike | None = None,
    nu: Float[Tensor, "*#batch m"] | ArrayLike | None = None,
    tol: float | None = 1e-6,
    max_iter: int = 10_000,
    gradient: str = "implicit",
) -> SinkhornResult:
    r"""Find the plan P of least ⟨P, C⟩ + ε KL(P‖μν) with row sums μ and column sums ν.

    Parameters
    ----------
    cost
        C, shape [..., n, m]: low cost means high mass. +inf forbids a pair.
    eps
        Entropic regularisation ε > 0, in the unit of C.
    mu, nu
        Marginals, shapes [..., n] and [..., m], >= 0 with sum 1; uniform if None. Zeros are fine, and
        weights below 1e-300 count as such.
    tol
        Largest marginal error of a plan that counts as converged. None runs `max_iter` iterations.
    max_iter
        Most iterations, each columns then rows.
    gradient
        "implicit" differentiates the equations that the solution fulfils, in memory that does not
        depend on the iterations; it is right once converged. "unrolled" differentiates the
        iterations themselves, and is what `tol=None` always does.

    Returns
    -------
    SinkhornResult
        Everything per item of the batch, of the dtype and device of `cost`. What only an item
        suffers (not converged, infeasible, NaN in its cost) is its `status`.

    Raises
    ------
    ValueError
        If a shape, an option or a marginal is not as above.

    Notes
    -----
    All is computed in float64, on the logarithm of the kernel wherever the kernel itself could
    under- or overflow. With a `tol`, each block of iterations starts from where the one before it
    leads by reduced rank extrapolation, and where that crawls Newton steps are taken; both are kept
    only where they lower the error. A small ε starts from the solution for a larger one: the
    iteration converges from any start. With `tol=None` it is the plain one. The derivative of
    `entropic_value` with respect to the cost is the plan (envelope theorem).

    A marginal error below the rounding of the dtype of `cost` (half its eps for a narrow dtype, in
    float64 about 2e-16 (8 + range of C/ε)) is not sought: the status is `TOLERANCE_UNREACHABLE`. An
    item is `INFEASIBLE` where some rows hold more mass than the columns that they may use.

    References
    ----------
    Cuturi, "Sinkhorn distances", 2013, arXiv:1306.0895; Peyré and Cuturi, "Computational optimal
    transport", 2019, arXiv:1803.00567, sections 4.2 to 4.4.

    Examples
    --------
    As ε falls, the plan tends from independence to an assignment:

    >>> cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> sinkhorn(cost, eps=100.0).plan[0], sinkhorn(cost, eps=0.05).plan[0]
    (tensor([0.2512, 0.2488]), tensor([5.0000e-01, 1.0306e-09]))
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    eps = require_number("eps", eps, above=0.0)
    tol = None if tol is None else require_number("tol", tol, at_least=0.0)
    max_iter = require_integer("max_iter", max_iter, at_least=1)
    if gradient not in ("implicit", "unrolled"):
        raise ValueError(f"gradient must be 'implicit' or 'unrolled', got {gradient!r}")
    batch, (n, m) = cost.shape[:-2], cost.shape[-2:]
    mu_wide = as_marginal("mu", mu, cost, n).expand(*batch, n).reshape(-1, n)
    nu_wide = as_marginal("nu", nu, cost, m).expand(*batch, m).reshape(-1, m)
    costs = prepare_costs(cost.double().reshape(-1, n, m))
    problem = Problem(costs.cost, mu_wide, nu_wide, torch.full_like(costs.span, eps), costs.forbidding)
    spread = costs.span / eps
    accuracy = accuracy_within_reach(tol, spread, cost.dtype)

    wanted = torch.is_grad_enabled() and any(x.requires_grad for x in problem[:3])
    implicit = gradient == "implicit" and tol is not None
    unrolled = wanted and not implicit
    with torch.set_grad_enabled(unrolled):
        start = None if unrolled or tol is None else anneal(problem, spread)
        solution = solve(
            problem, start=start, goal=accuracy.goal, max_iter=max_iter, on_logarithms=unrolled
        )
        f, g = eps * solution.u, eps * solution.v
    if wanted and implicit:
        f, g = differentiate_implicitly(f, g, costs.cost, mu_wide, nu_wide, eps)
    # The constant between the potentials is free.
    shift = (mu_wide * f).sum(-1, keepdim=True)
    f, g = f - shift, g + shift
    plan = _plan(problem, f, g, eps, known=None if wanted else solution.plan)
    g = g + costs.common.unsqueeze(-1)

    fields = {
        "plan": plan,
        "f": f,
        "g": g,
        "transport_cost": (plan * costs.allowed).sum((-2, -1)),
        "entropic_value": _entropic_value(plan, f, g, costs.allowed, mu_wide, nu_wide, eps),
    }
    status, errors = judge(problem, solution, accuracy), solution.errors
    if costs.invalid.any():
        status = status.masked_fill(costs.invalid, SinkhornStatus.INVALID)
        fields = {name: _without(costs.invalid, x) for name, x in fields.items()}
        errors = _without(costs.invalid, errors)
    return SinkhornResult(
        **{name: x.reshape((*batch, *x.shape[1:])).to(cost.dtype) for name, x in fields.items()},
        errors=errors.reshape((*batch, errors.shape[-1])),
        converged=(status == SinkhornStatus.CONVERGED).reshape(batch),
        n_iter=solution.n_iter.reshape(batch),
        status=status.reshape(batch),
    )


def _plan(
    problem: Problem,
    f: Float[Tensor, "b n"],
    g: Float[Tensor, "b m"],
    eps: float,
    *,
    known: Float[Tensor, "b n m"] | None,
) -> Float[Tensor, "b n m"]:
    """Return the plan of potentials, computed from them unless it is known."""
    mu, nu = problem.mu, problem.nu
    plan = known
    if plan is None:
        exponent = (f.unsqueeze(-1) + g.unsqueeze(-2) - problem.cost) / eps
        plan = mu.unsqueeze(-1) * nu.unsqueeze(-2) * exponent.exp()
    if not (mu.all() and nu.all()):
        # Where both weights are 0 the kernel is free to overflow; there is no mass.
        empty = (mu.unsqueeze(-1) == 0) | (nu.unsqueeze(-2) == 0)
        plan = torch.where(empty, 0.0, plan)
    return plan


def _without(invalid: Bool[Tensor, " b"], field: Float[Tensor, "b *rest"]) -> Float[Tensor, "b *rest"]:
    """Return a field with NaN for the items whose cost is invalid."""
    return field.masked_fill(invalid.reshape(-1, *[1] * (field.ndim - 1)), torch.nan)


def _entropic_value(
    plan: Float[Tensor, "b n m"],
    f: Float[Tensor, "b n"],
    g: Float[Tensor, "b m"],
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: float,
) -> Float[Tensor, " b"]:
    """Return the primal value, with the gradient of the dual one at fixed potentials."""
    plan, f, g = plan.detach(), f.detach(), g.detach()
    value = (plan.sum(-1) * f).sum(-1) + (plan.sum(-2) * g).sum(-1)
    if not (torch.is_grad_enabled() and any(x.requires_grad for x in (cost, mu, nu))):
        return value
    reference = mu.unsqueeze(-1) * nu.unsqueeze(-2)
    weights = torch.where(reference == 0, 0.0, plan / reference)
    # The derivative of Σ mu nu exp((f + g - C)/eps) without its exponential, which is known.
    mass = (reference * weights.detach()).sum((-2, -1)) - (plan * cost).sum((-2, -1)) / eps
    dual = (mu * f).sum(-1) + (nu * g).sum(-1) - eps * mass
    return value + dual - dual.detach()
