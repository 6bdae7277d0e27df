"""What the functions of this room do with their arrays."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._options import require_per_item
from ce_core._surroundings import require_unbatched


def as_costs(name: str, values: Tensor | ArrayLike) -> Float[Tensor, "*batch n m"]:
    """Return matrices in float64 on the CPU, without their history."""
    (matrices,) = floating(torch.float64, **{name: values})
    require_matrices(name, matrices)
    require_unbatched(name, matrices)
    return matrices.detach().to("cpu", torch.float64)


def as_cost(name: str, values: Tensor | ArrayLike) -> Float[Tensor, "n m"]:
    """Return one matrix in float64 on the CPU, without its history."""
    matrix = as_costs(name, values)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have shape [n, m], got shape {tuple(matrix.shape)}")
    return matrix


def items_of(cost: Float[Tensor, "*batch n m"]) -> Iterator[Float[Tensor, "n m"]]:
    """Yield the matrices of a batch."""
    yield from cost.reshape(-1, *cost.shape[-2:])


def half_range(cost: Float[Tensor, "n m"]) -> float:
    """Return half the range of the allowed costs, which never overflows; NaN for NaN or -inf."""
    if cost.isnan().any() or (cost == -torch.inf).any():
        return torch.nan
    allowed = cost[cost < torch.inf]
    return (allowed.max() / 2 - allowed.min() / 2).item() if len(allowed) else 0.0


def as_eps_per_item(
    eps: Tensor | ArrayLike, cost: Float[Tensor, "*batch n m"]
) -> tuple[Float[Tensor, "*shared n m"], Float[Tensor, "*shared"]]:
    """Return costs and their eps, broadcast to one batch, or raise naming eps."""
    each = require_per_item("eps", eps, cost.device)
    require_unbatched("eps", each)
    each = each.detach().cpu()
    wrong = ~(each.isfinite() & (each > 0))
    if wrong.any():
        raise ValueError(f"eps must be finite and > 0, got {each[wrong].flatten()[0].item()!r}")
    try:
        batch = np.broadcast_shapes(cost.shape[:-2], each.shape)
    except ValueError:
        raise ValueError(
            f"eps must be one number or broadcast with the batch, of shape "
            f"{tuple(cost.shape[:-2])}, got shape {tuple(each.shape)}"
        ) from None
    return cost.expand(*batch, *cost.shape[-2:]), each.expand(batch)
