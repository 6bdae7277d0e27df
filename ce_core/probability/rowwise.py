"""One way for functions of rows to be differentiated, mapped and compiled, whatever runs inside.

What such a function does to a row may depend on its values (a row that needs care is computed in
another way), which neither tracing nor `torch.func.vmap` can follow. So the computation of values
is opaque to torch, and its derivative is a closed form made of such functions again: backward,
double backward, forward mode and the transforms of `torch.func` all follow from that.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from ce_core._surroundings import (
    is_mapped_by_engine,
    is_ordinary,
    is_recorded,
    keeps_graph,
    mapped_in_front,
    recordable,
    refuse_nested_forward_mode,
    uncompiled,
)

# Entries that fit into a cache together with what is computed of them, on one thread and for each of
# several: those wait for each other after every operation, which has to be worth it.
_BLOCK = 1 << 16
_BLOCK_PER_THREAD = 1 << 18


class RowFunction(torch.autograd.Function):
    """A function of tensors of one shape [..., m], row by row.

    A subclass has `forward(*inputs)` for values, `backward(ctx, g)` and `pushed(inputs, tangents)`
    for derivatives, both in terms of functions that can be differentiated again.
    """

    pushed: ClassVar[Callable[..., Any]]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep the inputs; what is made of them is computed again."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @classmethod
    def jvp(cls, ctx: Any, *tangents: Tensor) -> Any:
        """Forward mode; not within itself, where torch would lose the outer tangent silently."""
        refuse_nested_forward_mode()
        return cls.pushed(ctx.saved_tensors, tangents)

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor) -> tuple[Any, Any]:
        """Map over one more leading dimension."""
        front = mapped_in_front(info.batch_size, in_dims, inputs)
        result = cls.apply(*front)  # type: ignore[no-untyped-call]
        return result, tuple(0 for _ in result) if isinstance(result, tuple) else 0


class RowLoss(RowFunction):
    """A loss of rows of logits and of targets: a subclass has its gradients in closed form."""

    @staticmethod
    def by_logits(a: Tensor, q: Tensor) -> Tensor:
        """Return the gradient by the logits."""
        raise NotImplementedError

    @staticmethod
    def by_target(a: Tensor, q: Tensor) -> Tensor:
        """Return the gradient by the target."""
        raise NotImplementedError

    @classmethod
    def backward(cls, ctx: Any, g: Any, *_: Any) -> tuple[Tensor | None, Tensor | None]:
        """Return the gradients asked for."""
        a, q = ctx.saved_tensors[:2]
        g = g.unsqueeze(-1)
        by_logits = scaled(cls.by_logits(a, q), g) if ctx.needs_input_grad[0] else None
        return by_logits, scaled(cls.by_target(a, q), g) if ctx.needs_input_grad[1] else None

    @classmethod
    def pushed(cls, inputs: tuple[Tensor, ...], tangents: tuple[Tensor, ...]) -> Tensor:
        """Return the tangent of the loss."""
        (a, q), (da, dq) = inputs, tangents
        return (cls.by_logits(a, q) * da + cls.by_target(a, q) * dq).sum(-1)


class KnownGradient(RowLoss):
    """A loss whose `forward` returns its gradient by the logits too, found on the way to its value."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep the inputs and the gradient."""
        _, gradient = output
        ctx.mark_non_differentiable(gradient)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*inputs, gradient)

    @classmethod
    def backward(cls, ctx: Any, g: Any, *_: Any) -> tuple[Tensor | None, Tensor | None]:
        """Return what is known, or the closed form where that will be differentiated."""
        if g is None:
            return None, None
        if torch.is_grad_enabled():
            return super().backward(ctx, g)
        a, q, gradient = ctx.saved_tensors
        g = g.unsqueeze(-1)
        by_target = scaled(cls.by_target(a, q), g) if ctx.needs_input_grad[1] else None
        return scaled(gradient, g, kept=keeps_graph()) if ctx.needs_input_grad[0] else None, by_target


def apply_rows(function: type[RowFunction], *inputs: Tensor) -> Any:
    """Return the function of the inputs, their leading dimensions broadcast."""
    if torch.compiler.is_compiling() or not is_ordinary(*inputs):
        return _transformed(function, *inputs)
    inputs = _of_one_shape(inputs)
    if is_recorded(*inputs):
        return _ByAutograd.apply(*map(recordable, inputs), function)  # type: ignore[no-untyped-call]
    return function.forward(*inputs)


class _ByAutograd(torch.autograd.Function):
    """A function of rows where autograd alone records it, in half the time of a call of its own.

    Of a function with a `setup_context`, as transforms need it, torch reads the signature each time.
    """

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        *inputs, ctx.function = args
        output = ctx.function.forward(*inputs)
        ctx.function.setup_context(ctx, tuple(inputs), output)
        return output

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        found = ctx.function.backward(ctx, *grads)
        return (*found, None) if isinstance(found, tuple) else (found, None)


def is_plain(*tensors: Tensor) -> bool:
    """Tell whether values are all that anybody wants of a computation with tensors."""
    return not torch.compiler.is_compiling() and is_ordinary(*tensors) and not is_recorded(*tensors)


def scaled(rows: Tensor, factor: Tensor, *, kept: bool = False) -> Tensor:
    """Return rows times a factor for each, 0 where that is 0 whatever the row holds: it does not count.

    Where values are all that is wanted, rows that are not to be `kept` are overwritten.
    """
    if is_plain(rows, factor):
        if not kept and _is_one(factor):
            return rows
        product = torch.mul(rows, factor, out=None if kept else rows)
        return product if factor.all().item() else product.masked_fill_(factor == 0, 0.0)
    return torch.where((factor == 0) & ~rows.isfinite(), 0.0, rows) * factor


def _is_one(factor: Tensor) -> bool:
    """Tell whether a factor is one number for all rows, and that is 1, as behind a sum."""
    strides = [step for step, size in zip(factor.stride(), factor.shape, strict=True) if size > 1]
    return factor.numel() > 0 and not any(strides) and factor.reshape(-1)[0].item() == 1.0


def all_between(x: Tensor, low: float, high: float) -> bool:
    """Tell whether all numbers lie within bounds and none is NaN."""
    if not x.numel():
        return True
    least, most = x.aminmax()
    return low < least.item() and most.item() < high


def all_finite(x: Tensor) -> bool:
    """Tell whether all numbers are finite, and their sum is."""
    return math.isfinite(x.sum().item())


@uncompiled
def _transformed(function: type[RowFunction], *inputs: Tensor) -> Any:
    if any(map(is_mapped_by_engine, inputs)):
        raise NotImplementedError(
            "torch cannot map this backward (is_grads_batched, vectorize=True): use torch.func.vmap"
        )
    return function.apply(*map(recordable, _of_one_shape(inputs)))  # type: ignore[no-untyped-call]


def _of_one_shape(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    for x in tensors[1:]:
        if x.shape != tensors[0].shape:
            return tuple(torch.broadcast_tensors(*tensors))  # type: ignore[no-untyped-call]
    return tensors


def records(a: Tensor) -> bool:
    """Tell whether plain autograd, and nothing else, will ask for the gradient by a tensor."""
    return is_recorded(a) and is_ordinary(a)


def in_blocks(kernel: Callable[..., Any], *inputs: Tensor, entrywise: bool = False) -> Any:
    """Return a kernel's result, or results, over blocks of rows whose temporaries stay in the cache.

    What it returns has a row for each row of the inputs. Only the processor's cache is small. What an
    entrywise kernel returns, first or alone, is like an input, and it has one more argument: where to
    write that, so that it need not be copied there, or None.
    """
    shape, entries, block = inputs[0].shape, inputs[0].numel(), _entries_of_block()
    if entries <= max(block, shape[-1]) or not inputs[0].is_cpu:
        return kernel(*inputs, None) if entrywise else kernel(*inputs)
    step = max(1, block // shape[-1])
    rows = [x.reshape(-1, shape[-1]) for x in inputs]
    whole, single = _gathered(kernel, rows, step, entrywise)
    results = [x.reshape((*shape[:-1], *x.shape[1:])) for x in whole]
    return results[0] if single else tuple(results)


def _gathered(
    kernel: Callable[..., Any], rows: list[Tensor], step: int, entrywise: bool
) -> tuple[list[Tensor], bool]:
    """Return a kernel's results block by block, and whether each block has but one."""
    count = len(rows[0])
    whole = [rows[0].new_empty(rows[0].shape)] if entrywise else []
    single = False
    for start in range(0, count, step):
        part = slice(start, start + step)
        places = [x[part] for x in whole[:1]] if entrywise else []
        found = kernel(*(x[part] for x in rows), *places)
        single = isinstance(found, Tensor)
        parts = (found,) if single else found
        whole += [x.new_empty((count, *x.shape[1:])) for x in parts[len(whole) :]]
        for into, x in zip(whole, parts, strict=True):
            if not places or x is not places[0]:
                into[part] = x
    return whole, single


def _entries_of_block() -> int:
    threads = torch.get_num_threads()
    return _BLOCK if threads == 1 else _BLOCK_PER_THREAD * threads
