"""Entropy and divergences of rows, from distributions and from log-probabilities.

All take float32 or float64. A value that is small is computed from terms that are >= 0.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.probability.rowwise import RowFunction, all_between, apply_rows, in_blocks
from ce_core.probability.softmax_rows import centre_logits, residual, softmax_of_block, softmax_values

# Below it, a divergence is added up again from terms that do not cancel.
_SMALL = 0.1
# Below it, a series has the digits that a difference loses.
_NEAR = 0.01
# How far below 0 rounding takes what cannot be negative of distributions; half types round by as much.
_ROUNDING = 0.01


def entropy_rows(p: Tensor) -> Float[Tensor, "*rows"]:
    """Return H(p)."""
    result: Tensor = apply_rows(_Entropy, p)
    return result


def kl_rows(q: Tensor, p: Tensor) -> Float[Tensor, "*rows"]:
    """Return KL(q‖p)."""
    result: Tensor = apply_rows(_Divergence, q, p)
    return result


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


def log_or_zero(p: Tensor) -> Tensor:
    """Return log p, 0 where p is 0."""
    return torch.where(p == 0, 1.0, p).log()


def masked_log(p: Tensor) -> Tensor:
    """Return log p, -inf with derivative 0 where p is 0."""
    return torch.where(p == 0, -torch.inf, log_or_zero(p))


def _not_negative(values: Tensor) -> Tensor:
    """Return what rounding has left below 0 as 0."""
    return torch.where((values <= 0) & (values > -_ROUNDING), 0.0, values)


class _Entropy(RowFunction):
    @staticmethod
    def forward(p: Tensor) -> Tensor:
        return _not_negative(in_blocks(_entropy_kernel, p))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return g.unsqueeze(-1) * entropy_slope(*ctx.saved_tensors)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return (entropy_slope(*inputs) * tangents[0]).sum(-1)


def _entropy_kernel(p: Tensor) -> Tensor:
    value = (p * p.log()).sum(-1).neg_()
    if not all_between(value, -torch.inf, torch.inf):
        value = -(p * log_or_zero(p)).sum(-1)
    return value


def entropy_slope(p: Tensor) -> Tensor:
    """Return dH/dp, 0 where it is infinite."""
    slope: Tensor = apply_rows(_EntropySlope, p)
    return slope


class _EntropySlope(RowFunction):
    @staticmethod
    def forward(p: Tensor) -> Tensor:
        result: Tensor = in_blocks(_entropy_slope_kernel, p)
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


def _entropy_slope_kernel(p: Tensor) -> Tensor:
    if all_between(p, 0.0, torch.inf):
        return p.log().add_(1.0).neg_()
    return -(log_or_zero(p) + (p != 0))


class _Divergence(RowFunction):
    @staticmethod
    def forward(q: Tensor, p: Tensor) -> Tensor:
        value: Tensor = in_blocks(_divergence_kernel, q, p)
        rows = value.abs() < _SMALL
        if rows.any():
            value[rows] = _near_divergence(q[rows], p[rows])
        return _not_negative(value)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        q, p = ctx.saved_tensors
        g = g.unsqueeze(-1)
        by_first = g * kl_slope_of_first(q, p) if ctx.needs_input_grad[0] else None
        by_second = None
        if ctx.needs_input_grad[1]:
            by_second = -g * (q / torch.where((q == 0) & (p == 0), 1.0, p))
        return by_first, by_second

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (q, p), (dq, dp) = inputs, tangents
        ratio = dp / torch.where((q == 0) & (p == 0), 1.0, p)
        return (kl_slope_of_first(q, p) * dq - q * ratio).sum(-1)


def _divergence_kernel(q: Tensor, p: Tensor) -> Tensor:
    value = q.log().sub_(p.log()).mul_(q).sum(-1)
    if not all_between(value, -torch.inf, torch.inf):
        value = (q * (log_or_zero(q) - torch.where((q == 0) & (p == 0), 1.0, p).log())).sum(-1)
    return value


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
    p = torch.where((q == 0) & (p == 0), 1.0, p)
    return -q / torch.where(p < torch.finfo(p.dtype).tiny ** 0.5, p.detach(), p)


def _near_divergence(q: Tensor, p: Tensor) -> Tensor:
    """Return Σ q (x - log(1 + x)) + Σ(q - p) with x = (p - q) / q: no term is below 0."""
    x = torch.where(q == 0, 0.0, (p - q) / torch.where(q == 0, 1.0, q))
    # x²/2 - x³/3 + ...
    series = torch.zeros_like(x)
    for power in range(9, 1, -1):
        series = (-1) ** power / power + x * series
    terms = q * torch.where(x.abs() < _NEAR, x * x * series, x - torch.log1p(x))
    return torch.where(q == 0, p, terms).sum(-1) + (q - p).sum(-1)


class _EntropyOfLogits(RowFunction):
    @staticmethod
    def forward(a: Tensor) -> Tensor:
        value: Tensor = in_blocks(_entropy_of_logits_kernel, a)
        if not all_between(value, _SMALL, torch.inf):
            rows = ~((value > _SMALL) & (value < torch.inf))
            value[rows] = _careful_entropy_of_logits(a[rows])
        return value

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return -g.unsqueeze(-1) * residual(*ctx.saved_tensors)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        return -(residual(*inputs) * tangents[0]).sum(-1)


def _entropy_of_logits_kernel(a: Tensor) -> Tensor:
    gap, p, top = softmax_of_block(a)
    return p.mul_(gap).sum(-1).add_(top.log_().squeeze(-1)).neg_()


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
        rows = value.abs() < _SMALL
        if rows.any():
            value[rows] = _near_log_divergence(log_q[rows], log_p[rows])
        return _not_negative(value)

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
    terms = torch.where(x.abs() < _NEAR, q * x * x * series, p - q - q * x)
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
        return _not_negative(terms.sum(-1))

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
