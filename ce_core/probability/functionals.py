"""Entropy and divergence of rows of distributions.

All take float32 or float64. A value that is small is computed from terms that are >= 0.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.probability.rowwise import (
    RowFunction,
    all_between,
    all_finite,
    apply_rows,
    in_blocks,
    is_plain,
    scaled,
)

# Below it, a divergence is added up again from terms that do not cancel.
SMALL = 0.1
# Below it, a series has the digits that a difference loses.
NEAR = 0.01
# How far below 0 rounding takes what cannot be negative of distributions; half types round by as much.
_ROUNDING = 0.01
# How far off 1 rounding takes a sum. Half types are computed in float32.
_OFF = {torch.float32: 0.012, torch.float64: 1e-14}


def entropy_rows(p: Tensor) -> Float[Tensor, "*rows"]:
    """Return H(p)."""
    result: Tensor = apply_rows(_Entropy, p)
    return result


def kl_rows(q: Tensor, p: Tensor) -> Float[Tensor, "*rows"]:
    """Return KL(q‖p)."""
    result: Tensor = apply_rows(_Divergence, q, p)
    return result


def log_or_zero(p: Tensor) -> Tensor:
    """Return log p, 0 where p is 0."""
    return torch.where(p == 0, 1.0, p).log()


def masked_log(p: Tensor) -> Tensor:
    """Return log p, -inf with derivative 0 where p is 0."""
    return torch.where(p == 0, -torch.inf, log_or_zero(p))


def not_negative(values: Tensor, *weights: Tensor) -> Tensor:
    """Return what rounding has left below 0 as 0; of weights that do not sum to 1 it is no rounding."""
    low = (values <= 0) & (values > -_ROUNDING)
    if not low.any():
        return values
    for rows in weights:
        off = (rows.sum(-1) - 1).abs()
        low &= (values == 0) | (off <= _OFF[rows.dtype] + rows.shape[-1] * torch.finfo(rows.dtype).eps)
    return torch.where(low, 0.0, values)


def entropy_values(p: Tensor) -> Float[Tensor, "*rows"]:
    """Return H(p) without a gradient."""
    value: Tensor = in_blocks(_entropy_kernel, p)
    return value


class _Entropy(RowFunction):
    @staticmethod
    def forward(p: Tensor) -> Tensor:
        return entropy_values(p)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return scaled(entropy_slope(*ctx.saved_tensors), g.unsqueeze(-1))

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return (entropy_slope(*inputs) * tangents[0]).sum(-1)


def _entropy_kernel(p: Tensor) -> Tensor:
    value = (p * p.log()).sum(-1).neg_()
    if all_between(value, 0.0, torch.inf):
        return value
    return not_negative(-(p * log_or_zero(p)).sum(-1), p)


def entropy_slope(p: Tensor) -> Tensor:
    """Return dH/dp, 0 where it is infinite."""
    slope: Tensor = apply_rows(_EntropySlope, p)
    return slope


class _EntropySlope(RowFunction):
    @staticmethod
    def forward(p: Tensor) -> Tensor:
        result: Tensor = in_blocks(_entropy_slope_kernel, p, entrywise=True)
        return result

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        RowFunction.setup_context(ctx, inputs, output)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, g: Tensor | None) -> Tensor | None:
        if g is None:
            return None
        (p,) = ctx.saved_tensors
        return torch.where(p == 0, 0.0, -g / torch.where(p == 0, 1.0, p))

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (p,), (v,) = inputs, tangents
        return torch.where(p == 0, 0.0, -v / torch.where(p == 0, 1.0, p))


def _entropy_slope_kernel(p: Tensor, out: Tensor | None) -> Tensor:
    if p.numel() and p.amin().item() > 0:
        return torch.log(p, out=out).add_(1.0).neg_()
    return -(log_or_zero(p) + (p != 0))


def kl_values(q: Tensor, p: Tensor) -> Float[Tensor, "*rows"]:
    """Return KL(q‖p) without a gradient."""
    value: Tensor = in_blocks(_divergence_kernel, q, p)
    return value


class _Divergence(RowFunction):
    @staticmethod
    def forward(q: Tensor, p: Tensor) -> Tensor:
        return kl_values(q, p)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        q, p = ctx.saved_tensors
        g = g.unsqueeze(-1)
        by_first = scaled(kl_slope_of_first(q, p), g) if ctx.needs_input_grad[0] else None
        by_second = scaled(_ratio(q, p), -g) if ctx.needs_input_grad[1] else None
        return by_first, by_second

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (q, p), (dq, dp) = inputs, tangents
        ratio = dp / torch.where((q == 0) & (p == 0), 1.0, p)
        return (kl_slope_of_first(q, p) * dq - q * ratio).sum(-1)


def _ratio(q: Tensor, p: Tensor) -> Tensor:
    """Return q / p, of what is finite where both are 0."""
    if is_plain(q, p):
        ratio = q / p
        if all_finite(ratio):
            return ratio
    return q / torch.where((q == 0) & (p == 0), 1.0, p)


def _divergence_kernel(q: Tensor, p: Tensor) -> Tensor:
    value = q.log().sub_(p.log()).mul_(q).sum(-1)
    if all_between(value, SMALL, torch.inf):
        return value
    if not all_finite(value):
        value = (q * (log_or_zero(q) - torch.where((q == 0) & (p == 0), 1.0, p).log())).sum(-1)
    rows = value.abs() < SMALL
    if rows.any():
        value[rows] = _near_divergence(q[rows], p[rows])
    return not_negative(value, q, p)


def kl_slope_of_first(q: Tensor, p: Tensor) -> Tensor:
    """Return dKL/dq = log(q / p) + 1, of what is finite where q is 0."""
    log_p = torch.where((q == 0) & (p == 0), 1.0, p).log()
    return log_or_zero(q) - log_p + (q != 0)


def within_range(slope: Tensor) -> Tensor:
    """Return a derivative, that which is infinite as the largest number."""
    limit = torch.finfo(slope.dtype).max
    return slope.clamp(-limit, limit)


def kl_slope_of_second(q: Tensor, p: Tensor) -> Tensor:
    """Return dKL/dp = -q/p, held constant where its own derivative is beyond the dtype."""
    if is_plain(q, p):
        return -_ratio(q, p)
    p = torch.where((q == 0) & (p == 0), 1.0, p)
    return -q / torch.where(p < torch.finfo(p.dtype).tiny ** 0.5, p.detach(), p)


def _near_divergence(q: Tensor, p: Tensor) -> Tensor:
    """Return Σ q (x - log(1 + x)) + Σ(q - p) with x = (p - q) / q: no term is below 0."""
    # It overflows where q is subnormal.
    x = torch.where(q == 0, 0.0, (p - q) / torch.where(q == 0, 1.0, q))
    # x²/2 - x³/3 + ...
    series = torch.zeros_like(x)
    for power in range(9, 1, -1):
        series = (-1) ** power / power + x * series
    # Near x = -1 its digits are gone, and those of p with them.
    log_ratio = torch.where(x.abs() > 0.5, log_or_zero(p) - log_or_zero(q), torch.log1p(x))
    log_ratio = torch.where((p == 0) & (q > 0), -torch.inf, log_ratio)
    terms = torch.where(x.abs() < NEAR, q * (x * x * series), (p - q) - q * log_ratio)
    return torch.where(q == 0, p, terms).sum(-1) + (q - p).sum(-1)
