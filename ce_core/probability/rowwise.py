"""One way for functions of rows to be differentiated, mapped and compiled, whatever runs inside.

What such a function does to a row may depend on its values (a row that needs care is computed in
another way), which neither tracing nor `torch.func.vmap` can follow. So the computation of values
is opaque to torch, and its derivative is a closed form made of such functions again: backward,
double backward, forward mode and the transforms of `torch.func` all follow from that.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from ce_core._surroundings import (
    forward_modes,
    is_mapped_by_engine,
    is_transformed,
    mapped_in_front,
    uncompiled,
)

# Rows that fit into the cache together with what is computed of them.
_BLOCK = 1 << 18


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
        if forward_modes() > 1:
            raise NotImplementedError(
                "torch cannot nest forward mode here: use torch.func.hessian or jacfwd over jacrev"
            )
        return cls.pushed(ctx.saved_tensors, tangents)

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor) -> tuple[Any, Any]:
        """Map over one more leading dimension."""
        front = mapped_in_front(info.batch_size, in_dims, inputs)
        result = cls.apply(*front)  # type: ignore[no-untyped-call]
        return result, tuple(0 for _ in result) if isinstance(result, tuple) else 0


@uncompiled
def apply_rows(function: type[RowFunction], *inputs: Tensor) -> Any:
    """Return the function of the inputs, their leading dimensions broadcast."""
    if any(is_mapped_by_engine(x) for x in inputs):
        raise NotImplementedError(
            "torch cannot map this backward (is_grads_batched, vectorize=True): use torch.func.vmap"
        )
    if any(x.shape != inputs[0].shape for x in inputs[1:]):
        inputs = tuple(torch.broadcast_tensors(*inputs))  # type: ignore[no-untyped-call]
    return function.apply(*inputs)  # type: ignore[no-untyped-call]


def may_overwrite(g: Tensor) -> bool:
    """Return whether a fresh tensor may be multiplied by `g` in place: nothing records or maps it."""
    return not (torch.is_grad_enabled() or is_transformed(g) or is_mapped_by_engine(g))


def in_blocks(kernel: Callable[..., Tensor], *inputs: Tensor, reduced: bool) -> Tensor:
    """Return a kernel's result over blocks of rows whose temporaries stay in the cache.

    `reduced` kernels return [rows], others [rows, m]. Only the processor's cache is small.
    """
    first = inputs[0]
    m = first.shape[-1]
    step = max(1, _BLOCK // m)
    rows = [x.reshape(-1, m) for x in inputs]
    count = len(rows[0])
    shape = first.shape[:-1] if reduced else first.shape
    if first.device.type != "cpu" or count <= step:
        return kernel(*rows).reshape(shape)
    result = first.new_empty((count,) if reduced else (count, m))
    for start in range(0, count, step):
        result[start : start + step] = kernel(*(x[start : start + step] for x in rows))
    return result.reshape(shape)
