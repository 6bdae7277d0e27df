"""What may stand around a call: autocast, a transform of torch.func, torch.compile."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.autograd import forward_ad

_P = ParamSpec("_P")
_R = TypeVar("_R")


def hides_values(*tensors: Tensor) -> bool:
    """Tell whether no decision may rest on the values of the tensors, nor NumPy see them.

    So it is while torch.compile traces, for what `torch.func` transforms, and where a tensor carries a
    tangent of forward mode, which would be lost.
    """
    return torch.compiler.is_compiling() or any(
        # Torch says it by no public name.
        torch._C._functorch.is_functorch_wrapped_tensor(x)
        or forward_ad.unpack_dual(x).tangent is not None  # type: ignore[no-untyped-call]
        for x in tensors
    )


def require_unbatched(name: str, array: Tensor) -> None:
    """Raise where `torch.func.vmap` hides the values of a tensor, on which what is done depends."""
    inner = array
    while torch._C._functorch.is_functorch_wrapped_tensor(inner):
        if torch._C._functorch.is_batchedtensor(inner):
            raise ValueError(
                f"{name} must have its batch in leading dimensions, got it from torch.func.vmap"
            )
        inner = torch._C._functorch.get_unwrapped(inner)


def uncompiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let torch.compile call a function as it is: what it does depends on values."""
    disabled: Callable[_P, _R] = torch.compiler.disable(function)  # type: ignore[no-untyped-call]
    return disabled


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
