"""Divergences between a target, or a softmax, and a softmax, of rows of logits.

All take float32 or float64.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.probability.functionals import SMALL, not_negative
from ce_core.probability.log_ratios import (
    logit_ratio,
    logit_ratio_kernel,
    target_ratio,
    target_ratio_kernel,
)
from ce_core.probability.logit_functionals import kl_slope_from_logits
from ce_core.probability.rowwise import RowFunction, apply_rows, in_blocks, is_plain, scaled
from ce_core.probability.softmax_rows import (
    centre_logits,
    excess,
    jacobian_product,
    jacobian_product_kernel_of_logits,
    softmax_rows,
    softmax_values,
)

_LOG_2 = math.log(2)


def kl_target_rows(q: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    """Return KL(q‖softmax(a))."""
    result: Tensor = apply_rows(_TargetDivergence, q, a)
    return result


def kl_logit_rows(b: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    """Return KL(softmax(b)‖softmax(a))."""
    result: Tensor = apply_rows(_LogitDivergence, b, a)
    return result


def js_target_rows(q: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    """Return the Jensen-Shannon divergence of q and softmax(a)."""
    result: Tensor = apply_rows(_TargetJensenShannon, q, a)
    return result


def js_logit_rows(b: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    """Return the Jensen-Shannon divergence of softmax(b) and softmax(a)."""
    result: Tensor = apply_rows(_LogitJensenShannon, b, a)
    return result


class _PairFunction(RowFunction):
    """A divergence of two arguments: a subclass has its derivatives."""

    @staticmethod
    def by_first(first: Tensor, a: Tensor) -> Tensor:
        """Return the derivative by the first argument."""
        raise NotImplementedError

    @staticmethod
    def by_logits(first: Tensor, a: Tensor) -> Tensor:
        """Return the derivative by the logits of the second."""
        raise NotImplementedError

    @classmethod
    def backward(cls, ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return the gradients asked for."""
        first, a = ctx.saved_tensors
        g = g.unsqueeze(-1)
        by_first = scaled(cls.by_first(first, a), g) if ctx.needs_input_grad[0] else None
        return by_first, scaled(cls.by_logits(first, a), g) if ctx.needs_input_grad[1] else None

    @classmethod
    def pushed(cls, inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        """Return the tangent."""
        by_first, by_logits = cls.by_first(*inputs), cls.by_logits(*inputs)
        return (by_first * tangents[0] + by_logits * tangents[1]).sum(-1)


class _TargetDivergence(_PairFunction):
    @staticmethod
    def forward(q: Tensor, a: Tensor) -> Tensor:
        result: Tensor = in_blocks(_target_divergence_kernel, q, a)
        return result

    @staticmethod
    def by_first(first: Tensor, a: Tensor) -> Tensor:
        return kl_slope_from_logits(first, a)

    @staticmethod
    def by_logits(first: Tensor, a: Tensor) -> Tensor:
        return excess(a, first)


class _LogitDivergence(_PairFunction):
    @staticmethod
    def forward(b: Tensor, a: Tensor) -> Tensor:
        result: Tensor = in_blocks(_logit_divergence_kernel, b, a)
        return result

    @staticmethod
    def by_first(first: Tensor, a: Tensor) -> Tensor:
        return jacobian_product(first, logit_ratio(first, a))

    @staticmethod
    def by_logits(first: Tensor, a: Tensor) -> Tensor:
        if not is_plain(first, a):
            return excess(a, softmax_rows(first))
        # q (p/q - 1), or p (1 - q/p): each with all its digits.
        q, p, ratio = softmax_values(first), softmax_values(a), logit_ratio(first, a)
        smaller = torch.where(ratio > 0, q, p) * torch.expm1(-ratio.abs())
        return torch.where(q == 0, p, torch.where(ratio > 0, smaller, -smaller))


def _target_divergence_kernel(q: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    return _mend(target_ratio_kernel(q, a, SMALL)[1], q, a)


def _logit_divergence_kernel(b: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    value = logit_ratio_kernel(b, a, SMALL)[1]
    if not value.isinf().any():
        return not_negative(value)
    return _mend(value, softmax_values(b), a)


def _mend(value: Tensor, q: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    """Return KL, computed again where a log p is beyond the dtype though KL may not be."""
    rows, whole = value.isinf(), q
    if rows.any():
        q = q[rows]
        half_gap, log_total = centre_logits(a[rows])
        half_gap = torch.where(q == 0, 0.0, half_gap)
        certain = (torch.xlogy(q, q) + q * log_total).sum(-1)
        value[rows] = certain - 2 * (q * half_gap).sum(-1)
    return not_negative(value, whole)


class _TargetJensenShannon(_PairFunction):
    @staticmethod
    def forward(q: Tensor, a: Tensor) -> Tensor:
        result: Tensor = in_blocks(_target_js_kernel, q, a)
        return result

    @staticmethod
    def by_first(first: Tensor, a: Tensor) -> Tensor:
        return torch.where(first == 0, 0.0, _js_slope(target_ratio(first, a)))

    @staticmethod
    def by_logits(first: Tensor, a: Tensor) -> Tensor:
        if is_plain(first, a):
            push: Tensor = in_blocks(_target_js_push_kernel, first, a, entrywise=True)
            return push
        ratio = torch.where(first == 0, torch.inf, -target_ratio(first, a))
        return jacobian_product(a, _js_direction(a, ratio))


class _LogitJensenShannon(_PairFunction):
    @staticmethod
    def forward(b: Tensor, a: Tensor) -> Tensor:
        result: Tensor = in_blocks(_logit_js_kernel, b, a)
        return result

    @staticmethod
    def by_first(first: Tensor, a: Tensor) -> Tensor:
        if is_plain(first, a):
            return _LogitJensenShannon.by_logits(a, first)
        return jacobian_product(first, _js_direction(first, logit_ratio(first, a)))

    @staticmethod
    def by_logits(first: Tensor, a: Tensor) -> Tensor:
        if is_plain(first, a):
            push: Tensor = in_blocks(_logit_js_push_kernel, first, a, entrywise=True)
            return push
        impossible = softmax_rows(first) == 0
        ratio = torch.where(impossible, torch.inf, -logit_ratio(first, a))
        return jacobian_product(a, _js_direction(a, ratio))


def _target_js_kernel(q: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    return _js_values(q, softmax_values(a), target_ratio_kernel(q, a)[0])


def _logit_js_kernel(b: Tensor, a: Tensor) -> Float[Tensor, "*rows"]:
    return _js_values(softmax_values(b), softmax_values(a), logit_ratio_kernel(b, a)[0])


def _target_js_push_kernel(q: Tensor, a: Tensor, out: Tensor | None) -> Tensor:
    ratio = target_ratio_kernel(q, a)[0].neg_().masked_fill_(q == 0, torch.inf)
    return jacobian_product_kernel_of_logits(a, _js_direction_values(a, ratio), out)


def _logit_js_push_kernel(b: Tensor, a: Tensor, out: Tensor | None) -> Tensor:
    impossible = softmax_values(b) == 0
    ratio = logit_ratio_kernel(b, a)[0].neg_().masked_fill_(impossible, torch.inf)
    return jacobian_product_kernel_of_logits(a, _js_direction_values(a, ratio), out)


def _js_values(q: Tensor, p: Tensor, ratio: Tensor) -> Float[Tensor, "*rows"]:
    far = ratio.abs()
    terms = (q + p) * _soft_rest(far).sub_(_LOG_2).neg_() - torch.where(ratio > 0, p, q) * far
    # A class that one of the two excludes.
    terms = torch.where(q == 0, _LOG_2 * p, torch.where(p == 0, _LOG_2 * q, terms))
    value = 0.5 * terms.sum(-1)
    rows = value < SMALL
    if rows.any():
        # Where they are nearly equal, terms that are >= 0.
        x = torch.tanh(0.5 * ratio[rows])
        near = (q + p)[rows] * (x * torch.atanh(x) + 0.5 * torch.log1p(-x * x))
        value[rows] = 0.5 * torch.where((x.abs() < 0.5) & (q[rows] > 0), near, terms[rows]).sum(-1)
    return not_negative(value, q)


def _js_slope(ratio: Tensor) -> Tensor:
    """Return log(2 q / (q + p)) / 2 of log(q / p), the derivative by q."""
    close = ratio.abs() < 1
    near = torch.log1p(0.5 * torch.expm1(-torch.where(close, ratio, 0.0)))
    return -0.5 * torch.where(close, near, _soft(ratio) - _LOG_2)


def _soft_rest(far: Tensor) -> Tensor:
    """Return log(1 + e^-x)."""
    return torch.exp(-far).log1p_()


def _soft(ratio: Tensor) -> Tensor:
    """Return log(1 + p / q) of log(q / p)."""
    return torch.logaddexp(torch.zeros_like(ratio), -ratio)


def _js_direction(a: Tensor, ratio: Tensor) -> Tensor:
    """Return the slope by p up to a constant, which its Jacobian does not see, of log(p / q).

    Without log 2 it has its digits where q is small beside a p that is sure; with it, where they agree.
    """
    ratio = torch.where(ratio == -torch.inf, 0.0, ratio)
    sure = ratio.detach().gather(-1, a.argmax(-1, keepdim=True)) > _LOG_2
    return torch.where(sure, -0.5 * _soft(ratio), _js_slope(ratio))


def _js_direction_values(a: Tensor, ratio: Tensor) -> Tensor:
    """Return the same without a gradient, in fewer passes."""
    ratio.masked_fill_(ratio == -torch.inf, 0.0)
    winner = ratio.gather(-1, a.argmax(-1, keepdim=True))
    direction = _soft_rest(ratio.abs()).sub_(ratio.clamp(max=0.0))
    direction.sub_(torch.where(winner > _LOG_2, 0.0, _LOG_2)).mul_(-0.5)
    rows = (winner.abs() < 0.5).squeeze(-1)
    if rows.any():
        direction[rows] = _js_slope(ratio[rows])
    return direction
