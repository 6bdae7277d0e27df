"""Both losses of rows in the dtype they are given, with derivatives of every order in closed form."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.probability.rowwise import RowFunction, apply_rows, in_blocks, may_overwrite
from ce_core.probability.softmax_rows import (
    balance_winner,
    centre_logits,
    excess,
    gaps,
    jacobian_product,
    log_softmax_rows,
    softmax_rows,
    softmax_values,
)

# Below it, the rounding of a log p near 0 would show in the loss.
_SURE = 0.25


def cross_entropy_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows"]:
    """Return L1."""
    loss: Tensor = apply_rows(_CrossEntropy, a, q)
    return loss


def logit_gap_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows"]:
    """Return L2."""
    loss: Tensor = apply_rows(_LogitGap, a, q)
    return loss


def logit_gap_grad_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows m"]:
    """Return dL2/da, p not held constant."""
    result: Tensor = apply_rows(_LogitGapGrad, a, q)
    return result


def held_grad_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows m"]:
    """Return p - q."""
    result: Tensor = apply_rows(_HeldGrad, a, q)
    return result


def _times(g: Tensor, rows: Tensor) -> Tensor:
    """Return rows times a number each, in their own memory where nothing else will read it."""
    g = g.unsqueeze(-1)
    return rows.mul_(g) if may_overwrite(g) else g * rows


def _inner(rows: Tensor, tangent: Tensor) -> Tensor:
    return (rows * tangent).sum(-1)


def _where_wanted(q: Tensor, rows: Tensor) -> Tensor:
    """Return the rows, 0 where they are -inf and q is 0."""
    return torch.where((q == 0) & (rows == -torch.inf), 0.0, rows)


class _CrossEntropy(RowFunction):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        return _row_by_row(_plain_cross_entropy, _delicate_cross_entropy, a, q, above=_SURE)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, q = ctx.saved_tensors
        by_logits = _times(g, excess(a, q)) if ctx.needs_input_grad[0] else None
        by_target = None
        if ctx.needs_input_grad[1]:
            by_target = -g.unsqueeze(-1) * _where_wanted(q, log_softmax_rows(a))
        return by_logits, by_target

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (a, q), (da, dq) = inputs, tangents
        return _inner(excess(a, q), da) - _inner(_where_wanted(q, log_softmax_rows(a)), dq)


class _LogitGap(RowFunction):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        return _row_by_row(_plain_logit_gap, _delicate_logit_gap, a, q, above=-torch.inf)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, q = ctx.saved_tensors
        by_logits = _times(g, logit_gap_grad_rows(a, q)) if ctx.needs_input_grad[0] else None
        by_target = None
        if ctx.needs_input_grad[1]:
            by_target = -g.unsqueeze(-1) * _where_wanted(q, gaps(a))
        return by_logits, by_target

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (a, q), (da, dq) = inputs, tangents
        return _inner(logit_gap_grad_rows(a, q), da) - _inner(_where_wanted(q, gaps(a)), dq)


class _LogitGapGrad(RowFunction):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        return in_blocks(_logit_gap_grad_kernel, a, q, reduced=False)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, _ = ctx.saved_tensors
        return _curvature(a, g) if ctx.needs_input_grad[0] else None, -g

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return _curvature(inputs[0], tangents[0]) - tangents[1]


class _HeldGrad(RowFunction):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        return in_blocks(lambda a, q: _held(softmax_values(a), a, q), a, q, reduced=False)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, _ = ctx.saved_tensors
        return jacobian_product(a, g) if ctx.needs_input_grad[0] else None, -g

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return jacobian_product(inputs[0], tangents[0]) - tangents[1]


def _curvature(a: Tensor, v: Tensor) -> Tensor:
    """Return the Hessian of L2 times a vector, 2 J v + (J v) (a - E_p[a]) - p (J v)·a."""
    p, moved, values = softmax_rows(a), jacobian_product(a, v), gaps(a)
    values = torch.where((p == 0) & (values == -torch.inf), 0.0, values)
    centred = values - (p * values).sum(-1, keepdim=True)
    return 2 * moved + moved * centred - p * (moved * values).sum(-1, keepdim=True)


def _row_by_row(
    plain: Callable[[Tensor, Tensor], Tensor],
    delicate: Callable[[Tensor, Tensor], Tensor],
    a: Tensor,
    q: Tensor,
    *,
    above: float,
) -> Float[Tensor, "*rows"]:
    """Return the plain form of a loss, and the delicate one for rows where it is not finite or low."""
    loss = in_blocks(plain, a, q, reduced=True)
    rows = ~((loss > above) & (loss < torch.inf))
    if rows.any():
        loss[rows] = delicate(a[rows], q[rows])
    return loss


def _plain_cross_entropy(a: Tensor, q: Tensor) -> Float[Tensor, " rows"]:
    """Return L1 in as few passes as there can be, with an absolute error of some roundings of 1."""
    return torch.log_softmax(a, -1).mul_(q).sum(-1).neg_()


def _delicate_cross_entropy(a: Tensor, q: Tensor) -> Float[Tensor, " rows"]:
    """Return L1 where it is tiny, or where the plain form is not finite though L1 may be."""
    if (q < 0).any():
        raise ValueError(f"q must be >= 0, got {q.min().item():g}")
    half_gap, log_total = centre_logits(a)
    half_gap = _where_wanted(q, half_gap)
    return q.sum(-1) * log_total.squeeze(-1) - 2 * (q * half_gap).sum(-1)


def _plain_logit_gap(a: Tensor, q: Tensor) -> Float[Tensor, " rows"]:
    """Return L2 in as few passes as there can be."""
    return softmax_values(a).sub_(q).mul_(a - a.amax(-1, keepdim=True)).sum(-1)


def _delicate_logit_gap(a: Tensor, q: Tensor) -> Float[Tensor, " rows"]:
    """Return L2 where the plain form is not finite though L2 may be."""
    p = softmax_values(a)
    half_gap = 0.5 * a - 0.5 * a.amax(-1, keepdim=True)
    predicted = p * torch.where(p == 0, 0.0, half_gap)
    wanted = q * _where_wanted(q, half_gap)
    return 2 * (predicted - wanted).sum(-1)


def _held(p: Tensor, a: Tensor, q: Tensor) -> Tensor:
    """Return p - q, in the memory of p; it sums to 1 - Σq, which is 0 where only rounding is left."""
    sure = p.amax(-1, keepdim=True) >= 0.5
    entries = p.sub_(q)
    if a.device.type == "cpu" and not sure.any():
        return entries
    missing = 1 - q.sum(-1, keepdim=True)
    rounding = 32 * torch.finfo(q.dtype).eps
    return balance_winner(entries, a, sure, torch.where(missing.abs() <= rounding, 0.0, missing))


def _logit_gap_grad_kernel(a: Tensor, q: Tensor) -> Tensor:
    p = softmax_values(a)
    values = a - a.amax(-1, keepdim=True)
    weighted = p * values
    mean = weighted.sum(-1, keepdim=True)
    if not mean.isfinite().all():
        # -inf counts as 0 where p is 0, and so does what is beyond the largest number.
        values = torch.where((p == 0) & (values == -torch.inf), 0.0, values)
        weighted = p * values
        mean = weighted.sum(-1, keepdim=True)
    term = weighted.addcmul_(p, mean, value=-1.0)
    return _held(p, a, q).add_(term)
