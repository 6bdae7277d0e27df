"""A sweep on disk: a folder of chunks, which survives what ends its process, and is gone on with."""

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ce_core._options import require_integer
from ce_core._shown import clip, refusal
from ce_core.experiment.config import ExperimentConfig
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.columns import Columns
from ce_core.sweeps.definition import Grid, Region, grid_of
from ce_core.sweeps.grid import GridPart, GridResult, gather
from ce_core.sweeps.manifest import (
    FILE,
    Manifest,
    manifest_of,
    read_manifest,
    require_same,
    spell,
)
from ce_core.sweeps.tables import holds_region, parquet, read_region, write_region
from ce_core.sweeps.workers import Workers, measure_all

_PART = ".part"
# What is older was left by a process that was killed: a chunk is written in a moment.
_SECONDS_OF_A_PART = 3600


class SweepProgress(NamedTuple):
    """How far a sweep is."""

    points: int
    """Points that are done, those of earlier runs too."""
    of: int
    """Points of the sweep."""
    seconds_left: float | None
    """At the pace of this run; None before it has done any."""


def sweep_to_folder(
    config: ExperimentConfig,
    axes: Axis | Sequence[Axis],
    metrics: str | Sequence[str],
    *,
    folder: Path | str,
    seeds: int = 1,
    workers: Workers = None,
    at_once: int | None = None,
    progress: Callable[[SweepProgress], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> GridResult:
    """Run a grid with every finished chunk kept in a folder, or go on with one that was cut short.

    The numbers are those of `run_grid`, to the last bit, whoever computes them and however often it
    was cut short. What ends the process, SIGKILL too, costs the chunks that were under way. Two calls
    on one folder do no harm, but each computes all that is missing when it starts: share by `workers`.

    Parameters
    ----------
    config, axes, metrics, seeds
        As for `run_grid`.
    folder
        Of this sweep, made if it is not there. It holds `sweep.json`, which says the grid, and a
        Parquet file a chunk, a row a point.
    workers
        Who computes: None for this process; an executor of `concurrent.futures`, or a function that
        makes one, such as `process_pool(2)`. Where a worker dies, what it may have
        had is done again, chunk by chunk, in another executor that is made for it.
    at_once
        Chunks that are handed to workers at a time; by default two for each core of this machine.
    progress
        Called at the start and after each chunk.
    stop
        Asked before each chunk: whether to begin no more.

    Returns
    -------
    GridResult
        What is in the folder, NaN where `stop` left points out.

    Raises
    ------
    ValueError
        As for `run_grid`, or if the folder holds another sweep.
    RuntimeError
        If pyarrow is not installed, or a chunk ended its worker twice.

    Examples
    --------
    >>> import tempfile
    >>> axis = Axis("eps", [0.5, 1.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = sweep_to_folder(ExperimentConfig(n=4, m=3), axis, "slope", folder=folder)
    ...     torch.equal(kept.columns["slope"], read_sweep(folder).columns["slope"])
    True
    """
    parquet()
    grid = grid_of(config, axes, metrics, seeds)
    place = _require_path(folder)
    cores = os.cpu_count() or 1
    at_once = 2 * cores if at_once is None else require_integer("at_once", at_once, at_least=1)
    manifest = _open(place, grid)
    regions = dict(enumerate(grid.regions(manifest.tile)))
    missing = {
        number: region
        for number, region in regions.items()
        if not _holds(place, manifest, number, region)
    }
    pace = _Pace(grid, sum(region.points for region in missing.values()), progress)
    for number, columns in measure_all(
        grid, missing, workers, at_once=at_once, stop=stop or (lambda: False)
    ):
        _keep(place, manifest, number, regions[number], columns)
        pace.count(regions[number].points)
    return read_sweep(place)


def read_sweep(folder: Path | str) -> GridResult:
    """Read what a sweep has computed, which may go on meanwhile.

    Parameters
    ----------
    folder
        Of the sweep.

    Returns
    -------
    GridResult
        NaN where nothing is computed yet.

    Raises
    ------
    ValueError
        If there is no sweep.
    RuntimeError
        If pyarrow is not installed.
    """
    place = _require_path(folder)
    manifest = read_manifest(place)
    if manifest is None:
        raise refusal("folder", "hold a sweep", str(place))
    return gather(manifest.grid, _read(place, manifest))


class _Pace:
    """Tells how far a sweep is, and how long the rest will take."""

    def __init__(
        self, grid: Grid, missing: int, tell: Callable[[SweepProgress], object] | None
    ) -> None:
        self._all, self._missing, self._tell = grid.points, missing, tell
        self._done, self._start = 0, time.monotonic()
        self.count(0)

    def count(self, points: int) -> None:
        self._done += points
        left = self._missing - self._done
        pace = (time.monotonic() - self._start) / self._done if self._done else None
        if self._tell is not None:
            self._tell(
                SweepProgress(self._all - left, self._all, None if pace is None else left * pace)
            )


def _open(folder: Path, grid: Grid) -> Manifest:
    """Make the folder a sweep's, or find that it is this one's; return its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    if read_manifest(folder) is None:
        text = spell(manifest_of(grid))
        _write(folder / FILE, lambda file: file.write_text(text, encoding="utf-8"), _take_name)
    # Another process may have been first.
    manifest = read_manifest(folder)
    if manifest is None:
        raise refusal("folder", "stay while a sweep is in it", clip(str(folder), 80))
    require_same(manifest, grid, folder.name)
    return manifest


def _chunk(folder: Path, number: int) -> Path:
    return folder / f"chunk-{number:06}.parquet"


def _holds(folder: Path, manifest: Manifest, number: int, region: Region) -> bool:
    return holds_region(_chunk(folder, number), manifest.grid, region, manifest.digest)


def _keep(folder: Path, manifest: Manifest, number: int, region: Region, columns: Columns) -> None:
    def write(file: Path) -> None:
        write_region(file, manifest.grid, region, columns, manifest.digest)

    _write(_chunk(folder, number), write, os.replace)


def _read(folder: Path, manifest: Manifest) -> Iterator[GridPart]:
    grid = manifest.grid
    for number, region in enumerate(grid.regions(manifest.tile)):
        if _holds(folder, manifest, number, region):
            yield GridPart(region, read_region(_chunk(folder, number), grid, region))


def _write(file: Path, write: Callable[[Path], object], place: Callable[[Path, Path], object]) -> None:
    """Write a file whole or not at all."""
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}{_PART}")
    try:
        write(temporary)
        place(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, file: Path) -> None:
    """Give a file its name, unless another has it."""
    try:
        os.link(temporary, file)
    except FileExistsError:
        return
    except OSError:
        # A file system without links: chunks still say of which sweep they are.
        os.replace(temporary, file)


def _clear(folder: Path) -> None:
    """Clear away what killed processes have left; what others are writing is young."""
    for left in folder.glob(f".*{_PART}"):
        # Another process may do the same.
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - _SECONDS_OF_A_PART:
                left.unlink()


def _require_path(folder: object) -> Path:
    if not isinstance(folder, str | Path) or not str(folder) or "\0" in str(folder):
        raise refusal("folder", "be a path", folder)
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise refusal("folder", "be a folder", clip(str(place), 80))
    return place
