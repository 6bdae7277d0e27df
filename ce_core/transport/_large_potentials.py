"""Large potentials found on the way to a small eps, and taken off costs before they cost digits.

Where pairs that cost a great many eps must have mass, or alone link some rows and columns with the
rest, potentials are about as large, and rounding leaves few digits of exponents, which are sums of them
and of costs. A plan does not move if numbers are taken off the costs of a row or of a column. So as eps
comes down, potentials that have become large are taken off, and then the least cost of each row and
column, without rounding. What is left of pairs with mass is small, and so are the potentials of that.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core.transport._fixed_point_loop import solve
from ce_core.transport._offsets import Costs, least_costs, subtract, take_off
from ce_core.transport._problem import Problem

# By which factor eps falls, and what is asked of a solution on the way.
_FACTOR, _GOAL, _FEW = 10.0, 1e-9, 500
# Potentials of more eps than this are those of the costs; smaller ones may be those of the marginals.
_LARGE = 1e3
# A pair that costs more eps than this has no mass, and counts only once potentials are as large.
_BEYOND = 4e3
# What is taken off is rounded, to a share of the largest, so that sums are exact; and to so many eps,
# so that of costs which are equal to the digits that count by then nothing is left.
_SHARE, _COARSE = 2.0**-20, 128.0


def take_off_large(
    cost: Float[Tensor, "b n m"],
    costs: Costs,
    problem: Problem,
    empty: Bool[Tensor, "b n m"] | None,
) -> tuple[Costs, Float[Tensor, "b n"]]:
    """Return costs with large potentials taken off too, at the eps asked for, and a u to start from."""
    left = _Left(cost, costs, empty)
    mu, nu, least = problem.mu, problem.nu, problem.eps
    eps, u = torch.as_tensor(costs.span, device=mu.device) / _FACTOR, torch.zeros_like(mu)
    grid = _grid(cost)
    while len(rest := (eps > least).nonzero().squeeze(-1)):
        part = problem._replace(cost=left.cost).take(rest).softened(eps[rest])
        found = solve(part, start=u[rest], goal=np.full(len(rest), _GOAL), max_iter=_FEW)
        f, g = torch.zeros_like(mu), torch.zeros_like(nu)
        u[rest], f[rest], g[rest] = _split(part, found.u, found.v, grid[rest])
        moved = (f != 0).any(-1) | (g != 0).any(-1)
        if moved.any():
            left.take_off(f, g)
            left.take_off(*least_costs(left.cost, mu, nu, moved))
        # Between costs that are next to nothing and those beyond reach nothing happens.
        near = torch.where(left.cost <= _BEYOND * eps[:, None, None], left.cost, 0.0).amax((-2, -1))
        settled = torch.as_tensor(found.errors[:, -1] <= _GOAL, device=mu.device)
        lower = eps[rest] / _FACTOR
        eps[rest] = torch.where(settled, lower.minimum(near[rest]), lower)
    finite = left.cost.masked_fill(left.cost == torch.inf, 0.0)
    span = (finite.amax((-2, -1)) - finite.amin((-2, -1))).cpu().numpy()
    return costs._replace(cost=left.cost, rows=left.rows, columns=left.columns, span=span), u


def _grid(cost: Float[Tensor, "b n m"]) -> Float[Tensor, " b"]:
    """Return the largest power of two that divides all costs, of which potentials are multiples."""
    mantissa, exponent = torch.frexp(torch.where(cost.abs() < torch.inf, cost, 0.0))
    digits = (mantissa * 2.0**53).to(torch.int64)
    lowest = (digits & -digits).to(cost.dtype)
    unit = torch.ldexp(lowest, exponent - 53)
    return torch.where(unit > 0, unit, torch.inf).amin((-2, -1))


def _split(
    problem: Problem, u: Float[Tensor, "b n"], v: Float[Tensor, "b m"], grid: Float[Tensor, " b"]
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b n"], Float[Tensor, "b m"]]:
    """Return u to go on from, and what to take off: large potentials, of few bits, or 0."""
    # Differences are multiples of the grid, the middle may be none.
    first = u.gather(-1, problem.mu.argmax(-1, keepdim=True))
    u = torch.where(problem.mu > 0, u - first, 0.0)
    v = torch.where(problem.nu > 0, v + first, 0.0)
    eps = problem.eps.unsqueeze(-1)
    size = u.abs().amax(-1, keepdim=True).maximum(v.abs().amax(-1, keepdim=True))
    unit = torch.exp2((size * eps * _SHARE).maximum(_COARSE * eps).log2().ceil())
    unit = unit.maximum(grid.unsqueeze(-1))
    f, g = ((part * eps / unit).round() * unit for part in (u, v))
    large = (size > _LARGE) & (size * eps).isfinite() & (unit < torch.inf)
    return torch.where(large, 0.0, u), torch.where(large, f, 0.0), torch.where(large, g, 0.0)


class _Left:
    """What is left of costs, and all that was taken off."""

    def __init__(
        self, given: Float[Tensor, "b n m"], costs: Costs, empty: Bool[Tensor, "b n m"] | None
    ) -> None:
        self.given, self.common, self.empty = given, costs.common, empty
        self.cost = costs.cost
        self.rows, self.columns = (_extended(part) for part in (costs.rows, costs.columns))

    def take_off(self, rows: Float[Tensor, "b n"], columns: Float[Tensor, "b m"]) -> None:
        """Take off more: added to what was last taken off, if that rounds nothing."""
        exact = _is_exact(self.rows, rows) & _is_exact(self.columns, columns)
        self.rows = _with(self.rows, rows, exact)
        self.columns = _with(self.columns, columns, exact)
        cost = take_off(self.given, self.common, self.rows, self.columns)
        self.cost = cost if self.empty is None else cost.masked_fill(self.empty, 0.0)


def _extended(parts: Float[Tensor, "b k parts"]) -> Float[Tensor, "b k more"]:
    return torch.nn.functional.pad(parts, (0, 1))


def _is_exact(parts: Float[Tensor, "b k parts"], more: Float[Tensor, "b k"]) -> Bool[Tensor, "b 1"]:
    _, lost = subtract(parts[..., -1], -more)
    return (lost == 0).all(-1, keepdim=True)


def _with(
    parts: Float[Tensor, "b k parts"], more: Float[Tensor, "b k"], exact: Bool[Tensor, "b 1"]
) -> Float[Tensor, "b k more"]:
    """Return parts with more added to the last of them, or as one more where that is not exact."""
    parts = parts.clone() if exact.all() else _extended(parts)
    if exact.all():
        parts[..., -1] += more
    else:
        parts[..., -2] += torch.where(exact, more, 0.0)
        parts[..., -1] = torch.where(exact, 0.0, more)
    return parts
