"""What can be taken off the costs of a problem without moving its plan, and what range remains.

A number added to a row or a column of the cost moves a potential by as much, and the plan not at
all. What limits accuracy is the range that remains once all of that is taken off.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core._arrays import as_tensors, entrywise

# Costs that span more than so many eps are taken to span so many: their quotient would overflow.
_WIDEST = 1e300
# Costs that span more than so many eps are looked at row by row and column by column.
_STEEP = 500.0


class Costs(NamedTuple):
    """The costs of a batch as they are iterated on, and what was taken out of them."""

    cost: Float[Tensor, "b n m"]
    """0 where the item is invalid, or a row or a column has no mass."""
    common: Float[Tensor, " b"]
    """What all costs of an item have in common, where that is more than what tells them apart."""
    rows: Float[Tensor, "b n_or_0"]
    columns: Float[Tensor, "b m_or_0"]
    """What the costs of a row, and then those of a column, have in common beside that; empty if
    nothing was taken off in the whole batch."""
    span: Float[Tensor, " b"]
    """The range of the costs of the pairs that are allowed."""
    invalid: Bool[Tensor, " b"]
    """Which items hold NaN or -inf, or numbers whose difference is no number."""
    forbidding: Bool[Tensor, " b"]
    """Which items forbid a pair."""
    finite: bool
    """Whether all costs of the batch are finite, as they were given."""


def prepare_costs(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    empty: Bool[Tensor, "b n m"] | None,
) -> Costs:
    """Look through costs: their range, what is not finite, what rows and columns have in common.

    The pairs that are `empty` have no mass, whatever they cost.
    """
    xp, (array,) = entrywise(cost)
    lowest, highest = as_tensors(xp.amin(array, (-2, -1)), xp.amax(array, (-2, -1)))
    span = highest - lowest
    invalid = forbidding = torch.zeros_like(span, dtype=torch.bool)
    finite = all(map(math.isfinite, span.tolist()))
    if not finite:
        invalid = ~(lowest > -torch.inf) | highest.isnan()
        forbidding = (highest == torch.inf) & ~invalid
        cost = cost.masked_fill(invalid[:, None, None], 0.0)
        highest = cost.masked_fill(cost == torch.inf, -torch.inf).amax((-2, -1))
        lowest = torch.where(invalid, 0.0, lowest)
        span = torch.where(lowest < torch.inf, highest - lowest, 0.0)
        lowest = lowest.masked_fill(lowest == torch.inf, 0.0)
        if not span.isfinite().all():
            wide = span == torch.inf
            invalid, forbidding = invalid | wide, forbidding & ~wide
            cost = cost.masked_fill(wide[:, None, None], 0.0)
            span, lowest = span.masked_fill(wide, 0.0), lowest.masked_fill(wide, 0.0)
    common = lowest * (lowest.abs() > span)
    steep = span > _STEEP * eps
    if steep.any():
        whole = cost
        rows, columns = _minima(cost, common, mu, nu, steep)
        cost = take_off(whole, common, rows, columns)
    else:
        rows = columns = span.new_zeros(len(span), 0)
        cost = take_off(cost, common, rows, columns) if common.any() else cost
    if empty is not None:
        cost = cost.masked_fill(empty, 0.0)
    if empty is not None or rows.shape[-1]:
        highest = cost.masked_fill(cost == torch.inf, -torch.inf).amax((-2, -1))
        left = highest.clamp(min=0.0) - cost.amin((-2, -1)).clamp(max=0.0)
        changed = steep if empty is None else steep | empty.flatten(1).any(-1)
        span = torch.where(changed, left, span)
        forbidding = forbidding & (cost == torch.inf).flatten(1).any(-1)
    return Costs(cost, common, rows, columns, span, invalid, forbidding, finite)


def _minima(
    cost: Float[Tensor, "b n m"],
    common: Float[Tensor, " b"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    steep: Bool[Tensor, " b"],
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"]]:
    """Return the least cost of each row, and of each column without those; 0 in items not steep."""
    cost = cost - common[:, None, None]
    rows = cost.masked_fill((nu == 0).unsqueeze(-2), torch.inf).amin(-1)
    rows = torch.where((rows < torch.inf) & steep[:, None], rows, 0.0)
    rest = (cost - rows.unsqueeze(-1)).masked_fill((mu == 0).unsqueeze(-1), torch.inf)
    columns = rest.amin(-2)
    return rows, torch.where((columns < torch.inf) & steep[:, None], columns, 0.0)


def usable_eps(eps: Float[Tensor, " b"], cost: Float[Tensor, "b n m"]) -> Float[Tensor, " b"]:
    """Return eps, raised where the costs span so many that it is at its limit anyway."""
    size = cost.detach().abs()
    largest = torch.where(size < torch.inf, size, 0.0).amax((-2, -1))
    return torch.maximum(eps, largest / _WIDEST)


def plain_start(
    rows: Float[Tensor, "b n_or_0"], mu: Float[Tensor, "b n"], eps: Float[Tensor, " b"]
) -> Float[Tensor, "b n"]:
    """Return the u that is 0 for the costs as they were given, up to a constant."""
    if not rows.shape[-1]:
        return torch.zeros_like(mu)
    return (rows.amin(-1, keepdim=True) - rows) / eps.unsqueeze(-1)


def warm_u(
    start: Float[Tensor, "b start"],
    rows: Float[Tensor, "b n_or_0"],
    mu: Float[Tensor, "b n"],
    eps: Float[Tensor, " b"],
) -> tuple[Float[Tensor, "b n"], Bool[Tensor, " b"]]:
    """Return the u to start from, and which items start from potentials that were given.

    The largest u is 0, lest the kernel overflow.
    """
    plain = plain_start(rows, mu, eps)
    if not start.shape[-1]:
        return plain, torch.zeros_like(eps, dtype=torch.bool)
    held = mu > 0
    f = torch.where(held, start - rows if rows.shape[-1] else start, -torch.inf)
    u = (f - f.amax(-1, keepdim=True)) / eps.unsqueeze(-1)
    warm = (u.isfinite() | ~held).all(-1)
    u = torch.where(held, u, 0.0)
    return torch.where(warm.unsqueeze(-1), u, plain).detach(), warm


def take_off(
    cost: Float[Tensor, "b n m"],
    common: Float[Tensor, " b"],
    rows: Float[Tensor, "b n_or_0"],
    columns: Float[Tensor, "b m_or_0"],
) -> Float[Tensor, "b n m"]:
    """Return costs without what they have in common, rounded once. It is differentiable."""
    if not rows.shape[-1]:
        return cost - common[:, None, None]
    allowed = cost < torch.inf
    finite = torch.where(allowed, cost, 0.0) - common[:, None, None]
    without_rows, lost = _subtract(finite, rows.unsqueeze(-1))
    rest, lost_again = _subtract(without_rows, columns.unsqueeze(-2))
    return torch.where(allowed, rest + (lost + lost_again), cost)


def _subtract(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return a - b, and what its rounding has lost (Knuth's two-sum)."""
    difference = a - b
    taken = difference - a
    return difference, (a - (difference - taken)) - (b + taken)
