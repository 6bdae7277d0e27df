"""What the lab of the softmax can be asked: logits, which is held, a temperature, a target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.language.catalogues import N_
from lab.state.fields import Number, Numbers, field, is_number, records

FEWEST, MOST = 2, 30
LARGEST: Final = 1000.0
COLDEST, HOTTEST = 0.01, 100.0
SHIFT: Final = 800.0

_HALF_WIDTHS: Final = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
# What a class gets that was not there before.
_MORE_LOGITS: Final = (0.0, 1.5, -1.0, 0.75, -2.0)


@dataclass(frozen=True)
class SoftmaxState:
    """The logits, what divides them, the class that is held and the target, both from 1."""

    a: tuple[float, ...] = field(
        (2.0, 1.0, 0.5, -0.5, -1.5),
        Numbers(
            label=N_("Logits a"),
            help=N_("{fewest} to {most} numbers from −{high:g} to {high:g}, commas between."),
            symbol="a",
            fewest=FEWEST,
            most=MOST,
            low=-LARGEST,
            high=LARGEST,
        ),
    )
    temperature: float = field(
        1.0,
        Number(
            label=N_("Temperature T"),
            help=N_("Divides the logits: p = softmax(a/T). From {low:g} to {high:g}."),
            symbol="T",
            low=COLDEST,
            high=HOTTEST,
            integer=False,
            step=0.1,
            format="%.4g",
        ),
    )
    target: int = field(
        2,
        Number(
            label=N_("Target class"),
            help=N_("q is 1 for this class and 0 for all others."),
            low=1,
            high=MOST,
        ),
    )

    held: int = field(
        2,
        Number(
            label=N_("Held class"),
            help=N_("The class whose logit is raised: what each p then gains or loses is shown."),
            low=1,
            high=MOST,
        ),
    )

    @property
    def window(self) -> tuple[float, float]:
        """The axis of the bars: round ends, with room to drag, around 0 if the logits are near it."""
        low, high = min(self.a), max(self.a)
        far = max(-low, high) > 10 * max(high - low, 5)
        centre = 10 * round((low + high) / 20) if far else 0
        reach = max(high - centre, centre - low)
        half = next((half for half in _HALF_WIDTHS if reach <= 0.97 * half), LARGEST)
        return max(-LARGEST, centre - half), min(LARGEST, centre + half)

    def misfits(self) -> set[str]:
        """Return the fields that do not fit the others: those that name no class."""
        return {name for name in ("target", "held") if getattr(self, name) > len(self.a)}

    def settled(self) -> "SoftmaxState":
        """Return the state with the last class where the target, or the held one, has gone."""
        last = len(self.a)
        return replace(self, target=min(self.target, last), held=min(self.held, last))


DEFAULT: Final = SoftmaxState()


def resized(a: Sequence[float], classes: int) -> tuple[float, ...]:
    """Return so many of the logits; what is missing comes from the default, then from a fixed list."""
    known = max((DEFAULT.a, tuple(a)), key=len)
    more = (_MORE_LOGITS[k % len(_MORE_LOGITS)] for k in range(MOST))
    return (*a, *known[len(a) :], *more)[:classes]


def goes_up(state: SoftmaxState) -> bool:
    """Tell whether `shifted` adds, rather than takes away."""
    return shifted(state).a[0] > state.a[0]


def shifted(state: SoftmaxState) -> SoftmaxState:
    """Return the state with 800 more on every logit, or less, or on the default if neither fits."""
    for shift in (SHIFT, -SHIFT):
        a = tuple(round(logit + shift, 9) for logit in state.a)
        if max(map(abs, a)) <= LARGEST and (shift > 0 or min(state.a) > 0):
            return replace(state, a=a)
    return replace(DEFAULT, a=tuple(logit + SHIFT for logit in DEFAULT.a))


def read_move(message: Mapping[str, Any], state: SoftmaxState) -> SoftmaxState | None:
    """Return the state after a message of the bars, where classes count from 0; None if forged."""
    known = records(SoftmaxState)
    classes = {name: message.get(name) for name in ("target", "held")}
    found = {
        "a": known["a"].checked(message.get("logits")),
        "temperature": known["temperature"].checked(message.get("temperature")),
        **{
            name: known[name].checked(at + 1) if is_number(at) else None for name, at in classes.items()
        },
    }
    if None in found.values():
        return None
    moved = replace(state, **found)
    return None if moved.misfits() else moved
