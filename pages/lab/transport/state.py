"""What the lab of transport can be asked: costs, sizes, eps, iterations, marginals, points."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ce_core.transport.costs import LARGEST_DRAW
from lab.language.catalogues import N_
from lab.page.lab import Preset
from lab.state.fields import (
    LARGEST_SEED,
    OF_FIELD,
    Choice,
    Number,
    Stops,
    Switch,
    Text,
    field,
    is_number,
)
from lab.state.stops import decades

RANDOM, CLOUDS, DIGITS = "random", "clouds", "digits"
NOTHING: Final = "none"
PIXELS: Final = 8

_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
HIGHEST: Final = len(_LETTERS) - 1
"""A weight is drawn in so many steps; in a link it is one letter."""
MIDDLE: Final = 18
FINEST: Final = len(_LETTERS) ** 2 - 1
"""A coordinate goes from 0 to 1 in so many steps; in a link it is two letters."""
_WEIGHTS: Final = re.compile(rf"[0-9a-z]{{0,{LARGEST_DRAW}}}", re.ASCII)
_POINTS: Final = re.compile(rf"([0-9a-z]{{4}}){{0,{LARGEST_DRAW}}}", re.ASCII)

_SIZES: Final = (*range(2, 17), 20, 24, 28, 32, 40, 48, 56, 64)
_COUNTS: Final = (*range(21), 25, 30, 35, 40, 45, 50, 60, 70, 80, 100, 125, 150, 175, 200)


def parse_weights(text: str) -> str | None:
    """Return weights as they are spelled, None if they are none; all equal is the empty text."""
    if not _WEIGHTS.fullmatch(text) or set(text) == {"0"}:
        return None
    return "" if len(set(text)) == 1 else text


def parse_points(text: str) -> str | None:
    """Return points as they are spelled, None if they are none."""
    return text if _POINTS.fullmatch(text) else None


_WEIGHTS_HELP: Final = N_(
    "A character an entry, from 0 to 9 and on from a to z (35): its weight before all are divided "
    "by their sum. Empty is uniform."
)
_POINTS_HELP: Final = N_("Four characters a point, as a link spells it. Empty is the drawn cloud.")


@dataclass(frozen=True)
class TransportState:
    """What the controls say; weights and points as a link spells them, empty where not set."""

    eps: float = field(
        0.05,
        Stops(
            label=N_("ε: regularisation"),
            help=N_("Small: each row picks one column. Large: the plan forgets the costs."),
            symbol="ε",
            stops=decades(1e-3, 100),
        ),
    )
    n_iter: int = field(
        3,
        Stops(
            label=N_("Iterations"),
            help=N_(
                "Each scales columns, then rows. After 0 the plan is the kernel itself, of mass 1."
            ),
            stops=_COUNTS,
            integer=True,
        ),
    )
    accelerate: bool = field(
        False,
        Switch(
            label=N_("Accelerate"),
            help=N_(
                "Off: the plain iteration, exactly so many. On: the same fixed point with "
                "extrapolation and Newton steps, small ε by way of larger ones, until no more than "
                "5·10⁻⁸ % of the mass is misplaced."
            ),
        ),
    )
    cost: str = field(
        RANDOM,
        Choice(
            label=N_("Costs"),
            symbol="C",
            options={
                RANDOM: N_("Random, as the post's"),
                CLOUDS: N_("Two clouds of points"),
                DIGITS: N_("A digit into another"),
            },
        ),
    )
    cost_exponent: float = field(
        1.5,
        Stops(
            label=N_("Cost exponent"),
            help=N_("Power of the uniform numbers that are the costs. The post's is 1.5."),
            stops=(0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0),
        ),
    )
    n: int = field(
        12,
        Stops(
            label=N_("n: rows"),
            help=N_(
                "Samples, or points of the first cloud. A smaller matrix is the corner of a larger one."
            ),
            symbol="n",
            stops=_SIZES,
            integer=True,
        ),
    )
    m: int = field(
        12,
        Stops(
            label=N_("m: columns"),
            help=N_("Classes or prototypes, or points of the second cloud."),
            symbol="m",
            stops=_SIZES,
            integer=True,
        ),
    )
    forbidden: float = field(
        0.0,
        Stops(
            label=N_("Forbidden pairs"),
            help=N_(
                "Share of the pairs, drawn at random, whose cost is infinite. Too many, and no plan "
                "exists."
            ),
            stops=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        ),
    )
    seed: int = field(
        0,
        Number(
            label=N_("Seed"),
            help=N_("Of the costs, of the points that nobody has moved, and of the forbidden pairs."),
            low=0,
            high=LARGEST_SEED,
        ),
    )
    mu: str = field(
        "", Text(label=N_("μ, row by row"), help=_WEIGHTS_HELP, symbol="μ", read=parse_weights)
    )
    nu: str = field(
        "", Text(label=N_("ν, column by column"), help=_WEIGHTS_HELP, symbol="ν", read=parse_weights)
    )
    x: str = field("", Text(label=N_("First cloud"), help=_POINTS_HELP, read=parse_points))
    y: str = field("", Text(label=N_("Second cloud"), help=_POINTS_HELP, read=parse_points))
    along: str = field(
        "n_iter",
        Choice(
            label=N_("Play along"),
            help=N_("The timeline moves this under your hand; all else stays."),
            options={"n_iter": OF_FIELD, "eps": OF_FIELD, NOTHING: N_("nothing")},
            as_pills=True,
        ),
    )

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the plan."""
        return (PIXELS**2, PIXELS**2) if self.cost == DIGITS else (self.n, self.m)


DEFAULT: Final = TransportState()

PRESETS: Final[Mapping[str, Preset[TransportState]]] = {
    "three": Preset(N_("3 iterations are not convergence"), replace(DEFAULT, eps=0.01)),
    "assignment": Preset(
        N_("Small ε: an assignment"),
        replace(DEFAULT, eps=0.001, n_iter=200, accelerate=True, along="eps"),
    ),
    "independence": Preset(
        N_("Large ε: independence"),
        replace(DEFAULT, eps=10.0, n_iter=200, accelerate=True, along="eps"),
    ),
    "two": Preset(N_("2 × 2: the two rates agree"), replace(DEFAULT, n=2, m=2, eps=0.2, n_iter=5)),
    "variant": Preset(
        N_("Where the post's variant breaks"), replace(DEFAULT, eps=0.001, n_iter=10, along="eps")
    ),
    "clouds": Preset(N_("Two clouds"), replace(DEFAULT, cost=CLOUDS, eps=0.01, n_iter=20)),
    "digits": Preset(
        N_("A 1 into a 0"), replace(DEFAULT, cost=DIGITS, eps=0.01, n_iter=20, along="eps")
    ),
    "none": Preset(N_("No plan exists"), replace(DEFAULT, n=6, m=6, forbidden=0.8, n_iter=20)),
}


def levels(text: str, size: int) -> list[int]:
    """Return so many weights from 0 to 35; what the text lacks is in the middle."""
    found = [_LETTERS.index(letter) for letter in text[:size]]
    found += [MIDDLE] * (size - len(found))
    return found if any(found) else [MIDDLE] * size


def spell_levels(values: Sequence[int]) -> str:
    """Write weights as a link spells them."""
    return "".join(_LETTERS[value] for value in values)


def points(state: TransportState) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return both clouds in the unit square: those that the state spells, the others drawn."""
    generator = np.random.Generator(np.random.PCG64(state.seed))
    spread = generator.normal(size=(2, LARGEST_DRAW, 2))
    clouds = []
    for place, (text, size) in enumerate(((state.x, state.n), (state.y, state.m))):
        centre = ((0.3, 0.35), (0.68, 0.62))[place]
        drawn = np.clip(np.array(centre) + 0.13 * spread[place, :size], 0.02, 0.98)
        # On the same steps as those that a hand sets, so that a link keeps them all.
        drawn = np.round(drawn * FINEST) / FINEST
        given = [_point(text[start : start + 4]) for start in range(0, len(text), 4)][:size]
        cloud = [*given, *((float(a), float(b)) for a, b in drawn[len(given) :])]
        clouds.append(cloud)
    return clouds[0], clouds[1]


def spell_points(cloud: Sequence[tuple[float, float]]) -> str:
    """Write points as a link spells them: four letters each."""
    steps = [round(coordinate * FINEST) for point in cloud for coordinate in point]
    return "".join(_LETTERS[step // 36] + _LETTERS[step % 36] for step in steps)


def _point(letters: str) -> tuple[float, float]:
    first, second = (int(letters[start : start + 2], 36) / FINEST for start in (0, 2))
    return first, second


def read_weights(message: Mapping[str, Any], state: TransportState) -> TransportState | None:
    """Return the state after a message of the bars; None if it says no weights of these sizes."""
    match message:
        case {"mu": list(mu), "nu": list(nu)} if all(map(_is_level, (*mu, *nu))):
            if (len(mu), len(nu)) == (state.n, state.m):
                found = [parse_weights(spell_levels(values)) for values in (mu, nu)]
                if found[0] is not None and found[1] is not None:
                    return replace(state, mu=found[0], nu=found[1])
    return None


def read_points(message: Mapping[str, Any], state: TransportState) -> TransportState | None:
    """Return the state after a message of the point editor; None if it says no such clouds."""
    match message:
        case {"x": list(x), "y": list(y)} if all(map(_is_point, (*x, *y))):
            if (len(x), len(y)) == (state.n, state.m):
                return replace(state, x=spell_points(x), y=spell_points(y))
    return None


def _is_level(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST


def _is_point(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(is_number(coordinate) and 0 <= coordinate <= 1 for coordinate in value)
    )
