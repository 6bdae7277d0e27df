"""What the page of transport can be asked: costs, sizes, eps, iterations, marginals, points."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ce_core.transport.costs import LARGEST_DRAW
from lab.language.catalogues import N_
from lab.state.parameters import Parameter, decades

RANDOM, CLOUDS, DIGITS = COSTS = ("random", "clouds", "digits")
COST_LABELS: Final = {
    RANDOM: N_("Random, as the post's"),
    CLOUDS: N_("Two clouds of points"),
    DIGITS: N_("A digit into another"),
}
ITERATIONS, EPSILON, NOTHING = ALONG = ("iterations", "epsilon", "none")
PIXELS: Final = 8

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
HIGHEST: Final = len(_DIGITS) - 1
"""A weight is drawn in so many steps; in a link it is one letter."""
MIDDLE: Final = 18
FINEST: Final = len(_DIGITS) ** 2 - 1
"""A coordinate goes from 0 to 1 in so many steps; in a link it is two letters."""
_WEIGHTS: Final = re.compile(rf"[0-9a-z]{{0,{LARGEST_DRAW}}}", re.ASCII)
_POINTS: Final = re.compile(rf"([0-9a-z]{{4}}){{0,{LARGEST_DRAW}}}", re.ASCII)

_SIZES: Final = (*range(2, 17), 20, 24, 28, 32, 40, 48, 56, 64)
ROWS: Final = Parameter(
    name="rows",
    label=N_("n: rows"),
    help=N_("Samples, or points of the first cloud. A smaller matrix is the corner of a larger one."),
    grid=_SIZES,
    default=12,
    integer=True,
)
COLUMNS: Final = Parameter(
    name="columns",
    label=N_("m: columns"),
    help=N_("Classes or prototypes, or points of the second cloud."),
    grid=_SIZES,
    default=12,
    integer=True,
)
POWER: Final = Parameter(
    name="power",
    label=N_("Cost exponent"),
    help=N_("Power of the uniform numbers that are the costs. The post's is 1.5."),
    grid=(0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0),
    default=1.5,
)
FORBIDDEN: Final = Parameter(
    name="forbidden",
    label=N_("Forbidden pairs"),
    help=N_(
        "Share of the pairs, drawn at random, whose cost is infinite. Too many, and no plan exists."
    ),
    grid=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    default=0.0,
)
EPS: Final = Parameter(
    name=EPSILON,
    label=N_("ε: regularisation"),
    help=N_("Small: each row picks one column. Large: the plan forgets the costs."),
    grid=decades(1e-3, 100),
    default=0.05,
)
COUNT: Final = Parameter(
    name=ITERATIONS,
    label=N_("Iterations"),
    help=N_("Each scales columns, then rows. After 0 the plan is the kernel itself, of mass 1."),
    grid=(*range(21), 25, 30, 35, 40, 45, 50, 60, 70, 80, 100, 125, 150, 175, 200),
    default=3,
    integer=True,
)
PARAMETERS: Final = {p.name: p for p in (EPS, COUNT, ROWS, COLUMNS, POWER, FORBIDDEN)}


@dataclass(frozen=True)
class TransportState:
    """What the controls say; weights and points as a link spells them, empty where not set."""

    cost: str = RANDOM
    rows: int = 12
    columns: int = 12
    power: float = 1.5
    forbidden: float = 0.0
    draw: int = 0
    epsilon: float = 0.05
    iterations: int = 3
    accelerate: bool = False
    mu: str = ""
    nu: str = ""
    x: str = ""
    y: str = ""

    @property
    def shown(self) -> dict[str, float | str | bool]:
        """Every control's value by its name in the URL."""
        return dict(vars(self))

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the plan."""
        return (PIXELS**2, PIXELS**2) if self.cost == DIGITS else (self.rows, self.columns)


DEFAULT: Final = TransportState()

PRESETS: Final[dict[str, tuple[str, TransportState, str]]] = {
    "three": (
        N_("3 iterations are not convergence"),
        replace(DEFAULT, epsilon=0.01),
        ITERATIONS,
    ),
    "assignment": (
        N_("Small ε: an assignment"),
        replace(DEFAULT, epsilon=0.001, iterations=200, accelerate=True),
        EPSILON,
    ),
    "independence": (
        N_("Large ε: independence"),
        replace(DEFAULT, epsilon=10.0, iterations=200, accelerate=True),
        EPSILON,
    ),
    "two": (
        N_("2 × 2: both rates are one"),
        replace(DEFAULT, rows=2, columns=2, epsilon=0.2, iterations=5),
        ITERATIONS,
    ),
    "variant": (
        N_("Where the post's variant breaks"),
        replace(DEFAULT, epsilon=0.001, iterations=10),
        EPSILON,
    ),
    "clouds": (
        N_("Two clouds"),
        replace(DEFAULT, cost=CLOUDS, epsilon=0.01, iterations=20),
        ITERATIONS,
    ),
    "digits": (
        N_("A 1 into a 0"),
        replace(DEFAULT, cost=DIGITS, epsilon=0.01, iterations=20),
        EPSILON,
    ),
    "none": (
        N_("No plan exists"),
        replace(DEFAULT, rows=6, columns=6, forbidden=0.8, iterations=20),
        ITERATIONS,
    ),
}


def parse_weights(text: str) -> str | None:
    """Return weights as they are spelled, None if they are none; all equal is the empty text."""
    if not _WEIGHTS.fullmatch(text) or set(text) == {"0"}:
        return None
    return "" if len(set(text)) == 1 else text


def levels(text: str, size: int) -> list[int]:
    """Return so many weights from 0 to 35; what the text lacks is in the middle."""
    found = [_DIGITS.index(letter) for letter in text[:size]]
    found += [MIDDLE] * (size - len(found))
    return found if any(found) else [MIDDLE] * size


def spell_levels(values: Sequence[int]) -> str:
    """Write weights as a link spells them."""
    return "".join(_DIGITS[value] for value in values)


def parse_points(text: str) -> str | None:
    """Return points as they are spelled, None if they are none."""
    return text if _POINTS.fullmatch(text) else None


def points(state: TransportState) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return both clouds in the unit square: those that the state spells, the others drawn."""
    generator = np.random.Generator(np.random.PCG64(state.draw))
    spread = generator.normal(size=(2, LARGEST_DRAW, 2))
    clouds = []
    for place, (text, size) in enumerate(((state.x, state.rows), (state.y, state.columns))):
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
    return "".join(_DIGITS[step // 36] + _DIGITS[step % 36] for step in steps)


def _point(letters: str) -> tuple[float, float]:
    first, second = (int(letters[start : start + 2], 36) / FINEST for start in (0, 2))
    return first, second


def read_weights(message: Any, rows: int, columns: int) -> tuple[str, str, int] | None:
    """Return mu, nu and the serial that a message of the bars holds, None if it is forged."""
    match message:
        case {"mu": list(mu), "nu": list(nu), "serial": int(serial)} if 0 <= serial < 2**53:
            if len(mu) == rows and len(nu) == columns and all(map(_is_level, (*mu, *nu))):
                found = [parse_weights(spell_levels(values)) for values in (mu, nu)]
                if found[0] is not None and found[1] is not None:
                    return found[0], found[1], serial
    return None


def read_points(message: Any, rows: int, columns: int) -> tuple[str, str, int] | None:
    """Return both clouds and the serial that a message of the pad holds, None if it is forged."""
    match message:
        case {"x": list(x), "y": list(y), "serial": int(serial)} if 0 <= serial < 2**53:
            if len(x) == rows and len(y) == columns and all(map(_is_point, (*x, *y))):
                return spell_points(x), spell_points(y), serial
    return None


def _is_level(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST


def _is_point(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(c, int | float) and not isinstance(c, bool) and 0 <= c <= 1 for c in value)
    )
