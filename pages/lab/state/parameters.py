"""Parameters of a page: what each may be, how its slider steps, how a URL spells it."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_NUMBER = re.compile(r"\d{1,12}(\.\d{0,12})?(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
LARGEST_SEED: Final = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number that a slider sets.

    Attributes
    ----------
    name
        The key of the widget and of the URL, and the field of the configuration.
    label, help
        What is shown, before translation.
    grid
        Where the slider stops, ascending; its ends are the bounds. A URL may name values between.
    default
        One of the grid.
    integer
        Whether only whole numbers are meant.
    """

    name: str
    label: str
    help: str
    grid: tuple[float, ...]
    default: float
    integer: bool = False

    def parse(self, text: str) -> float | None:
        """Return the value that a URL spells, None if it is no number or out of bounds."""
        if not _NUMBER.fullmatch(text):
            return None
        value = float(text)
        if not self.grid[0] <= value <= self.grid[-1]:
            return None
        if self.integer:
            return int(value) if value.is_integer() else None
        return value


def spell(value: float) -> str:
    """Write a number, or a switch, as briefly as it can be read back."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f"{value:.12g}"


def whole_numbers(low: int, high: int) -> tuple[int, ...]:
    """Return stops for sizes: every number to 4, then each power of two and the half between."""
    stops = set(range(low, min(high, 4) + 1)) | {high}
    power = 4
    while power <= high:
        stops |= {power, power * 3 // 2}
        power *= 2
    return tuple(sorted(stop for stop in stops if low <= stop <= high))


def octaves(low: int, high: int) -> tuple[float, ...]:
    """Return stops for a factor: from one power of two to another, with the quarters between."""
    stops = [float(low)]
    while stops[-1] < high:
        octave = 2.0 ** math.floor(math.log2(stops[-1]))
        stops.append(min(stops[-1] + octave / 4, float(high)))
    return tuple(stops)


def decades(
    low: float, high: float, mantissas: Sequence[float] = (1, 1.5, 2, 3, 5, 7)
) -> tuple[float, ...]:
    """Return stops for a quantity that spans powers of ten, each rounded as it is read."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    stops = {float(f"{mantissa}e{exponent}") for exponent in exponents for mantissa in mantissas}
    return tuple(sorted(stop for stop in stops if low <= stop <= high))
