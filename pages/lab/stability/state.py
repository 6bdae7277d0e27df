"""What the page of stability can be asked: logits, a target, a formula, a dtype, a floor."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ce_core import DTYPES, FORMULAS, PITFALLS
from lab.state.parameters import spell

FEWEST, MOST = 2, 6
LARGEST: Final = 1000.0
_LONGEST_TEXT: Final = 200
_NUMBER: Final = re.compile(
    r"\s*[+-]?((\d{1,4}(\.\d{0,12})?|\.\d{1,12})(e[+-]?\d{1,3})?|inf)\s*", re.ASCII | re.IGNORECASE
)

# Every threshold, the whole number before it, and what lies between.
GAPS: Final = (
    1, 2, 3, 5, 8, 10, 11, 12, 15, 17, 18, 20, 25, 27, 28, 30, 40, 50, 51, 60, 70, 80, 88, 89, 92, 93,
    100, 103, 104, 120, 150, 200, 250, 300, 371, 372, 400, 500, 600, 709, 710, 745, 746, 800, 900, 1000,
)  # fmt: skip


FLOORS: Final = (
    "1e-38", "1e-30", "1e-20", "1e-16", "1e-12", "1e-10", "1e-08", "1e-07", "1e-06", "1e-05", "0.0001",
    "0.001", "0.01", "0.1",
)  # fmt: skip


def parse_logits(text: str) -> tuple[float, ...] | None:
    """Return the logits that a text lists, None if it lists none or not within the bounds."""
    parts = text.split(",") if len(text) <= _LONGEST_TEXT else []
    if not FEWEST <= len(parts) <= MOST or not all(map(_NUMBER.fullmatch, parts)):
        return None
    logits = tuple(float(part) + 0.0 for part in parts)
    known = [abs(x) <= LARGEST or "inf" in part.lower() for x, part in zip(logits, parts, strict=True)]
    return logits if all(known) else None


def spell_logits(logits: Sequence[float]) -> str:
    """Write logits as a URL spells them."""
    return ",".join(map(spell, logits))


@dataclass(frozen=True)
class StabilityState:
    """What the controls say; the target counts classes from 1."""

    logits: tuple[float, ...] = (120.0, 0.0)
    target: int = 1
    formula: str = "max_shifted"
    dtype: str = "float32"
    floor: float = 1e-12

    @property
    def shown(self) -> dict[str, float | str | bool]:
        """Every control's value by its name in the URL."""
        return {
            "logits": spell_logits(self.logits),
            "target_class": self.target,
            "formula": self.formula,
            "arithmetic": self.dtype,
            "floor": spell(self.floor),
        }

    @property
    def q(self) -> tuple[float, ...]:
        """The target distribution: 1 for its class."""
        return tuple(float(i == self.target) for i in range(1, len(self.logits) + 1))

    @property
    def clip(self) -> float | None:
        """The floor as the formula takes it."""
        return self.floor if self.formula == "clipped" else None

    @property
    def gap(self) -> float | None:
        """The largest finite logit minus the smallest; None where a logit is +inf or none is finite."""
        finite = [x for x in self.logits if math.isfinite(x)]
        return max(finite) - min(finite) if finite and max(self.logits) < math.inf else None

    @property
    def line(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Logits at gap 0, and what a unit of the gap adds: the present ones, stretched."""
        if not self.gap:
            first = next((i for i, x in enumerate(self.logits) if math.isfinite(x)), 0)
            low = self.logits[first] if math.isfinite(self.logits[first]) else 0.0
            origin = tuple(x if x == -math.inf and self.gap is not None else low for x in self.logits)
            return origin, tuple(float(i == first) for i in range(len(self.logits)))
        low = min(x for x in self.logits if math.isfinite(x))
        origin = tuple(x if math.isinf(x) else low for x in self.logits)
        direction = tuple(0.0 if math.isinf(x) else (x - low) / self.gap for x in self.logits)
        return origin, direction

    def at_gap(self, gap: float) -> "StabilityState":
        """Return the same state with its logits stretched to a gap."""
        origin, direction = self.line
        logits = tuple(round(o + gap * d, 9) for o, d in zip(origin, direction, strict=True))
        if max(logits) > LARGEST:
            # Without softmax there is nothing to shift; elsewhere only differences count.
            logits = tuple(round(x - max(logits) + gap, 9) for x in logits)
        return replace(self, logits=logits)


DEFAULT: Final = StabilityState()
FORMULA_NAMES: Final = (DEFAULT.formula, *(name for name in FORMULAS if name != DEFAULT.formula))
DTYPE_NAMES: Final = tuple(reversed(DTYPES))

CASES: Final = {
    name: StabilityState(
        logits=case.a,
        target=case.q.index(1) + 1,
        formula=case.formula,
        dtype=case.dtype,
        floor=case.floor or DEFAULT.floor,
    )
    for name, case in PITFALLS.items()
}


def case_of(state: StabilityState) -> str | None:
    """Return the name of the case that this state is, if it is one."""
    return next((name for name, preset in CASES.items() if preset == state), None)
