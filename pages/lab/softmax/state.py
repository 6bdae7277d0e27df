"""What the page of the softmax can be asked: logits, a temperature, a target; presets of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.language.catalogues import N_
from lab.state.parameters import spell

FEWEST, MOST = 2, 30
LARGEST: Final = 1000.0
COLDEST, HOTTEST = 0.01, 100.0
SHIFT: Final = 800.0

_NUMBER: Final = re.compile(
    r"\s*[+-]?(\d{1,4}(\.\d{0,12})?|\.\d{1,12})(e[+-]?\d{1,3})?\s*", re.ASCII | re.IGNORECASE
)
_LONGEST_TEXT: Final = 1000
_HALF_WIDTHS: Final = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
# What a class gets that was not there before.
_MORE_LOGITS: Final = (0.0, 1.5, -1.0, 0.75, -2.0)


def parse_logits(text: str) -> tuple[float, ...] | None:
    """Return the logits that a text lists, None if it lists none or not within the bounds."""
    parts = text.split(",") if len(text) <= _LONGEST_TEXT else []
    if not FEWEST <= len(parts) <= MOST or not all(map(_NUMBER.fullmatch, parts)):
        return None
    logits = tuple(float(part) + 0.0 for part in parts)
    return logits if all(abs(logit) <= LARGEST for logit in logits) else None


def spell_logits(logits: Sequence[float]) -> str:
    """Write logits as a URL spells them."""
    return ",".join(map(spell, logits))


@dataclass(frozen=True)
class SoftmaxState:
    """What the controls say: the logits, what divides them, and the class that is the target."""

    logits: tuple[float, ...]
    temperature: float = 1.0
    target: int = 1

    @property
    def shown(self) -> dict[str, float | str | bool]:
        """Every control's value by its name in the URL."""
        return {
            "a": spell_logits(self.logits),
            "temperature": self.temperature,
            "target": self.target,
        }

    @property
    def window(self) -> tuple[float, float]:
        """The axis of the bars: round ends, with room to drag, around 0 if the logits are near it."""
        low, high = min(self.logits), max(self.logits)
        far = max(-low, high) > 10 * max(high - low, 5)
        centre = 10 * round((low + high) / 20) if far else 0
        reach = max(high - centre, centre - low)
        half = next((half for half in _HALF_WIDTHS if reach <= 0.97 * half), LARGEST)
        return max(-LARGEST, centre - half), min(LARGEST, centre + half)


DEFAULT: Final = SoftmaxState((2.0, 1.0, 0.5, -0.5, -1.5), target=2)

PRESETS: Final = {
    "spread": (N_("Spread"), SoftmaxState(tuple(4.5 - k for k in range(10)), target=3)),
    "tie": (N_("Tie"), SoftmaxState((1.5, 1.5, 0.0, -1.0, -2.0), temperature=0.2)),
    "saturated": (N_("Saturated"), SoftmaxState((12.0, 2.0, 0.0, -1.0, -2.0), target=2)),
    "one-hot": (N_("One-hot limit"), replace(DEFAULT, temperature=COLDEST, target=1)),
    "uniform": (N_("Uniform limit"), replace(DEFAULT, temperature=HOTTEST)),
    "two": (N_("Two classes"), SoftmaxState((1.0, -0.5), target=2)),
}


def resized(logits: Sequence[float], classes: int) -> list[float]:
    """Return so many of the logits; what is missing comes from the default, then from a fixed list."""
    known = max((DEFAULT.logits, tuple(logits)), key=len)
    more = (_MORE_LOGITS[k % len(_MORE_LOGITS)] for k in range(MOST))
    return [*logits, *known[len(logits) :], *more][:classes]


def shifted(state: SoftmaxState) -> SoftmaxState:
    """Return the state with 800 more on every logit, or less, or on the default if neither fits."""
    for shift in (SHIFT, -SHIFT):
        logits = tuple(round(logit + shift, 9) for logit in state.logits)
        if max(map(abs, logits)) <= LARGEST and (shift > 0 or min(state.logits) > 0):
            return replace(state, logits=logits)
    return replace(DEFAULT, logits=tuple(logit + SHIFT for logit in DEFAULT.logits))


def read_move(message: Any) -> tuple[SoftmaxState, int] | None:
    """Return the state and the serial that a message of the bars holds, None if it is forged."""
    match message:
        case {
            "logits": list(logits),
            "temperature": int() | float() as temperature,
            "target": int(target),
            "serial": int(serial),
        } if 0 <= serial < 2**53 and all(map(_is_logit, logits)):
            parsed = parse_logits(spell_logits([float(logit) for logit in logits]))
            if parsed and COLDEST <= temperature <= HOTTEST and 0 <= target < len(parsed):
                return SoftmaxState(parsed, float(temperature), target + 1), serial
    return None


def _is_logit(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= LARGEST
