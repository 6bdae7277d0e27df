"""Entropy of rows of logits, and what KL has by its first argument and of log-probabilities.

All take float32 or float64. A value that is small is computed from terms that are >= 0.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.probability.functionals import SMALL, log_or_zero
from ce_core.probability.rowwise import RowFunction, all_between, apply_rows, in_blocks, scaled
from ce_core.probability.softmax_rows import (
    centre_logits,
    log_softmax_rows,
    log_softmax_values,
    residual,
    softmax_values,
)


def entropy_logit_rows(a: Tensor) -> Float[Tensor, "*rows"]:
    """Return H(softmax(a))."""
    result: Tensor = apply_rows(_EntropyOfLogits, a)
    return result


def kl_log_rows(log_q: Tensor, log_p: Tensor) -> Float[Tensor, "*rows"]:
    """Return KL of log-probabilities, a small one without its digits."""
    result: Tensor = apply_rows(_LogDivergence, log_q, log_p)
    return result


def kl_slope_from_logits(q: Tensor, a: Tensor) -> Tensor:
    """Return dKL(q‖softmax(a))/dq, of what is finite where q is 0."""
    log_p = log_softmax_rows(a)
    return log_or_zero(q) - torch.where((q == 0) & (log_p == -torch.inf), 0.0, log_p) + (q != 0)


class _EntropyOfLogits(RowFunction):
    @staticmethod
    def forward(a: Tensor) -> Tensor:
        value: Tensor = in_blocks(_entropy_of_logits_kernel, a)
        if not all_between(value, SMALL, torch.inf):
            rows = ~((value > SMALL) & (value < torch.inf))
            value[rows] = _careful_entropy_of_logits(a[rows])
        return value

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return scaled(residual(*ctx.saved_tensors), -g.unsqueeze(-1))

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return -(residual(*inputs) * tangents[0]).sum(-1)


def _entropy_of_logits_kernel(a: Tensor) -> Tensor:
    log_p = log_softmax_values(a)
    return log_p.exp().mul_(log_p).sum(-1).neg_()


def _careful_entropy_of_logits(a: Tensor) -> Tensor:
    half_gap, log_total = centre_logits(a)
    p = softmax_values(a)
    return log_total.squeeze(-1) - 2 * (p * torch.where(p == 0, 0.0, half_gap)).sum(-1)


def _log_ratio(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Return log(q / p), 0 where q is 0."""
    return torch.where(log_q == -torch.inf, 0.0, log_q - log_p)


class _LogDivergence(RowFunction):
    @staticmethod
    def forward(log_q: Tensor, log_p: Tensor) -> Tensor:
        q = log_q.exp()
        ratio = _log_ratio(log_q, log_p)
        return (q * torch.where(q == 0, 0.0, ratio)).sum(-1)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        log_q, log_p = ctx.saved_tensors
        g, q = g.unsqueeze(-1), log_q.exp()
        by_first = None
        if ctx.needs_input_grad[0]:
            by_first = scaled(q * (_log_ratio(log_q, log_p) + 1), g)
        return by_first, scaled(q, -g)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (log_q, log_p), (first, second) = inputs, tangents
        q = log_q.exp()
        moved = torch.where(q == 0, 0.0, (_log_ratio(log_q, log_p) + 1) * first - second)
        return (q * moved).sum(-1)
