"""Numbers as people read them."""

import math

from lab.language.catalogues import _

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

_FIRST_POWER = 3
"""No one writes 180 as 1.8·10²."""


def number(value: float, *, digits: int = 3) -> str:
    """Write a number with so many digits, its power of ten raised."""
    if math.isnan(value):
        return _("not defined")
    # A zero has no sign.
    mantissa, _e, exponent = (
        f"{value + 0.0:.{digits}g}".replace("-", "−").replace("inf", "∞").partition("e")
    )
    if not exponent:
        return mantissa
    power = int(exponent.replace("−", "-"))
    if 0 < power < _FIRST_POWER:
        return f"{float(f'{value:.{digits}g}'):.0f}".replace("-", "−")
    return f"{mantissa}·10{raised(power)}"


def raised(exponent: int) -> str:
    """Write an exponent as it stands above the line."""
    return str(exponent).translate(_SUPERSCRIPTS)


def fixed(value: float, *, decimals: int) -> str:
    """Write a number with so many decimals, as its like are written that it is added to."""
    if math.isnan(value):
        return _("not defined")
    return f"{value:z.{decimals}f}".replace("-", "−")


def percent(value: float, *, digits: int = 3) -> str:
    """Write a share of 1 in percent, its power of ten raised where it is tiny."""
    if math.isnan(value):
        return _("not defined")
    return _("{number} %").format(number=number(100 * value, digits=digits))


def below_one(value: float) -> str:
    """Write a factor so that what it lacks of 1 is seen."""
    if value > 0.99:
        return _("1 − {gap}").format(gap=number(1 - value, digits=2)) if value < 1 else "1"
    return number(value, digits=4)


def counted(value: int) -> str:
    """Write a whole number, its thousands apart."""
    return f"{value:,}"


def indexed(symbol: str, index: int) -> str:
    """Write a symbol with its index lowered: p₁₂."""
    return symbol + str(index).translate(_SUBSCRIPTS)
