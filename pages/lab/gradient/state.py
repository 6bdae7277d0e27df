"""What the lab of the gradients can be asked: logits, a target, a descent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.language.catalogues import N_
from lab.state.fields import (
    LARGEST_SEED,
    Number,
    Numbers,
    Stops,
    Text,
    field,
    is_number,
    records,
)

FEWEST, MOST = 2, 64
LARGEST: Final = 50.0
MOST_STEPS: Final = 2000

ONE_HOT, SMOOTHED, FREE = KINDS = ("one-hot", "smoothed", "free")

_WEIGHTS: Final = Numbers(
    label=N_("Weights"), fewest=FEWEST, most=MOST, low=0.0, high=1000.0, decimals=6
)
_LEAST_SUM: Final = 1e-6
_HALF_WIDTHS: Final = (3.0, 5.0, 10.0, 20.0)
# What a class gets that was not there before.
_MORE_LOGITS: Final = (0.0, 1.0, -0.5, 0.5, -1.0)

Target = str | tuple[float, ...]
"""q: "one-hot" or "smoothed" on one class, or weights, which count by their shares."""


def read_target(text: str) -> Target | None:
    """Return the target that a text spells; None if it spells none, as weights that are all 0."""
    return text if text in (ONE_HOT, SMOOTHED) else _unless_all_0(_WEIGHTS.parse(text))


def spell_target(q: Target) -> str:
    """Write a target as a URL spells it."""
    return q if isinstance(q, str) else _WEIGHTS.spell(q)


@dataclass(frozen=True)
class GradientState:
    """Where the descents start, the target, the descents, and the draws of the post's check.

    `target`, a class from 1, and `smoothing` belong to a target that is no list of weights, and stay
    what they were where it is one. `step` is the one that is shown, None for the last.
    """

    a: tuple[float, ...] = field(
        (2.5, 0.5, -1.0),
        Numbers(
            label=N_("Start of the descents"),
            help=N_("{fewest} to {most} numbers from −{high:g} to {high:g}, commas between."),
            symbol="a",
            fewest=FEWEST,
            most=MOST,
            low=-LARGEST,
            high=LARGEST,
            decimals=6,
        ),
    )
    q: str | tuple[float, ...] = field(
        ONE_HOT,
        Text(
            label=N_("Weights"),
            help=N_("One a class, at least 0. They are divided by their sum."),
            symbol="q",
            read=read_target,
            write=spell_target,
        ),
    )
    target: int = field(1, Number(label=N_("Class with the weight"), low=1, high=MOST))
    smoothing: float = field(
        0.1,
        Stops(
            label=N_("Smoothing s"),
            symbol="s",
            stops=(0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0),
        ),
    )
    rate: float = field(
        1.0,
        Stops(
            label=N_("Learning rate"),
            stops=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0),
        ),
    )
    steps: int = field(
        200,
        Stops(
            label=N_("Steps"),
            stops=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, MOST_STEPS),
            integer=True,
        ),
    )
    step: int | None = field(
        None,
        Number(
            label=N_("Step that is shown"),
            help=N_("The timeline over the charts moves it too."),
            low=0,
            high=MOST_STEPS,
        ),
    )
    seed: int = field(0, Number(label=N_("Seed of the draws"), low=0, high=LARGEST_SEED))

    @property
    def kind(self) -> str:
        """The kind of target: one of `KINDS`."""
        return self.q if isinstance(self.q, str) else FREE

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights of a free target; none of another."""
        return () if isinstance(self.q, str) else self.q

    @property
    def at(self) -> int:
        """The step that is shown."""
        return self.steps if self.step is None else self.step

    @property
    def window(self) -> tuple[float, float]:
        """The axis of the logits: round ends, with room to drag."""
        reach = max(map(abs, self.a))
        half = next((half for half in _HALF_WIDTHS if reach <= 0.8 * half), LARGEST)
        return -half, half

    def misfits(self) -> set[str]:
        """Return the fields that do not fit the others: no class, weights of others, no step."""
        fits = {
            "target": self.target <= len(self.a),
            "q": self.kind != FREE or len(self.weights) == len(self.a),
            "step": self.at <= self.steps,
        }
        return {name for name, well in fits.items() if not well}

    def settled(self) -> "GradientState":
        """Return the state with a target of as many classes as there are logits.

        The last step needs no name, and stays the last when there are more.
        """
        q = self.q if isinstance(self.q, str) else _fitted(self.q, len(self.a))
        step = None if self.at >= self.steps else self.step
        return replace(self, q=q, target=min(self.target, len(self.a)), step=step)


DEFAULT: Final = GradientState()


def resized(a: Sequence[float], classes: int) -> tuple[float, ...]:
    """Return so many of the logits; new ones come from a fixed list."""
    return (*a, *(_MORE_LOGITS[k % len(_MORE_LOGITS)] for k in range(MOST)))[:classes]


def read_move(message: Mapping[str, Any], state: GradientState) -> GradientState | None:
    """Return the state after a message of the bars, where classes count from 0; None if forged."""
    known = records(GradientState)
    kind, target = message.get("kind"), message.get("target")
    # While q is not free, its bars say nothing that the class does not.
    weights = _unless_all_0(_WEIGHTS.checked(message.get("q")))
    found = {
        "a": known["a"].checked(message.get("logits")),
        "q": weights if kind == FREE else kind if kind in KINDS else None,
        "target": known["target"].checked(target + 1) if is_number(target) else None,
    }
    if None in found.values():
        return None
    moved = replace(state, **found, step=None)
    return None if moved.misfits() else moved


def _unless_all_0(weights: tuple[float, ...] | None) -> tuple[float, ...] | None:
    return weights if weights and sum(weights) > _LEAST_SUM else None


def _fitted(weights: tuple[float, ...], classes: int) -> tuple[float, ...]:
    """Return so many of the weights: new classes have none, unless no other has any."""
    fitted = (*weights, *[0.0] * MOST)[:classes]
    return fitted if sum(fitted) > _LEAST_SUM else (1.0,) * classes
