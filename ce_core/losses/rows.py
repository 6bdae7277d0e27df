"""Both losses of rows in the dtype they are given, with derivatives of every order in closed form."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.losses.target_checks import require_unit_sums, require_weights
from ce_core.probability.differences import kept_digits
from ce_core.probability.rowwise import (
    KnownGradient,
    RowFunction,
    RowLoss,
    all_between,
    all_finite,
    apply_rows,
    in_blocks,
    records,
)
from ce_core.probability.softmax_rows import (
    Excess,
    centre_logits,
    excess,
    gaps,
    jacobian_product,
    log_softmax_rows,
    log_softmax_values,
    softmax_rows,
    softmax_values,
)

# Below it, the rounding of a log p near 0 would show in the loss.
_SURE = 0.25


def cross_entropy_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows"]:
    """Return L1."""
    return _loss(_CrossEntropy, _CrossEntropyAndGradient, a, q)


def logit_gap_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows"]:
    """Return L2."""
    return _loss(_LogitGap, _LogitGapAndGradient, a, q)


def cross_entropy_grad_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows m"]:
    """Return dL1/da."""
    result: Tensor = apply_rows(_CrossEntropyGrad, a, q)
    return result


def logit_gap_grad_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows m"]:
    """Return dL2/da, p not held constant."""
    result: Tensor = apply_rows(_LogitGapGrad, a, q)
    return result


def held_grad_rows(a: Tensor, q: Tensor) -> Float[Tensor, "*rows m"]:
    """Return p - q."""
    result: Tensor = apply_rows(_HeldGrad, a, q)
    return result


def _loss(
    value: type[RowLoss], with_gradient: type[KnownGradient], a: Tensor, q: Tensor
) -> Float[Tensor, "*rows"]:
    result: Tensor = apply_rows(with_gradient, a, q)[0] if records(a) else apply_rows(value, a, q)
    return result


def _where_wanted(q: Tensor, rows: Tensor) -> Tensor:
    """Return the rows, 0 where they are -inf and q is 0."""
    return torch.where((q == 0) & (rows == -torch.inf), 0.0, rows)


class _CrossEntropy(RowLoss):
    @staticmethod
    def by_logits(a: Tensor, q: Tensor) -> Tensor:
        return excess(a, q)

    @staticmethod
    def by_target(a: Tensor, q: Tensor) -> Tensor:
        return -_where_wanted(q, log_softmax_rows(a))

    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        return _mend_cross_entropy(in_blocks(_cross_entropy_kernel, a, q), a, q)


class _CrossEntropyAndGradient(KnownGradient, _CrossEntropy):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        gradient, loss = in_blocks(_cross_entropy_gradient_kernel, a, q, entrywise=True)
        return _mend_cross_entropy(loss, a, q), gradient


class _CrossEntropyGrad(Excess):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        result: Tensor = in_blocks(_excess_of_weights_kernel, a, q, entrywise=True)
        return result


class _LogitGap(RowLoss):
    @staticmethod
    def by_logits(a: Tensor, q: Tensor) -> Tensor:
        return logit_gap_grad_rows(a, q)

    @staticmethod
    def by_target(a: Tensor, q: Tensor) -> Tensor:
        return -_where_wanted(q, gaps(a))

    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        loss, total = in_blocks(_logit_gap_kernel, a, q)
        require_unit_sums(total)
        return _mend_logit_gap(loss, a, q)


class _LogitGapAndGradient(KnownGradient, _LogitGap):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        gradient, total, loss = in_blocks(_logit_gap_and_gradient_kernel, a, q, entrywise=True)
        require_unit_sums(total)
        return _mend_logit_gap(loss, a, q), gradient


class _LogitGapGrad(RowFunction):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        gradient: Tensor
        gradient, total = in_blocks(_logit_gap_gradient_kernel, a, q, entrywise=True)
        require_unit_sums(total)
        return gradient

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, _ = ctx.saved_tensors
        by_logits = _curvature(a, g) if ctx.needs_input_grad[0] else None
        return by_logits, -g if ctx.needs_input_grad[1] else None

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return _curvature(inputs[0], tangents[0]) - tangents[1]


class _HeldGrad(RowFunction):
    @staticmethod
    def forward(a: Tensor, q: Tensor) -> Tensor:
        gradient: Tensor
        gradient, total = in_blocks(_held_kernel, a, q, entrywise=True)
        require_unit_sums(total)
        return gradient

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, _ = ctx.saved_tensors
        by_logits = jacobian_product(a, g) if ctx.needs_input_grad[0] else None
        return by_logits, -g if ctx.needs_input_grad[1] else None

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return jacobian_product(inputs[0], tangents[0]) - tangents[1]


def _curvature(a: Tensor, v: Tensor) -> Tensor:
    """Return the Hessian of L2 times a vector, 2 J v + (J v) (a - E_p[a]) - p (J v)·a."""
    p, moved, values = softmax_rows(a), jacobian_product(a, v), gaps(a)
    values = torch.where((p == 0) & (values == -torch.inf), 0.0, values)
    centred = values - (p * values).sum(-1, keepdim=True)
    product = 2 * moved + moved * centred - p * (moved * values).sum(-1, keepdim=True)
    # A row without a softmax that nothing moves may be one that does not count.
    return torch.where(product.isnan() & (v == 0).all(-1, keepdim=True), 0.0, product)


# L1, in as few passes as there can be, with an absolute error of some roundings of 1.


def _cross_entropy_kernel(a: Tensor, q: Tensor) -> Float[Tensor, "*rows"]:
    require_weights(q)
    return log_softmax_values(a).mul_(q).sum(-1).neg_()


def _cross_entropy_gradient_kernel(
    a: Tensor, q: Tensor, out: Tensor | None
) -> tuple[Tensor, Float[Tensor, "*rows"]]:
    """Return the gradient and L1."""
    require_weights(q)
    log_p = log_softmax_values(a)
    product = torch.mul(q, log_p, out=out)
    loss = product.sum(-1).neg_()
    p, total = log_p.exp_(), q.sum(-1, keepdim=True)
    return kept_digits(torch.mul(p, total, out=product).sub_(q), p, a, q, total), loss


def _excess_of_weights_kernel(a: Tensor, q: Tensor, out: Tensor | None) -> Tensor:
    p, total = softmax_values(a), require_weights(q).sum(-1, keepdim=True)
    return kept_digits(torch.mul(p, total, out=out).sub_(q), p, a, q, total)


def _mend_cross_entropy(loss: Tensor, a: Tensor, q: Tensor) -> Float[Tensor, "*rows"]:
    """Compute L1 again where it is tiny, or where that form is not finite though L1 may be."""
    if all_between(loss, _SURE, torch.inf):
        return loss
    rows = ~((loss > _SURE) & (loss < torch.inf))
    loss[rows] = _careful_cross_entropy(a[rows], q[rows])
    return loss


def _careful_cross_entropy(a: Tensor, q: Tensor) -> Float[Tensor, " rows"]:
    half_gap, log_total = centre_logits(a)
    half_gap = _where_wanted(q, half_gap)
    return q.sum(-1) * log_total.squeeze(-1) - 2 * (q * half_gap).sum(-1)


# L2, likewise.


def _logit_gap_kernel(a: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    total = require_weights(q).sum(-1)
    return softmax_values(a).sub_(q).mul_(gaps(a)).sum(-1), total


def _held_kernel(a: Tensor, q: Tensor, out: Tensor | None) -> tuple[Tensor, Tensor]:
    total = require_weights(q).sum(-1, keepdim=True)
    p = softmax_values(a)
    return kept_digits(torch.sub(p, q, out=out), p, a, q, total, held=True), total.squeeze(-1)


def _logit_gap_gradient_kernel(a: Tensor, q: Tensor, out: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the gradient and Σq."""
    p, held, gap, total = _logit_gap_factors(a, q, out)
    return _logit_gap_gradient(p, held, gap, torch.mul(p, gap)), total


def _logit_gap_and_gradient_kernel(
    a: Tensor, q: Tensor, out: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradient, Σq and L2."""
    p, held, gap, total = _logit_gap_factors(a, q, out)
    product = held * gap
    loss = product.sum(-1)
    return _logit_gap_gradient(p, held, gap, torch.mul(p, gap, out=product)), total, loss


def _logit_gap_factors(
    a: Tensor, q: Tensor, out: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return p, p - q, a - max a and Σq."""
    total = require_weights(q).sum(-1, keepdim=True)
    gap, p = gaps(a), softmax_values(a)
    held = kept_digits(torch.sub(p, q, out=out), p, a, q, total, held=True)
    return p, held, gap, total.squeeze(-1)


def _logit_gap_gradient(p: Tensor, held: Tensor, gap: Tensor, product: Tensor) -> Tensor:
    """Return the gradient in the place of p - q, from the product of p and a - max a."""
    mean = product.sum(-1, keepdim=True)
    if not all_finite(mean):
        # -inf counts as 0 where p is 0, and so does what is beyond the largest number.
        gap = torch.where((p == 0) & (gap == -torch.inf), 0.0, gap)
        mean = (p * gap).sum(-1, keepdim=True)
    return held.addcmul_(p, gap.sub_(mean))


def _mend_logit_gap(loss: Tensor, a: Tensor, q: Tensor) -> Float[Tensor, "*rows"]:
    """Compute L2 again where that form is not finite though L2 may be."""
    if all_finite(loss):
        return loss
    rows = ~loss.isfinite()
    loss[rows] = _careful_logit_gap(a[rows], q[rows])
    return loss


def _careful_logit_gap(a: Tensor, q: Tensor) -> Float[Tensor, " rows"]:
    p = softmax_values(a)
    half_gap = 0.5 * a - 0.5 * a.amax(-1, keepdim=True)
    predicted = p * torch.where(p == 0, 0.0, half_gap)
    wanted = q * _where_wanted(q, half_gap)
    return 2 * (predicted - wanted).sum(-1)
