"""Sinkhorn's iteration in differentiable operations, none of which looks at a value."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core.transport._offsets import take_off, used_eps, warm_u
from ce_core.transport._problem import within_reach
from ce_core.transport._solution import Found
from ce_core.transport.status import SinkhornStatus

# Exponentials beyond this would overflow; only what has no weight gets there.
_LARGEST = 700.0


def unroll(
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: Float[Tensor, " b"],
    start: Float[Tensor, "b start"],
    found: Found,
) -> Found:
    """Return what was found as the outcome of differentiable iterations.

    Items without a plan keep what was found, which has no derivatives.
    """
    status = found.status
    good = (status != int(SinkhornStatus.INFEASIBLE)) & (status != int(SinkhornStatus.INVALID))
    eps = used_eps(eps, found.eps)
    reduced = within_reach(take_off(cost, found.common, found.rows, found.columns), eps)
    allowed = (reduced < torch.inf) & good[:, None, None]
    reduced = torch.where(good[:, None, None], reduced, 0.0)
    steps = found.errors.shape[-1]
    first, _ = warm_u(start, found.rows, mu, eps)
    u, v = _iterate(reduced, mu, nu, eps, first, found.n_iter, steps=steps)
    reduced = torch.where(allowed, reduced, 0.0)
    exponent = u.unsqueeze(-1) + v.unsqueeze(-2) - reduced / eps[:, None, None]
    f, g = eps[:, None] * u, eps[:, None] * v
    weight = (mu.unsqueeze(-1) * nu.unsqueeze(-2)).masked_fill(~allowed, 0.0)
    # Only pairs without mass can have so large an exponent.
    plan = weight * exponent.clamp(max=_LARGEST).exp()
    rows, columns = plan.sum(-1), plan.sum(-2)
    # The mass, and with a fixed count the rows, are exact: what they have in common is no variable.
    value = (rows * f).sum(-1) + (columns * g).sum(-1) + found.common
    if found.rows.shape[-1]:
        value = value + (mu * found.rows.sum(-1)).sum(-1)
        value = value + (columns * found.columns.sum(-1)).sum(-1)
    moved = {
        "f": f,
        "g": g,
        "plan": plan,
        "transport_cost": (plan * torch.where(allowed, cost, 0.0)).sum((-2, -1)),
        "entropic_value": value,
    }
    kept = {
        name: torch.where(
            good.reshape(-1, *[1] * (part.ndim - 1)),
            # Of the value found, which is rounded less, with the derivative of this one.
            getattr(found, name).detach() + (part - part.detach()),
            getattr(found, name).detach(),
        )
        for name, part in moved.items()
    }
    return found._replace(**kept)


def _iterate(
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
        next_v = -log_sums(log_kernel.mT, mu, u)
        next_u = -log_sums(log_kernel, nu, next_v)
        v, u = torch.where(moving, next_v, v), torch.where(moving, next_u, u)
    return u, v


def log_sums(
    log_kernel: Float[Tensor, "b n m"],
    weights: Float[Tensor, "b m"],
    u: Float[Tensor, "b m"],
    *,
    flat: Bool[Tensor, " b"] | None = None,
) -> Float[Tensor, "b n"]:
    """Return log Σ_j weights_j exp(log_kernel_ij + u_j), with its derivative also at weights of 0.

    Where no pair is allowed it is 0. In items that are `flat` it keeps the digits of small exponents.
    """
    exponent = log_kernel + u.unsqueeze(-2)
    weight = weights.unsqueeze(-2)
    top = torch.where(weight > 0, exponent, -torch.inf).amax(-1, keepdim=True).detach()
    top = torch.where(top > -torch.inf, top, 0.0)
    sums = (weight * (exponent - top).clamp(max=_LARGEST).exp()).sum(-1)
    allowed = sums > 0
    logs = torch.where(allowed, top.squeeze(-1) + torch.where(allowed, sums, 1.0).log(), 0.0)
    if flat is None:
        return logs
    small = flat[:, None] & (exponent.abs() < 1).all(-1)
    total = torch.where(small, weights.sum(-1, keepdim=True), 1.0)
    raised = (weight * torch.where(small.unsqueeze(-1), exponent, 0.0).expm1()).sum(-1)
    return torch.where(small, total.log() + (raised / total).log1p(), logs)
