"""What stands around a call: a transform of torch.func, forward mode, torch.compile, autocast.

Much of it torch says by no public name. This is the only module that uses those that are not.
"""

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch._functorch import eager_transforms
from torch.autograd import forward_ad

_P = ParamSpec("_P")
_R = TypeVar("_R")


def in_transform() -> bool:
    """Tell whether a transform of `torch.func` is under way."""
    return torch._C._are_functorch_transforms_active()


def is_transformed(x: Tensor) -> bool:
    """Tell whether a transform of `torch.func` has wrapped a tensor."""
    return torch._C._functorch.is_functorch_wrapped_tensor(x)


def unwrapped(x: Tensor) -> Tensor:
    """Return the values in what transforms of `torch.func` have wrapped, those of a whole batch."""
    while is_transformed(x):
        x = torch._C._functorch.get_unwrapped(x)
    return x


def is_mapped_by_engine(x: Tensor) -> bool:
    """Tell whether autograd maps its backward (`is_grads_batched`), which no vmap rule learns of."""
    return torch._C._functorch.is_legacy_batchedtensor(x)


def in_forward_mode() -> bool:
    """Tell whether tensors may carry tangents."""
    return forward_ad._current_level >= 0


def has_tangent(x: Tensor) -> bool:
    """Tell whether a tensor carries a tangent of forward mode."""
    return in_forward_mode() and forward_ad.unpack_dual(x).tangent is not None  # type: ignore[no-untyped-call]


def refuse_nested_forward_mode() -> None:
    """Raise within forward mode within itself, where torch would lose the outer tangent silently."""
    if eager_transforms.JVP_NESTING > 1:
        raise NotImplementedError(
            "torch cannot nest forward mode here: use torch.func.hessian or jacfwd over jacrev"
        )


def is_ordinary(*tensors: Tensor) -> bool:
    """Tell whether nothing but autograd, going backward, can ask for derivatives of tensors."""
    # Asked some ten times a loss: without calls of functions in between.
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        return False
    return not any(map(torch._C._functorch.is_legacy_batchedtensor, tensors))


def is_recorded(*tensors: Tensor) -> bool:
    """Tell whether autograd records what is done with tensors."""
    if torch.is_grad_enabled():
        for x in tensors:
            if x.requires_grad:
                return True
    return False


def keeps_graph() -> bool:
    """Tell whether this backward may be run again, and needs what was kept for it."""
    return torch._C._autograd._get_current_graph_task_keep_graph()


def recordable(x: Tensor) -> Tensor:
    """Return a tensor that autograd can save, a copy where this one was made in inference mode."""
    if x.is_inference() and not torch.is_inference_mode_enabled():
        return x.clone()
    return x


def may_be_differentiated(*tensors: Tensor) -> bool:
    """Tell whether anybody may ask for derivatives; within `torch.func` a tensor does not say."""
    return in_transform() or is_recorded(*tensors) or any(has_tangent(x) for x in tensors)


def hides_values(*tensors: Tensor) -> bool:
    """Tell whether no decision may rest on the values of the tensors, nor NumPy see them.

    So it is while torch.compile traces, for what `torch.func` transforms, and where a tensor carries a
    tangent of forward mode, which would be lost.
    """
    return torch.compiler.is_compiling() or any(is_transformed(x) or has_tangent(x) for x in tensors)


def require_unbatched(name: str, array: Tensor) -> None:
    """Raise where `torch.func.vmap` hides the values of a tensor, on which what is done depends."""
    while is_transformed(array):
        if torch._C._functorch.is_batchedtensor(array):
            raise ValueError(
                f"{name} must have its batch in leading dimensions, got it from torch.func.vmap"
            )
        array = torch._C._functorch.get_unwrapped(array)


def mapped_in_front(size: int, in_dims: tuple[Any, ...], inputs: tuple[Any, ...]) -> Iterator[Any]:
    """Bring the dimension that vmap maps over to the front of each tensor, or give it one."""
    for x, dim in zip(inputs, in_dims, strict=True):
        if isinstance(x, Tensor):
            yield x.expand(size, *x.shape) if dim is None else x.movedim(dim, 0)
        else:
            yield x


def uncompiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let torch.compile call a function as it is: what it does depends on values."""
    disabled: Callable[_P, _R] = torch.compiler.disable(function)  # type: ignore[no-untyped-call]
    return disabled


def softmax_pullback(p: Tensor, v: Tensor, out: Tensor | None = None) -> Tensor:
    """Return p (v - p·v) without a gradient, in one pass."""
    return torch._softmax_backward_data(v, p, -1, p.dtype, grad_input=out)


def product_of(like: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the matrix product in the dtype of its factors, here and in its derivatives.

    On the device of the tensor `torch.autocast` would narrow it.
    """
    if torch.is_autocast_enabled(like.device.type):
        product: Callable[[Tensor, Tensor], Tensor] = _Product.apply
        return product
    return torch.matmul


class _Product(torch.autograd.Function):
    """The product without autocast, forward and backward, to any order."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        """Multiply as is."""
        ctx.save_for_backward(a, b)
        with torch.autocast(a.device.type, enabled=False):
            return a @ b

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        """Multiply the gradient by the other factor, again without autocast."""
        a, b = ctx.saved_tensors
        return _Product.apply(grad, b.mT), _Product.apply(a.mT, grad)  # type: ignore[no-untyped-call]
