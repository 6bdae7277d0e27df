"""The columns of a grid: a number of each metric a point, or its mean and its band over the seeds."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from ce_core.sweeps.definition import Grid

Columns: TypeAlias = dict[str, Tensor]
"""Numbers in float64 by the name of the column, all of one shape."""


def column_names(grid: Grid) -> list[str]:
    """Return the names of what is measured, in order.

    Parameters
    ----------
    grid
        With one seed there is a column a metric; with more also its least and its largest value over
        them, `_low` and `_high`.
    """
    ends = ("",) if grid.seeds == 1 else ("", "_low", "_high")
    return [f"{metric}{end}" for metric in grid.metrics for end in ends]


def over_seeds(grid: Grid, measured: Sequence[Columns]) -> Columns:
    """Return the columns from the metrics of each seed; NaN where one of them has no such number.

    Parameters
    ----------
    grid
        With its seeds.
    measured
        The metrics, one for each seed.
    """
    if grid.seeds == 1:
        return dict(measured[0])
    found = {}
    for metric in grid.metrics:
        values = torch.stack([one[metric] for one in measured])
        found[metric] = values.mean(0)
        found[f"{metric}_low"], found[f"{metric}_high"] = values.amin(0), values.amax(0)
    return found
