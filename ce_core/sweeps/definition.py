"""What a grid is: its axes, its metrics, its seeds; and the regions in which it is computed."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ce_core._options import (
    require_choice,
    require_instance,
    require_integer,
    require_items,
    require_room,
)
from ce_core._shown import refusal
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.work import experiment_work
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.metrics import GRADIENT_METRICS, METRICS

LOGIT_FIELDS = ("logit_exponent", "logit_scale")
TARGET_FIELDS = ("cost_exponent", "eps", "n_iter")

_ORDER = ("logits", "target", "draws")
_MOST_POINTS = 100_000_000
# Of one region: so much that what its points share is worth it, so little that it ends in a second or
# two and fits the memory.
_REGION_POINTS = 1 << 13
_REGION_LOSSES = 1 << 22
_REGION_WORK = 1 << 32
# Where all pairs of gradients are multiplied, what is square shares most.
_LONGEST_WITH_GRADIENTS = 128
# The work of an experiment, over that of its logits.
_LOGITS_SHARE = 10


class Region(NamedTuple):
    """A rectangle of a grid: rows of y, columns of x."""

    rows: range
    columns: range

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.columns)

    @property
    def points(self) -> int:
        """How many points it has."""
        return len(self.rows) * len(self.columns)

    @property
    def place(self) -> tuple[slice, slice]:
        """Where it is in an array of the grid."""
        return (
            slice(self.rows.start, self.rows.stop),
            slice(self.columns.start, self.columns.stop),
        )


@dataclass(frozen=True)
class Grid:
    """A grid of the experiment, checked when it is made.

    Attributes
    ----------
    config
        What the axes do not say.
    axes
        x, and y if there is one.
    metrics
        Names of `METRICS`.
    seeds
        The seeds of a point are those from `config.seed` on, so many.
    """

    config: ExperimentConfig
    axes: tuple[Axis, ...]
    metrics: tuple[str, ...]
    seeds: int = 1

    def __post_init__(self) -> None:
        require_instance("config", self.config, ExperimentConfig)
        object.__setattr__(self, "seeds", require_integer("seeds", self.seeds, at_least=1))
        if self.points * self.seeds > _MOST_POINTS:
            raise refusal(
                "axes", f"have at most {_MOST_POINTS} points, seeds counted", self.points * self.seeds
            )
        if self.seeds > 1 and any(axis.name == "seed" for axis in self.axes):
            raise refusal("seeds", "be 1 where the seed is an axis", self.seeds)
        for seed in {self.config.seed, self.config.seed + self.seeds - 1}:
            replace(self.config, seed=seed)
        largest = self.largest
        require_room("n", largest.n, largest.n * max(largest.m, largest.trials))

    @property
    def x(self) -> Axis:
        """The axis of the columns."""
        return self.axes[0]

    @property
    def y(self) -> Axis | None:
        """The axis of the rows, if there is one."""
        return self.axes[1] if len(self.axes) > 1 else None

    @property
    def shape(self) -> tuple[int, int]:
        """Values of y, 1 without it, and of x."""
        return len(self.y.values) if self.y else 1, len(self.x.values)

    @property
    def points(self) -> int:
        """How many points there are."""
        return math.prod(self.shape)

    @property
    def gradients(self) -> bool:
        """Whether a metric is of the gradients."""
        return any(metric in GRADIENT_METRICS for metric in self.metrics)

    @property
    def largest(self) -> ExperimentConfig:
        """The configuration with each axis at what makes most work."""
        sizes = ("n", "m", "trials", "n_iter")
        return _changed(
            self.config, {axis.name: max(axis.values) for axis in self.axes if axis.name in sizes}
        )

    def config_at(self, row: int, column: int) -> ExperimentConfig:
        """Return the configuration of a point, with the first of its seeds."""
        places = (column, row)
        return _changed(
            self.config,
            {axis.name: axis.values[at] for axis, at in zip(self.axes, places, strict=False)},
        )

    def regions(self, tile: tuple[int, int] | None = None) -> Iterator[Region]:
        """Yield the regions in which the grid is computed, in order: of so many rows and columns."""
        tall, wide = tile or self.tile
        rows, columns = self.shape
        for top in range(0, rows, tall):
            for left in range(0, columns, wide):
                yield Region(range(top, min(rows, top + tall)), range(left, min(columns, left + wide)))

    @property
    def tile(self) -> tuple[int, int]:
        """Rows and columns of a region by default: long where a step costs least."""
        one = experiment_work(self.largest) * self.seeds
        kinds = [kind_of(self.x.name), kind_of(self.y.name) if self.y else "draws"]
        along_x = _ORDER.index(kinds[0]) <= _ORDER.index(kinds[1])
        fast, slow = self.shape[::-1] if along_x else self.shape
        shared = sorted(kinds) == ["logits", "target"]
        each = one // (_LOGITS_SHARE * (10 if shared else 1)) if "logits" in kinds else one
        most = max(
            1, min(_REGION_POINTS, _REGION_LOSSES // self.largest.trials, _REGION_WORK // max(1, each))
        )
        long = min(fast, most, _LONGEST_WITH_GRADIENTS if self.gradients else most)
        short = max(1, min(slow, most // long, _REGION_WORK // one))
        return (short, long) if along_x else (long, short)


def grid_of(
    config: ExperimentConfig, axes: Axis | Sequence[Axis], metrics: str | Sequence[str], seeds: int
) -> Grid:
    """Return a grid of what people pass: one axis or a sequence of them, one metric or several.

    Parameters
    ----------
    config, axes, metrics, seeds
        As for `Grid`.

    Raises
    ------
    ValueError
        If one of them is not as it must be.
    """
    return Grid(config, _require_axes(axes), _require_metrics(metrics), seeds)


def kind_of(name: str) -> str:
    """Return what a field changes: the logits alone, the target alone, or the draws of both."""
    if name in LOGIT_FIELDS:
        return "logits"
    return "target" if name in TARGET_FIELDS else "draws"


def _changed(config: ExperimentConfig, changes: dict[str, Any]) -> ExperimentConfig:
    return replace(config, **changes)


def _require_axes(axes: object) -> tuple[Axis, ...]:
    given = (axes,) if isinstance(axes, Axis) else require_items("axes", axes)
    if len(given) not in (1, 2) or not all(isinstance(axis, Axis) for axis in given):
        raise refusal("axes", "be one Axis or two", axes)
    if len({axis.name for axis in given}) < len(given):
        raise refusal("axes", "be two parameters", given[0].name)
    return given


def _require_metrics(metrics: object) -> tuple[str, ...]:
    given = (metrics,) if isinstance(metrics, str) else require_items("metrics", metrics)
    for metric in given:
        require_choice("metrics", metric, METRICS)
    if not given or len(set(given)) < len(given):
        raise refusal("metrics", "be one or more, each once", metrics)
    return given
