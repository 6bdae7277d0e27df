"""Costs to try Sinkhorn on: random ones, forbidden pairs, two small images."""

from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating
from ce_core._options import require_choice, require_integer, require_number, require_room

LARGEST_DRAW: Final = 64
"""Most rows and columns of `random_cost`."""

_DRAWN_BY_HAND: Final = MappingProxyType(
    {
        "one": (
            "...22...",
            "..333...",
            ".2.33...",
            "...33...",
            "...33...",
            "...33...",
            "...33...",
            "..3333..",
        ),
        "zero": (
            "..2332..",
            ".33..33.",
            ".3....3.",
            ".3....3.",
            ".3....3.",
            ".3....3.",
            ".33..33.",
            "..2332..",
        ),
    }
)


def random_cost(n: int, m: int, *, exponent: float = 1.5, seed: int = 0) -> Float[Tensor, "n m"]:
    """Draw costs as the post does: uniform numbers on [0, 1), to a power.

    Parameters
    ----------
    n, m
        Size, from 1 to 64. A smaller matrix is the corner of a larger one of the same seed.
    exponent
        The power, >= 0; the post's is 1.5.
    seed
        Of the draw, from 0 to 2⁶³ - 1.

    Returns
    -------
    Tensor
        C, [n, m], float64.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Examples
    --------
    >>> bool((random_cost(2, 2) == random_cost(3, 4)[:2, :2]).all())
    True
    """
    n = require_integer("n", n, at_least=1, below=LARGEST_DRAW + 1)
    m = require_integer("m", m, at_least=1, below=LARGEST_DRAW + 1)
    exponent = require_number("exponent", exponent, at_least=0.0)
    return _draw(seed)[0, :n, :m] ** exponent


def forbid_pairs(
    cost: Float[Tensor, "n m"] | ArrayLike, share: float, *, seed: int = 0
) -> Float[Tensor, "n m"]:
    """Forbid a share of the pairs at random: their cost becomes +inf.

    Parameters
    ----------
    cost
        C, [n, m], at most 64 x 64.
    share
        Expected share, from 0 to 1. The pairs of a smaller share are among those of a larger one.
    seed
        As for `random_cost`; the two draws are independent.

    Returns
    -------
    Tensor
        C with +inf, of its dtype.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Examples
    --------
    >>> forbid_pairs([[1.0, 2.0], [3.0, 4.0]], 1.0)
    tensor([[inf, inf],
            [inf, inf]])
    """
    (cost,) = floating(cost=cost)
    if cost.ndim != 2 or max(cost.shape) > LARGEST_DRAW:
        raise ValueError(f"cost must be at most 64 x 64, got shape {tuple(cost.shape)}")
    share = require_number("share", share, at_least=0.0, at_most=1.0)
    n, m = cost.shape
    forbidden = _draw(seed)[1, :n, :m] < share
    return cost.masked_fill(forbidden.to(cost.device), torch.inf)


def digit_image(name: str) -> Float[Tensor, "8 8"]:
    """Return a digit of 8 x 8 pixels as a distribution: the ink of each pixel, of sum 1.

    Drawn by hand for the lab, in four greys; they come from no data set.

    Parameters
    ----------
    name
        "one" or "zero".

    Returns
    -------
    Tensor [8, 8]
        In float64, row by row from the top.

    Raises
    ------
    ValueError
        If there is no such digit.

    Examples
    --------
    >>> digit_image("one").sum().item()
    1.0
    """
    drawing = _DRAWN_BY_HAND[require_choice("name", name, _DRAWN_BY_HAND)]
    rows = [[float(ink.replace(".", "0")) for ink in row] for row in drawing]
    ink = torch.tensor(rows, dtype=torch.float64)
    return ink / ink.sum()


def pixel_grid(size: int) -> Float[Tensor, "pixels 2"]:
    """Return the centres (x, y) of the pixels of a square image, row by row from the top, in [0, 1].

    Parameters
    ----------
    size
        Pixels a side.

    Returns
    -------
    Tensor [size * size, 2]
        In float64.

    Raises
    ------
    ValueError
        If `size` is not an integer >= 2.

    Examples
    --------
    >>> pixel_grid(2).tolist()
    [[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
    """
    size = require_integer("size", size, at_least=2)
    require_room("size", size, 2 * size**2)
    steps = torch.linspace(0, 1, size, dtype=torch.float64)
    y, x = torch.meshgrid(steps.flip(0), steps, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], -1)


def _draw(seed: int) -> Float[Tensor, "2 64 64"]:
    seed = require_integer("seed", seed, at_least=0, below=2**63)
    generator = np.random.Generator(np.random.PCG64(seed))
    return torch.from_numpy(generator.random((2, LARGEST_DRAW, LARGEST_DRAW)))
