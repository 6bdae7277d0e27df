"""The iteration of unbalanced transport, on logarithms, with Newton steps.

With kappa = rho/(rho + eps) for each side, the solution fulfils f = kappa soft_f(g) and
g = kappa soft_g(f), soft_f(g) being the f with which the rows of the plan sum to mu.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core.transport._unrolled import log_sums
from ce_core.transport.status import SinkhornStatus

# Once in so many iterations a Newton step is tried.
_CHECK = 20
# A rho of less than so many eps.
_LEAST_SHARE = 1e-100
# Exponentials beyond this would overflow; only pairs without mass get there.
_LARGEST = 700.0
_ROUNDING = torch.finfo(torch.float64).eps


class PricedProblem(NamedTuple):
    """A batch of problems."""

    cost: Float[Tensor, "b n m"]
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]
    eps: Float[Tensor, " b"]
    price: tuple[float, float]
    """rho, of rows and of columns."""

    def prices(self) -> list[Float[Tensor, "b 1"]]:
        """Return rho of each item, which below the rounding of eps counts for nothing."""
        least = _LEAST_SHARE * self.eps.detach().unsqueeze(-1)
        return [least.clamp(min=price) for price in self.price]


class Potentials(NamedTuple):
    """Of rows and of columns; 0 where all pairs are forbidden."""

    f: Float[Tensor, "b n"]
    g: Float[Tensor, "b m"]


def find_potentials(
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
    invalid = ~(cost > -torch.inf).all((-2, -1))
    cost = torch.where(invalid[:, None, None], 0.0, cost)
    span = torch.where(invalid[:, None, None], 0.0, finite.abs()).amax((-2, -1))
    problem = PricedProblem(cost, mu, nu, eps, prices)
    f, g = torch.zeros_like(mu), torch.zeros_like(nu)
    n_iter = torch.zeros_like(eps, dtype=torch.int64)
    error = torch.full_like(eps, torch.inf)
    # Rounding of exponents of the size of the costs.
    floor = (_ROUNDING * (8 + span / eps)).clamp(min=coarse)
    lost = _is_blocked(problem)
    running = (~(invalid | lost)).nonzero().squeeze(-1)
    point = Potentials(f, g)
    for count in range(1, max_iter + 1):
        if not len(running):
            break
        part = PricedProblem(cost[running], mu[running], nu[running], eps[running], prices)
        new, reached = _step(part, Potentials(f[running], g[running]), tries=count % _CHECK == 0)
        f[running], g[running], error[running] = new.f, new.g, reached
        n_iter[running] = count
        running = running[~(reached <= torch.maximum(floor[running], floor.new_tensor(tol)))]
    point = Potentials(f, g)
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


def _is_blocked(problem: PricedProblem) -> Bool[Tensor, " b"]:
    """Tell where a marginal that must be kept has mass without an allowed pair."""
    allowed = problem.cost < torch.inf
    lost = torch.zeros_like(problem.eps, dtype=torch.bool)
    rows = (allowed & (problem.nu > 0).unsqueeze(-2)).any(-1)
    columns = (allowed & (problem.mu > 0).unsqueeze(-1)).any(-2)
    for price, weights, open_ in zip(problem.price, problem[1:3], (rows, columns), strict=True):
        if math.isinf(price):
            lost = lost | ((weights > 0) & ~open_).any(-1)
    return lost


def _kappa(problem: PricedProblem, side: int) -> Float[Tensor, "b 1"]:
    """Return rho/(rho + eps), by which potentials are shortened."""
    return 1 / (1 + problem.eps.unsqueeze(-1) / problem.prices()[side])


def _soft_f(problem: PricedProblem, g: Float[Tensor, "b m"]) -> Float[Tensor, "b n"]:
    """Return -eps log Σ_j nu_j exp((g_j - C_ij)/eps), or 0 without an allowed pair."""
    eps = problem.eps.unsqueeze(-1)
    return -eps * log_sums(problem.cost / -eps.unsqueeze(-1), problem.nu, g / eps)


def _soft_g(problem: PricedProblem, f: Float[Tensor, "b n"]) -> Float[Tensor, "b m"]:
    eps = problem.eps.unsqueeze(-1)
    return -eps * log_sums(problem.cost.mT / -eps.unsqueeze(-1), problem.mu, f / eps)


def _step(
    problem: PricedProblem, point: Potentials, *, tries: bool
) -> tuple[Potentials, Float[Tensor, " b"]]:
    """Do an iteration, and a Newton step where it is tried and lowers the error."""
    g = _kappa(problem, 1) * _soft_g(problem, point.f)
    point = _shifted(problem, Potentials(_kappa(problem, 0) * _soft_f(problem, g), g))
    error = _error(problem, point)
    if tries:
        trial = newton(problem, point)
        reached = _error(problem, trial)
        better = reached < error
        point = Potentials(
            *(torch.where(better[:, None], new, old) for new, old in zip(trial, point, strict=True))
        )
        error = torch.where(better, reached, error)
    return point, error


def _shifted(problem: PricedProblem, point: Potentials) -> Potentials:
    """Return the potentials with the constant between them for which the dual value is highest."""
    allowed = problem.cost < torch.inf
    logs = []
    for price, weights, part, dim in zip(problem.prices(), problem[1:3], point, (-1, -2), strict=True):
        open_ = allowed.any(dim)
        exponent = weights.log() - part / price
        logs.append(torch.where(open_, exponent, -torch.inf).logsumexp(-1))
    by = (logs[0] - logs[1]).unsqueeze(-1) / sum(1 / price for price in problem.prices())
    by = torch.where(by.isfinite(), by, 0.0)
    open_rows, open_columns = allowed.any(-1), allowed.any(-2)
    return Potentials(
        torch.where(open_rows, point.f + by, 0.0), torch.where(open_columns, point.g - by, 0.0)
    )


def plan_of(problem: PricedProblem, point: Potentials) -> Float[Tensor, "b n m"]:
    """Return mu nu exp((f + g - C)/eps)."""
    weight = problem.mu.unsqueeze(-1) * problem.nu.unsqueeze(-2)
    return weight * _kernel(problem, point)


def _kernel(problem: PricedProblem, point: Potentials) -> Float[Tensor, "b n m"]:
    """Return exp((f + g - C)/eps)."""
    allowed = problem.cost < torch.inf
    cost = torch.where(allowed, problem.cost, 0.0)
    exponent = (point.f.unsqueeze(-1) + point.g.unsqueeze(-2) - cost) / problem.eps[:, None, None]
    return torch.where(allowed, exponent.clamp(max=_LARGEST).exp(), 0.0)


def _error(problem: PricedProblem, point: Potentials) -> Float[Tensor, " b"]:
    """Return by how much the marginals of the plan are not those that the potentials ask for."""
    plan = plan_of(problem, point)
    allowed = problem.cost < torch.inf
    missed = total = torch.zeros_like(problem.eps)
    for price, weights, part, dim in zip(problem.prices(), problem[1:3], point, (-1, -2), strict=True):
        asked = torch.where(allowed.any(dim), weights * (-part / price).exp(), 0.0)
        missed = missed + (plan.sum(dim) - asked).abs().sum(-1)
        total = total + asked.sum(-1)
    return torch.where(total > 0, missed / total, 0.0).nan_to_num(torch.inf)


def newton(problem: PricedProblem, point: Potentials) -> Potentials:
    """Return the point after a Newton step for f = kappa soft_f(g) and g = kappa soft_g(f).

    From a solution that is held fixed, its derivatives are those of the solution: the first order
    after one such step, the second after two.
    """
    f, g = point
    eps = problem.eps.unsqueeze(-1)
    soft_f, soft_g = _soft_f(problem, g), _soft_g(problem, f)
    by_row = problem.nu.unsqueeze(-2) * _kernel(problem, Potentials(soft_f, g))
    by_column = (problem.mu.unsqueeze(-1) * _kernel(problem, Potentials(f, soft_g))).mT
    first, second = (1 + eps / price for price in problem.prices())
    rows, columns = soft_f - first * f, soft_g - second * g
    if f.shape[-1] <= g.shape[-1]:
        x, y = _eliminate(by_row, by_column, first, second, rows, columns)
    else:
        y, x = _eliminate(by_column, by_row, second, first, columns, rows)
    return Potentials(f + x, g + y)


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


def dual_value(
    problem: PricedProblem, point: Potentials, allowed: Bool[Tensor, "b n m"]
) -> Float[Tensor, " b"]:
    """Return the dual value, whose error is of second order in that of the potentials."""
    plan = plan_of(problem, point)
    independent = problem.mu.sum(-1) * problem.nu.sum(-1)
    value = problem.eps * (independent - plan.sum((-2, -1)))
    prices = problem.prices()
    for side, (weights, part) in enumerate(zip(problem[1:3], point, strict=True)):
        gain = part
        if not math.isinf(problem.price[side]):
            gain = -prices[side] * (-part / prices[side]).expm1()
            # Without an allowed pair all of it is left out.
            gain = torch.where(allowed.any(-1 - side), gain, prices[side])
        value = value + (weights * gain).sum(-1)
    return value
