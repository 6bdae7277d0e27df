"""What every public function does with its arguments: convert, check, name what is wrong."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

ArrayLike: TypeAlias = Sequence[Any] | np.ndarray | np.generic | float
"""What `torch.as_tensor` takes beside a tensor."""


def floating(default: torch.dtype | None = None, /, **arrays: Tensor | ArrayLike) -> tuple[Tensor, ...]:
    """Return the named arguments as tensors of one floating dtype on one device.

    Tensors and NumPy arrays that are already floating fix the dtype, by the usual promotion.
    Lists and integers have no precision of their own and adopt it; alone, they get the default,
    which is torch's unless given.

    Raises
    ------
    ValueError
        If an argument cannot be read as real numbers, is a scalar, or lies on another device.
    """
    dtype, tensors = _common(default, arrays)
    return tuple(tensor.to(dtype) for tensor in tensors)


def widened(
    *, target: str = "", **arrays: Tensor | ArrayLike
) -> tuple[torch.dtype, tuple[Tensor, ...]]:
    """Return the dtype of a result, and the named arguments in the one it is computed in.

    That is the dtype that `floating` gives, and float32 for half types: a list beside a half type
    is never rounded to it. An argument named as `target` that holds integers must be one-hot.

    Raises
    ------
    ValueError
        As for `floating`; if the target holds integers that are no rows of one 1 among zeros.
    """
    dtype, tensors = _common(None, arrays)
    for name, tensor in zip(arrays, tensors, strict=True):
        if name == target and not (tensor.is_floating_point() or _is_one_hot(tensor)):
            raise ValueError(
                f"{name} must be a distribution over the classes, class indices y as one_hot(y, m), "
                f"got integers in shape {tuple(tensor.shape)}"
            )
    computed_in = torch.promote_types(dtype, torch.float32)
    return dtype, tuple(tensor.to(computed_in) for tensor in tensors)


def _is_one_hot(tensor: Tensor) -> bool:
    # Under a transform of torch.func no value can be looked at.
    if torch._C._functorch.maybe_get_level(tensor) > 0:
        return True
    return bool(((tensor >= 0).all(-1) & (tensor.sum(-1) == 1)).all())


def _common(
    default: torch.dtype | None, arrays: dict[str, Tensor | ArrayLike]
) -> tuple[torch.dtype, list[Tensor]]:
    """Return the dtype of the result and the arguments as tensors, lists and integers as they are."""
    tensors = {name: _as_tensor(name, value) for name, value in arrays.items()}
    carriers = [t.dtype for t in tensors.values() if t is not None and t.is_floating_point()]
    dtype = carriers[0] if carriers else default or torch.get_default_dtype()
    for other in carriers[1:]:
        dtype = torch.promote_types(dtype, other)
    devices = {name: t.device for name, t in tensors.items() if t is not None}
    device = next(iter(devices.values()), torch.device("cpu"))
    for name, found in devices.items():
        if found != device:
            first = next(iter(devices))
            raise ValueError(f"{name} must be on the device of {first}, {device}, got {found}")
    result = []
    for name, tensor in tensors.items():
        if tensor is None:
            # A list's own precision is that of Python's numbers, until it is known what it meets.
            tensor = _from_list(name, arrays[name], torch.promote_types(dtype, torch.float32))
            tensor = tensor.to(device)
        if tensor.ndim == 0:
            raise ValueError(f"{name} must have at least one dimension, got a scalar")
        result.append(tensor)
    return dtype, result


def _as_tensor(name: str, value: Tensor | ArrayLike) -> Tensor | None:
    """Return a tensor where the argument carries a dtype, None where it adopts one."""
    if isinstance(value, Tensor):
        tensor = value
    elif isinstance(value, np.ndarray | np.generic):
        try:
            # A copy, since torch refuses a reversed array and warns of a read-only one.
            tensor = torch.as_tensor(np.array(value, order="C"))
        except (TypeError, ValueError):
            raise ValueError(f"{name} must hold real numbers, got an array of {value.dtype}") from None
    else:
        return None
    if tensor.is_complex():
        raise ValueError(f"{name} must hold real numbers, got {tensor.dtype}")
    return tensor


def _from_list(name: str, value: object, dtype: torch.dtype) -> Tensor:
    try:
        return torch.as_tensor(value, dtype=dtype)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be convertible to a tensor, got {value!r}") from error


def require_classes(name: str, array: Tensor, *, at_least: int = 1) -> None:
    """Raise unless the last dimension, the classes, has at least so many entries."""
    if array.shape[-1] < at_least:
        raise ValueError(
            f"{name} must have at least {at_least} entries in its last dimension, "
            f"got shape {tuple(array.shape)}"
        )


def require_matrices(name: str, array: Tensor) -> None:
    """Raise unless the array is a batch of matrices, none of them empty."""
    if array.ndim < 2 or array.shape[-2] == 0:
        raise ValueError(
            f"{name} must have shape [..., n, m] with n >= 1, got shape {tuple(array.shape)}"
        )
    require_classes(name, array)


def require_same_classes(first_name: str, first: Tensor, name: str, array: Tensor) -> None:
    """Raise unless the last dimensions match exactly and the leading ones broadcast."""
    require_classes(first_name, first)
    if first.shape[-1] != array.shape[-1]:
        raise ValueError(
            f"{name} must have the last dimension of {first_name}, {first.shape[-1]}, "
            f"got shape {tuple(array.shape)}"
        )
    try:
        np.broadcast_shapes(first.shape, array.shape)
    except ValueError:
        raise ValueError(
            f"{name} must broadcast with {first_name} of shape {tuple(first.shape)}, "
            f"got shape {tuple(array.shape)}"
        ) from None


def require_number(
    name: str, value: object, *, above: float = -math.inf, at_least: float = -math.inf
) -> float:
    """Return a finite real number within its bound, or raise naming the argument."""
    if above > -math.inf:
        bound = f" and > {above:g}"
    elif at_least > -math.inf:
        bound = f" and >= {at_least:g}"
    else:
        bound = ""
    try:
        number = float(value) if isinstance(value, Real) else math.nan
    except OverflowError:
        number = math.inf
    if isinstance(value, bool) or not math.isfinite(number) or number <= above or number < at_least:
        raise ValueError(f"{name} must be finite{bound}, got {value!r}")
    return number


def require_integer(name: str, value: object, *, at_least: int, below: int | None = None) -> int:
    """Return an integer within its bounds, or raise naming the argument."""
    upper = "" if below is None else f" and < {below}"
    if (
        not isinstance(value, int | np.integer)
        or isinstance(value, bool)
        or value < at_least
        or (below is not None and value >= below)
    ):
        raise ValueError(f"{name} must be an integer >= {at_least}{upper}, got {value!r}")
    return int(value)


def require_row(name: str, row: Tensor) -> None:
    """Raise unless the tensor is one row with at least one entry."""
    require_classes(name, row)
    if row.ndim != 1:
        raise ValueError(f"{name} must be one row, got shape {tuple(row.shape)}")


def require_target(q: Tensor) -> None:
    """Raise unless the row is a distribution, up to what rounding to a half type costs."""
    if not (q.isfinite() & (q >= 0)).all():
        raise ValueError(f"q must be finite and >= 0, got {q.tolist()}")
    if abs(q.double().sum().item() - 1) > 0.01:
        raise ValueError(f"q must sum to 1 within 0.01, got {q.tolist()}")
