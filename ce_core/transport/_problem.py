"""What a transport problem is: a cost and two marginals, checked, and a batch of them."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core._arguments import ArrayLike, floating, require_matrices

# Marginals that were rounded to a half type, or summed in another order, still count as sums of 1.
_MASS_TOLERANCE = 1e-2
_LEAST_WEIGHT = 1e-300


class Problem(NamedTuple):
    """A batch of transport problems, each with an eps of its own. A cost of +inf forbids a pair."""

    cost: Float[Tensor, "b n m"]
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]
    eps: Float[Tensor, " b"]
    forbidding: Bool[Tensor, " b"]
    """Which items forbid a pair."""

    def take(self, items: Tensor) -> "Problem":
        """Return some items of the batch."""
        return self if len(items) == len(self.mu) else Problem(*(part[items] for part in self))

    def log_kernel(self) -> Float[Tensor, "b n m"]:
        """Return -cost/eps, a new array."""
        return self.cost / -self.eps[:, None, None]


class Costs(NamedTuple):
    """The costs of a batch as they are iterated on, and what was taken out of them."""

    cost: Float[Tensor, "b n m"]
    """Without `common`; 0 where the item is invalid."""
    common: Float[Tensor, " b"]
    """What all costs of an item have in common, where that is more than what tells them apart."""
    allowed: Float[Tensor, "b n m"]
    """With what they have in common, and 0 where a pair is forbidden."""
    span: Float[Tensor, " b"]
    """The range of the costs of the pairs that are allowed."""
    invalid: Bool[Tensor, " b"]
    """Which items hold NaN or -inf."""
    forbidding: Bool[Tensor, " b"]
    """Which items forbid a pair."""


def prepare_costs(cost: Float[Tensor, "b n m"]) -> Costs:
    """Look through costs in float64: their range, what is not finite, what all have in common."""
    lowest, highest = cost.detach().amin((-2, -1)), cost.detach().amax((-2, -1))
    allowed, span = cost, highest - lowest
    invalid = forbidding = torch.zeros_like(span, dtype=torch.bool)
    if not span.isfinite().all():
        invalid = ~(lowest > -torch.inf) | highest.isnan()
        forbidding = (highest == torch.inf) & ~invalid
        cost = cost.masked_fill(invalid[:, None, None], 0.0)
        allowed = cost.masked_fill(cost == torch.inf, 0.0)
        highest = cost.detach().masked_fill(cost == torch.inf, -torch.inf).amax((-2, -1))
        lowest = torch.where(invalid, 0.0, lowest)
        span = torch.where(lowest < torch.inf, highest - lowest, 0.0)
        lowest = lowest.masked_fill(lowest == torch.inf, 0.0)
    # What all costs have in common costs digits, and moves nothing but g.
    common = torch.where(lowest.abs() > span, lowest, 0.0)
    cost = cost - common[:, None, None] if common.any() else cost
    return Costs(cost, common, allowed, span, invalid, forbidding)


def as_marginal(
    name: str, values: Tensor | ArrayLike | None, cost: Tensor, size: int
) -> Float[Tensor, "*batch size"]:
    """Return a marginal in float64 with sum 1, or raise naming what is wrong with it."""
    if values is None:
        return torch.full((size,), 1 / size, dtype=torch.float64, device=cost.device)
    weights, _ = floating(**{name: values, "cost": cost})
    weights = weights.double()
    if weights.shape[-1] != size or weights.shape[:-1] not in ((), cost.shape[:-2]):
        raise ValueError(
            f"{name} must have shape [{size}] or {(*cost.shape[:-2], size)}, "
            f"got shape {tuple(weights.shape)}"
        )
    total = weights.sum(-1, keepdim=True)
    lowest = weights.detach().min().item() if weights.numel() else 0.0
    if not math.isfinite(lowest) or lowest < 0:
        raise ValueError(f"{name} must be finite and >= 0, got {lowest}")
    if not ((total - 1).abs() <= _MASS_TOLERANCE).all():
        worst = total.flatten()[(total - 1).abs().nan_to_num(torch.inf).argmax()].item()
        raise ValueError(f"{name} must sum to 1, got {worst}")
    if lowest < _LEAST_WEIGHT:
        # A product with such a weight is rounded to 0, or to few digits.
        weights = weights.masked_fill((weights > 0) & (weights < _LEAST_WEIGHT), 0.0)
    return weights / total


def as_problem(
    cost: Tensor | ArrayLike, mu: Tensor | ArrayLike | None, nu: Tensor | ArrayLike | None
) -> tuple[Float[Tensor, "n m"], Float[Tensor, " n"], Float[Tensor, " m"]]:
    """Return the cost and both marginals in float64, without their history, uniform if not given."""
    (cost,) = floating(torch.float64, cost=cost)
    if cost.ndim != 2:
        raise ValueError(f"cost must have shape [n, m], got shape {tuple(cost.shape)}")
    require_matrices("cost", cost)
    wide = cost.detach().double()
    rows, columns = (
        as_marginal(name, values, wide, size).detach()
        for name, values, size in (("mu", mu, wide.shape[0]), ("nu", nu, wide.shape[1]))
    )
    return wide, rows, columns


def without_offset(cost: Float[Tensor, "*batch n m"]) -> Float[Tensor, "*batch n m"]:
    """Return costs of which the least is 0: what all have in common costs digits, and moves no plan."""
    lowest = cost.detach().amin((-2, -1), keepdim=True)
    return cost - lowest.masked_fill(lowest == torch.inf, 0.0)
