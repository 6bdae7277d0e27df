"""The softmax of rows in the dtype it is given, its derivatives, and p - q without cancellation.

Everything here takes float32 or float64 and can be differentiated, mapped and compiled; public
functions check, widen and round.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.probability.rowwise import RowFunction, all_between, apply_rows, in_blocks, is_plain

# From so many entries on, torch's softmax adds them up one after another for too long.
_LONG = 1 << 13
# So few that to tell the rows apart costs more than to take care of all.
_FEW = 1 << 13
# Nearer to 0, the rounding of a difference would show in a log p.
_SURE = 0.25


def softmax_values(a: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return p without a gradient; long rows are added up in pairs."""
    if a.shape[-1] < _LONG:
        return torch.softmax(a, -1)
    powers = torch.exp(a - a.amax(-1, keepdim=True))
    return powers.div_(powers.sum(-1, keepdim=True))


def log_softmax_values(a: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return log p without a gradient, with an absolute error of some roundings of 1."""
    if a.shape[-1] < _LONG:
        return torch.log_softmax(a, -1)
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
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (a,) = ctx.saved_tensors
        return jacobian_product(a, g)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return jacobian_product(inputs[0], tangents[0])


def jacobian_product(a: Float[Tensor, "*rows m"], v: Float[Tensor, "*rows m"]) -> Tensor:
    """Return J v, with v measured from its entry at the largest logit: no digits go where p is 1."""
    if not torch.compiler.is_compiling() and is_plain(a, v):
        product: Tensor = in_blocks(_jacobian_product_kernel, a, v.expand(a.shape))
        return product
    winner = a.argmax(-1, keepdim=True)
    centred = v - v.gather(-1, winner)
    p = softmax_rows(a)
    # 0 times -inf is 0 here: a class that cannot happen.
    centred = torch.where((p == 0) & (centred == -torch.inf), 0.0, centred)
    return p * (centred - (p * centred).sum(-1, keepdim=True))


def _jacobian_product_kernel(a: Tensor, v: Tensor) -> Tensor:
    top, winner = a.max(-1, keepdim=True)
    p = (a - top).exp_()
    p.div_(p.sum(-1, keepdim=True))
    centred = v - v.gather(-1, winner)
    mean = (p * centred).sum(-1, keepdim=True)
    if not all_between(mean, -torch.inf, torch.inf):
        centred = torch.where((p == 0) & (centred == -torch.inf), 0.0, centred)
        mean = (p * centred).sum(-1, keepdim=True)
    return centred.sub_(mean).mul_(p)


def excess(a: Float[Tensor, "*#rows m"], q: Float[Tensor, "*#rows m"]) -> Float[Tensor, "*rows m"]:
    """Return (Σq) p - q. Where p_i >= 1/2 it is minus the sum of the other entries."""
    result: Tensor = apply_rows(Excess, a, q)
    return result


class Excess(RowFunction):
    """(Σq) p - q of any q."""

    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        """Compute it."""
        result: Tensor = in_blocks(excess_kernel, a, q)
        return result

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return the derivatives asked for."""
        a, q = ctx.saved_tensors
        by_logits = by_target = None
        if ctx.needs_input_grad[0]:
            by_logits = q.sum(-1, keepdim=True) * jacobian_product(a, g)
        if ctx.needs_input_grad[1]:
            by_target = (softmax_rows(a) * g).sum(-1, keepdim=True) - g
        return by_logits, by_target

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        """Return the tangent."""
        (a, q), (da, dq) = inputs, tangents
        return q.sum(-1, keepdim=True) * jacobian_product(a, da) + excess(a, dq)


def excess_kernel(a: Tensor, q: Tensor) -> Tensor:
    """Return (Σq) p - q of a block of rows."""
    _, p, top = softmax_of_block(a)
    return balance_winner((p * q.sum(-1, keepdim=True)).sub_(q), p, top)


def softmax_of_block(
    a: Float[Tensor, "rows m"],
) -> tuple[Float[Tensor, "rows m"], Float[Tensor, "rows m"], Float[Tensor, "rows 1"]]:
    """Return a - max a, p, and the largest p of each row, without a gradient."""
    gap = a - a.amax(-1, keepdim=True)
    powers = gap.exp()
    top = powers.sum(-1, keepdim=True).reciprocal_()
    return gap, powers.mul_(top), top


def balance_winner(
    entries: Float[Tensor, "rows m"],
    p: Float[Tensor, "rows m"],
    top: Float[Tensor, "rows 1"],
    total: Float[Tensor, "rows 1"] | float = 0.0,
) -> Float[Tensor, "rows m"]:
    """Make rows that are sure of a class sum to the total, by the entry of that class. In place.

    What a row misses is the rounding of that entry, a difference of numbers near 1.
    """
    # The largest is NaN where one is, and others may be sure all the same.
    if not top.numel() or top.max().item() < 0.5:
        return entries
    missed = (total - entries.sum(-1, keepdim=True)).masked_fill_(top < 0.5, 0.0)
    return entries.scatter_add_(-1, p.max(-1, keepdim=True).indices, missed)


def log_softmax_rows(a: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return log p."""
    result: Tensor = apply_rows(_LogSoftmax, a)
    return result


class _LogSoftmax(RowFunction):
    @staticmethod
    def forward(a: Tensor) -> Tensor:
        result: Tensor = in_blocks(_log_softmax_kernel, a)
        return result

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (a,) = ctx.saved_tensors
        return -excess(a, g)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (a,), (v,) = inputs, tangents
        centred = v - v.gather(-1, a.argmax(-1, keepdim=True))
        return centred - (softmax_rows(a) * centred).sum(-1, keepdim=True)


def _log_softmax_kernel(a: Tensor) -> Tensor:
    if a.numel() < _FEW:
        half_gap, log_total = centre_logits(a)
        return 2 * half_gap - log_total
    result = log_softmax_values(a)
    largest = result.amax(-1)
    if not all_between(largest, -torch.inf, -_SURE):
        # A log p near 0 has digits of its own.
        rows = ~(largest < -_SURE)
        half_gap, log_total = centre_logits(a[rows])
        result[rows] = 2 * half_gap - log_total
    return result


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
    return jacobian_product(a, gaps(a))


def gaps(a: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return a - max a; an offset is no part of the derivative."""
    return a - a.detach().amax(-1, keepdim=True)
