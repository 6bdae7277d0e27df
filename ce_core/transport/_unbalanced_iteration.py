"""The iteration of unbalanced transport, on logarithms, with Newton steps.

With kappa = rho/(rho + eps) for each side, the solution fulfils f = kappa soft_f(g) and
g = kappa soft_g(f), soft_f(g) being the f with which the rows of the plan sum to mu. Without the
constant c between them (`_unbalanced_problem`) it is f = kappa soft_f(g) - (1 - kappa) c, and with
+ for g.
"""

import math
from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core.transport._extreme_scale import finite_size, require_range
from ce_core.transport._problem import within_reach
from ce_core.transport._unbalanced_newton import climb, newton, soft_f, soft_g
from ce_core.transport._unbalanced_problem import Potentials, PricedProblem
from ce_core.transport.status import SinkhornStatus

# Once in so many iterations a Newton step is tried.
_CHECK = 20
# After so many, where the error is still no number, the mass itself is none.
_ENDLESS = 200
# Costs that span less than so many eps.
_FLAT = 1e-3
# Costs that span more than so many eps are approached by way of larger ones, each this much smaller; of
# costs beyond so many rho the size says nothing. What is asked of a solution on the way.
_STEEP, _FACTOR, _DEAR, _ROUGH, _FEW = 500.0, 4.0, 100.0, 1e-3, 100
# An eps of less than so much of what potentials amount to is taken for that.
_RESOLVED = 1e-15
# Rows of less than this share of the mass do not tell how exponents are rounded.
_WITHOUT_MASS = 1e-30
_ROUNDING = torch.finfo(torch.float64).eps


def as_priced(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    price: tuple[float, float],
    flat: Bool[Tensor, " b"] | None = None,
) -> PricedProblem:
    """Return the problem, with costs that eps can divide."""
    allowed = cost < torch.inf
    least = torch.where(allowed, cost, torch.inf).detach()
    least = torch.cat((least.amin(-1), least.amin(-2)), -1)
    borne = least.masked_fill(least == torch.inf, 0.0).amax(-1)
    cost = within_reach(torch.where(allowed, cost, 0.0), eps, 4 * borne)
    return PricedProblem(cost, allowed, mu, nu, eps, price, flat)


def find_potentials(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    options: tuple[tuple[float, float], float, float, int],
) -> tuple[Tensor, ...]:
    """Return f, g (without the constant), eps as used, error, n_iter and status, and which are flat.

    An eps is raised to what the potentials resolve. The last has no columns if none is.
    """
    prices, tol, coarse, max_iter = options
    if len(eps):
        fits = bool((2 * finite_size(cost)).amax() < torch.inf)
        require_range(cost, eps.cpu().numpy(), fits=fits)
    invalid = ~(cost > -torch.inf).all((-2, -1))
    cost = torch.where(invalid[:, None, None], 0.0, cost)
    problem = as_priced(cost, mu, nu, eps, prices)
    size = problem.cost.abs().amax((-2, -1)) if len(eps) else eps
    flat = size < _FLAT * eps
    if flat.any():
        problem = replace(problem, flat=flat)
    infeasible = _is_blocked(problem)
    usable = (~(invalid | infeasible)).nonzero().squeeze(-1)
    point = Potentials(torch.zeros_like(mu), torch.zeros_like(nu))
    used = _anneal(problem, point, size, usable)
    if (used > eps).any():
        problem = as_priced(cost, mu, nu, used, prices, problem.flat)
    n_iter, error = _iterate(problem, point, usable, tol, coarse, max_iter)
    floor = _floor(problem, point).clamp(min=coarse)
    status = torch.full_like(n_iter, SinkhornStatus.CONVERGED)
    status[error > tol] = SinkhornStatus.NOT_CONVERGED
    rounded = (error <= floor) & ((error > tol) | (tol < coarse))
    status[rounded] = SinkhornStatus.TOLERANCE_UNREACHABLE
    status[infeasible] = SinkhornStatus.INFEASIBLE
    status[invalid] = SinkhornStatus.INVALID
    error = error.masked_fill(invalid, torch.nan)
    marker = flat[:, None][:, : 0 if problem.flat is None else 1]
    return *point, used, error, n_iter, status, marker.clone()


def _is_blocked(problem: PricedProblem) -> Bool[Tensor, " b"]:
    """Tell where a marginal that must be kept has mass without an allowed pair."""
    blocked = torch.zeros_like(problem.eps, dtype=torch.bool)
    for price, weights, open_ in zip(
        problem.price, (problem.mu, problem.nu), problem.open, strict=True
    ):
        if math.isinf(price):
            blocked = blocked | ((weights > 0) & ~open_).any(-1)
    return blocked


def _anneal(
    problem: PricedProblem, point: Potentials, size: Float[Tensor, " b"], usable: Int[Tensor, " some"]
) -> Float[Tensor, " b"]:
    """Move the point of items whose costs span many eps to one found by way of larger eps.

    Return the eps to go on with: a larger one where potentials would not resolve the one given.
    """
    size = size.clamp(max=_DEAR * max(problem.price))
    steepness = torch.where(size > _STEEP * problem.eps, size / problem.eps / 10, 1.0)
    used, steepness = problem.eps.clone(), steepness.clamp(max=1e307)
    while True:
        usable = usable[steepness[usable] > 1]
        if not len(usable):
            return used
        some = problem.take(usable)
        softened = replace(some, eps=some.eps * steepness[usable])
        start = Potentials(point.f[usable], point.g[usable])
        _iterate(softened, start, torch.arange(len(usable), device=usable.device), _ROUGH, 0.0, _FEW)
        start = _centred(some, start)
        point.f[usable], point.g[usable] = start
        steepness = steepness / _FACTOR
        least = _RESOLVED * _amount(softened, start)
        reached = least > problem.eps[usable] * steepness[usable]
        used[usable] = torch.where(reached, used[usable].maximum(least), used[usable])
        steepness[usable] = torch.where(reached, 0.0, steepness[usable])


def _iterate(
    problem: PricedProblem,
    point: Potentials,
    running: Int[Tensor, " some"],
    tol: float,
    coarse: float,
    max_iter: int,
) -> tuple[Int[Tensor, " b"], Float[Tensor, " b"]]:
    """Move the point of some items, each until its error is small enough; return counts and errors."""
    n_iter = torch.zeros_like(problem.eps, dtype=torch.int64)
    goal = torch.full_like(problem.eps, max(tol, coarse))
    error = torch.full_like(problem.eps, torch.inf)
    some, part = problem.take(running), Potentials(point.f[running], point.g[running])
    constant = some.constant(part)
    for count in range(1, max_iter + 1):
        if not len(running):
            break
        tries, rest = divmod(count, _CHECK)
        # What a climb takes is worth it at first, and seldom later.
        effort = 0 if rest else 1 if tries & (tries - 1) else 2
        part, constant, reached = _step(some, part, constant, effort)
        if effort:
            goal[running] = goal[running].maximum(_floor(some, part))
        n_iter[running], error[running] = count, reached
        moving = ~(reached <= goal[running])
        if count == _ENDLESS:
            moving &= reached < torch.inf
        if not moving.all() or count == max_iter:
            point.f[running], point.g[running] = part
            left = moving.nonzero().squeeze(-1)
            running, constant = running[left], constant[left]
            some, part = some.take(left), Potentials(part.f[left], part.g[left])
    return n_iter, error.where(error < torch.inf, _error(problem, point, problem.constant(point)))


def _floor(problem: PricedProblem, point: Potentials) -> Float[Tensor, " b"]:
    """Return the error that the rounding of exponents leaves."""
    return _ROUNDING * (8 + _amount(problem, point) / problem.eps)


def _centred(problem: PricedProblem, point: Potentials) -> Potentials:
    """Return potentials of equal means by mass: the constant between them is free, and costs digits."""
    asked = problem.asked(problem.whole(point))
    f, g = (
        (weights / weights.sum(-1, keepdim=True).clamp(min=1e-300) * part).sum(-1, keepdim=True)
        for weights, part in zip(asked, point, strict=True)
    )
    by, (rows, columns) = ((g - f) / 2).nan_to_num(0.0, 0.0, 0.0), problem.open
    return Potentials(torch.where(rows, point.f + by, 0.0), torch.where(columns, point.g - by, 0.0))


def _amount(problem: PricedProblem, point: Potentials) -> Float[Tensor, " b"]:
    """Return what potentials amount to, as far as they are of pairs with mass."""
    size = torch.zeros_like(problem.eps)
    for part, asked in zip(point, problem.asked(problem.whole(point)), strict=True):
        counted = asked > _WITHOUT_MASS * asked.sum(-1, keepdim=True)
        size = size + torch.where(counted, part, 0.0).abs().amax(-1)
    return size


def _step(
    problem: PricedProblem, point: Potentials, constant: Float[Tensor, "b 1"], effort: int
) -> tuple[Potentials, Float[Tensor, "b 1"], Float[Tensor, " b"]]:
    """Do an iteration, with an effort a Newton step where that is better, with more else a climb."""
    (by_rows, by_columns), (less_f, less_g) = problem.kept, problem.lost
    rows, columns = problem.open
    g = torch.where(columns, by_columns * soft_g(problem, point.f) + less_g * constant, 0.0)
    f = torch.where(rows, by_rows * soft_f(problem, g) - less_f * constant, 0.0)
    point = Potentials(f, g)
    constant = problem.constant(point)
    error = _error(problem, point, constant)
    if effort:
        trial = newton(problem, point)
        better = _error(problem, trial, problem.constant(trial)) < error
        trial = Potentials(
            *(torch.where(better[:, None], *both) for both in zip(trial, point, strict=True))
        )
        rest = (~better).nonzero().squeeze(-1)
        if effort > 1 and len(rest):
            climbed = climb(problem.take(rest), Potentials(point.f[rest], point.g[rest]))
            for into, part in zip(trial, climbed, strict=True):
                into[rest] = part
        point, constant = trial, problem.constant(trial)
        error = _error(problem, point, constant)
    return point, constant, error


def _error(
    problem: PricedProblem, point: Potentials, constant: Float[Tensor, "b 1"]
) -> Float[Tensor, " b"]:
    """Return by how much the marginals of the plan are not those that the potentials ask for."""
    plan = problem.plan(point)
    asked = problem.asked(Potentials(point.f + constant, point.g - constant))
    missed = total = torch.zeros_like(problem.eps)
    for dim, part in zip((-1, -2), asked, strict=True):
        missed = missed + (plan.sum(dim) - part).abs().sum(-1)
        total = total + part.sum(-1)
    return torch.where(total == 0, 0.0, missed / total).nan_to_num(torch.inf)
