"""A cloud of points reduced to what a chart can draw: counts on a grid, and a few of the points."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating
from ce_core._options import require_integer


@dataclass(frozen=True)
class PointDensity:
    """A cloud of points in the plane, counted on a grid.

    Attributes
    ----------
    points
        Number of points counted (the finite ones).
    counts
        Points in each cell, [bins, bins], y first.
    x_centres, y_centres
        Middle of the cells, [bins].
    x_sample, y_sample
        Every k-th of the points, [at most `sample`]. The same ones as long as the size of the
        cloud stays.
    """

    points: int
    counts: Float[Tensor, "bins bins"]
    x_centres: Float[Tensor, " bins"]
    y_centres: Float[Tensor, " bins"]
    x_sample: Float[Tensor, " sampled"]
    y_sample: Float[Tensor, " sampled"]


def count_points(
    x: Float[Tensor, "*shape"] | ArrayLike,
    y: Float[Tensor, "*shape"] | ArrayLike,
    *,
    bins: int = 80,
    sample: int = 400,
) -> PointDensity:
    """Count a cloud of points on a grid over its range.

    Parameters
    ----------
    x, y
        Coordinates of the points, of one shape. Points that are not finite are left out.
    bins
        Cells along each axis, >= 1.
    sample
        Largest number of single points to return, >= 1.

    Returns
    -------
    PointDensity
        All float64; empty arrays if no point is finite.

    Raises
    ------
    ValueError
        If the shapes differ or an option is out of bounds.

    Examples
    --------
    >>> count_points([0.0, 0.1, 1.0], [0.0, 0.1, 1.0], bins=2).counts
    tensor([[2., 0.],
            [0., 1.]], dtype=torch.float64)
    """
    x, y = floating(torch.float64, x=x, y=y)
    if x.shape != y.shape:
        raise ValueError(f"y must have the shape of x, {tuple(x.shape)}, got {tuple(y.shape)}")
    bins = require_integer("bins", bins, at_least=1)
    sample = require_integer("sample", sample, at_least=1)
    x, y = (axis.detach().double().flatten().cpu().numpy() for axis in (x, y))
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.all():
        x, y = x[finite], y[finite]
    if not x.size:
        none = torch.zeros(0, dtype=torch.float64)
        return PointDensity(0, torch.zeros(0, 0, dtype=torch.float64), none, none, none, none)
    column, x_centres = _cells(x, bins)
    row, y_centres = _cells(y, bins)
    counts = np.bincount(row * bins + column, minlength=bins * bins).astype(np.float64)
    step = -(-len(x) // sample)
    # Copies of the sample: a view would keep all points.
    arrays = counts.reshape(bins, bins), x_centres, y_centres, x[::step].copy(), y[::step].copy()
    return PointDensity(len(x), *map(torch.from_numpy, arrays))


def _cells(
    values: Float[np.ndarray, " points"], bins: int
) -> tuple[Int[np.ndarray, " points"], Float[np.ndarray, " bins"]]:
    """Return the cell of each value and the middle of each cell."""
    # In halves, since the range of numbers of both signs may be twice the largest number.
    halves = values / 2
    low, high = halves.min(), halves.max()
    width = (high - low) / bins
    if width == 0:
        # All values are equal: one cell holds them, drawn as wide as the value is large.
        width = max(abs(low), 5e-4) / bins
        low = low - width * bins / 2
    halves -= low
    halves /= width
    cells = np.minimum(halves.astype(np.int64), bins - 1)
    return cells, 2 * (low + width * (np.arange(bins) + 0.5))
