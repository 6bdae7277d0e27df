"""log(q / p) of rows, p a softmax, with its digits also where q and p nearly agree."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.probability.differences import add
from ce_core.probability.functionals import NEAR
from ce_core.probability.rowwise import RowFunction, apply_rows, in_blocks
from ce_core.probability.softmax_rows import (
    excess,
    log_jacobian_product,
    log_softmax_kernel,
    softmax_values,
)

# A KL below which the rounding of the logarithms shows in log(q / p), whose square it is.
_ALIKE = 0.004


def target_ratio(q: Tensor, a: Tensor) -> Float[Tensor, "*rows m"]:
    """Return log(q / softmax(a)), 0 where q is 0."""
    result: Tensor = apply_rows(_TargetRatio, q, a)
    return result


def logit_ratio(b: Tensor, a: Tensor) -> Float[Tensor, "*rows m"]:
    """Return log(softmax(b) / softmax(a)), 0 where softmax(b) is 0."""
    result: Tensor = apply_rows(_LogitRatio, b, a)
    return result


class _TargetRatio(RowFunction):
    @staticmethod
    def forward(q: Tensor, a: Tensor) -> Tensor:
        result: Tensor = in_blocks(target_ratio_kernel, q, a)[0]
        return result

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        q, a = ctx.saved_tensors
        by_target = torch.where(q == 0, 0.0, g) / torch.where(q == 0, 1.0, q)
        return by_target, excess(a, g) if ctx.needs_input_grad[1] else None

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (q, a), (dq, da) = inputs, tangents
        return torch.where(q == 0, 0.0, dq) / torch.where(q == 0, 1.0, q) - log_jacobian_product(a, da)


class _LogitRatio(RowFunction):
    @staticmethod
    def forward(b: Tensor, a: Tensor) -> Tensor:
        result: Tensor = in_blocks(logit_ratio_kernel, b, a)[0]
        return result

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        b, a = ctx.saved_tensors
        by_first = excess(b, -g) if ctx.needs_input_grad[0] else None
        return by_first, excess(a, g) if ctx.needs_input_grad[1] else None

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (b, a), (db, da) = inputs, tangents
        return log_jacobian_product(b, db) - log_jacobian_product(a, da)


def target_ratio_kernel(
    q: Tensor, a: Tensor, alike: float = _ALIKE
) -> tuple[Tensor, Float[Tensor, "*rows"]]:
    """Return the ratio, and KL, of a block of rows; with all digits of what is less than `alike`."""
    ratio, value = _ratio_and_value(q, q.log(), a)
    rows = (value.abs() < alike) & (q.sum(-1) > 0)
    if rows.any():
        wide = q[rows].double()
        _put_alike(ratio, value, rows, wide, wide.log(), a)
    return ratio, value


def logit_ratio_kernel(
    b: Tensor, a: Tensor, alike: float = _ALIKE
) -> tuple[Tensor, Float[Tensor, "*rows"]]:
    """Return the ratio, and KL, of a block of rows; with all digits of what is less than `alike`."""
    ratio, value = _ratio_and_value(softmax_values(b), log_softmax_kernel(b), a)
    rows = value.abs() < alike
    if rows.any():
        wide = b[rows].double()
        _put_alike(ratio, value, rows, softmax_values(wide), wide, a)
    return ratio, value


def _ratio_and_value(q: Tensor, log_q: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    ratio = log_q.sub_(log_softmax_kernel(a)).masked_fill_(q == 0, 0.0)
    return ratio, (q * ratio).sum(-1)


def _put_alike(ratio: Tensor, value: Tensor, rows: Tensor, q: Tensor, b: Tensor, a: Tensor) -> None:
    """Write the ratio and KL of the rows where both distributions nearly agree, q = softmax(b) Σq."""
    total = q.sum(-1, keepdim=True)
    found, divergence = _alike(q / total, b, a[rows].double())
    ratio[rows] = (found + total.log()).masked_fill_(q == 0, 0.0).to(ratio.dtype)
    # A sum that is off by rounding only counts as 1.
    off = (total - 1).abs() > 32 * torch.finfo(value.dtype).eps
    value[rows] = (
        (total * (divergence + torch.where(off, total.log(), 0.0))).squeeze(-1).to(value.dtype)
    )


def _alike(q: Tensor, b: Tensor, a: Tensor) -> tuple[Tensor, Float[Tensor, "rows 1"]]:
    """Return log(q / p) and KL of q = softmax(b) and p = softmax(a), by d = a - b up to a constant.

    With E_q[d] = 0, KL = log E_q[e^d] = log(1 + E_q[e^d - 1 - d]), of which no term is below 0, and
    log(q / p) = KL - d. A class that q excludes, or all but excludes, adds what it has of p.
    """
    excluded = q == 0
    winner = q.argmax(-1, keepdim=True)
    gap, lost = add(a.masked_fill(excluded, 0.0), -b.masked_fill(excluded, 0.0))
    gap = (gap - gap.gather(-1, winner)) + (lost - lost.gather(-1, winner))
    mean = (q * gap).sum(-1, keepdim=True)
    x = gap - mean
    # x²/2 + x³/6 + ...
    series = torch.zeros_like(x)
    for power in range(9, 1, -1):
        series = 1 / math.factorial(power) + x * series
    over = q * torch.where(x.abs() < NEAR, x * x * series, torch.expm1(x) - x)
    outside = q.gather(-1, winner) * torch.exp(a - a.gather(-1, winner) - mean)
    # The rounding of a large d would be that of e^d.
    terms = torch.where(excluded | (x > 1), outside - q * (1 + x), over)
    divergence = torch.log1p(terms.sum(-1, keepdim=True))
    return divergence - x, divergence
