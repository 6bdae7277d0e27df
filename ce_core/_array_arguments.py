"""What every public function does with its arrays: convert, check, name what is wrong."""

import math

import numpy as np
import torch
from torch import Tensor

from ce_core._shown import refusal
from ce_core._surroundings import is_transformed, require_unbatched, uncompiled, unwrapped
from ce_core._tensors import ArrayLike as ArrayLike
from ce_core._tensors import read_list, read_tensor, signed

# Entries that a message shows.
_FEW = 6
_COMPUTED_IN = frozenset((torch.float32, torch.float64))
# Integers of which float32 holds every one.
_SHORT = frozenset((torch.bool, torch.int8, torch.uint8, torch.int16))


def floating(default: torch.dtype | None = None, /, **arrays: Tensor | ArrayLike) -> tuple[Tensor, ...]:
    """Return the named arguments as tensors of one floating dtype on one device.

    Tensors and NumPy arrays that are already floating fix the dtype, by the usual promotion.
    Lists and integers have no precision of their own and adopt it; alone, they get the default,
    which is torch's unless given. Where that would take numbers out of their range, or digits from
    integers, they count as float64.

    Raises
    ------
    ValueError
        If an argument cannot be read as real numbers, is a scalar, or lies on another device.
    """
    if (ready := _ready(arrays)) is not None:
        return ready
    dtype, tensors, _ = _common(default, arrays)
    return tuple(tensor.to(dtype) for tensor in tensors.values())


def _ready(arrays: dict[str, Tensor | ArrayLike]) -> tuple[Tensor, ...] | None:
    """Return the arguments where all are already what is asked of them, or None where one may not be.

    So they ordinarily are, and seen at once that takes a fifth of the time of looking at each in full.
    """
    ready: list[Tensor] = []
    for x in arrays.values():
        if not isinstance(x, Tensor) or x.dtype not in _COMPUTED_IN or x.layout is not torch.strided:
            return None
        if x.is_nested or not x.is_cpu or not x.ndim or (ready and x.dtype is not ready[0].dtype):
            return None
        ready.append(x)
    return tuple(ready)


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
    if (ready := _ready(arrays)) is not None:
        return ready[0].dtype, ready
    dtype, tensors, integers = _common(None, arrays)
    if target in integers:
        given = tensors[target]
        # One row of integers for many rows of logits may be an index for each.
        if given.ndim < max(tensor.ndim for tensor in tensors.values()) or not _is_one_hot(given):
            raise ValueError(
                f"{target} must be a distribution over the classes, class indices y as one_hot(y, m), "
                f"got integers in shape {tuple(given.shape)}"
            )
    computed_in = torch.promote_types(dtype, torch.float32)
    return dtype, tuple(tensor.to(computed_in) for tensor in tensors.values())


def _is_one_hot(tensor: Tensor) -> bool:
    # Under a transform of torch.func no value can be looked at.
    if is_transformed(tensor) or not tensor.numel():
        return True
    return bool((tensor.min() >= 0) & (tensor.sum(-1) == 1).all())


def _common(
    default: torch.dtype | None, arrays: dict[str, Tensor | ArrayLike]
) -> tuple[torch.dtype, dict[str, Tensor], set[str]]:
    """Return the dtype of the result, the arguments as tensors, and the names of those of integers.

    Lists and integers are not in that dtype yet.
    """
    tensors = {name: read_tensor(name, value) for name, value in arrays.items()}
    carriers = [t.dtype for t in tensors.values() if t is not None and t.is_floating_point()]
    dtype = carriers[0] if carriers else default or torch.get_default_dtype()
    for other in carriers[1:]:
        dtype = torch.promote_types(dtype, other)
    device = _common_device(tensors)
    result, integers = {}, set()
    for name, tensor in tensors.items():
        if tensor is None or not tensor.is_floating_point():
            tensor, whole = read_list(name, arrays[name]) if tensor is None else (signed(tensor), True)
            tensor = tensor.to(device)
            # Beside a half type they are computed with in float32.
            if not _fits(tensor, torch.promote_types(dtype, torch.float32), whole):
                dtype = torch.float64
            if whole:
                integers.add(name)
        if tensor.ndim == 0:
            raise ValueError(f"{name} must have at least one dimension, got a scalar")
        result[name] = tensor
    return dtype, result, integers


def _common_device(tensors: dict[str, Tensor | None]) -> torch.device:
    devices = {name: t.device for name, t in tensors.items() if t is not None}
    device = next(iter(devices.values()), torch.device("cpu"))
    for name, found in devices.items():
        if found != device:
            first = next(iter(devices))
            raise ValueError(f"{name} must be on the device of {first}, {device}, got {found}")
    if device.type == "meta":
        raise ValueError(f"{next(iter(devices))} must hold values, got a tensor on the device meta")
    return device


@uncompiled
def _fits(tensor: Tensor, dtype: torch.dtype, whole: bool) -> bool:
    """Tell whether numbers keep their range in a dtype, and integers their digits."""
    if dtype == torch.float64 or tensor.dtype in _SHORT or not tensor.numel():
        return True
    values, limits = unwrapped(tensor), torch.finfo(dtype)
    if whole:
        low, high = values.aminmax()
        return max(-low.item(), high.item()) <= 2 / limits.eps
    sizes = values.abs().nan_to_num(1.0, 1.0, 1.0)
    low, high = torch.where(sizes == 0, 1.0, sizes).aminmax()
    return limits.tiny <= low.item() and high.item() <= limits.max


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
    if first.shape == array.shape:
        return
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


def require_finite(name: str, array: Tensor, *, above: float = -math.inf) -> None:
    """Raise unless all entries are finite, and above the bound."""
    require_unbatched(name, array)
    good = array.isfinite() & (array > above)
    if not good.all():
        bound = f" and > {above:g}" if above > -math.inf else ""
        raise refusal(name, f"be finite{bound}", _few(array, ~good))


def require_row(name: str, row: Tensor) -> None:
    """Raise unless the tensor is one row with at least one entry."""
    require_classes(name, row)
    if row.ndim != 1:
        raise ValueError(f"{name} must be one row, got shape {tuple(row.shape)}")


def require_target(q: Tensor) -> None:
    """Raise unless each row is a distribution, up to what rounding to a half type costs."""
    require_unbatched("q", q)
    good = q.isfinite() & (q >= 0)
    if not good.all():
        raise refusal("q", "be finite and >= 0", _few(q, ~good))
    off = ((q.double().sum(-1) - 1).abs() > 0.01).unsqueeze(-1).expand(q.shape)
    if off.any():
        raise refusal("q", "sum to 1 within 0.01", _few(q, off))


def _few(array: Tensor, wrong: Tensor) -> Tensor:
    """Return all entries where they are few, otherwise the first that is wrong."""
    return array if array.numel() <= _FEW else array[wrong][0]
