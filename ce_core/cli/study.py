"""`python -m ce_core study`: search over the experiment's parameters, kept under a name."""

import argparse
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ce_core.cli.files import (
    STANDARD,
    check_output,
    name_of,
    report_beside,
    say_aside,
    write_bytes,
    write_text,
)
from ce_core.cli.options import add_cluster, whole_number
from ce_core.cli.study_options import add_definition, read_definition
from ce_core.experiment.export import config_command
from ce_core.jobs import open_workers

if TYPE_CHECKING:
    from ce_core.studies.catalogue import Studies, StudySummary
    from ce_core.studies.run import StudyProgress

# Optuna takes a while to import: only a command that needs it does.


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its own commands."""
    parser.description = (
        "Search over the experiment's parameters by Optuna; studies are kept, and go on."
    )
    commands = parser.add_subparsers(dest="study_command", required=True)
    run = _command(commands, "run", "make a study, or go on with one")
    run.add_argument("name", help="its name; a study of that name goes on")
    run.add_argument(
        "--count",
        type=whole_number,
        default=100,
        help="experiments to try in all, those from before too (default: 100)",
    )
    run.add_argument("--workers", type=whole_number, help="processes that measure (default: 1)")
    add_cluster(run)
    add_definition(run)
    run.set_defaults(run=run_study)
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
    definition = read_definition(options)
    cluster = options.cluster or os.environ.get("LAB_CLUSTER")
    with (
        _open(options) as studies,
        _stop_on_interrupt() as stop,
        open_workers(options.workers, cluster=cluster) as workers,
    ):
        studies.run(
            options.name,
            definition,
            count=options.count,
            workers=workers,
            report=_say_progress,
            cancelled=stop.is_set,
        )
        _end_line()
        if not stop.is_set():
            _print_summary(studies.summary(options.name))
            return 0
    again = f"python -m ce_core study run {shlex.quote(options.name)} --count {options.count}"
    where = " with the same --storage" if options.storage else ""
    say_aside(f"python -m ce_core: interrupted; what is done is kept, to go on{where}: {again}")
    return 130


def list_studies(options: argparse.Namespace) -> int:
    """Print a line a study; return the exit code."""
    with _open(options) as studies:
        summaries = [studies.summary(name) for name in studies.names()]
    if not summaries:
        print("There is no study yet.")
        return 0
    width = max(len("name"), *(len(found.name) for found in summaries))
    print(f"{'name':<{width}}  {'done':>7}  {'other':>7}  {'best':>13}  objective")
    for found in summaries:
        done = found.tally["done"]
        values = found.best[0].values if len(found.best) == 1 else []
        best = f"{values[0]:>13.8g}" if len(values) == 1 else f"{'-':>13}"
        other = found.tally.total() - done
        print(f"{found.name:<{width}}  {done:>7}  {other:>7}  {best}  {_wanted(found)}")
    return 0


def show_studies(options: argparse.Namespace) -> int:
    """Print what studies have found; return the exit code."""
    with _open(options) as studies:
        summaries = [studies.summary(name) for name in options.name]
    for place, found in enumerate(summaries):
        if place:
            print()
        _print_summary(found)
    return 0


def rename_study(options: argparse.Namespace) -> int:
    """Give a study another name; return the exit code."""
    with _open(options) as studies:
        studies.rename(options.name, options.new)
    return 0


def delete_study(options: argparse.Namespace) -> int:
    """Delete a study, if that is meant; return the exit code."""
    with _open(options) as studies:
        trials = studies.summary(options.name).tally.total()
        if not options.yes and not _agreed(f"Delete {options.name}, {trials} trials, for ever?"):
            say_aside("python -m ce_core: nothing was deleted")
            return 2
        studies.delete(options.name)
    return 0


def export_study(options: argparse.Namespace) -> int:
    """Write the trials of a study; return the exit code."""
    from ce_core.studies.export import study_csv, study_parquet

    files = [file for file in (options.csv, options.parquet) if file is not None]
    if not files:
        raise ValueError("export must have --csv FILE or --parquet FILE, got neither")
    if files.count(STANDARD) > 1:
        raise ValueError("csv and parquet must go to standard output one at a time, got - twice")
    for file in files:
        check_output(file)
    with _open(options) as studies:
        study = studies.study(options.name)
        if options.csv is not None:
            write_text(options.csv, study_csv(study))
        if options.parquet is not None:
            write_bytes(options.parquet, study_parquet(study))
    with report_beside(*files):
        for file in files:
            if file != STANDARD:
                print(f"trials written to {name_of(file, room=4096)}")
    return 0


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


@contextmanager
def _stop_on_interrupt() -> Iterator[threading.Event]:
    """Set an event at the first interrupt, so that work ends in order; the second one is as ever."""
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
        return "made by another version" if found.versions else "made elsewhere"
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
        print(
            "\nNo trial keeps to the limits yet." if found.tally["done"] else "\nNo trial is done yet."
        )
    for trial in found.best:
        print(f"\n{'trial':<20} {trial.number}")
        for name, value in trial.params.items():
            print(f"{name:<20} {value}")
        for name, value in trial.user_attrs.get("metrics", {}).items():
            print(f"{name:<20} {value:.8g}")
        if found.definition:
            print(config_command(found.definition.config_of(trial.params)))
