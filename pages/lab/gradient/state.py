"""What the page of the gradients can be asked: logits, a target, a descent; how a link spells it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.language.catalogues import N_
from lab.state.parameters import LARGEST_SEED, spell

FEWEST, MOST = 2, 10
LARGEST: Final = 50.0
SLOWEST, FASTEST = 0.01, 4.0
FEWEST_STEPS, MOST_STEPS = 1, 2000

ONE_HOT, SMOOTHED, FREE = KINDS = ("one-hot", "smoothed", "free")
SMOOTHINGS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
RATES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
STEP_COUNTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)

_NUMBER: Final = re.compile(
    r"\s*[+-]?(\d{1,4}(\.\d{0,12})?|\.\d{1,12})(e[+-]?\d{1,3})?\s*", re.ASCII | re.IGNORECASE
)
_WHOLE: Final = re.compile(r"\d{1,10}", re.ASCII)
_LONGEST_TEXT: Final = 400
_HALF_WIDTHS: Final = (3.0, 5.0, 10.0, 20.0)
# What a class gets that was not there before.
_MORE_LOGITS: Final = (0.0, 1.0, -0.5, 0.5, -1.0)


def parse_numbers(text: str, *, least: float, most: float) -> tuple[float, ...] | None:
    """Return the numbers that a text lists, one a class; None if it lists none within the bounds."""
    parts = text.split(",") if len(text) <= _LONGEST_TEXT else []
    if not FEWEST <= len(parts) <= MOST or not all(map(_NUMBER.fullmatch, parts)):
        return None
    numbers = tuple(float(part) + 0.0 for part in parts)
    return numbers if all(least <= number <= most for number in numbers) else None


def parse_logits(text: str) -> tuple[float, ...] | None:
    """Return the logits that a text lists, None if it lists none or not within the bounds."""
    return parse_numbers(text, least=-LARGEST, most=LARGEST)


def parse_weights(text: str) -> tuple[float, ...] | None:
    """Return the weights that a text lists, None if one is negative or all are 0."""
    weights = parse_numbers(text, least=0.0, most=1000.0)
    return weights if weights and sum(weights) > 1e-6 else None


def spell_numbers(numbers: Sequence[float]) -> str:
    """Write numbers as a link spells them."""
    return ",".join(spell(round(number, 6)) for number in numbers)


@dataclass(frozen=True)
class GradientState:
    """What the controls say.

    Attributes
    ----------
    logits
        Where the descents start.
    kind, target, smoothing, weights
        The target q: one class, from 1; the same smoothed; or weights, which count by their shares.
    rate, steps
        Of the descents.
    step
        The step that is shown; None for the last.
    seed
        Of the draws of the post's check.
    """

    logits: tuple[float, ...]
    kind: str = ONE_HOT
    target: int = 1
    smoothing: float = 0.1
    weights: tuple[float, ...] = ()
    rate: float = 1.0
    steps: int = 200
    step: int | None = None
    seed: int = 0

    @property
    def at(self) -> int:
        """The step that is shown."""
        return self.steps if self.step is None else min(self.step, self.steps)

    @property
    def shown(self) -> dict[str, float | str | bool]:
        """Every part of a link by its name; what plays no part in this state is left out."""
        target: dict[str, float | str | bool] = {"q": self.kind, "y": self.target}
        if self.kind == SMOOTHED:
            target["smoothing"] = self.smoothing
        if self.kind == FREE:
            target = {"q": spell_numbers(self.weights)}
        return {
            "start": spell_numbers(self.logits),
            **target,
            "rate": self.rate,
            "steps": self.steps,
            "step": self.at,
            "draw": self.seed,
        }

    @property
    def defaults(self) -> dict[str, float | str | bool]:
        """What a link need not say, by its name; the last step goes without saying."""
        usual = {"smoothing": DEFAULT.smoothing, **DEFAULT.shown, "step": self.steps}
        return {name: usual[name] for name in self.shown}

    @property
    def link_parts(self) -> dict[str, str]:
        """What a link to this state says, as it is spelled."""
        return {
            name: value if isinstance(value, str) else spell(value)
            for name, value in self.shown.items()
            if value != self.defaults[name]
        }

    @property
    def window(self) -> tuple[float, float]:
        """The axis of the logits: round ends, with room to drag."""
        reach = max(map(abs, self.logits))
        half = next((half for half in _HALF_WIDTHS if reach <= 0.8 * half), LARGEST)
        return -half, half


DEFAULT: Final = GradientState((2.5, 0.5, -1.0))

PRESETS: Final[Mapping[str, tuple[str, GradientState]]] = {
    "opposite": (N_("Opposite ways"), DEFAULT),
    "wrong": (N_("From the wrong side"), GradientState((-1.5, 1.5, 0.5))),
    "two": (N_("2 classes: stops at 0.782"), GradientState((-1.0, 1.0))),
    "ten": (
        N_("10 classes: stops at 0.476"),
        GradientState((-1.0, 1.5, 0.5, 0.0, -0.5, 1.0, -1.0, 0.5, 0.0, -1.5), steps=500),
    ),
    "truth": (
        N_("Start at the target"),
        GradientState((0.0, -0.693147, -1.791759), kind=FREE, weights=(0.6, 0.3, 0.1)),
    ),
    "uniform": (
        N_("Uniform q: the only one not missed"),
        GradientState((2.0, 0.5, -1.0), kind=SMOOTHED, smoothing=1.0),
    ),
    "far": (N_("Far out: no gradient"), GradientState((18.0, 0.0, -1.0))),
}


def resized(state: GradientState, classes: int) -> GradientState:
    """Return the state with so many classes; new ones have a logit from a fixed list and no weight."""
    more = [_MORE_LOGITS[k % len(_MORE_LOGITS)] for k in range(MOST)]
    logits = (*state.logits, *more)[:classes]
    weights = (*state.weights, *[0.0] * MOST)[:classes] if state.weights else ()
    if weights and sum(weights) <= 1e-6:
        weights = (1.0,) * classes
    return replace(state, logits=logits, weights=weights, target=min(state.target, classes))


def read_parts(link: Mapping[str, str]) -> tuple[GradientState, dict[str, str]]:
    """Return the state that the parts of a link describe, and those parts that it takes.

    What is not of the form, out of bounds, or no part of the state is not taken.
    """
    state, taken = DEFAULT, {}
    for name, read in _READERS.items():
        if name in link:
            found = read(state, link[name])
            if found is not None:
                state, taken[name] = found, link[name]
    if state.kind == FREE and len(state.weights) != len(state.logits):
        state = replace(state, kind=DEFAULT.kind, weights=())
        taken.pop("q", None)
    return state, {name: text for name, text in taken.items() if name in state.shown}


def read_move(message: Any, state: GradientState) -> tuple[GradientState, int] | None:
    """Return the state after a message of the bars, and its serial; None if it is forged."""
    match message:
        case {
            "logits": list(logits),
            "q": list(q),
            "kind": str(kind),
            "target": int(target),
            "serial": int(serial),
        } if 0 <= serial < 2**53 and kind in KINDS and len(q) == len(logits):
            if not all(map(_is_number, [*logits, *q])) or not 0 <= target < len(logits):
                return None
            parsed = parse_logits(spell_numbers([float(logit) for logit in logits]))
            weights = parse_weights(spell_numbers([max(0.0, float(share)) for share in q]))
            if parsed is None or weights is None:
                return None
            # While q is not free, its bars say nothing that the class does not.
            kept = weights if kind == FREE else ()
            moved = replace(state, logits=parsed, kind=kind, target=target + 1, weights=kept)
            return replace(moved, step=None), serial
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST


def _whole(text: str, least: int, most: int) -> int | None:
    number = int(text) if _WHOLE.fullmatch(text) else -1
    return number if least <= number <= most else None


def _real(text: str, least: float, most: float) -> float | None:
    number = float(text) if _NUMBER.fullmatch(text) else -1.0
    return number if least <= number <= most else None


def _read_start(state: GradientState, text: str) -> GradientState | None:
    logits = parse_logits(text)
    return None if logits is None else replace(state, logits=logits)


def _read_q(state: GradientState, text: str) -> GradientState | None:
    if text in (ONE_HOT, SMOOTHED):
        return replace(state, kind=text)
    weights = parse_weights(text)
    return None if weights is None else replace(state, kind=FREE, weights=weights)


def _read_y(state: GradientState, text: str) -> GradientState | None:
    target = _whole(text, 1, len(state.logits))
    return None if target is None else replace(state, target=target)


def _read_smoothing(state: GradientState, text: str) -> GradientState | None:
    smoothing = _real(text, 0.0, 1.0)
    return None if smoothing is None else replace(state, smoothing=smoothing)


def _read_rate(state: GradientState, text: str) -> GradientState | None:
    rate = _real(text, SLOWEST, FASTEST)
    return None if rate is None else replace(state, rate=rate)


def _read_steps(state: GradientState, text: str) -> GradientState | None:
    steps = _whole(text, FEWEST_STEPS, MOST_STEPS)
    return None if steps is None else replace(state, steps=steps)


def _read_step(state: GradientState, text: str) -> GradientState | None:
    step = _whole(text, 0, state.steps)
    return None if step is None else replace(state, step=step)


def _read_draw(state: GradientState, text: str) -> GradientState | None:
    seed = _whole(text, 0, LARGEST_SEED)
    return None if seed is None else replace(state, seed=seed)


# In an order in which each finds what bounds it.
_READERS: Final[Mapping[str, Callable[[GradientState, str], GradientState | None]]] = {
    "start": _read_start,
    "q": _read_q,
    "y": _read_y,
    "smoothing": _read_smoothing,
    "rate": _read_rate,
    "steps": _read_steps,
    "step": _read_step,
    "draw": _read_draw,
}
