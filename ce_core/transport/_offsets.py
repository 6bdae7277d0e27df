"""What can be taken off the costs of a problem without moving its plan, and what range remains.

A number added to a row or a column of the cost moves a potential by as much, and the plan not at
all. What limits accuracy is the range that remains once all of that is taken off.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core._arrays import as_tensors, entrywise
from ce_core.transport._extreme_scale import require_range

# Costs that span more than so many eps are looked at row by row and column by column.
_STEEP = 500.0


class Costs(NamedTuple):
    """The costs of a batch as they are iterated on, and what was taken out of them."""

    cost: Float[Tensor, "b n m"]
    """0 where the item is invalid, or a row or a column has no mass."""
    common: Float[Tensor, " b"]
    """What all costs of an item have in common, where that is more than what tells them apart."""
    rows: Float[Tensor, "b n parts"]
    columns: Float[Tensor, "b m parts"]
    """What the costs of a row, and then those of a column, have in common beside that: sums, of no
    parts if nothing was taken off in the whole batch."""
    span: Float[np.ndarray, " b"]
    """The range of the costs of the pairs that are allowed."""
    invalid: Bool[Tensor, " b"] | None
    """Which items hold NaN or -inf; None if all is finite."""
    forbidding: Bool[np.ndarray, " b"]
    """Which items forbid a pair."""
    finite: bool
    """Whether all costs of the batch are finite, as they were given."""

    def large(self) -> Bool[Tensor, " b"]:
        """Tell of which items more was taken off than the least of rows and of columns."""
        rows, columns = ((part[..., 1:] != 0).flatten(1).any(-1) for part in (self.rows, self.columns))
        return rows | columns

    def take(self, items: Tensor) -> "Costs":
        """Return some items of the batch."""
        of_cpu = items.cpu().numpy()
        tensors = "cost", "common", "rows", "columns"
        return self._replace(
            **{name: getattr(self, name)[items] for name in tensors},
            span=self.span[of_cpu],
            invalid=None if self.invalid is None else self.invalid[items],
            forbidding=self.forbidding[of_cpu],
        )


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
    low, span = lowest.cpu().numpy(), (highest - lowest).cpu().numpy()
    finite, invalid, forbidding = bool(np.isfinite(span).all()), None, np.zeros(len(span), dtype=bool)
    if not finite:
        cost, *found, invalid = _without_invalid(cost, lowest, highest)
        low, span, forbidding = (part.cpu().numpy() for part in found)
    each = eps.cpu().numpy()
    require_range(cost, each, fits=finite or bool(np.isfinite(span).all()))
    shared = low * (abs(low) > span)
    common = torch.as_tensor(shared, device=cost.device)
    steep = span > _STEEP * each
    rows, columns = mu[..., None][..., :0], nu[..., None][..., :0]
    if steep.any():
        rest = cost - common[:, None, None]
        least = least_costs(rest, mu, nu, torch.as_tensor(steep, device=cost.device))
        rows, columns = (part.unsqueeze(-1) for part in least)
    if rows.shape[-1] or shared.any():
        cost = take_off(cost, common, rows, columns)
    if empty is not None:
        cost = cost.masked_fill(empty, 0.0)
    if empty is not None or rows.shape[-1]:
        highest = cost.masked_fill(cost == torch.inf, -torch.inf).amax((-2, -1))
        left = highest.clamp(min=0.0) - cost.amin((-2, -1)).clamp(max=0.0)
        forbids = (cost == torch.inf).flatten(1).any(-1)
        changed = steep if empty is None else steep | empty.flatten(1).any(-1).cpu().numpy()
        span = np.where(changed, left.cpu().numpy(), span)
        forbidding = forbidding & forbids.cpu().numpy()
    return Costs(cost, common, rows, columns, span, invalid, forbidding, finite)


def _without_invalid(
    cost: Float[Tensor, "b n m"], lowest: Float[Tensor, " b"], highest: Float[Tensor, " b"]
) -> tuple[Tensor, Tensor, Tensor, Bool[Tensor, " b"], Bool[Tensor, " b"]]:
    """Return costs that are 0 where invalid, their least and range, which forbid, which are invalid."""
    invalid = ~(lowest > -torch.inf) | highest.isnan()
    forbidding = (highest == torch.inf) & ~invalid
    cost = cost.masked_fill(invalid[:, None, None], 0.0)
    highest = cost.masked_fill(cost == torch.inf, -torch.inf).amax((-2, -1))
    lowest = torch.where(invalid, 0.0, lowest)
    span = torch.where(lowest < torch.inf, highest - lowest, 0.0)
    lowest = lowest.masked_fill(lowest == torch.inf, 0.0)
    return cost, lowest, span, forbidding, invalid


def least_costs(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    steep: Bool[Tensor, " b"],
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"]]:
    """Return the least cost of each row, and of each column without those; 0 in items not steep."""
    rows = cost.masked_fill((nu == 0).unsqueeze(-2), torch.inf).amin(-1)
    rows = torch.where((rows < torch.inf) & steep[:, None], rows, 0.0)
    rest = (cost - rows.unsqueeze(-1)).masked_fill((mu == 0).unsqueeze(-1), torch.inf)
    columns = rest.amin(-2)
    return rows, torch.where((columns < torch.inf) & steep[:, None], columns, 0.0)


def used_eps(eps: Float[Tensor, " b"], used: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    """Return the eps that was used: the given one, or a larger one, which does not depend on it."""
    return torch.where(used > eps, used, eps)


def plain_start(
    rows: Float[Tensor, "b n parts"], mu: Float[Tensor, "b n"], eps: Float[Tensor, " b"]
) -> Float[Tensor, "b n"]:
    """Return the u that is 0 for the costs as they were given, up to a constant."""
    if not rows.shape[-1]:
        return torch.zeros_like(mu)
    rows = rows.sum(-1)
    return (rows.amin(-1, keepdim=True) - rows) / eps.unsqueeze(-1)


def warm_u(
    start: Float[Tensor, "b start"],
    rows: Float[Tensor, "b n parts"],
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
    f = torch.where(held, start - rows.sum(-1) if rows.shape[-1] else start, -torch.inf)
    u = (f - f.amax(-1, keepdim=True)) / eps.unsqueeze(-1)
    warm = (u.isfinite() | ~held).all(-1)
    u = torch.where(held, u, 0.0)
    return torch.where(warm.unsqueeze(-1), u, plain).detach(), warm


def take_off(
    cost: Float[Tensor, "b n m"],
    common: Float[Tensor, " b"],
    rows: Float[Tensor, "b n parts"],
    columns: Float[Tensor, "b m parts"],
) -> Float[Tensor, "b n m"]:
    """Return costs without what they have in common, rounded once. It is differentiable."""
    if not rows.shape[-1]:
        return cost - common[:, None, None]
    allowed = cost < torch.inf
    rest = torch.where(allowed, cost, 0.0) - common[:, None, None]
    parts = []
    for row, column in zip(rows.unbind(-1), columns.unbind(-1), strict=True):
        parts += [row.unsqueeze(-1), column.unsqueeze(-2)]
    if len(parts) == 2:
        rest = _rest(rest, parts)
    else:
        # Sums on the way may overflow. A rest that does is far too much to have a mass.
        rest = 4 * _rest(rest / 4, [part / 4 for part in parts])
        rest = rest.clamp(max=torch.finfo(rest.dtype).max)
    return torch.where(allowed, rest, cost)


def _rest(total: Float[Tensor, "b n m"], parts: list[Tensor]) -> Float[Tensor, "b n m"]:
    """Return a total without parts, rounded once: what is lost is summed, and what that loses."""
    lost = less = torch.zeros_like(total[:, :1, :1])
    for part in parts:
        total, more = subtract(total, part)
        lost, more = subtract(lost, -more)
        less = less + more
    lost, more = subtract(lost, -less)
    total, less = subtract(total, -lost)
    return total + (less + more)


def subtract(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return a - b, and what its rounding has lost (Knuth's two-sum)."""
    difference = a - b
    taken = difference - a
    return difference, (a - (difference - taken)) - (b + taken)
