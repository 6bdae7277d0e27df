"""`python -m ce_core study`: search over the experiment's parameters, kept under a name."""

import argparse
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ce_core.cli.experiment import add_config_options, given_config
from ce_core.cli.files import STANDARD, check_output, name_of, say_aside, write_bytes, write_text
from ce_core.cli.options import number, whole_number
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.export import config_command
from ce_core.jobs import open_workers

if TYPE_CHECKING:
    from ce_core.studies.catalogue import Studies, StudySummary
    from ce_core.studies.definition import Choices, Limit, Objective, Span, StudyDefinition
    from ce_core.studies.run import StudyProgress

# Optuna takes a while to import: only a command that needs it does.

_OVER = """\
what varies, once for each parameter: eps:0.05:2 from one number to another, eps:0.05:2:log where ratios
count, eps=0.1,0.5,1 or dtype=float32,float64 one of several"""
_DEFINITION = ("over", "minimise", "maximise", "reach", "at_most")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its own commands."""
    parser.description = "Search over the experiment's parameters by Optuna; studies are kept, and go on."
    commands = parser.add_subparsers(dest="study_command", required=True)
    _add_run(_command(commands, "run", "make a study, or go on with one"))
    _command(commands, "list", "all studies").set_defaults(run=list_studies)
    show = _command(commands, "show", "what a study has found; several are compared")
    show.add_argument("name", nargs="+", help="name of a study")
    show.set_defaults(run=show_studies)
    rename = _command(commands, "rename", "give a study another name")
    rename.add_argument("name", help="its name")
    rename.add_argument("new", help="its new name")
    rename.set_defaults(run=rename_study)
    delete = _command(commands, "delete", "delete a study with all its trials")
    delete.add_argument("name", help="its name")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    delete.set_defaults(run=delete_study)
    export = _command(commands, "export", "write the trials of a study to a file")
    export.add_argument("name", help="its name")
    for form in ("csv", "parquet"):
        export.add_argument(
            f"--{form}", type=Path, metavar="FILE", help=f"write FILE, {form}; - for standard output"
        )
    export.set_defaults(run=export_study)


def run_study(options: argparse.Namespace) -> int:
    """Make trials until there are so many; return the exit code."""
    studies = _open(options)
    definition = _definition(options)
    cluster = options.cluster or os.environ.get("LAB_CLUSTER")
    with _stop_on_interrupt() as stop, open_workers(options.workers, cluster=cluster) as workers:
        progress = studies.run(
            options.name,
            definition,
            trials=options.trials,
            workers=workers,
            report=_say_progress,
            cancelled=stop.is_set,
        )
    _end_line()
    if stop.is_set():
        again = f"python -m ce_core study run {shlex.quote(options.name)} --trials {progress.wanted}"
        where = " with the same --storage" if options.storage else ""
        say_aside(f"python -m ce_core: interrupted; what is done is kept, to go on{where}: {again}")
        return 130
    _print_summary(studies.summary(options.name))
    return 0


def list_studies(options: argparse.Namespace) -> int:
    """Print a line a study; return the exit code."""
    studies = _open(options)
    names = studies.names()
    if not names:
        print("There is no study yet.")
        return 0
    width = max(len("name"), *(len(name) for name in names))
    print(f"{'name':<{width}}  {'done':>7}  {'other':>7}  objective")
    for name in names:
        found = studies.summary(name)
        other = found.tally.total() - found.tally["done"]
        print(f"{name:<{width}}  {found.tally['done']:>7}  {other:>7}  {_wanted(found)}")
    return 0


def show_studies(options: argparse.Namespace) -> int:
    """Print what studies have found; return the exit code."""
    studies = _open(options)
    summaries = [studies.summary(name) for name in options.name]
    for place, found in enumerate(summaries):
        if place:
            print()
        _print_summary(found)
    return 0


def rename_study(options: argparse.Namespace) -> int:
    """Give a study another name; return the exit code."""
    _open(options).rename(options.name, options.new)
    return 0


def delete_study(options: argparse.Namespace) -> int:
    """Delete a study, if that is meant; return the exit code."""
    studies = _open(options)
    found = studies.summary(options.name)
    if not options.yes and not _agreed(f"Delete {options.name}, {found.tally.total()} trials, for ever?"):
        say_aside("python -m ce_core: nothing was deleted")
        return 2
    studies.delete(options.name)
    return 0


def export_study(options: argparse.Namespace) -> int:
    """Write the trials of a study; return the exit code."""
    from ce_core.studies.export import study_csv, study_parquet

    if options.csv is None and options.parquet is None:
        raise ValueError("export must have --csv FILE or --parquet FILE, got neither")
    for file in (options.csv, options.parquet):
        check_output(file)
    study = _open(options).study(options.name)
    if options.csv is not None:
        write_text(options.csv, study_csv(study))
    if options.parquet is not None:
        write_bytes(options.parquet, study_parquet(study))
    for file in (options.csv, options.parquet):
        if file is not None and STANDARD not in (options.csv, options.parquet):
            print(f"trials written to {name_of(file, room=4096)}")
    return 0


def read_parameter(text: str) -> "Span | Choices":
    """Return what `--over` describes.

    Parameters
    ----------
    text
        As `eps:0.05:2:log`, `n_iter:1:50` or `dtype=float32,float64`.

    Raises
    ------
    ValueError
        If it describes nothing that can vary.
    """
    from ce_core.studies.definition import Choices, Span

    name, mark, listed = text.partition("=")
    if mark:
        return Choices(_field(name), [_value(_field(name), part) for part in listed.split(",")])
    name, *ends = text.split(":")
    log = ends[2:] == ["log"]
    if len(ends) != 2 + log:
        raise ValueError(f"over must be as eps:0.05:2, eps:0.05:2:log or eps=0.1,0.5, got {text!r}")
    low, high = (_value(_field(name), end) for end in ends[:2])
    return Span(_field(name), low, high, log=log)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run_study)
    parser.add_argument("name", help="name of the study; if it is there, it goes on")
    parser.add_argument("--over", action="append", default=[], metavar="PARAMETER", help=_OVER)
    for aim in ("minimise", "maximise"):
        text = f"a metric to {aim}; two objectives look for the best compromises"
        parser.add_argument(f"--{aim}", action="append", default=[], metavar="METRIC", help=text)
    parser.add_argument(
        "--reach",
        action="append",
        default=[],
        metavar="METRIC:VALUE",
        help="a metric that is to come near to a value, as slope:1.5",
    )
    parser.add_argument(
        "--at-most",
        action="append",
        default=[],
        metavar="METRIC:VALUE",
        help="a limit, as marginal_error:0.01",
    )
    parser.add_argument(
        "--trials", type=whole_number, default=100, help="in all, those from before included (default: 100)"
    )
    parser.add_argument("--seeds", type=whole_number, help="seeds to take the mean over (default: 1)")
    parser.add_argument("--sampler", help="tpe, random, grid or nsga2 (default: tpe; two objectives: nsga2)")
    parser.add_argument("--sampler-seed", type=whole_number, help="seed of the search (default: 0)")
    parser.add_argument("--pruner", help="none, median or wilcoxon (default: none)")
    parser.add_argument("--workers", type=whole_number, help="processes that measure (default: 1)")
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="a Dask cluster, as tcp://host:8786 (default: LAB_CLUSTER)"
    )
    add_config_options(parser)


def _command(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text}.")
    parser.add_argument(
        "--storage",
        metavar="URL",
        help="database of the studies (default: LAB_STORAGE, or a file of this user, under LAB_DATA)",
    )
    return parser


def _open(options: argparse.Namespace) -> "Studies":
    from ce_core.studies.catalogue import Studies
    from ce_core.studies.storage import quiet_optuna

    quiet_optuna()
    return Studies(options.storage)


def _definition(options: argparse.Namespace) -> "StudyDefinition | None":
    """Return what the options say of a study; None if they say nothing, as where one goes on."""
    from ce_core.studies.definition import StudyDefinition

    config = given_config(options)
    others = {
        name: getattr(options, name)
        for name in ("seeds", "sampler", "sampler_seed", "pruner")
        if getattr(options, name) is not None
    }
    if not config and not others and not any(getattr(options, name) for name in _DEFINITION):
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

    found = [Objective(metric, aim) for aim in ("minimise", "maximise") for metric in getattr(options, aim)]
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
        raise ValueError(f"{option} must be as slope:1.5, got {text!r}") from None


def _field(name: str) -> str:
    return name.replace("-", "_")


def _value(name: str, text: str) -> int | float | str:
    """Return a value of a field as what it is by default."""
    kinds = {field.name: type(field.default) for field in fields(ExperimentConfig)}
    kind = kinds.get(name, str)
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"{name} must be {what}, got {text!r}") from None


@contextmanager
def _stop_on_interrupt() -> Iterator[threading.Event]:
    """Set an event at the first interrupt, so that what runs can end in order; the next one ends all."""
    stop = threading.Event()

    def note(number: int, frame: object) -> None:
        stop.set()
        signal.signal(number, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _say_progress(progress: "StudyProgress") -> None:
    said = ", ".join(f"{count} {word}" for word, count in sorted(progress.tally.items()))
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"\r{said} of {progress.wanted}\033[K", end="", file=sys.stderr, flush=True)


def _end_line() -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        print(file=sys.stderr)


def _agreed(question: str) -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ValueError("delete must be meant: say --yes, got no terminal to ask at")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _wanted(found: "StudySummary") -> str:
    if found.definition is None:
        return "made elsewhere"
    objectives = [
        objective.words if objective.value is None else f"{objective.metric} = {objective.value:g}"
        for objective in found.definition.objectives
    ]
    aims = [objective.aim for objective in found.definition.objectives]
    return ", ".join(f"{aim} {words}" for aim, words in zip(aims, objectives, strict=True))


def _print_summary(found: "StudySummary") -> None:
    print(f"{'study':<20} {found.name}")
    print(f"{'objective':<20} {_wanted(found)}")
    for limit in found.definition.limits if found.definition else ():
        print(f"{'limit':<20} {limit.metric} <= {limit.at_most:g}")
    for word in ("done", "pruned", "failed", "running", "waiting"):
        if found.tally[word] or word == "done":
            print(f"{word:<20} {found.tally[word]}")
    if found.definition and not found.best:
        print("\nNo trial keeps to the limits yet." if found.tally["done"] else "\nNo trial is done yet.")
    for trial in found.best:
        print(f"\n{'trial':<20} {trial.number}")
        for name, value in trial.params.items():
            print(f"{name:<20} {value}")
        for name, value in trial.user_attrs.get("metrics", {}).items():
            print(f"{name:<20} {value:.8g}")
        if found.definition:
            print(config_command(found.definition.config_of(trial.params)))
