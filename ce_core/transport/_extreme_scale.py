"""Costs and eps at the ends of float64, multiplied by a power of two, which rounds nothing."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

# Whose inverse is finite.
_LEAST_EPS = torch.finfo(torch.float64).tiny
# Sums of costs that are larger may overflow.
_LARGEST = 2.0**1019
_DOWN, _UP = 2.0**-30, 2.0**100

Solution = TypeVar("Solution")


class OutOfRangeError(ArithmeticError):
    """A problem that a solver leaves to be multiplied by `unit` first."""

    def __init__(self, unit: float) -> None:
        super().__init__(unit)
        self.unit = unit


def require_range(cost: Float[Tensor, "b n m"], eps: Float[np.ndarray, " b"], *, fits: bool) -> None:
    """Raise `OutOfRangeError` where no float64 `fits` the range of costs, or an eps is too small."""
    if not fits or (eps < _LEAST_EPS).any():
        raise OutOfRangeError(common_unit(cost, torch.as_tensor(eps)))


def common_unit(cost: Float[Tensor, "*batch n m"], eps: Float[Tensor, "*batch"]) -> float:
    """Return what to multiply all costs and eps of a batch by, mostly 1."""
    return units(finite_size(cost).amax().cpu(), eps.amin().cpu()).item()


def finite_size(cost: Float[Tensor, "*batch n m"]) -> Float[Tensor, "*batch"]:
    """Return the largest absolute value of costs that are finite, 0 if none is."""
    sizes = cost.abs()
    return torch.where(sizes < torch.inf, sizes, 0.0).amax((-2, -1))


def units(largest: Float[Tensor, "*batch"], eps: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """Return what to multiply costs, of which the largest is given, and eps by, mostly 1."""
    low = (eps < _LEAST_EPS) & (largest < _LARGEST / _UP)
    return torch.where(largest > _LARGEST, _DOWN, torch.where(low, _UP, 1.0))


def in_range(
    solve: Callable[[Tensor, Tensor, float], Solution], cost: Tensor, eps: Tensor
) -> tuple[Solution, float]:
    """Return the solution for cost and eps times a unit, and that, which is 1 unless they need another.

    An eps that is too small all the same is raised to the least that can be used.
    """
    try:
        return solve(cost, eps, 1.0), 1.0
    except OutOfRangeError as error:
        unit = error.unit
    return solve(cost * unit, usable_eps(eps * unit), unit), unit


def usable_eps(eps: Tensor) -> Tensor:
    """Return eps, of which the inverse is finite."""
    return eps.clamp(min=_LEAST_EPS)
