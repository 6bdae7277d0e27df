"""What a sweep on disk is: a file beside its chunks, which says the grid and how it is cut."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ce_core._shown import clip, show
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.versions import versions
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.definition import Grid, grid_of

FILE = "sweep.json"
_FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """A grid, how it is cut, and by which versions it is computed."""

    grid: Grid
    tile: tuple[int, int]
    """Rows and columns of its regions."""
    versions: dict[str, str]
    """By name of the package."""

    @cached_property
    def digest(self) -> str:
        """What its chunks carry, so that none of another sweep is taken for one of them."""
        return hashlib.sha256(spell(self).encode()).hexdigest()


def manifest_of(grid: Grid) -> Manifest:
    """Return the manifest of a grid that this version begins.

    Parameters
    ----------
    grid
        Any.
    """
    return Manifest(grid, grid.tile, versions())


def spell(manifest: Manifest) -> str:
    """Return a manifest as JSON, every number to its last bit.

    Parameters
    ----------
    manifest
        Any.
    """
    return json.dumps(
        {
            "format": _FORMAT,
            **_definition(manifest.grid),
            "tile": manifest.tile,
            "versions": manifest.versions,
        },
        indent=1,
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
        grid = grid_of(config, axes, found["metrics"], found["seeds"])
        return Manifest(grid, (tall, wide), dict(found["versions"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{clip(str(file), 80)} must be the manifest of a sweep, got one that is none: "
            f"{clip(str(error), 60)}"
        ) from None


def require_same(found: Manifest, wanted: Grid, name: str) -> None:
    """Refuse to go on with another sweep, or by other versions.

    Parameters
    ----------
    found
        What is there.
    wanted
        The grid to go on with.
    name
        Of the folder.

    Raises
    ------
    ValueError
        If they differ, naming the first thing in which they do.
    """
    there = _flat(_definition(found.grid)) | found.versions
    asked = _flat(_definition(wanted)) | versions()
    for key in [*asked, *there]:
        if there.get(key) != asked.get(key):
            raise ValueError(
                f"folder must be new or that of this very sweep, got {show(name, 40)}, a sweep with "
                f"{key} {show(there.get(key), 40)}, not {show(asked.get(key), 40)}"
            )


def _flat(definition: dict[str, Any]) -> dict[str, Any]:
    return {**definition.pop("config"), **definition}


def _definition(grid: Grid) -> dict[str, Any]:
    """Return what decides the numbers of a grid: of its configuration, what no axis says."""
    taken = {axis.name for axis in grid.axes}
    return {
        "config": {name: value for name, value in asdict(grid.config).items() if name not in taken},
        "axes": [{"name": axis.name, "values": list(axis.values)} for axis in grid.axes],
        "metrics": list(grid.metrics),
        "seeds": grid.seeds,
    }
