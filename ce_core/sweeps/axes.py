"""The axes of a grid: a field of the experiment's configuration, and what it takes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ce_core._options import require_choice, require_integer, require_items, require_number
from ce_core._shown import refusal
from ce_core.experiment.config import ExperimentConfig

_DEFAULTS = {field.name: field.default for field in fields(ExperimentConfig)}
# Points of the longest axis; a billion points are more than anybody looks at.
MOST_VALUES = 100_000


@dataclass(frozen=True)
class Axis:
    """One parameter of the experiment, and the values that it takes along an axis of a grid.

    Parameters
    ----------
    name
        A field of `ExperimentConfig`.
    values
        In the order of the axis, each once.

    Raises
    ------
    ValueError
        If there is no such field, no value, one twice, one out of its bounds or more than 100,000.

    Examples
    --------
    >>> Axis.logarithmic("eps", 0.1, 10.0, 3).values
    (0.1, 1.0, 10.0)
    >>> Axis("n_iter", [1, 3, 10]).values
    (1, 3, 10)
    """

    name: str
    values: Sequence[int | float | str]

    def __post_init__(self) -> None:
        require_choice("name", self.name, _DEFAULTS)
        given = require_items("values", self.values)
        if not 0 < len(given) <= MOST_VALUES:
            raise refusal("values", f"be 1 to {MOST_VALUES}", len(given))
        # As the configuration reads them, so that each is checked by its one rule.
        read = tuple(getattr(_with(self.name, value), self.name) for value in given)
        if len(set(read)) < len(read):
            raise refusal("values", "be each there once", _twice(read))
        object.__setattr__(self, "values", read)

    @classmethod
    def linear(cls, name: str, first: int | float, last: int | float, count: int) -> "Axis":
        """Return an axis of evenly spaced values, both ends kept.

        Parameters
        ----------
        name
            A field that is a number. Where it counts, values are rounded, and what falls together is
            there once.
        first, last
            The ends, of which the first may be the larger.
        count
            Values, at least 1.

        Returns
        -------
        Axis
            With so many values, or fewer whole ones.

        Raises
        ------
        ValueError
            As for `Axis`, and if the ends are not finite.

        Examples
        --------
        >>> Axis.linear("n_iter", 1, 4, 7).values
        (1, 2, 3, 4)
        """
        return cls(name, _spaced(name, first, last, count, np.linspace))

    @classmethod
    def logarithmic(cls, name: str, first: int | float, last: int | float, count: int) -> "Axis":
        """Return an axis of values whose ratios are equal, both ends kept.

        Parameters
        ----------
        name, first, last, count
            As for `Axis.linear`, the ends > 0.

        Returns
        -------
        Axis
            With so many values, or fewer whole ones.

        Raises
        ------
        ValueError
            As for `Axis.linear`.

        Examples
        --------
        >>> Axis.logarithmic("logit_scale", 1, 64, 4).values
        (1.0, 4.0, 16.0, 64.0)
        """
        for end, value in (("first", first), ("last", last)):
            require_number(end, value, above=0.0)
        return cls(name, _spaced(name, first, last, count, np.geomspace))


def _twice(values: tuple[object, ...]) -> object:
    return next(value for value, times in Counter(values).items() if times > 1)


def _spaced(
    name: str, first: int | float, last: int | float, count: int, space: Any
) -> list[int | float]:
    require_choice(
        "name", name, [key for key, value in _DEFAULTS.items() if not isinstance(value, str)]
    )
    ends = require_number("first", first), require_number("last", last)
    count = require_integer("count", count, at_least=1, below=MOST_VALUES + 1)
    values: list[int | float] = space(*ends, count).tolist()
    # Powers come back as 0.49999999999999994.
    rounded = [float(f"{value:.12g}") for value in values[1:-1]]
    values = [ends[0], *rounded, ends[1]][:count] if count > 1 else [ends[0]]
    if isinstance(_DEFAULTS[name], int):
        values = [round(value) for value in values]
    return list(dict.fromkeys(values))


def _with(name: str, value: object) -> ExperimentConfig:
    change: dict[str, Any] = {name: value}
    return replace(ExperimentConfig(), **change)
