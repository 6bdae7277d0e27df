"""A cloud of points reduced to what a chart can draw: counts on a grid, and a few of the points."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
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
    finite = x.isfinite() & y.isfinite()
    # To look up all of them would copy them one by one.
    x, y = (axis.flatten() if finite.all() else axis[finite] for axis in (x.double(), y.double()))
    if len(x) == 0:
        return PointDensity(0, torch.zeros(0, 0, dtype=torch.float64), x, y, x, y)
    column, x_centres = _cells(x, bins)
    row, y_centres = _cells(y, bins)
    counts = torch.bincount(row * bins + column, minlength=bins * bins).double()
    step = -(-len(x) // sample)
    return PointDensity(
        points=len(x),
        counts=counts.reshape(bins, bins),
        x_centres=x_centres,
        y_centres=y_centres,
        # Copies: a view would keep all points.
        x_sample=x[::step].clone(),
        y_sample=y[::step].clone(),
    )


def _cells(values: Float[Tensor, " points"], bins: int) -> tuple[Tensor, Float[Tensor, " bins"]]:
    """Return the cell of each value and the middle of each cell."""
    # In halves, since the range of numbers of both signs may be twice the largest number.
    halves = values / 2
    low, high = halves.aminmax()
    width = (high - low) / bins
    if width == 0:
        # All values are equal: one cell holds them, drawn as wide as the value is large.
        width = low.abs().clamp(min=5e-4) / bins
        low = low - width * bins / 2
    cells = (halves - low).div_(width).long().clamp_(0, bins - 1)
    steps = torch.arange(bins, device=values.device, dtype=values.dtype) + 0.5
    return cells, 2 * (low + width * steps)
