"""A grid of the experiment in memory: region by region, or all of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core.experiment.config import ExperimentConfig
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.columns import Columns, column_names
from ce_core.sweeps.definition import Grid, Region, grid_of
from ce_core.sweeps.measure import Measure


@dataclass(frozen=True)
class GridResult:
    """What was measured on a grid.

    Attributes
    ----------
    grid
        Its configuration, axes, metrics and seeds.
    columns
        By name, each float64 of shape [y, x], or [x] where there is one axis: a metric, with one seed;
        with more its mean over them, and as `_low` and `_high` the least and the largest. NaN where a
        number does not exist for one of the seeds, and where nothing was computed yet.
    computed
        Which points were, of the same shape.
    """

    grid: Grid
    columns: dict[str, Float[Tensor, "*shape"]]
    computed: Bool[Tensor, "*shape"]


class GridPart(NamedTuple):
    """What was measured on one region of a grid."""

    region: Region
    columns: Columns
    """By name, [rows, columns] each."""


def run_grid(
    config: ExperimentConfig,
    axes: Axis | Sequence[Axis],
    metrics: str | Sequence[str],
    *,
    seeds: int = 1,
) -> GridResult:
    """Run the experiment at every point of one axis or two, and measure how the two losses compare.

    What points share is computed once: the draws, the softmaxes of a scale, the plan of an ε.

    Parameters
    ----------
    config
        The parameters that no axis names.
    axes
        x, or x and y.
    metrics
        Names of `METRICS`.
    seeds
        Repeat each point with so many seeds, from `config.seed` on.

    Returns
    -------
    GridResult
        The numbers of `run_experiment` at each point, to rounding: in float64 losses agree to 1e-13 of
        their size, in float32 within a few times `ExperimentResult.rounding`, since what a point does
        not share is computed in float64 there. In half precision, and where a loss is not finite, the
        experiment itself is run. `marginal_error` is the largest of the trials.
        Whether rounding decides r and slope, as it does in half precision at small scales, is said by
        `compare_losses` of the point's own run. The bits depend on the grid, not on how it is cut or on
        who computes it, as long as NumPy has as many threads.

    Raises
    ------
    ValueError
        If an argument is not as it must be, a value is out of the bounds of its field, or there are
        more than 100 million points, seeds counted.

    Examples
    --------
    >>> axes = Axis("logit_scale", [1.0, 16.0]), Axis("eps", [0.5, 1.0, 2.0])
    >>> result = run_grid(ExperimentConfig(dtype="float64"), axes, ["r", "slope"])
    >>> [round(slope, 2) for slope in result.columns["slope"][0].tolist()]
    [1.0, 1.57]
    """
    grid = grid_of(config, axes, metrics, seeds)
    return gather(grid, _parts(grid))


def gather(grid: Grid, parts: Iterator[GridPart]) -> GridResult:
    """Put regions together; what none of them covers is NaN.

    Parameters
    ----------
    grid
        That the regions are of.
    parts
        In any order.
    """
    columns = {
        name: torch.full(grid.shape, torch.nan, dtype=torch.float64) for name in column_names(grid)
    }
    computed = torch.zeros(grid.shape, dtype=torch.bool)
    for part in parts:
        place = part.region.place
        computed[place] = True
        for name, column in columns.items():
            column[place] = part.columns[name]
    shape = grid.shape if grid.y else grid.shape[1:]
    return GridResult(
        grid, {name: column.reshape(shape) for name, column in columns.items()}, computed.reshape(shape)
    )


def _parts(grid: Grid) -> Iterator[GridPart]:
    measure = Measure(grid)
    return (GridPart(region, measure(region)) for region in grid.regions())
