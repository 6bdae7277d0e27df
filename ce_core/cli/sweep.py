"""`python -m ce_core sweep`: the experiment over one parameter or two, kept chunk by chunk."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ce_core._shown import show
from ce_core.cli.experiment import CONFIG_TYPES, add_config, read_config
from ce_core.cli.files import (
    STANDARD,
    check_output,
    name_of,
    report_beside,
    say_aside,
    write_bytes,
    write_pieces,
)
from ce_core.cli.options import READERS, add_cluster, number, whole_number
from ce_core.jobs import open_workers
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.grid import GridResult
from ce_core.sweeps.metrics import METRICS
from ce_core.sweeps.on_disk import SweepProgress, sweep_to_folder
from ce_core.sweeps.places import sweep_folder
from ce_core.sweeps.tables import grid_csv_pieces, grid_parquet

_AXIS = "must be FIELD:FIRST:LAST:COUNT, with :log behind it or not, or FIELD:VALUE,VALUE,..."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = (
        "Run the experiment at every point of one axis or two, and keep what is done under a name: the "
        "same command goes on where it was cut short."
    )
    parser.set_defaults(run=run)
    for name, needed in (("x", True), ("y", False)):
        parser.add_argument(
            f"--{name}",
            type=axis,
            required=needed,
            metavar="AXIS",
            help="a field of the experiment and its values: eps:0.05:2:40:log, m:8:64:8, n_iter:1,3,10",
        )
    parser.add_argument(
        "--metrics",
        type=lambda text: text.split(","),
        default=["r", "slope"],
        help=f"some of {', '.join(METRICS)} (default: r,slope)",
    )
    parser.add_argument(
        "--seeds",
        type=whole_number,
        default=1,
        help="seeds of a point, from --seed on: their mean, least and largest (default: 1)",
    )
    parser.add_argument(
        "--name", required=True, help="of the sweep: a new one, or that of one to go on with"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where sweeps are kept (default: sweeps in LAB_DATA, or in the user's folder for data)",
    )
    parser.add_argument("--workers", type=whole_number, help="processes (default: this one alone)")
    add_cluster(parser)
    for form in ("csv", "parquet"):
        text = "write the points to FILE; - for standard output"
        parser.add_argument(f"--{form}", type=Path, metavar="FILE", help=text)
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Run or go on with a sweep and print where its metrics are least and largest."""
    if [options.csv, options.parquet].count(STANDARD) > 1:
        raise ValueError("csv and parquet must go to standard output one at a time, got - twice")
    for file in (options.csv, options.parquet):
        check_output(file)
    folder = sweep_folder(options.name, options.folder)
    with report_beside(options.csv, options.parquet):
        result = _sweep(options, folder)
        for line in _summary(result):
            print(line)
        print(f"\nkept in {name_of(folder, room=4096)}")
    if options.csv is not None:
        write_pieces(options.csv, grid_csv_pieces(result))
    if options.parquet is not None:
        write_bytes(options.parquet, grid_parquet(result))
    return 0


def axis(text: str) -> Axis:
    """Read an axis: a field, then its values, or the ends and how many, evenly or by equal ratios."""
    name, *rest = text.split(":")
    reader = READERS.get(CONFIG_TYPES.get(name, float), number)
    try:
        match rest:
            case [values]:
                return Axis(name, [reader(value) for value in values.split(",")])
            case [first, last, count]:
                return Axis.linear(name, number(first), number(last), whole_number(count))
            case [first, last, count, "log"]:
                return Axis.logarithmic(name, number(first), number(last), whole_number(count))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    raise argparse.ArgumentTypeError(f"{_AXIS}, got {show(text)}")


def _sweep(options: argparse.Namespace, folder: Path) -> GridResult:
    progress = _Progress()
    cluster = options.cluster or os.environ.get("LAB_CLUSTER")
    count = options.workers if options.workers is not None or cluster else 0
    try:
        with open_workers(count, cluster=cluster) as workers:
            return sweep_to_folder(
                read_config(options),
                [options.x, options.y] if options.y else [options.x],
                options.metrics,
                folder=folder,
                seeds=options.seeds,
                workers=workers.executor if count != 0 else None,
                at_once=2 * workers.at_once,
                progress=progress,
            )
    except KeyboardInterrupt:
        progress.end()
        say_aside(f"interrupted at {progress.said}; the same command goes on from there")
        raise
    finally:
        progress.end()


class _Progress:
    """Tells on standard error how far a sweep is: in place on a screen, else in a few lines."""

    def __init__(self) -> None:
        self.said = "0 points"
        self._open = False
        self._tenth = -1

    def __call__(self, progress: SweepProgress) -> None:
        self.said = f"{progress.points} of {progress.of} points"
        left = "" if progress.seconds_left is None else f", {_duration(progress.seconds_left)} left"
        if sys.stderr is not None and sys.stderr.isatty():
            print(f"\r{self.said}{left}\033[K", end="", file=sys.stderr, flush=True)
            self._open = True
        elif 10 * progress.points // progress.of > self._tenth:
            self._tenth = 10 * progress.points // progress.of
            say_aside(f"{self.said}{left}")

    def end(self) -> None:
        if self._open:
            say_aside("")
            self._open = False


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def _summary(result: GridResult) -> Iterator[str]:
    """Yield where each metric is least and where it is largest."""
    yield f"{'points':<20} {result.columns[result.grid.metrics[0]].numel()}"
    for metric in result.grid.metrics:
        values = result.columns[metric].flatten()
        there = values[~values.isnan()]
        if not len(there):
            yield f"{metric:<20} exists nowhere"
            continue
        ends = [int((values == end).nonzero()[0]) for end in (there.min(), there.max())]
        yield f"{metric:<20} {' to '.join(_at(result, values, point) for point in ends)}"
        if len(there) < len(values):
            yield f"{'':<20} exists at {len(there)} points"


def _at(result: GridResult, values: torch.Tensor, point: int) -> str:
    row, column = divmod(point, result.grid.shape[1])
    config = result.grid.config_at(row, column)
    place: list[Any] = [(axis.name, getattr(config, axis.name)) for axis in result.grid.axes]
    named = ", ".join(
        f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in place
    )
    return f"{values[point].item():.8g} at {named}"
