"""What a study searches for, and where: checked when it is made, and kept with the study as JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

from ce_core._options import (
    require_choice,
    require_instance,
    require_integer,
    require_items,
    require_number,
    require_room,
)
from ce_core._shown import refusal
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.versions import versions
from ce_core.sweeps.metrics import METRICS

AIMS: Final = ("minimise", "maximise", "reach")
SAMPLERS: Final = ("tpe", "random", "grid", "nsga2")
PRUNERS: Final = ("none", "median", "wilcoxon")
FORMAT: Final = 1
"""Of the JSON; another one means other things by the same words."""

_DEFAULTS: Final = {one.name: one.default for one in fields(ExperimentConfig)}
_MOST_CHOICES: Final = 10_000
_MOST_SEEDS: Final = 10_000
_MOST_GRID_POINTS: Final = 1_000_000


@dataclass(frozen=True)
class Span:
    """A parameter of the experiment that may be anything from one number to another.

    Parameters
    ----------
    name
        A field of `ExperimentConfig` that is a number; where it counts, whole numbers are meant.
    low, high
        The ends, both included.
    log
        Whether ratios count, not differences.

    Raises
    ------
    ValueError
        If there is no such field, or an end is out of its bounds.

    Examples
    --------
    >>> Span("eps", 0.01, 2.0, log=True).low
    0.01
    """

    name: str
    low: int | float
    high: int | float
    log: bool = False

    def __post_init__(self) -> None:
        require_choice(
            "name", self.name, [key for key, value in _DEFAULTS.items() if value != "float32"]
        )
        for end in ("low", "high"):
            object.__setattr__(self, end, _read(self.name, getattr(self, end)))
        if not self.low < self.high:
            raise refusal(f"high of {self.name}", f"be > low, which is {self.low}", self.high)
        if self.log and self.low <= 0:
            raise refusal(f"low of {self.name}", "be > 0 where ratios count", self.low)

    @property
    def values(self) -> tuple[int | float | str, ...] | None:
        """All that it may be, if that can be counted."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return (
                tuple(range(self.low, self.high + 1)) if self.high - self.low < _MOST_CHOICES else None
            )
        return None

    @property
    def ends(self) -> tuple[Any, Any]:
        """The smallest and the largest."""
        return self.low, self.high


@dataclass(frozen=True)
class Choices:
    """A parameter of the experiment that may be one of several values.

    Parameters
    ----------
    name
        A field of `ExperimentConfig`.
    values
        What it may be, each once.

    Raises
    ------
    ValueError
        If there is no such field, or a value is out of its bounds.

    Examples
    --------
    >>> Choices("dtype", ["float64", "float32"]).values
    ('float64', 'float32')
    """

    name: str
    values: Sequence[int | float | str]

    def __post_init__(self) -> None:
        require_choice("name", self.name, _DEFAULTS)
        given = require_items("values", self.values)
        if not 0 < len(given) <= _MOST_CHOICES:
            raise refusal(f"values of {self.name}", f"be 1 to {_MOST_CHOICES}", len(given))
        read = tuple(_read(self.name, value) for value in given)
        if len(set(read)) < len(read):
            raise refusal(f"values of {self.name}", "be each there once", list(read))
        object.__setattr__(self, "values", read)

    @property
    def ends(self) -> tuple[Any, Any]:
        """The smallest and the largest, by the alphabet where they are words."""
        return min(self.values), max(self.values)


@dataclass(frozen=True)
class Objective:
    """What is wanted of a metric.

    Parameters
    ----------
    metric
        One of `METRICS`.
    aim
        "minimise", "maximise", or "reach": come as near to a value as can be.
    value
        To reach; None for the other aims.

    Raises
    ------
    ValueError
        If one of them is none of these.

    Examples
    --------
    >>> Objective("slope", "reach", 1.5).loss(1.25)
    0.25
    """

    metric: str
    aim: str = "minimise"
    value: int | float | None = None

    def __post_init__(self) -> None:
        require_choice("metric", self.metric, METRICS)
        require_choice("aim", self.aim, AIMS)
        if self.aim == "reach":
            object.__setattr__(self, "value", require_number("value", self.value))
        elif self.value is not None:
            raise refusal("value", f"be None for the aim {self.aim}", self.value)

    @property
    def direction(self) -> str:
        """What Optuna calls it."""
        return "MAXIMIZE" if self.aim == "maximise" else "MINIMIZE"

    @property
    def words(self) -> str:
        """What tables and figures call it."""
        return self.metric if self.value is None else f"|{self.metric} - {self.value:g}|"

    def loss(self, metric: float) -> float:
        """Return what is minimised or maximised for a value of the metric."""
        return metric if self.value is None else abs(metric - self.value)


@dataclass(frozen=True)
class Limit:
    """What a metric may be at most in whatever is to count as found.

    Parameters
    ----------
    metric
        One of `METRICS`.
    at_most
        The largest value.

    Raises
    ------
    ValueError
        If there is no such metric, or the value is not finite.
    """

    metric: str
    at_most: int | float

    def __post_init__(self) -> None:
        require_choice("metric", self.metric, METRICS)
        object.__setattr__(self, "at_most", require_number("at_most", self.at_most))


@dataclass(frozen=True, kw_only=True)
class StudyDefinition:
    """What a study searches for, and where.

    Parameters
    ----------
    parameters
        What varies: a `Span` or `Choices` for each field, at least one.
    objectives
        One, or two, between which the study looks for the best compromises.
    limits
        What a trial must keep to.
    config
        The other parameters of the experiment.
    seeds
        A metric is the mean over so many experiments, with the seeds from `config.seed` on.
    sampler
        Which trials are made: "tpe", "random", "grid" or "nsga2"; by default "tpe", "nsga2" for two
        objectives.
    sampler_seed
        What chance it goes by. With it and the number of a trial what is drawn is settled, but for
        what the sampler learns from the trials before, which with several workers end in any order.
    pruner
        Whether trials that begin badly are left after some of their seeds: "none", "median" (they are
        worse than half of the others were) or "wilcoxon" (they are worse than the best, seed by seed).

    Raises
    ------
    ValueError
        Naming what is not as it must be.

    Examples
    --------
    >>> definition = StudyDefinition(
    ...     parameters=[Span("eps", 0.05, 2.0, log=True), Choices("n_iter", [3, 10])],
    ...     objectives=[Objective("slope", "reach", 1.5)],
    ... )
    >>> definition.sampler, StudyDefinition.from_json(definition.as_json()) == definition
    ('tpe', True)
    """

    parameters: Sequence[Span | Choices]
    objectives: Sequence[Objective]
    limits: Sequence[Limit] = ()
    config: ExperimentConfig = field(default_factory=ExperimentConfig)
    seeds: int = 1
    sampler: str | None = None
    sampler_seed: int = 0
    pruner: str = "none"

    def __post_init__(self) -> None:
        kinds: dict[str, Any] = {"parameters": Span | Choices, "objectives": Objective, "limits": Limit}
        for name, kind in kinds.items():
            given = require_items(name, getattr(self, name))
            for one in given:
                if not isinstance(one, kind):
                    raise refusal(name, f"hold no other than {_names(kind)}", one)
            object.__setattr__(self, name, given)
        if not self.parameters:
            raise refusal("parameters", "be at least one", list(self.parameters))
        if not 1 <= len(self.objectives) <= 2:
            raise refusal("objectives", "be one or two", len(self.objectives))
        _require_once("parameters", [parameter.name for parameter in self.parameters])
        _require_once("objectives", [objective.words for objective in self.objectives])
        _require_once("limits", [limit.metric for limit in self.limits])
        require_instance("config", self.config, ExperimentConfig)
        seeds = require_integer("seeds", self.seeds, at_least=1, below=_MOST_SEEDS + 1)
        object.__setattr__(self, "seeds", seeds)
        sampler = self.sampler or ("tpe" if len(self.objectives) == 1 else "nsga2")
        object.__setattr__(self, "sampler", require_choice("sampler", sampler, SAMPLERS))
        seed = require_integer("sampler_seed", self.sampler_seed, at_least=0, below=2**32)
        object.__setattr__(self, "sampler_seed", seed)
        require_choice("pruner", self.pruner, PRUNERS)
        self._check_seeds()
        self._check_sizes()
        self._check_grid()

    @property
    def grid(self) -> dict[str, list[Any]] | None:
        """The values of each parameter, if all can be counted."""
        values = {parameter.name: parameter.values for parameter in self.parameters}
        if any(one is None for one in values.values()):
            return None
        return {name: list(one or ()) for name, one in values.items()}

    @property
    def points(self) -> int | None:
        """How many trials there can be; None where that has no end."""
        if self.sampler != "grid":
            return None
        return math.prod(len(values) for values in (self.grid or {}).values())

    def config_of(self, values: Mapping[str, Any]) -> ExperimentConfig:
        """Return the experiment of a trial, with the first of its seeds.

        Parameters
        ----------
        values
            Of the parameters, by name.
        """
        return replace(self.config, **values)

    def as_json(self) -> dict[str, Any]:
        """Return all of it in what JSON has, with the versions by which its numbers come about."""
        plain: dict[str, Any] = {
            one.name: getattr(self, one.name) for one in fields(self) if one.name != "config"
        }
        for name in ("parameters", "objectives", "limits"):
            plain[name] = [asdict(one) for one in plain[name]]
        for parameter in plain["parameters"]:
            if "values" in parameter:
                parameter["values"] = list(parameter["values"])
        return plain | {"config": asdict(self.config), "format": FORMAT, "versions": versions()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "StudyDefinition":
        """Return the definition that `as_json` has written, whatever the versions were.

        Parameters
        ----------
        plain
            What JSON has.

        Raises
        ------
        ValueError
            If it was written in another form.
        """
        if plain.get("format") != FORMAT:
            raise refusal("format", f"be {FORMAT}", plain.get("format"))
        given = {name: value for name, value in plain.items() if name not in ("format", "versions")}
        try:
            parameters = [
                Choices(**one) if "values" in one else Span(**one) for one in given.pop("parameters")
            ]
            objectives = [Objective(**one) for one in given.pop("objectives")]
            limits = [Limit(**one) for one in given.pop("limits")]
            given["config"] = ExperimentConfig(**given["config"])
            return cls(parameters=parameters, objectives=objectives, limits=limits, **given)
        except (KeyError, TypeError) as error:
            raise refusal("definition", "be as as_json writes it", str(error)) from None

    def _check_seeds(self) -> None:
        if self.seeds > 1 and any(parameter.name == "seed" for parameter in self.parameters):
            raise refusal("seeds", "be 1 where the seed is a parameter", self.seeds)
        replace(self.config, seed=self.config.seed + self.seeds - 1)
        if self.pruner != "none" and (self.seeds == 1 or len(self.objectives) == 2):
            raise refusal("pruner", "be none with one seed or two objectives", self.pruner)

    def _check_sizes(self) -> None:
        sizes = [one for one in self.parameters if one.name in ("n", "m", "trials")]
        largest = self.config_of({size.name: size.ends[1] for size in sizes})
        require_room("n", largest.n, largest.n * max(largest.m, largest.trials))

    def _check_grid(self) -> None:
        if self.sampler != "grid":
            return
        for parameter in self.parameters:
            if parameter.values is None:
                wanted = f"be a list, or at most {_MOST_CHOICES} whole numbers, for the sampler grid"
                raise refusal(parameter.name, wanted, list(parameter.ends))
        if (self.points or 0) > _MOST_GRID_POINTS:
            raise refusal("parameters", f"make at most {_MOST_GRID_POINTS} points", self.points)


def _read(name: str, value: Any) -> Any:
    """Return a value as the configuration reads it, so that each is checked by its one rule."""
    change: dict[str, Any] = {name: value}
    return getattr(replace(ExperimentConfig(), **change), name)


def _require_once(name: str, words: list[str]) -> None:
    if len(set(words)) < len(words):
        raise refusal(name, "be each there once", words)


def _names(kind: Any) -> str:
    return (
        str(kind).replace("ce_core.studies.definition.", "")
        if not isinstance(kind, type)
        else kind.__name__
    )
