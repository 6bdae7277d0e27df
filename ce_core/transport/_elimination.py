"""A network of resistors eliminated row by row, so that no link is too weak to count.

No step subtracts: what links two rows is a sum of what links them by every way (Grassmann, Taksar and
Heyman), and what flows by these links is kept apart, link by link.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

_UNIT = torch.finfo(torch.float64).eps
# Links below this are none: products of smaller ones underflow.
_FAINT = 1e-280
# Above 0, and less than any sum of links.
_LEAST = torch.finfo(torch.float64).tiny
# How many rows are eliminated before the others hear of it.
_BLOCK = 32
# A group of rows that hangs on the rest by less than this share of its mass gets nothing over that
# link but what is asked for: no rounding.
_LOOSE = 1e-7


class Eliminated(NamedTuple):
    """A network with its rows eliminated, the last first."""

    shares: Float[Tensor, "b n n"]
    """In row k, what share of what flows out of row k goes to each row before it."""
    links: Float[Tensor, "b n"]
    """What links a row with all those before it, once those after it are eliminated; or 0."""
    group: Tensor
    """The first row that each row is connected with, [b, n]."""
    mass: Float[Tensor, "b n"]
    """That of the group of which a row is the first."""
    flow: Float[Tensor, "b n"] | None
    """What flows into a row from all those before it, once those after it are eliminated."""


def eliminate(
    links: Float[Tensor, "b n n"], mass: Float[Tensor, "b n"], between: Float[Tensor, "b n n"] | None
) -> Eliminated:
    """Eliminate the rows; `between` is what flows into a row from each other one, or nothing."""
    n = links.shape[-1]
    linked = links > _FAINT
    links = torch.where(linked, links, 0.0)
    between = None if between is None else torch.where(linked, between, 0.0)
    shares = torch.zeros_like(links)
    for last in range(n, 0, -_BLOCK):
        # The rows of a block are eliminated among themselves, then from all others at once.
        first = max(last - _BLOCK, 0)
        block = slice(first, last)
        for k in range(last - 1, max(first, 1) - 1, -1):
            row = links[:, k, :k]
            total = row.sum(-1, keepdim=True).clamp(min=_LEAST)
            share = torch.div(row, total, out=shares[:, k, :k])
            links[:, first:k, :k].addcmul_(row[:, first:, None], share[:, None, :])
            if between is not None:
                into, near = between[:, k, :k], between[:, first:k, :k]
                near.addcmul_(share[:, first:, None], into[:, None, :])
                near.addcmul_(into[:, first:, None], share[:, None, :], value=-1)
        passed = shares[:, block, :first]
        links[:, :first, :first] += links[:, block, :first].mT @ passed
        if between is not None:
            over = passed.mT @ between[:, block, :first]
            between[:, :first, :first] += over - over.mT
    sums, inflow = links.tril(-1).sum(-1), None if between is None else between.tril(-1).sum(-1)
    group = torch.arange(n, device=mass.device).expand(mass.shape).contiguous()
    for k in range(1, n):
        nearest = group.gather(-1, shares[:, k].argmax(-1, keepdim=True))[:, 0]
        group[:, k] = torch.where(sums[:, k] > 0, nearest, group[:, k])
    of_group = torch.zeros_like(mass).scatter_add(-1, group, mass)
    return Eliminated(shares, sums, group, of_group, inflow)


def differences(
    network: Eliminated,
    mass: Float[Tensor, "b n"],
    right: Float[Tensor, "b n"],
    sizes: Float[Tensor, "b n"],
) -> Float[Tensor, "b n n"]:
    """Return all X_i - X_k, right being what flows into each row, and sizes what it was summed from."""
    shares, links, _, _, inflow = network
    n = right.shape[-1]
    # What is passed on to the rows before: with its sizes, and the mass of what is eliminated.
    passed = torch.stack([right, sizes, mass], -2)
    noise = 8 * n * _UNIT
    for k in range(n - 1, 0, -1):
        right, sizes, held = passed[..., k].unbind(-1)
        loose = links[:, k] < _LOOSE * held
        right.masked_fill_(loose & (right.abs() <= noise * sizes), 0.0)
        passed[..., :k].addcmul_(shares[:, k, None, :k], passed[..., k : k + 1])
    right = passed[:, 0]
    right = right if inflow is None else right + inflow
    lead = torch.where(links > 0, right / links, 0.0)
    found = lead.unsqueeze(-1).expand(shares.shape).tril(-1)
    for first in range(0, n, _BLOCK):
        last = min(first + _BLOCK, n)
        found[:, first:last, :first] += shares[:, first:last, :first] @ found[:, :first, :first]
        for k in range(max(first, 1), last):
            share, row = shares[:, k : k + 1, :k], found[:, k : k + 1, :k]
            row[..., :first].baddbmm_(share[..., first:], found[:, first:k, :first])
            row[..., first:].baddbmm_(share, found[:, :k, first:k])
            torch.neg(row[:, 0], out=found[:, :k, k])
    return found
