"""Values read as tensors of real numbers, or refused by the name of their argument."""

from collections.abc import Sequence
from numbers import Integral
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
# Torch converts these, and does little else with them.
_UNSIGNED = {torch.uint16: torch.int64, torch.uint32: torch.int64, torch.uint64: torch.float64}


def read_tensor(name: str, value: Tensor | ArrayLike) -> Tensor | None:
    """Return a tensor where the argument is one, or an array, and None where it is a list."""
    if isinstance(value, Tensor):
        tensor = value
    elif isinstance(value, np.ndarray | np.generic):
        tensor = _read_array(name, value)
    else:
        return None
    if tensor.is_nested or tensor.layout is not torch.strided:
        kind = "a nested tensor" if tensor.is_nested else f"layout {tensor.layout}"
        raise ValueError(f"{name} must be a dense tensor, got {kind}")
    if tensor.dtype not in _REAL:
        raise ValueError(f"{name} must hold real numbers, got {tensor.dtype}")
    return tensor


def _read_array(name: str, array: np.ndarray | np.generic) -> Tensor:
    _require_unmasked(name, array)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        raise ValueError(f"{name} must be float64 or narrower, got an array of {array.dtype}")
    try:
        # A copy, since torch refuses a reversed array or a foreign byte order, and warns of a read-only
        # one.
        return torch.as_tensor(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold real numbers, got an array of {array.dtype}") from None


def signed(integers: Tensor) -> Tensor:
    """Return integers in a dtype that torch computes with."""
    return integers.to(_UNSIGNED.get(integers.dtype, integers.dtype))


def read_list(name: str, value: object) -> tuple[Tensor, bool]:
    """Return Python's numbers in its own precision, float64, and whether all of them are integers."""
    kinds: set[type] = set()
    try:
        tensor = torch.as_tensor(_without_arrays(name, value, kinds), dtype=torch.float64)
    except _LostError as error:
        raise ValueError(str(error)) from None
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise refusal(name, "be convertible to a tensor", value) from None
    return tensor, bool(kinds) and all(issubclass(kind, Integral) for kind in kinds)


class _LostError(ValueError):
    """Something that a conversion would drop without a word."""


def _without_arrays(name: str, value: object, kinds: set[type]) -> object:
    """Return lists for the arrays in a list, which torch reads slowly, and note the types in them."""
    if isinstance(value, Tensor):
        if value.requires_grad:
            requirement = "be one tensor (torch.stack keeps the gradients that a list of them loses)"
            raise _LostError(str(refusal(name, requirement, [value])))
        value = value.item() if value.ndim == 0 else value.tolist()
    elif isinstance(value, np.ndarray):
        try:
            _require_unmasked(name, value)
        except ValueError as error:
            raise _LostError(str(error)) from None
        value = value.tolist()
    if not isinstance(value, list | tuple):
        kinds.add(type(value))
        return value
    found = set(map(type, value))
    if found <= _NUMBERS:
        kinds |= found
        return value
    return [_without_arrays(name, entry, kinds) for entry in value]


def _require_unmasked(name: str, array: np.ndarray | np.generic) -> None:
    if isinstance(array, np.ma.MaskedArray) and np.ma.getmaskarray(array).any():
        raise refusal(name, "be without a mask (fill what it hides, or leave it out)", array)
