"""How many digits of r, of the slope and of the spread are told: none that rounding made."""

import math
from typing import Final

from ce_core import LossComparison
from lab.language.catalogues import _
from lab.language.numerals import number, percent

# As many as tell slopes apart.
_DIGITS: Final = 4


def slope(comparison: LossComparison) -> str:
    """Return the slope of L2 over L1."""
    return number(_kept(comparison.slope, comparison.slope_rounding), digits=_DIGITS)


def correlation(comparison: LossComparison) -> str:
    """Return r, which rounding moves less the nearer the dots lie to their line."""
    off_line = math.sqrt(max(0.0, 1 - comparison.correlation**2))
    moved = comparison.slope_rounding * off_line + _share(comparison) ** 2
    return number(_kept(comparison.correlation, moved), digits=_DIGITS)


def spread(comparison: LossComparison) -> str:
    """Return sd(H)/sd(L1)."""
    kept = _kept(comparison.entropy_spread, _share(comparison))
    return _about(number(kept, digits=3), rounded_away=kept == 0)


def spread_percent(comparison: LossComparison) -> str:
    """Return sd(H)/sd(L1) in percent."""
    kept = _kept(comparison.entropy_spread, _share(comparison))
    return _about(percent(kept, digits=3), rounded_away=kept == 0)


def _about(said: str, *, rounded_away: bool) -> str:
    return _("about {number}").format(number=said) if rounded_away else said


def _share(comparison: LossComparison) -> float:
    """Return how far rounding may have moved sd(H)/sd(L1)."""
    return comparison.rounding / comparison.l1_spread if comparison.l1_spread > 0 else math.nan


def _kept(value: float, moved: float) -> float:
    """Return a number without the decimals in which rounding may have moved it."""
    if not moved > 0 or not math.isfinite(value):
        return value
    return round(value, math.ceil(-math.log10(moved)))
