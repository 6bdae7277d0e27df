"""What every public function does with its options: convert, check, name what is wrong."""

import math
from collections.abc import Collection, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from ce_core._shown import refusal
from ce_core._surroundings import has_tangent, is_transformed
from ce_core._tensors import read_list, read_tensor
from ce_core.dtypes import DTYPES

Kind = TypeVar("Kind")

# What an int64 holds, and the entries of the largest array that an option may ask for: 16 GiB.
_LARGEST_INTEGER = 2**63
_LARGEST_ARRAY = 2**31


def require_number(
    name: str,
    value: object,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> float:
    """Return a finite real number within its bounds, or raise naming the argument."""
    plain = _scalar(name, value)
    try:
        number = math.nan if isinstance(plain, bool) or not isinstance(plain, Real) else float(plain)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number <= above or not at_least <= number <= at_most:
        bounds = ((">", above), (">=", at_least), ("<=", at_most))
        bound = "".join(f" and {sign} {limit:g}" for sign, limit in bounds if math.isfinite(limit))
        raise refusal(name, f"be finite{bound}", value)
    return number


def require_per_item(name: str, value: object, device: torch.device) -> Tensor:
    """Return an option in float64, one number or one for each item of a batch, or raise naming it."""
    if not isinstance(value, Tensor | np.ndarray | list | tuple):
        return torch.tensor(require_number(name, value), dtype=torch.float64, device=device)
    tensor = read_tensor(name, value) if isinstance(value, Tensor | np.ndarray) else None
    if tensor is None:
        tensor = read_list(name, value)[0]
    if tensor.dtype == torch.bool or tensor.device.type == "meta":
        raise refusal(name, "hold numbers", tensor)
    return tensor.to(dtype=torch.float64, device=device)


def require_integer(name: str, value: object, *, at_least: int, below: int | None = None) -> int:
    """Return an integer within its bounds, or raise naming the argument."""
    number = _scalar(name, value)
    whole = isinstance(number, Integral) and not isinstance(number, bool)
    if below is None and whole and number >= _LARGEST_INTEGER:
        below = _LARGEST_INTEGER
    upper = "" if below is None else f" and < {below}"
    if not whole or number < at_least or (below is not None and number >= below):
        raise refusal(name, f"be an integer >= {at_least}{upper}", value)
    return int(number)


def _scalar(name: str, value: object) -> Any:
    """Return what a tensor or an array without dimensions holds, where no derivative is lost by it."""
    if isinstance(value, float | int):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.is_masked(value):
        return value.item()
    if not isinstance(value, Tensor) or value.ndim or value.device.type == "meta":
        return value
    if value.requires_grad and torch.is_grad_enabled():
        raise refusal(name, "be a number, whose gradient is not followed (detach it)", value)
    if is_transformed(value) or has_tangent(value):
        raise ValueError(f"{name} must be a number that is not transformed, got a tensor that is")
    return value.item()


def require_room(name: str, value: int, entries: int) -> None:
    """Raise if what an option asks for has more entries than an array may have."""
    if entries > _LARGEST_ARRAY:
        requirement = f"ask for at most {_LARGEST_ARRAY} numbers at once, not about {entries:.0e}"
        raise refusal(name, requirement if entries < 1e300 else requirement.split(",")[0], value)


def require_choice(name: str, value: object, choices: Collection[str]) -> str:
    """Return one of several words, or raise naming the argument and all of them."""
    if not isinstance(value, str) or value not in choices:
        raise refusal(name, f"be one of {', '.join(choices)}", value)
    return value


def require_dtype(name: str, value: object) -> str:
    """Return the name of a dtype, given as its name or as torch's, or raise naming the argument."""
    given = str(value).removeprefix("torch.") if isinstance(value, torch.dtype) else value
    if not isinstance(given, str) or given not in DTYPES:
        raise refusal(name, f"be one of {', '.join(DTYPES)}", value)
    return given


def require_flag(name: str, value: object) -> bool:
    """Return a truth value, or raise naming the argument: a word would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise refusal(name, "be True or False", value)
    return bool(value)


def require_instance(name: str, value: object, kind: type[Kind]) -> Kind:
    """Return what is of a class of this package, or raise naming the argument."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise refusal(name, f"be {article} {kind.__name__}", value)
    return value


def require_items(name: str, values: object) -> tuple[Any, ...]:
    """Return the items of a sequence, a vector included, or raise naming the argument."""
    vector = read_tensor(name, values) if isinstance(values, Tensor | np.ndarray) else None
    if vector is not None:
        if vector.ndim != 1 or vector.device.type == "meta":
            raise refusal(name, "be a vector that holds values", vector)
        return tuple(vector.tolist())
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise refusal(name, "be a sequence", values)
    return tuple(values)


def require_device(name: str, value: object) -> torch.device:
    """Return a device that is there, or raise naming the argument."""
    try:
        device: torch.device = torch.device(value)  # type: ignore[call-overload]
        torch.empty(0, device=device)
    except (RuntimeError, TypeError, ValueError, OverflowError, AssertionError):
        raise refusal(name, "be a device that is there", value) from None
    if device.type == "meta":
        raise refusal(name, "be a device that holds values", value)
    return device
