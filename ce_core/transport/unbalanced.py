"""Unbalanced entropic transport: marginals that may be missed, at a price."""

import math
import sys
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._options import require_integer, require_number
from ce_core._shown import refusal
from ce_core._surroundings import may_be_differentiated, uncompiled
from ce_core.transport._bipartite_system import apply_flattened
from ce_core.transport._extreme_scale import in_range
from ce_core.transport._offsets import used_eps
from ce_core.transport._unbalanced_iteration import as_priced, find_potentials
from ce_core.transport._unbalanced_newton import newton
from ce_core.transport._unbalanced_problem import Potentials
from ce_core.transport.entropic_ot import as_batch
from ce_core.transport.status import SinkhornStatus

_Prices: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class UnbalancedResult:
    """The solution of a batch of unbalanced transport problems, each field per item.

    Attributes
    ----------
    plan
        P, [..., n, m]: mu_i nu_j exp((f_i + g_j - C_ij) / eps), of a mass of its own.
    f, g
        Dual potentials, [..., n] and [..., m], in the unit of the cost. They are determined: rows of
        P sum to mu exp(-f / rho), columns to nu exp(-g / rho). 0 where all pairs are forbidden.
    error
        By how much rows and columns miss these sums, Σ|...| as a share of the mass of both, [...].
    converged
        Whether that is at most `tol`, [...].
    n_iter
        Iterations done, [...].
    status
        How each item ended, as the integer of a `SinkhornStatus`, [...].
    transport_cost
        ⟨P, C⟩, [...].
    value
        What is minimised, [...].
    """

    plan: Float[Tensor, "*batch n m"]
    f: Float[Tensor, "*batch n"]
    g: Float[Tensor, "*batch m"]
    error: Float[Tensor, "*batch"]
    converged: Bool[Tensor, "*batch"]
    n_iter: Int[Tensor, "*batch"]
    status: Int[Tensor, "*batch"]
    transport_cost: Float[Tensor, "*batch"]
    value: Float[Tensor, "*batch"]


@uncompiled
def unbalanced_sinkhorn(
    cost: Float[Tensor, "... n m"] | ArrayLike,
    *,
    eps: Float[Tensor, "..."] | ArrayLike,
    rho: float | tuple[float, float] | ArrayLike,
    mu: Float[Tensor, "... n"] | ArrayLike | None = None,
    nu: Float[Tensor, "... m"] | ArrayLike | None = None,
    tol: float = 1e-6,
    max_iter: int = 10_000,
) -> UnbalancedResult:
    r"""Find the plan of least ⟨P, C⟩ + ε KL(P‖μν) + ρ KL(P1‖μ) + ρ KL(Pᵀ1‖ν), of any mass.

    KL(p‖q) = Σ p log(p/q) - p + q. Mass whose way costs much more than ρ is rather left out.

    Parameters
    ----------
    cost
        C, shape [..., n, m]. +inf forbids a pair.
    eps
        Entropic regularisation ε > 0, in the unit of C: a number, or one for each item, [...].
    rho
        The price ρ > 0 of missing a marginal, in the unit of C: for both, or a pair for rows and for
        columns, of which one may be inf, so that this marginal is kept.
    mu, nu
        Masses >= 0 of any sum > 0, shapes [..., n] and [..., m]; uniform of sum 1 if None.
    tol
        Largest `error` that counts as converged.
    max_iter
        Most iterations, each columns, rows, and the constant between the potentials.

    Returns
    -------
    UnbalancedResult
        Everything per item of the batch, of the dtype and device of `cost`.

    Raises
    ------
    ValueError
        If an argument is not as above; if both prices are inf, which is what `sinkhorn` solves.

    Notes
    -----
    Sinkhorn's iteration with potentials shortened by ρ/(ρ+ε), on logarithms, in float64. By itself it
    would take ρ/ε iterations to find the mass; the constant between the potentials, which is held
    apart from them, set to what is best after each, and a Newton step now and then, do without. So a ρ
    or an ε however large costs no digits: the value tends to that of `sinkhorn`, and to that of
    independence. Masses whose sums differ by rounding count as equal. A small ε is reached by way of
    larger ones; one below 1e-15 of what the potentials amount to is taken for that, by derivatives
    too: the value has its digits, and the plan an error of some hundredths. A step is O(nm) and dense:
    it is slower than `sinkhorn`. Where the mass overflows, as at costs below -2000 ρ, an item ends as
    `NOT_CONVERGED` with a value of -inf, or of inf where Σμ Σν does.

    Derivatives with respect to cost, masses and ε, up to the third order, both ways and within
    `torch.func`, are those of two Newton steps at the solution: a third is off by what `tol` leaves,
    and a fourth is wrong.

    References
    ----------
    Chizat, Peyré, Schmitzer and Vialard, "Scaling algorithms for unbalanced optimal transport
    problems", 2018, arXiv:1607.05816; Séjourné, Vialard and Peyré, "Faster unbalanced optimal
    transport", 2022, arXiv:2201.00730.

    Examples
    --------
    A point that is far from all is left out:

    >>> result = unbalanced_sinkhorn([[0.0, 9.0], [9.0, 9.0]], eps=0.1, rho=1.0)
    >>> result.plan.sum(-1)
    tensor([0.4838, 0.0067])
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    prices = _as_prices(rho)
    tol = require_number("tol", tol, at_least=0.0)
    max_iter = require_integer("max_iter", max_iter, at_least=1)
    batch, (wide, rows, columns, each) = as_batch(cost, mu, nu, eps, masses=True)
    coarse = 0.0 if cost.dtype == torch.float64 else torch.finfo(cost.dtype).eps / 2
    (fields, error, n_iter, status), unit = in_range(
        lambda wide, each, unit: _solve(
            wide, rows, columns, each, (_scaled(prices, unit), tol, coarse, max_iter)
        ),
        wide,
        each,
    )
    for name, part in fields.items():
        part = part if unit == 1 or name == "plan" else part / unit
        part = part.masked_fill(
            (status == SinkhornStatus.INVALID).reshape(-1, *[1] * (part.ndim - 1)), torch.nan
        )
        fields[name] = part.reshape((*batch, *part.shape[1:])).to(cost.dtype)
    return UnbalancedResult(
        **fields,
        error=error.reshape(batch),
        converged=(status == SinkhornStatus.CONVERGED).reshape(batch),
        n_iter=n_iter.reshape(batch),
        status=status.reshape(batch),
    )


def _solve(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    options: tuple[_Prices, float, float, int],
) -> tuple[dict[str, Tensor], Float[Tensor, " b"], Int[Tensor, " b"], Int[Tensor, " b"]]:
    """Return what can be differentiated, by its name, and error, n_iter and status of each item."""
    parts = cost, mu, nu, eps
    f, g, used, error, n_iter, status, flat = _Found.apply(  # type: ignore[no-untyped-call]
        *(part.detach() for part in parts), options
    )
    invalid, lost = status == SinkhornStatus.INVALID, status == SinkhornStatus.INFEASIBLE
    good = ~(invalid | lost)
    # What has no solution has no derivative.
    cost, mu, nu, eps = (
        torch.where(good.reshape(-1, *[1] * (part.ndim - 1)), part, part.detach()) for part in parts
    )
    cost, eps = torch.where(invalid[:, None, None], 0.0, cost), used_eps(eps, used)
    problem = as_priced(cost, mu, nu, eps, options[0], flat.squeeze(-1) if flat.shape[-1] else None)
    point = Potentials(f, g)
    if may_be_differentiated(cost, mu, nu, eps):
        moved = point
        for _ in range(2):
            moved = newton(problem, moved)
        point = Potentials(*(old + (new - new.detach()) for old, new in zip(point, moved, strict=True)))
    plan, whole = problem.plan(point), problem.whole(point)
    fields = {
        "plan": plan,
        "f": whole.f,
        "g": whole.g,
        "transport_cost": (plan * problem.cost).sum((-2, -1)),
        "value": torch.where(lost, torch.inf, _with_huge_masses(problem.value(point), mu, nu)),
    }
    return fields, error, n_iter, status


def _with_huge_masses(
    value: Float[Tensor, " b"], mu: Float[Tensor, "b n"], nu: Float[Tensor, "b m"]
) -> Float[Tensor, " b"]:
    """Return the value, inf where the product of the masses, and KL(P|mu nu) with it, overflows."""
    huge = value.isnan() & (mu.sum(-1) * nu.sum(-1) == torch.inf)
    return torch.where(huge, torch.inf, value)


def _scaled(prices: _Prices, unit: float) -> _Prices:
    """Return prices times a unit, finite where they were."""
    first, second = (
        price if math.isinf(price) else min(price * unit, sys.float_info.max) for price in prices
    )
    return first, second


def _as_prices(rho: object) -> _Prices:
    """Return rho of rows and of columns, or raise naming it."""
    both = rho if isinstance(rho, tuple | list) else (rho, rho)
    if len(both) != 2:
        raise refusal("rho", "be one number or a pair", rho)
    first, second = (
        math.inf
        if isinstance(price, float) and price == math.inf
        else require_number("rho", price, above=0.0)
        for price in both
    )
    if math.isinf(first) and math.isinf(second):
        raise refusal("rho", "be finite for rows or for columns (else `sinkhorn` solves it)", rho)
    return first, second


class _Found(torch.autograd.Function):
    """The solution as numbers. Within `vmap` it gets all items at once."""

    @staticmethod
    def forward(cost: Tensor, mu: Tensor, nu: Tensor, eps: Tensor, options: Any) -> Any:
        """Find it."""
        return find_potentials(cost, mu, nu, eps, options)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Nothing is remembered."""
        ctx.mark_non_differentiable(*output)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, ...]:
        """There is nothing to differentiate."""
        return None, None, None, None, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> tuple[Any, tuple[int, ...]]:
        """Solve all items at once."""
        return apply_flattened(_Found, info.batch_size, in_dims, args)
