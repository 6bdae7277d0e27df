"""Entropic optimal transport by Sinkhorn's iteration in the log domain, item by item of a batch."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._options import require_choice, require_integer, require_number
from ce_core._surroundings import may_be_differentiated, recordable, uncompiled
from ce_core.transport._extreme_scale import in_range
from ce_core.transport._implicit_differentiation import solve_differentiably
from ce_core.transport._problem import as_eps, as_marginals
from ce_core.transport._solution import Found, Request, find_plans
from ce_core.transport._unrolled import unroll
from ce_core.transport.status import SinkhornStatus

# Potentials to start from are taken as no larger.
_FARTHEST = 1e300


@dataclass(frozen=True)
class SinkhornResult:
    """The solution of a batch of entropic transport problems, each field per item.

    Attributes
    ----------
    plan
        P, [..., n, m], of mass 1: mu_i nu_j exp((f_i + g_j - C_ij) / eps). Its sums are mu and nu
        within the last of `errors`.
    f, g
        Dual potentials, [..., n] and [..., m], in the unit of the cost, with mu·f = 0.
    errors
        History, [..., iterations]: after each iteration, Σ_j |Σ_i P_ij - nu_j|; the final value,
        held after an item has stopped, is that of the plan returned, be it in columns or in rows.
    converged
        Whether that final error is at most `tol`, [...]. A fixed count claims nothing: False.
    n_iter
        Iterations done at `eps`, [...]. Iterations at larger ones that come before them where `eps`
        is small, and Newton steps between them, are not counted.
    status
        How each item ended, as the integer of a `SinkhornStatus`, [...].
    transport_cost
        ⟨P, C⟩, [...], in the unit of the cost.
    entropic_value
        ⟨P, C⟩ + eps KL(P‖mu nu), [...]; mu·f + nu·g once converged. It is not the transport cost. inf
        where there is no plan at all (`INFEASIBLE`), with a gradient of 0.
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


@uncompiled
def sinkhorn(
    cost: Float[Tensor, "... n m"] | ArrayLike,
    *,
    eps: Float[Tensor, "..."] | ArrayLike,
    mu: Float[Tensor, "... n"] | ArrayLike | None = None,
    nu: Float[Tensor, "... m"] | ArrayLike | None = None,
    tol: float | None = 1e-6,
    max_iter: int = 10_000,
    gradient: str = "implicit",
    warm_start: SinkhornResult | Float[Tensor, "... n"] | ArrayLike | None = None,
) -> SinkhornResult:
    r"""Find the plan P of least ⟨P, C⟩ + ε KL(P‖μν) with row sums μ and column sums ν.

    Parameters
    ----------
    cost
        C, shape [..., n, m]: low cost means high mass. +inf forbids a pair.
    eps
        Entropic regularisation ε > 0, in the unit of C: a number, or one for each item, [...].
    mu, nu
        Marginals, shapes [..., n] and [..., m], >= 0 with sum 1; uniform if None. A sum off by at most
        1e-4 (1e-2 in half types) is taken for rounding, and scaled to 1. Zeros are fine, and weights
        below 1e-300 count as such. The leading dimensions of all four arguments broadcast.
    tol
        Largest marginal error of a plan that counts as converged. None runs `max_iter` iterations.
    max_iter
        Most iterations, each columns then rows.
    gradient
        "implicit" differentiates the equations that the solution fulfils, in memory that does not
        depend on the iterations; it is right once converged. "unrolled" differentiates the
        iterations themselves, and is what `tol=None` always does; its time and memory grow with
        their number. Second derivatives take least by reverse mode twice: `torch.func.hessian` takes
        eight times as long.
    warm_start
        The result for a similar problem, or its `f`, [..., n], in the unit of C: where the iteration
        starts, a fixed count too. It saves iterations where costs moved by less than ε or so, and
        leads to the same plan. It counts as a constant, and an item whose `f` is not finite starts
        as it would without.

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
    iteration converges from any start. With `tol=None` it is the plain one.

    What all costs of a row or of a column have in common is taken off first, without rounding: it
    moves potentials and no plan. Potentials of more than 8e6 ε are found at larger ε, taken off as
    well, and the rest is solved again: so a cost however large, which parts the plan into blocks or
    which mass has to bear, and an ε however small cost no digits. Between blocks, f and g are then any
    that fit. A fixed count does without: an ε below 2e-13 of the range of costs that mass needs is
    taken for it there, by derivatives too. At an ε below 1e-11 of the range, 64 rows or more with many
    ways of nearly the least cost, such as squared distances on a line, may take seconds and end as
    `TOLERANCE_UNREACHABLE`, at an error of 1e-6 or so.

    A marginal error below the rounding of the dtype of `cost`
    (half its eps for a narrow dtype, in float64 about 2e-16 (8 + potentials/ε)) is not sought: the
    status is `TOLERANCE_UNREACHABLE`. An item is `INFEASIBLE` where some rows hold more mass than the
    columns that they may use. Costs whose range overflows, and an ε below 2e-308, are multiplied by a
    power of two first, which rounds nothing.

    Derivatives of every order exist, backward and forward, of every field with respect to cost,
    marginals and ε, alone or within `torch.func`. That of `entropic_value` with respect to the cost
    is the plan (envelope theorem), and the implicit one is found in the least-squares sense on each
    group of rows and columns that mass connects, so that no plan is too close to an assignment. Rows
    and columns without mass, and items that are `INFEASIBLE` or `INVALID`, have gradient 0.

    Where less mass than the marginal error links some rows and columns with the rest, f and g of both
    may differ from the exact ones by a constant that no iteration sees; derivatives are those of the
    equations at what is returned. Where no mass links them the constant is free, and f and g are
    differentiated as though their means by mass changed alike in each block.

    References
    ----------
    Cuturi, "Sinkhorn distances", 2013, arXiv:1306.0895; Peyré and Cuturi, "Computational optimal
    transport", 2019, arXiv:1803.00567, sections 4.2 to 4.4; Luise et al., "Differential properties of
    Sinkhorn approximation", 2018, arXiv:1805.11897.

    Examples
    --------
    As ε falls, the plan tends from independence to an assignment:

    >>> cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> sinkhorn(cost, eps=100.0).plan[0], sinkhorn(cost, eps=0.05).plan[0]
    (tensor([0.2512, 0.2488]), tensor([5.0000e-01, 1.0306e-09]))
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    tol = None if tol is None else require_number("tol", tol, at_least=0.0)
    max_iter = require_integer("max_iter", max_iter, at_least=1)
    gradient = require_choice("gradient", gradient, ("implicit", "unrolled"))
    batch, parts = as_batch(cost, mu, nu, eps)
    start = _as_start(warm_start, cost, batch)
    plain = gradient == "unrolled" or tol is None
    request = Request(tol, max_iter, cost.dtype, plain=plain)
    wide, rows, columns, each = parts
    found, unit = in_range(
        lambda wide, each, unit: _solve(wide, rows, columns, each, start * unit, request), wide, each
    )
    f, g = found.f, found.g + found.common.unsqueeze(-1)
    if found.rows.shape[-1]:
        f, g = f + found.rows.sum(-1), g + found.columns.sum(-1)
    # The constant between the potentials is free.
    shift = (parts[1] * f).sum(-1, keepdim=True)
    fields = {
        "plan": found.plan,
        "f": f - shift,
        "g": g + shift,
        "transport_cost": found.transport_cost,
        "entropic_value": found.entropic_value,
    }
    if unit != 1:
        fields = {name: x if name == "plan" else x / unit for name, x in fields.items()}
    return SinkhornResult(
        **{name: x.reshape((*batch, *x.shape[1:])).to(cost.dtype) for name, x in fields.items()},
        errors=found.errors.reshape((*batch, found.errors.shape[-1])),
        converged=(found.status == int(SinkhornStatus.CONVERGED)).reshape(batch),
        n_iter=found.n_iter.reshape(batch),
        status=found.status.reshape(batch),
    )


def _solve(cost: Tensor, mu: Tensor, nu: Tensor, eps: Tensor, start: Tensor, request: Request) -> Found:
    parts = cost, mu, nu, eps
    if not may_be_differentiated(*parts):
        return find_plans(*parts, start, request)
    found = solve_differentiably(*parts, start, request)
    return unroll(*parts, start, found) if request.plain else found


def as_batch(
    cost: Float[Tensor, "*batch n m"],
    mu: Tensor | ArrayLike | None,
    nu: Tensor | ArrayLike | None,
    eps: float | Tensor | ArrayLike,
    *,
    masses: bool = False,
) -> tuple[tuple[int, ...], tuple[Tensor, Tensor, Tensor, Tensor]]:
    """Return the shape of the batch, and cost, mu, nu and eps in float64 with one dimension for it.

    Marginals that are `masses` keep their sums.
    """
    n, m = cost.shape[-2:]
    rows, columns = as_marginals(cost, mu, nu, masses=masses)
    parts = {
        "cost": (recordable(cost.double()), (n, m)),
        "mu": (rows, (n,)),
        "nu": (columns, (m,)),
        "eps": (as_eps(eps, cost), ()),
    }
    batch: tuple[int, ...] = ()
    for name, (part, own) in parts.items():
        leading = part.shape[: part.ndim - len(own)]
        try:
            batch = np.broadcast_shapes(batch, leading) if leading else batch
        except ValueError:
            raise ValueError(
                f"{name} must have shape {[*batch, *own]} or broadcast with it, "
                f"got shape {tuple(part.shape)}"
            ) from None
    size = math.prod(batch)
    whole = [
        (part if not batch else part.expand((*batch, *own))).reshape((size, *own))
        for part, own in parts.values()
    ]
    return batch, (whole[0], whole[1], whole[2], whole[3])


def _as_start(
    warm_start: SinkhornResult | Tensor | ArrayLike | None, cost: Tensor, batch: tuple[int, ...]
) -> Float[Tensor, "b start"]:
    """Return the potentials of rows to start from, in float64, or none."""
    size, n = math.prod(batch), cost.shape[-2]
    if warm_start is None:
        return torch.empty(size, 0, dtype=torch.float64, device=cost.device)
    given = warm_start.f if isinstance(warm_start, SinkhornResult) else warm_start
    f: Tensor = floating(cost=cost, warm_start=given)[1].detach().double()
    fits = f.shape[-1] == n
    try:
        fits = fits and np.broadcast_shapes(batch, f.shape[:-1]) == batch
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"warm_start must have potentials f of shape {[*batch, n]}, or that broadcast to it, "
            f"got shape {tuple(f.shape)}"
        )
    # From the largest numbers there is no way on.
    f = torch.where(f.isinf(), f, f.clamp(-_FARTHEST, _FARTHEST))
    return f.expand(*batch, n).reshape(size, n)
