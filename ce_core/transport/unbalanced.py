"""Unbalanced entropic transport: marginals that may be missed, at a price."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._arguments import (
    ArrayLike,
    floating,
    require_integer,
    require_matrices,
    require_number,
)
from ce_core._shown import refusal
from ce_core.transport._bipartite_system import apply_flattened
from ce_core.transport._unrolled import log_sums
from ce_core.transport.entropic_ot import as_batch
from ce_core.transport.status import SinkhornStatus

# Once in so many iterations a Newton step is tried.
_CHECK = 20
# Exponentials beyond this would overflow; only pairs without mass get there.
_LARGEST = 700.0
_ROUNDING = torch.finfo(torch.float64).eps


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


class _Problem(NamedTuple):
    cost: Float[Tensor, "b n m"]
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]
    eps: Float[Tensor, " b"]
    price: tuple[float, float]
    """rho, of rows and of columns."""


class _Point(NamedTuple):
    f: Float[Tensor, "b n"]
    g: Float[Tensor, "b m"]


def unbalanced_sinkhorn(
    cost: Float[Tensor, "... n m"] | ArrayLike,
    *,
    eps: Float[Tensor, "..."] | ArrayLike,
    rho: float | tuple[float, float],
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
    would take ρ/ε iterations to find the mass; the constant between the potentials, set to what is
    best after each, and a Newton step now and then, do without. A step is O(nm) and dense: it is
    slower than `sinkhorn`.

    Derivatives with respect to cost, masses and ε, of first and second order, both ways and within
    `torch.func`, are those of Newton steps at the solution. They lose log10(ρ/ε) digits at most.

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
    tensor([0.4662, 0.0068])
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    prices = _as_prices(rho)
    tol = require_number("tol", tol, at_least=0.0)
    max_iter = require_integer("max_iter", max_iter, at_least=1)
    batch, parts = as_batch(cost, mu, nu, eps, masses=True)
    problem = _Problem(*parts, prices)
    coarse = 0.0 if cost.dtype == torch.float64 else torch.finfo(cost.dtype).eps / 2
    f, g, error, n_iter, status = _Found.apply(  # type: ignore[no-untyped-call]
        *(part.detach() for part in parts), (prices, tol, coarse, max_iter)
    )
    invalid, lost = status == SinkhornStatus.INVALID, status == SinkhornStatus.INFEASIBLE
    good = ~(invalid | lost)
    # What has no solution has no derivative.
    problem = problem._replace(
        cost=torch.where(good[:, None, None], problem.cost, problem.cost.detach()),
        mu=torch.where(good[:, None], problem.mu, problem.mu.detach()),
        nu=torch.where(good[:, None], problem.nu, problem.nu.detach()),
        eps=torch.where(good, problem.eps, problem.eps.detach()),
    )
    problem = problem._replace(cost=torch.where(invalid[:, None, None], 0.0, problem.cost))
    point = _Point(f, g)
    if _is_followed(problem):
        moved = point
        for _ in range(2):
            moved = _newton(problem, moved)
        point = _Point(*(old + (new - new.detach()) for old, new in zip(point, moved, strict=True)))
    allowed = problem.cost < torch.inf
    plan = _plan(problem, point)
    fields = {
        "plan": plan,
        "f": point.f,
        "g": point.g,
        "transport_cost": (plan * torch.where(allowed, problem.cost, 0.0)).sum((-2, -1)),
        "value": torch.where(lost, torch.inf, _value(problem, point, allowed)),
    }
    for name, part in fields.items():
        part = part.masked_fill(invalid.reshape(-1, *[1] * (part.ndim - 1)), torch.nan)
        fields[name] = part.reshape((*batch, *part.shape[1:])).to(cost.dtype)
    return UnbalancedResult(
        **fields,
        error=error.reshape(batch),
        converged=(status == SinkhornStatus.CONVERGED).reshape(batch),
        n_iter=n_iter.reshape(batch),
        status=status.reshape(batch),
    )


def _as_prices(rho: object) -> tuple[float, float]:
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


def _is_followed(problem: _Problem) -> bool:
    if torch._C._are_functorch_transforms_active():
        return True
    parts = problem[:4]
    if torch.is_grad_enabled() and any(part.requires_grad for part in parts):
        return True
    unpack = torch.autograd.forward_ad.unpack_dual
    return any(unpack(part).tangent is not None for part in parts)  # type: ignore[no-untyped-call]


class _Found(torch.autograd.Function):
    """The solution as numbers. Within `vmap` it gets all items at once."""

    @staticmethod
    def forward(cost: Tensor, mu: Tensor, nu: Tensor, eps: Tensor, options: Any) -> Any:
        """Find it."""
        return _find(cost, mu, nu, eps, options)

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


def _find(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    options: tuple[tuple[float, float], float, float, int],
) -> tuple[Tensor, ...]:
    """Return f, g, error, n_iter and status of each item."""
    prices, tol, coarse, max_iter = options
    allowed = cost < torch.inf
    finite = torch.where(allowed, cost, 0.0)
    invalid = ~finite.isfinite().all((-2, -1))
    cost = torch.where(invalid[:, None, None], 0.0, cost)
    span = torch.where(invalid[:, None, None], 0.0, finite.abs()).amax((-2, -1))
    problem = _Problem(cost, mu, nu, eps, prices)
    f, g = torch.zeros_like(mu), torch.zeros_like(nu)
    n_iter = torch.zeros_like(eps, dtype=torch.int64)
    error = torch.full_like(eps, torch.inf)
    # Rounding of exponents of the size of the costs.
    floor = (_ROUNDING * (8 + span / eps)).clamp(min=coarse)
    lost = _is_blocked(problem)
    running = (~(invalid | lost)).nonzero().squeeze(-1)
    point = _Point(f, g)
    for count in range(1, max_iter + 1):
        if not len(running):
            break
        part = _Problem(*(x[running] for x in problem[:4]), prices)
        new, reached = _step(part, _Point(f[running], g[running]), tries=count % _CHECK == 0)
        f[running], g[running], error[running] = new.f, new.g, reached
        n_iter[running] = count
        running = running[~(reached <= torch.maximum(floor[running], floor.new_tensor(tol)))]
    point = _Point(f, g)
    if len(eps):
        error = _error(problem, point)
    status = torch.full_like(n_iter, SinkhornStatus.CONVERGED)
    status[error > tol] = SinkhornStatus.NOT_CONVERGED
    rounded = (error <= floor) & ((error > tol) | (tol < coarse))
    status[rounded] = SinkhornStatus.TOLERANCE_UNREACHABLE
    status[lost] = SinkhornStatus.INFEASIBLE
    status[invalid] = SinkhornStatus.INVALID
    error = error.masked_fill(invalid, torch.nan)
    return f, g, error, n_iter, status


def _is_blocked(problem: _Problem) -> Bool[Tensor, " b"]:
    """Tell where a marginal that must be kept has mass without an allowed pair."""
    allowed = problem.cost < torch.inf
    lost = torch.zeros_like(problem.eps, dtype=torch.bool)
    rows = (allowed & (problem.nu > 0).unsqueeze(-2)).any(-1)
    columns = (allowed & (problem.mu > 0).unsqueeze(-1)).any(-2)
    for price, weights, open_ in zip(problem.price, problem[1:3], (rows, columns), strict=True):
        if math.isinf(price):
            lost = lost | ((weights > 0) & ~open_).any(-1)
    return lost


def _kappa(problem: _Problem, side: int) -> Float[Tensor, "b 1"]:
    """Return rho/(rho + eps), by which potentials are shortened."""
    return 1 / (1 + problem.eps.unsqueeze(-1) / problem.price[side])


def _soft_f(problem: _Problem, g: Float[Tensor, "b m"]) -> Float[Tensor, "b n"]:
    """Return -eps log Σ_j nu_j exp((g_j - C_ij)/eps), or 0 without an allowed pair."""
    eps = problem.eps.unsqueeze(-1)
    return -eps * log_sums(problem.cost / -eps.unsqueeze(-1), problem.nu, g / eps)


def _soft_g(problem: _Problem, f: Float[Tensor, "b n"]) -> Float[Tensor, "b m"]:
    eps = problem.eps.unsqueeze(-1)
    return -eps * log_sums(problem.cost.mT / -eps.unsqueeze(-1), problem.mu, f / eps)


def _step(problem: _Problem, point: _Point, *, tries: bool) -> tuple[_Point, Float[Tensor, " b"]]:
    """Do an iteration, and a Newton step where it is tried and lowers the error."""
    g = _kappa(problem, 1) * _soft_g(problem, point.f)
    point = _shifted(problem, _Point(_kappa(problem, 0) * _soft_f(problem, g), g))
    error = _error(problem, point)
    if tries:
        trial = _newton(problem, point)
        reached = _error(problem, trial)
        better = reached < error
        point = _Point(
            *(torch.where(better[:, None], new, old) for new, old in zip(trial, point, strict=True))
        )
        error = torch.where(better, reached, error)
    return point, error


def _shifted(problem: _Problem, point: _Point) -> _Point:
    """Return the potentials with the constant between them for which the dual value is highest."""
    allowed = problem.cost < torch.inf
    logs = []
    for price, weights, part, dim in zip(problem.price, problem[1:3], point, (-1, -2), strict=True):
        open_ = allowed.any(dim)
        exponent = weights.log() - part / price
        logs.append(torch.where(open_, exponent, -torch.inf).logsumexp(-1))
    by = (logs[0] - logs[1]) / sum(1 / price for price in problem.price)
    by = torch.where(by.isfinite(), by, 0.0).unsqueeze(-1)
    open_rows, open_columns = allowed.any(-1), allowed.any(-2)
    return _Point(
        torch.where(open_rows, point.f + by, 0.0), torch.where(open_columns, point.g - by, 0.0)
    )


def _plan(problem: _Problem, point: _Point) -> Float[Tensor, "b n m"]:
    weight = problem.mu.unsqueeze(-1) * problem.nu.unsqueeze(-2)
    return weight * _kernel(problem, point)


def _kernel(problem: _Problem, point: _Point) -> Float[Tensor, "b n m"]:
    """Return exp((f + g - C)/eps)."""
    allowed = problem.cost < torch.inf
    cost = torch.where(allowed, problem.cost, 0.0)
    exponent = (point.f.unsqueeze(-1) + point.g.unsqueeze(-2) - cost) / problem.eps[:, None, None]
    return torch.where(allowed, exponent.clamp(max=_LARGEST).exp(), 0.0)


def _error(problem: _Problem, point: _Point) -> Float[Tensor, " b"]:
    """Return by how much the marginals of the plan are not those that the potentials ask for."""
    plan = _plan(problem, point)
    allowed = problem.cost < torch.inf
    missed = total = torch.zeros_like(problem.eps)
    for price, weights, part, dim in zip(problem.price, problem[1:3], point, (-1, -2), strict=True):
        asked = torch.where(allowed.any(dim), weights * (-part / price).exp(), 0.0)
        missed = missed + (plan.sum(dim) - asked).abs().sum(-1)
        total = total + asked.sum(-1)
    return torch.where(total > 0, missed / total, 0.0).nan_to_num(torch.inf)


def _newton(problem: _Problem, point: _Point) -> _Point:
    """Return the point after a Newton step for f = kappa soft_f(g) and g = kappa soft_g(f).

    From a solution that is held fixed, its derivatives are those of the solution: the first order
    after one such step, the second after two.
    """
    f, g = point
    eps = problem.eps.unsqueeze(-1)
    soft_f, soft_g = _soft_f(problem, g), _soft_g(problem, f)
    by_row = problem.nu.unsqueeze(-2) * _kernel(problem, _Point(soft_f, g))
    by_column = (problem.mu.unsqueeze(-1) * _kernel(problem, _Point(f, soft_g))).mT
    first, second = (1 + eps / price for price in problem.price)
    rows, columns = soft_f - first * f, soft_g - second * g
    if f.shape[-1] <= g.shape[-1]:
        x, y = _eliminate(by_row, by_column, first, second, rows, columns)
    else:
        y, x = _eliminate(by_column, by_row, second, first, columns, rows)
    return _Point(f + x, g + y)


def _eliminate(
    by_row: Float[Tensor, "b n m"],
    by_column: Float[Tensor, "b m n"],
    first: Float[Tensor, "b 1"],
    second: Float[Tensor, "b 1"],
    rows: Float[Tensor, "b n"],
    columns: Float[Tensor, "b m"],
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"]]:
    """Solve first x + by_row y = rows, by_column x + second y = columns.

    The rows of both matrices sum to 1, so that the system left for x is dominated by its diagonal.
    """
    identity = torch.eye(rows.shape[-1], dtype=rows.dtype, device=rows.device)
    system = (first * second).unsqueeze(-1) * identity - by_row @ by_column
    right = second * rows - (by_row @ columns.unsqueeze(-1)).squeeze(-1)
    x = torch.linalg.solve(system, right.unsqueeze(-1)).squeeze(-1)
    return x, (columns - (by_column @ x.unsqueeze(-1)).squeeze(-1)) / second


def _value(problem: _Problem, point: _Point, allowed: Bool[Tensor, "b n m"]) -> Float[Tensor, " b"]:
    """Return the dual value, whose error is of second order in that of the potentials."""
    plan = _plan(problem, point)
    independent = problem.mu.sum(-1) * problem.nu.sum(-1)
    value = problem.eps * (independent - plan.sum((-2, -1)))
    for price, weights, part, dim in zip(problem.price, problem[1:3], point, (-1, -2), strict=True):
        gain = part if math.isinf(price) else -price * (-part / price).expm1()
        if not math.isinf(price):
            # All of it is left out.
            gain = torch.where(allowed.any(dim), gain, price)
        value = value + (weights * gain).sum(-1)
    return value
