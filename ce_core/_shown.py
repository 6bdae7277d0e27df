"""How a message shows the value that it complains of: in one short line, whatever the value is."""

import math
import reprlib
from typing import Any

import numpy as np
from torch import Tensor

LONGEST_MESSAGE = 200
_LEAST_ROOM = 24
_MOST_ROOM = 80
# Beyond it Python refuses to print an integer, and nobody reads one.
_MOST_DIGITS = 40
_FEW = 6


def refusal(name: str, requirement: str, value: object) -> ValueError:
    """Return the error of an argument: its name, what it must be, and what it was, in one line."""
    start = clip(f"{name} must {requirement}, got", LONGEST_MESSAGE - _LEAST_ROOM)
    return ValueError(f"{start} {show(value, LONGEST_MESSAGE - len(start) - 1)}")


def show(value: object, room: int = _MOST_ROOM) -> str:
    """Return a value in short: a tensor or an array by type and shape, all else as Python prints it."""
    return clip(_Short().repr(value), min(room, _MOST_ROOM))


def clip(text: str, room: int) -> str:
    """Return a text as one line of at most so many characters, without its middle if it is longer."""
    # A longer text would be split into words first, all of them.
    line = " ".join(
        (text if len(text) <= 4 * room else f"{text[: 2 * room]}{text[-2 * room :]}").split()
    )
    line = "".join(character if character.isprintable() else "?" for character in line)
    if len(line) <= room:
        return line
    kept = room - len("...")
    return f"{line[: kept - kept // 3]}...{line[len(line) - kept // 3 :]}"


class _Short(reprlib.Repr):
    """Python's own short form, which looks at a few entries only, and one for tensors and arrays."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxset = self.maxdict = self.maxfrozenset = _FEW
        self.maxlevel = 3
        self.maxstring = _MOST_ROOM

    def repr1(self, x: Any, level: int) -> str:
        """Return the short form of one value."""
        if isinstance(x, Tensor):
            return _describe("tensor", x, str(x.dtype))
        if isinstance(x, np.ma.MaskedArray):
            return _describe("masked array", x, str(x.dtype))
        if isinstance(x, np.ndarray):
            return _describe("array", x, str(x.dtype))
        if isinstance(x, np.generic):
            return clip(str(x), self.maxstring)
        return super().repr1(x, level)

    def repr_int(self, x: int, level: int) -> str:
        """Return an integer, or what is beyond the digits that are worth reading as a power."""
        digits = int(x.bit_length() * 0.30103) + 1
        if digits <= _MOST_DIGITS:
            return repr(x)
        leading = abs(x) // 10 ** (digits - 8)
        return f"{'-' if x < 0 else ''}{str(leading)[:6]}... (about {digits} digits)"

    def repr_instance(self, x: Any, level: int) -> str:
        """Return what an object says of itself, or its type where it fails to."""
        try:
            return repr(x)
        except Exception:
            return f"an object of type {type(x).__name__}"


def _describe(kind: str, x: Any, dtype: str) -> str:
    article = "an" if kind == "array" else "a"
    if getattr(x, "is_nested", False):
        # It has no shape.
        return f"{article} nested {kind}, {dtype}"
    if math.prod(x.shape) <= _FEW and kind != "masked array":
        try:
            return str(x.tolist())
        except (RuntimeError, NotImplementedError):
            # It lies on no device, or a transform hides its values.
            pass
    return f"{article} {kind} of shape {tuple(x.shape)}, {dtype}"
