"""What a sweep on disk is: a file beside its chunks, which says the grid and how it is cut."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from ce_core._shown import clip, show
from ce_core.experiment.config import ExperimentConfig
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.definition import Grid, grid_of

FILE = "sweep.json"
_FORMAT = 1


class Manifest(NamedTuple):
    """A grid, and the rows and columns of its regions: another version may cut otherwise."""

    grid: Grid
    tile: tuple[int, int]


def spell(manifest: Manifest) -> str:
    """Return a manifest as JSON, every number to its last bit.

    Parameters
    ----------
    manifest
        Any.
    """
    return json.dumps(
        {"format": _FORMAT, **_definition(manifest.grid), "tile": manifest.tile}, indent=1
    )


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a folder; None where there is none.

    Parameters
    ----------
    folder
        Of a sweep.

    Raises
    ------
    ValueError
        If there is one, and it is not as this version writes them.
    """
    file = folder / FILE
    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["format"] != _FORMAT:
            raise ValueError(f"its format is {show(found['format'], 20)}, not {_FORMAT}")
        axes = tuple(Axis(axis["name"], axis["values"]) for axis in found["axes"])
        config = ExperimentConfig(**found["config"])
        tall, wide = (int(size) for size in found["tile"])
        if min(tall, wide) < 1:
            raise ValueError("its tile is empty")
        return Manifest(grid_of(config, axes, found["metrics"], found["seeds"]), (tall, wide))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{clip(str(file), 80)} must be the manifest of a sweep, got one that is none: "
            f"{clip(str(error), 60)}"
        ) from None


def require_same(found: Grid, wanted: Grid, name: str) -> None:
    """Refuse a sweep that goes by the name of another.

    Parameters
    ----------
    found, wanted
        The grid that is there, and the one to go on with.
    name
        By which both go.

    Raises
    ------
    ValueError
        If they differ, naming the first thing in which they do.
    """
    there, asked = _definition(found), _definition(wanted)
    if there == asked:
        return
    flat_there, flat_asked = ({**one.pop("config"), **one} for one in (there, asked))
    key = next(key for key in [*flat_asked, *flat_there] if flat_there.get(key) != flat_asked.get(key))
    raise ValueError(
        f"name must be new or that of this very sweep, got {show(name, 40)}, a sweep with "
        f"{key} {show(flat_there.get(key), 40)}, not {show(flat_asked.get(key), 40)}"
    )


def _definition(grid: Grid) -> dict[str, Any]:
    """Return what decides the numbers of a grid: of its configuration, what no axis says."""
    taken = {axis.name for axis in grid.axes}
    return {
        "config": {name: value for name, value in asdict(grid.config).items() if name not in taken},
        "axes": [{"name": axis.name, "values": list(axis.values)} for axis in grid.axes],
        "metrics": list(grid.metrics),
        "seeds": grid.seeds,
    }
