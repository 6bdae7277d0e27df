"""Where a slider stops: whole numbers, octaves, decades."""

import math
from collections.abc import Sequence


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
