"""Values read as tensors of real numbers, or refused by the name of their argument."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ce_core._shown import refusal

ArrayLike: TypeAlias = Sequence[Any] | np.ndarray | np.generic | float
"""What `torch.as_tensor` takes beside a tensor."""

_REAL = frozenset(
    getattr(torch, name)
    for name in (
        *("float64", "float32", "bfloat16", "float16", "bool"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    )
)
_NUMBERS = frozenset((float, int, bool))


def read_tensor(name: str, value: Tensor | ArrayLike) -> Tensor | None:
    """Return a tensor where the argument carries a dtype, None where it adopts one."""
    if isinstance(value, Tensor):
        tensor = value
    elif isinstance(value, np.ndarray | np.generic):
        _require_unmasked(name, value)
        try:
            # A copy, since torch refuses a reversed array and warns of a read-only one.
            tensor = torch.as_tensor(np.array(value, order="C"))
        except (TypeError, ValueError):
            raise ValueError(f"{name} must hold real numbers, got an array of {value.dtype}") from None
    else:
        return None
    if tensor.is_nested or tensor.layout is not torch.strided:
        kind = "a nested tensor" if tensor.is_nested else f"layout {tensor.layout}"
        raise ValueError(f"{name} must be a dense tensor, got {kind}")
    if tensor.dtype not in _REAL:
        raise ValueError(f"{name} must hold real numbers, got {tensor.dtype}")
    return tensor


def read_list(name: str, value: object, dtype: torch.dtype) -> Tensor:
    """Return numbers that have no dtype of their own in this one."""
    try:
        return torch.as_tensor(_without_arrays(name, value), dtype=dtype)
    except _LostError as error:
        raise ValueError(str(error)) from None
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise refusal(name, "be convertible to a tensor", value) from None


class _LostError(ValueError):
    """Something that a conversion would drop without a word."""


def _without_arrays(name: str, value: object) -> object:
    """Return lists in place of the arrays in a list, since torch reads those slowly, with a warning."""
    if isinstance(value, Tensor):
        if value.requires_grad:
            requirement = "be one tensor (torch.stack keeps the gradients that a list of them loses)"
            raise _LostError(str(refusal(name, requirement, [value])))
        return value.item() if value.ndim == 0 else value.tolist()
    if isinstance(value, np.ndarray):
        try:
            _require_unmasked(name, value)
        except ValueError as error:
            raise _LostError(str(error)) from None
        return value.tolist()
    if not isinstance(value, list | tuple) or set(map(type, value)) <= _NUMBERS:
        return value
    return [_without_arrays(name, entry) for entry in value]


def _require_unmasked(name: str, array: np.ndarray | np.generic) -> None:
    if isinstance(array, np.ma.MaskedArray) and np.ma.getmaskarray(array).any():
        raise refusal(name, "be without a mask (fill what it hides, or leave it out)", array)
