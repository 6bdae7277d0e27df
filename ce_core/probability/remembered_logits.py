"""A softmax that remembers its logits, by which what is said of p is then differentiated.

The derivative of KL by p, -q/p, is beyond the largest number of a dtype long before the derivative by
the logits is anything but p - q, and the second derivative, 1/p, sooner still. Where p is known to be
a softmax, its functionals therefore are differentiated by the logits, in closed form. So that p has
its derivative too, `softmax` returns beside p a shadow, which stands for -p in derivatives: the
functional gives p and the shadow the same derivative, which thus adds nothing to that of the logits.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from ce_core._surroundings import in_forward_mode, may_be_differentiated, uncompiled
from ce_core.dtypes import widen
from ce_core.probability.functionals import (
    entropy_slope,
    entropy_values,
    kl_slope_of_first,
    kl_slope_of_second,
    kl_values,
    within_range,
)
from ce_core.probability.known import Known, saved_unless_changed
from ce_core.probability.logit_functionals import kl_slope_from_logits
from ce_core.probability.rowwise import RowFunction, apply_rows, is_plain, scaled
from ce_core.probability.softmax_rows import (
    excess,
    jacobian_product,
    jacobian_product_of_record,
    residual,
    softmax_rows,
    softmax_values,
)


@dataclass(frozen=True)
class Origin:
    """Where a p comes from: its logits in the dtype they are computed in, and its shadow."""

    a: Tensor
    shadow: Tensor
    versions: tuple[int, int]


_ORIGINS = WeakTensorKeyDictionary()


def remember(a: Tensor, dtype: torch.dtype) -> Tensor:
    """Return softmax(a) in a dtype; it remembers `a` where a derivative may be wanted."""
    if is_plain(a):
        return softmax_values(a).to(dtype)
    if torch.compiler.is_compiling() or not may_be_differentiated(a):
        return softmax_rows(a).to(dtype)
    p, shadow = apply_rows(_ShadowedSoftmax, a)
    if dtype != p.dtype:
        p, shadow = p.to(dtype), shadow.to(dtype)
    _ORIGINS[p] = Origin(a, shadow, _versions(p, a))
    return p  # type: ignore[no-any-return]


def recall(p: object) -> Origin | None:
    """Return where p comes from, if it is a softmax of ours, and it and its logits are as they were."""
    origin: Origin | None = None
    if isinstance(p, Tensor):
        origin = _ORIGINS.get(p)  # type: ignore[no-untyped-call]
    if origin is None or origin.versions != _versions(p, origin.a):  # type: ignore[arg-type]
        return None
    return origin


def _versions(p: Tensor, a: Tensor) -> tuple[int, int]:
    return p._version, 0 if a.is_inference() else a._version


class _ShadowedSoftmax(RowFunction):
    @staticmethod
    def forward(a: Tensor) -> tuple[Tensor, Tensor]:
        # Its values are nobody's; but forward mode writes tangents into what looks like it.
        shadow = torch.zeros_like(a) if in_forward_mode() else a.detach()
        return softmax_values(a), shadow

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        RowFunction.setup_context(ctx, inputs, output)
        ctx.set_materialize_grads(False)
        ctx.known = Known(output[0], returned=True)

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, shadow_g: Tensor | None) -> Tensor | None:
        if g is shadow_g:
            return None
        if g is None:
            return None if shadow_g is None else -jacobian_product_of_record(ctx, shadow_g)
        if shadow_g is not None:
            if is_plain(g, shadow_g) and torch.equal(g, shadow_g):
                return None
            # Both may be infinite, or their sum with others NaN; what they have in common is no more.
            same = (g == shadow_g) | (g.isnan() & shadow_g.isnan())
            g = torch.where(same, 0.0, g - shadow_g)
        return jacobian_product_of_record(ctx, g)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        moved = jacobian_product(inputs[0], tangents[0])
        return moved, -moved


def entropy_past_softmax(p: Tensor, origin: Origin) -> Tensor:
    """Return H(p), differentiated by the logits of p."""
    value: Tensor = apply_rows(_EntropyPastSoftmax, p, origin.shadow, origin.a)
    return value


class _EntropyPastSoftmax(RowFunction):
    @staticmethod
    def forward(p: Tensor, shadow: Tensor, a: Tensor) -> Tensor:
        return entropy_values(widen(p))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        RowFunction.setup_context(ctx, inputs, output)
        ctx.known = Known(inputs[0])

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        g, saved = g.unsqueeze(-1), saved_unless_changed(ctx, ctx.known)
        if saved is None:
            p = ctx.known.values()
            return scaled(entropy_slope(widen(p)), g).to(p.dtype), None, None
        p, _, a = saved
        push = scaled(entropy_slope(widen(p)), g).to(p.dtype)
        return push, push, scaled(residual(a), -g)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        # What p and its shadow do cancels, here and below.
        return -(residual(inputs[2]) * tangents[2]).sum(-1)


def kl_past_softmax(q: Tensor, p: Tensor, origin: Origin) -> Tensor:
    """Return KL(q‖p) in the dtype of q, differentiated by the logits of p."""
    value: Tensor = apply_rows(_DivergencePastSoftmax, q, p, origin.shadow, origin.a)
    return value


class _DivergencePastSoftmax(RowFunction):
    @staticmethod
    def forward(q: Tensor, p: Tensor, shadow: Tensor, a: Tensor) -> Tensor:
        return kl_values(q, p.to(q.dtype))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        RowFunction.setup_context(ctx, inputs, output)
        ctx.known = tuple(map(Known, inputs[:2]))

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None, Tensor | None]:
        g, saved = g.unsqueeze(-1), saved_unless_changed(ctx, *ctx.known)
        if saved is None:
            q, p = (x.values() for x in ctx.known)
            push = scaled(within_range(kl_slope_of_second(q, p.to(q.dtype))), g).to(p.dtype)
            return scaled(kl_slope_of_first(q, p.to(q.dtype)), g), push, None, None
        q, p, _, a = saved
        logits = a.to(q.dtype)
        push = scaled(within_range(kl_slope_of_second(q, p.to(q.dtype))), g).to(p.dtype)
        by_target = scaled(kl_slope_from_logits(q, logits), g) if ctx.needs_input_grad[0] else None
        return by_target, push, push, scaled(excess(logits, q), g).to(a.dtype)

    @staticmethod
    def pushed(inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        (q, _, _, a), (dq, _, _, da) = inputs, tangents
        logits = a.to(q.dtype)
        return (kl_slope_from_logits(q, logits) * dq + excess(logits, q) * da).sum(-1)


def differentiate_by_logits(
    value: Tensor, by_logits: Tensor, slopes: list[tuple[Tensor, Origin, Tensor]]
) -> Tensor:
    """Return the value, with the derivatives of another function of the logits.

    Each of the slopes is (p, its origin, the derivative by p): what p itself gets.
    """
    extra: list[Tensor] = []
    for p, origin, slope in slopes:
        shape = slope.shape
        pair = (p, origin.shadow)
        if p.shape != shape:
            pair = (p.expand(shape), origin.shadow.expand(shape))
        extra += [*pair, slope]
    result: Tensor = _apply_carried(value.detach(), by_logits, *extra)
    return result


@uncompiled
def _apply_carried(*inputs: Tensor) -> Any:
    return _Carried.apply(*inputs)  # type: ignore[no-untyped-call]


class _Carried(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(value: Tensor, by_logits: Tensor, *extra: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs[4::3])
        ctx.save_for_forward(*inputs[4::3])
        ctx.dtypes = [p.dtype for p in inputs[2::3]]

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        result: list[Tensor | None] = [None, g]
        for slope, dtype in zip(ctx.saved_tensors, ctx.dtypes, strict=True):
            push = scaled(slope, g.unsqueeze(-1), kept=True).to(dtype)
            result += [push, push, None]
        return tuple(result)

    @staticmethod
    def jvp(ctx: Any, value: Any, by_logits: Tensor, *extra: Any) -> Tensor:
        # What p and its shadow do cancels.
        return by_logits.clone()
