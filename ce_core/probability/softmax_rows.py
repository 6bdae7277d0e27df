"""The softmax of rows in the dtype it is given, its derivatives, and p - q without cancellation.

Everything here takes float32 or float64 and can be differentiated, mapped and compiled; public
functions check, widen and round.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core._surroundings import softmax_pullback
from ce_core.probability.differences import kept_digits
from ce_core.probability.known import Known, saved_unless_changed
from ce_core.probability.rowwise import (
    RowFunction,
    all_finite,
    apply_rows,
    in_blocks,
    is_plain,
    scaled,
)

# From so many entries on, torch's softmax adds them up one after another for too long.
_LONG = 1 << 13
# Nearer to 0, the rounding of a difference would show in a log p.
_SURE = 0.25


def softmax_values(a: Float[Tensor, "*rows m"], out: Tensor | None = None) -> Float[Tensor, "*rows m"]:
    """Return p without a gradient; long rows are added up in pairs. It may be written into `out`."""
    if a.shape[-1] < _LONG:
        return torch.softmax(a, -1, out=out)
    powers = torch.exp(a - a.amax(-1, keepdim=True))
    return powers.div_(powers.sum(-1, keepdim=True))


def log_softmax_values(
    a: Float[Tensor, "*rows m"], out: Tensor | None = None
) -> Float[Tensor, "*rows m"]:
    """Return log p without a gradient, with an absolute error of some roundings of 1."""
    if a.shape[-1] < _LONG:
        return torch.log_softmax(a, -1, out=out)
    gap = a - a.amax(-1, keepdim=True)
    return gap.sub_(gap.exp().sum(-1, keepdim=True).log_())


def softmax_rows(a: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return p."""
    p: Tensor = apply_rows(_Softmax, a)
    return p


class _Softmax(RowFunction):
    @staticmethod
    def forward(a: Tensor) -> Tensor:
        return softmax_values(a)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        RowFunction.setup_context(ctx, inputs, output)
        ctx.known = Known(output, returned=True)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return jacobian_product_of_record(ctx, g)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return jacobian_product(inputs[0], tangents[0])


def jacobian_product_of_record(ctx: Any, g: Tensor) -> Tensor:
    """Return J g of the softmax that a function returned, and keeps as `ctx.known`."""
    saved = saved_unless_changed(ctx, ctx.known)
    if saved is not None:
        return jacobian_product(saved[0], g, ctx.known)
    product: Tensor = in_blocks(_jacobian_product_kernel, ctx.known.values(), g, entrywise=True)
    return product


def jacobian_product(
    a: Float[Tensor, "*rows m"], v: Float[Tensor, "*rows m"], known: Known | None = None
) -> Tensor:
    """Return J v. No digits go where p is 1. The softmax is not computed again where it is known."""
    if is_plain(a, v):
        product: Tensor
        p = None if known is None else known.values()
        if p is None:
            product = in_blocks(jacobian_product_kernel_of_logits, a, v, entrywise=True)
        else:
            product = in_blocks(_jacobian_product_kernel, p, v, entrywise=True)
        return product
    return _centred_product(softmax_rows(a), v, a.argmax(-1, keepdim=True))


def _centred_product(p: Tensor, v: Tensor, winner: Tensor) -> Tensor:
    p, centred = _that_moves(p, v), v - v.gather(-1, winner)
    # 0 times -inf is 0 here: a class that cannot happen.
    centred = torch.where((p == 0) & (centred == -torch.inf), 0.0, centred)
    return p * (centred - (p * centred).sum(-1, keepdim=True))


def _that_moves(p: Tensor, v: Tensor) -> Tensor:
    """Return p, 0 where it is NaN but moved by nothing: such a row may be one that does not count."""
    return torch.where(p.isnan() & (v == 0).all(-1, keepdim=True), 0.0, p)


def jacobian_product_kernel_of_logits(a: Tensor, v: Tensor, out: Tensor | None) -> Tensor:
    """Return J v of a block of rows."""
    return _jacobian_product_kernel(softmax_values(a), v, out)


def _jacobian_product_kernel(p: Tensor, v: Tensor, out: Tensor | None) -> Tensor:
    if p.shape[-1] < _LONG:
        product = softmax_pullback(p, v, out)
    else:
        product = p * (v - (p * v).sum(-1, keepdim=True))
    # It sums to 0 but for what the mean of v is off by, which may be all of the entry where p is 1.
    # Where v has an offset, the first time leaves a rounding of it.
    surplus = product.sum(-1, keepdim=True)
    product.addcmul_(p, surplus, value=-1)
    product.addcmul_(p, product.sum(-1, keepdim=True), value=-1)
    if not all_finite(surplus):
        lost = ~surplus.isfinite().squeeze(-1)
        rest = p[lost]
        product[lost] = _centred_product(rest, v[lost], rest.argmax(-1, keepdim=True))
    return product


def excess(a: Float[Tensor, "*#rows m"], q: Float[Tensor, "*#rows m"]) -> Float[Tensor, "*rows m"]:
    """Return (Σq) p - q."""
    result: Tensor = apply_rows(Excess, a, q)
    return result


class Excess(RowFunction):
    """(Σq) p - q of any q."""

    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        """Compute it."""
        result: Tensor = in_blocks(excess_kernel, a, q, entrywise=True)
        return result

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return the derivatives asked for."""
        a, q = ctx.saved_tensors
        by_logits = by_target = None
        if ctx.needs_input_grad[0]:
            by_logits = scaled(jacobian_product(a, g), q.sum(-1, keepdim=True))
        if ctx.needs_input_grad[1]:
            by_target = -log_jacobian_product(a, g)
        return by_logits, by_target

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        """Return the tangent."""
        (a, q), (da, dq) = inputs, tangents
        return q.sum(-1, keepdim=True) * jacobian_product(a, da) + excess(a, dq)


def excess_kernel(a: Tensor, q: Tensor, out: Tensor | None) -> Tensor:
    """Return (Σq) p - q of a block of rows."""
    p, total = softmax_values(a), q.sum(-1, keepdim=True)
    return kept_digits(torch.mul(p, total, out=out).sub_(q), p, a, q, total.abs())


def log_softmax_rows(a: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return log p."""
    result: Tensor = apply_rows(_LogSoftmax, a)
    return result


class _LogSoftmax(RowFunction):
    @staticmethod
    def forward(a: Tensor) -> Tensor:
        result: Tensor = in_blocks(log_softmax_kernel, a, entrywise=True)
        return result

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (a,) = ctx.saved_tensors
        return -excess(a, g)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return log_jacobian_product(inputs[0], tangents[0])


def log_jacobian_product(a: Float[Tensor, "*rows m"], v: Float[Tensor, "*rows m"]) -> Tensor:
    """Return v - p·v, the tangent of log p."""
    centred = v - v.gather(-1, a.argmax(-1, keepdim=True))
    return centred - (_that_moves(softmax_rows(a), v) * centred).sum(-1, keepdim=True)


def log_softmax_kernel(a: Tensor, out: Tensor | None = None) -> Tensor:
    """Return log p of a block of rows."""
    result = log_softmax_values(a, out)
    if not result.numel() or result.amax().item() < -_SURE:
        return result
    # A log p near 0 has digits of its own.
    p, winner = result.exp(), (result >= -_SURE).to(result.dtype)
    others = p.addcmul_(p, winner, value=-1).sum(-1, keepdim=True).clamp_(max=0.5)
    return result.mul_(1 - winner).addcmul_(winner, torch.log1p(-others))


def centre_logits(
    a: Float[Tensor, "*rows m"],
) -> tuple[Float[Tensor, "*rows m"], Float[Tensor, "*rows 1"]]:
    """Return (a - max a) / 2 and log Σ exp(a - max a), neither of which overflows.

    The difference of two representable logits need not be representable; half of it always is.
    """
    winner = a.argmax(-1, keepdim=True)
    half_gap = 0.5 * a - 0.5 * a.gather(-1, winner)
    others = torch.exp(2 * half_gap).scatter(-1, winner, 0.0)
    # NaN must come out of a row without a softmax, and the scatter may have covered the only one.
    total = others.sum(-1, keepdim=True) + half_gap.gather(-1, winner)
    return half_gap, torch.log1p(total)


def residual(a: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return J a, from logits measured from the largest and -inf counted as 0 where p is 0."""
    if is_plain(a):
        product: Tensor = in_blocks(_residual_kernel, a, entrywise=True)
        return product
    a, lost = lost_apart(a)
    return torch.where(lost, torch.nan, jacobian_product(a, gaps(a)))


def lost_apart(
    a: Float[Tensor, "*rows m"],
) -> tuple[Float[Tensor, "*rows m"], Bool[Tensor, "*rows 1"]]:
    """Return logits with 0 in rows without a softmax, whose NaN no derivative is to meet, and which."""
    lost = ~a.detach().amax(-1, keepdim=True).isfinite()
    return torch.where(lost, 0.0, a), lost


def _residual_kernel(a: Tensor, out: Tensor | None) -> Tensor:
    return _jacobian_product_kernel(softmax_values(a), gaps(a), out)


def gaps(a: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return a - max a; an offset is no part of the derivative."""
    return a - a.detach().amax(-1, keepdim=True)
