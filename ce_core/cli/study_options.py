"""What the options of `python -m ce_core study run` say of a study."""

import argparse
from typing import TYPE_CHECKING, Any

from ce_core._shown import show
from ce_core.cli.experiment import CONFIG_TYPES, add_config
from ce_core.cli.options import READERS, whole_number
from ce_core.experiment.config import ExperimentConfig

if TYPE_CHECKING:
    from ce_core.studies.definition import Choices, Limit, Objective, Span, StudyDefinition

# Optuna takes a while to import: only a command that needs it does.

_OVER = (
    "what varies, once for each parameter: eps:0.05:2 from one number to another, eps:0.05:2:log where "
    "ratios count, eps:0.1,0.5,1 or dtype:float32,float64 one of several"
)
_GIVEN = ("over", "minimise", "maximise", "reach", "at_most")


def add_definition(parser: argparse.ArgumentParser) -> None:
    """Add the options that describe a study."""
    repeated: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument("--over", **repeated, metavar="PARAMETER", help=_OVER)
    for aim in ("minimise", "maximise"):
        text = f"a metric to {aim}; two objectives look for the best compromises"
        parser.add_argument(f"--{aim}", **repeated, metavar="METRIC", help=text)
    pairs = (
        ("reach", "a metric that is to come near to a value, as slope:1.5"),
        ("at-most", "a limit, as marginal_error:0.01"),
    )
    for option, text in pairs:
        parser.add_argument(f"--{option}", **repeated, metavar="METRIC:VALUE", help=text)
    parser.add_argument("--seeds", type=whole_number, help="a metric is the mean over (default: 1)")
    parser.add_argument(
        "--sampler", help="tpe, random, grid or nsga2 (default: tpe, with two objectives nsga2)"
    )
    parser.add_argument("--sampler-seed", type=whole_number, help="seed of the search (default: 0)")
    parser.add_argument("--pruner", help="none, median or wilcoxon (default: none)")
    add_config(parser)
    # Where a study goes on, what is not said stays as it is.
    parser.set_defaults(**dict.fromkeys(CONFIG_TYPES))


def read_definition(options: argparse.Namespace) -> "StudyDefinition | None":
    """Return what the options say of a study; None if they say nothing, as where one goes on."""
    from ce_core.studies.definition import StudyDefinition

    config = {
        name: getattr(options, name) for name in CONFIG_TYPES if getattr(options, name) is not None
    }
    others = {
        name: getattr(options, name)
        for name in ("seeds", "sampler", "sampler_seed", "pruner")
        if getattr(options, name) is not None
    }
    if not config and not others and not any(getattr(options, name) for name in _GIVEN):
        return None
    return StudyDefinition(
        parameters=[read_parameter(text) for text in options.over],
        objectives=_objectives(options),
        limits=[_limit(text) for text in options.at_most],
        config=ExperimentConfig(**config),
        **others,
    )


def _objectives(options: argparse.Namespace) -> "list[Objective]":
    from ce_core.studies.definition import Objective

    found = [
        Objective(metric, aim) for aim in ("minimise", "maximise") for metric in getattr(options, aim)
    ]
    for text in options.reach:
        metric, value = _metric_and_value("reach", text)
        found.append(Objective(metric, "reach", value))
    return found


def _limit(text: str) -> "Limit":
    from ce_core.studies.definition import Limit

    return Limit(*_metric_and_value("at-most", text))


def _metric_and_value(option: str, text: str) -> tuple[str, float]:
    metric, _, value = text.partition(":")
    try:
        return metric, float(value)
    except ValueError:
        raise ValueError(f"{option} must be as slope:1.5, got {show(text)}") from None


def read_parameter(text: str) -> "Span | Choices":
    """Return what `--over` describes.

    Parameters
    ----------
    text
        As `eps:0.05:2:log`, `n_iter:1:50` or `dtype:float32,float64`.

    Raises
    ------
    ValueError
        If it describes nothing that can vary.
    """
    from ce_core.studies.definition import Choices, Span

    name, *rest = text.split(":")
    name = name.replace("-", "_")
    reader = READERS[CONFIG_TYPES.get(name, str)]
    try:
        match rest:
            case [listed]:
                return Choices(name, [reader(value) for value in listed.split(",")])
            case [low, high]:
                return Span(name, reader(low), reader(high))
            case [low, high, "log"]:
                return Span(name, reader(low), reader(high), log=True)
    except argparse.ArgumentTypeError as error:
        raise ValueError(f"{name} {error}") from None
    raise ValueError(f"over must be as eps:0.05:2, eps:0.05:2:log or eps:0.1,0.5, got {show(text)}")
