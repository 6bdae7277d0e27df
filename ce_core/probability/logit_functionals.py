"""Entropy and divergences of rows of logits and of log-probabilities.

All take float32 or float64. A value that is small is computed from terms that are >= 0.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.probability.functionals import NEAR, SMALL, log_or_zero, not_negative
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
    """Return KL of log-probabilities."""
    result: Tensor = apply_rows(_LogDivergence, log_q, log_p)
    return result


def js_log_rows(log_q: Tensor, log_p: Tensor) -> Float[Tensor, "*rows"]:
    """Return the Jensen-Shannon divergence of log-probabilities."""
    result: Tensor = apply_rows(_JensenShannon, log_q, log_p)
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
        value = (q * torch.where(q == 0, 0.0, ratio)).sum(-1)
        rows = value.abs() < SMALL
        if rows.any():
            value[rows] = _near_log_divergence(log_q[rows], log_p[rows])
        return not_negative(value)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        log_q, log_p = ctx.saved_tensors
        weighted = g.unsqueeze(-1) * log_q.exp()
        by_first = weighted * (_log_ratio(log_q, log_p) + 1) if ctx.needs_input_grad[0] else None
        return by_first, -weighted

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (log_q, log_p), (first, second) = inputs, tangents
        q = log_q.exp()
        moved = torch.where(q == 0, 0.0, (_log_ratio(log_q, log_p) + 1) * first - second)
        return (q * moved).sum(-1)


def _near_log_divergence(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Return Σ q (e^x - 1 - x) + Σ(q - p) with x = log(p / q): no term is below 0."""
    q, p = log_q.exp(), log_p.exp()
    x = -_log_ratio(log_q, log_p)
    # x²/2 + x³/6 + ...
    series = torch.zeros_like(x)
    for power in range(9, 1, -1):
        series = 1 / math.factorial(power) + x * series
    terms = torch.where(x.abs() < NEAR, q * x * x * series, p - q - q * x)
    surplus = q.sum(-1) - 1
    surplus = torch.where(surplus.abs() <= 32 * torch.finfo(q.dtype).eps, 0.0, surplus)
    return torch.where(q == 0, p, terms).sum(-1) + surplus


class _JensenShannon(RowFunction):
    @staticmethod
    def forward(log_q: Tensor, log_p: Tensor) -> Tensor:
        q, p = log_q.exp(), log_p.exp()
        ratio = _defined(log_q, log_p)
        x = torch.tanh(0.5 * ratio)
        apart = q * _js_slope(ratio) + p * _js_slope(-ratio)
        near = 0.5 * (q + p) * (x * torch.atanh(x) + 0.5 * torch.log1p(-x * x))
        terms = torch.where(x.abs() < 0.5, near, torch.where((q == 0) & (p == 0), 0.0, apart))
        # 0 times -inf is 0 here: a class that one of the two excludes.
        terms = torch.where((q == 0) & (p > 0), 0.5 * math.log(2) * p, terms)
        terms = torch.where((p == 0) & (q > 0), 0.5 * math.log(2) * q, terms)
        return not_negative(terms.sum(-1))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor]:
        first, second = _js_pulls(*ctx.saved_tensors)
        return g.unsqueeze(-1) * first, g.unsqueeze(-1) * second

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        pairs = zip(_js_pulls(*inputs), tangents, strict=True)
        return sum((torch.where(pull == 0, 0.0, pull * dx)).sum(-1) for pull, dx in pairs)  # type: ignore[return-value]


def _defined(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Return log(q / p), 0 where both are 0."""
    neither = (log_q == -torch.inf) & (log_p == -torch.inf)
    return torch.where(neither, 0.0, log_q - log_p)


def _js_slope(ratio: Tensor) -> Tensor:
    """Return (log 2 - log(1 + p/q)) / 2 of log(q / p), the derivative by q."""
    return 0.5 * (math.log(2) - torch.logaddexp(torch.zeros_like(ratio), -ratio))


def _js_pulls(log_q: Tensor, log_p: Tensor) -> tuple[Tensor, Tensor]:
    ratio = _defined(log_q, log_p)
    return _js_pull(log_q.exp(), ratio), _js_pull(log_p.exp(), -ratio)


def _js_pull(p: Tensor, ratio: Tensor) -> Tensor:
    """Return p times the slope, 0 where p is 0: there the slope may be infinite."""
    return p * _js_slope(torch.where(p == 0, 0.0, ratio))
