"""A grid as a table, a row a point: CSV and Parquet."""

import importlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ce_core._options import require_instance
from ce_core.sweeps.columns import Columns, column_names
from ce_core.sweeps.definition import Grid, Region
from ce_core.sweeps.grid import GridResult

# Rows of CSV that are made at a time.
_CSV_ROWS = 1 << 16
# Where a chunk says of which sweep it is.
_DIGEST = "sweep"


def grid_csv(result: GridResult) -> str:
    """Return a grid as CSV.

    Parameters
    ----------
    result
        Of `run_grid`, or of a sweep that need not be complete.

    Returns
    -------
    str
        A header, then one line for each point that was computed, y by y: the axes, then the columns,
        every digit kept.

    Examples
    --------
    >>> result = run_grid(ExperimentConfig(n=4, m=3), Axis("eps", [0.5, 1.0]), "slope")
    >>> [line.split(",")[0] for line in grid_csv(result).splitlines()]
    ['eps', '0.5', '1.0']
    """
    return "".join(grid_csv_pieces(result))


def grid_csv_pieces(result: GridResult) -> Iterator[str]:
    """Yield what `grid_csv` returns, piece by piece: whole it takes several times the grid's memory.

    Parameters
    ----------
    result
        Of `run_grid`, or of a sweep that need not be complete.

    Yields
    ------
    str
        Some thousands of lines.
    """
    table = _whole(require_instance("result", result, GridResult))
    yield f"{','.join(table)}\n"
    for start in range(0, len(next(iter(table.values()))), _CSV_ROWS):
        columns = [column[start : start + _CSV_ROWS].tolist() for column in table.values()]
        yield "".join(f"{','.join(map(str, row))}\n" for row in zip(*columns, strict=True))


def grid_parquet(result: GridResult) -> bytes:
    """Return a grid as a Parquet file, with the rows and columns of `grid_csv`.

    Parameters
    ----------
    result
        Of `run_grid`, or of a sweep that need not be complete.

    Raises
    ------
    RuntimeError
        If pyarrow is not installed.
    """
    file = io.BytesIO()
    _write(file, _whole(require_instance("result", result, GridResult)), {})
    return file.getvalue()


def write_region(file: Path, grid: Grid, region: Region, columns: Columns, digest: str) -> None:
    """Write what was measured on a region as a Parquet file.

    Parameters
    ----------
    file
        Where.
    grid, region
        What was measured.
    columns
        By name, [rows, columns] each.
    digest
        Of the sweep, which the file carries.

    Raises
    ------
    RuntimeError
        If pyarrow is not installed.
    """
    _write(file, _table(grid, region, columns), {_DIGEST: digest})


def read_region(file: Path, grid: Grid, region: Region) -> Columns:
    """Read what `write_region` wrote.

    Parameters
    ----------
    file
        Where.
    grid, region
        What was measured.

    Raises
    ------
    RuntimeError
        If pyarrow is not installed.
    """
    table = parquet().read_table(file, columns=column_names(grid))
    return {
        name: torch.tensor(table.column(name).to_numpy(), dtype=torch.float64).reshape(region.shape)
        for name in column_names(grid)
    }


def holds_region(file: Path, grid: Grid, region: Region, digest: str) -> bool:
    """Return whether a file is there, and is what `write_region` writes, by its head and its foot.

    Parameters
    ----------
    file
        Where.
    grid, region
        What should be there.
    digest
        Of the sweep.

    Raises
    ------
    RuntimeError
        If pyarrow is not installed.
    """
    if not file.exists():
        return False
    try:
        found = parquet().read_metadata(file)
    except (OSError, ValueError):
        # Cut short, as where the power went; pyarrow's errors are of these.
        return False
    names = [*(axis.name for axis in grid.axes), *column_names(grid)]
    same = (found.metadata or {}).get(_DIGEST.encode()) == digest.encode()
    return bool(same and found.num_rows == region.points and found.schema.names == names)


def parquet() -> Any:
    """Return the module of pyarrow that knows Parquet, or raise `RuntimeError` in one line."""
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise RuntimeError(
            "Parquet needs pyarrow, which is not installed: pip install pyarrow"
        ) from None


def _whole(result: GridResult) -> dict[str, np.ndarray]:
    """Return the table of what was computed."""
    rows, columns = result.grid.shape
    region = Region(range(rows), range(columns))
    measured = {name: column.reshape(region.shape) for name, column in result.columns.items()}
    table = _table(result.grid, region, measured)
    if result.computed.all():
        return table
    kept = result.computed.numpy().ravel()
    return {name: column[kept] for name, column in table.items()}


def _table(grid: Grid, region: Region, columns: Columns) -> dict[str, np.ndarray]:
    """Return columns of a row a point, y by y: the axes, then what was measured."""
    rows, width = region.shape
    x = np.array(grid.x.values)[region.columns.start : region.columns.stop]
    axes = {grid.x.name: np.tile(x, rows)}
    if grid.y:
        y = np.array(grid.y.values)[region.rows.start : region.rows.stop]
        axes[grid.y.name] = np.repeat(y, width)
    return {**axes, **{name: columns[name].numpy().ravel() for name in column_names(grid)}}


def _write(file: Any, table: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    writer = parquet()
    writer.write_table(importlib.import_module("pyarrow").table(table, metadata=metadata), file)
