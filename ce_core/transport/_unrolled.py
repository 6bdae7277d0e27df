"""Sinkhorn's iteration in differentiable operations, none of which looks at a value."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

# Exponentials beyond this would overflow; only what has no weight gets there.
_LARGEST = 700.0


def iterate_differentiably(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    start: Float[Tensor, "b n"],
    n_iter: Int[Tensor, " b"],
    *,
    steps: int,
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"]]:
    """Return u and v after as many iterations as each item has, at most `steps`."""
    log_kernel = cost / -eps[:, None, None]
    u, v = start, torch.zeros_like(nu)
    for step in range(steps):
        moving = (n_iter > step).unsqueeze(-1)
        next_v = -_log_sums(log_kernel.mT, mu, u)
        next_u = -_log_sums(log_kernel, nu, next_v)
        v, u = torch.where(moving, next_v, v), torch.where(moving, next_u, u)
    return u, v


def _log_sums(
    log_kernel: Float[Tensor, "b n m"], weights: Float[Tensor, "b m"], u: Float[Tensor, "b m"]
) -> Float[Tensor, "b n"]:
    """Return log Σ_j weights_j exp(log_kernel_ij + u_j), with its derivative also at weights of 0.

    Where no pair is allowed it is 0.
    """
    exponent = log_kernel + u.unsqueeze(-2)
    weight = weights.unsqueeze(-2)
    top = torch.where(weight > 0, exponent, -torch.inf).amax(-1, keepdim=True).detach()
    top = torch.where(top > -torch.inf, top, 0.0)
    sums = (weight * (exponent - top).clamp(max=_LARGEST).exp()).sum(-1)
    allowed = sums > 0
    return torch.where(allowed, top.squeeze(-1) + torch.where(allowed, sums, 1.0).log(), 0.0)
