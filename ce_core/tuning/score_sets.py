"""Scores as people balance them, drawn anew: sizes and scales of public code, no one's data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float

from ce_core._options import require_choice, require_integer

Matrix = Float[np.ndarray, "n m"]
Draw = Callable[[np.random.Generator], Matrix]


@dataclass(frozen=True, kw_only=True)
class ScoreSet:
    """What a setting of practice balances, and with what parameters.

    Attributes
    ----------
    scores
        [n, m], float64.
    near
        Whether large means near, as of a similarity; else it is a cost.
    eps, n_iter
        What the setting uses.
    rows, columns
        How many it has there; `scores` may be cut to fewer.
    borrowed
        Whether `eps` and `n_iter` are SwAV's, since the setting has none of its own.
    """

    scores: Matrix
    near: bool
    eps: float
    n_iter: int
    rows: int
    columns: int
    borrowed: bool

    @property
    def is_cut(self) -> bool:
        """Whether there are fewer rows or columns than in the setting."""
        return self.scores.shape != (self.rows, self.columns)


@dataclass(frozen=True)
class _Setting:
    draw: Draw
    eps: float
    n_iter: int
    rows: int
    columns: int
    near: bool = True
    borrowed: bool = False


def _unit(points: np.ndarray) -> np.ndarray:
    units: np.ndarray = points / np.linalg.norm(points, axis=-1, keepdims=True)
    return units


def _cosines(n: int, m: int, *, width: int, pull: float) -> Draw:
    """Return what draws cosines of samples with prototypes, some of which are near to many."""

    def draw(generator: np.random.Generator) -> Matrix:
        prototypes = _unit(generator.normal(size=(m, width)))
        popular = 1 / np.arange(1, m + 1)
        own = generator.choice(m, size=n, p=popular / popular.sum())
        noise = _unit(generator.normal(size=(n, width)))
        cosines: np.ndarray = _unit(pull * prototypes[own] + noise) @ prototypes.T
        return cosines

    return draw


def _pairs(generator: np.random.Generator) -> Matrix:
    """Return cosines of two views of each image of a batch."""
    first = _unit(generator.normal(size=(128, 128)))
    second = _unit(first + 1.2 * _unit(generator.normal(size=(128, 128))))
    cosines: np.ndarray = first @ second.T
    return cosines


def _products(generator: np.random.Generator) -> Matrix:
    """Return inner products of vectors that nobody has normalised."""
    products: np.ndarray = generator.normal(size=(64, 64)) @ generator.normal(size=(32, 64)).T
    return products


def _key_points(generator: np.random.Generator) -> Matrix:
    """Return scores of key points of two images, 16 of 24 with a partner, beside those of the bins.

    A bin that takes the mass of k points is k equal rows or columns: the plan is the same.
    """
    points = 24
    scores = generator.normal(scale=2.0, size=(points, points))
    matched = np.arange(16)
    scores[matched, matched] += 9.0
    whole = np.ones((2 * points, 2 * points))
    whole[:points, :points] = scores
    return whole


def _squared_pixels(generator: np.random.Generator) -> Matrix:
    """Return squared distances of points of two images of 640 by 480."""
    size = np.array([640.0, 480.0])
    first = generator.uniform(size=(32, 2)) * size
    second = np.clip(first + generator.normal(scale=40.0, size=(32, 2)), 0, size)
    between: np.ndarray = ((first[:, None] - second[None]) ** 2).sum(-1)
    return between


def _uniform_costs(generator: np.random.Generator) -> Matrix:
    """Return the post's costs: uniform numbers to the power 1.5."""
    costs: np.ndarray = generator.uniform(size=(128, 64)) ** 1.5
    return costs


_SETTINGS: Final[Mapping[str, _Setting]] = MappingProxyType(
    {
        "cosines": _Setting(_cosines(64, 16, width=48, pull=0.45), 0.05, 3, 64, 16, borrowed=True),
        "swav": _Setting(_cosines(64, 512, width=128, pull=0.5), 0.05, 3, 64, 3000),
        "dinov2": _Setting(_cosines(64, 768, width=256, pull=0.5), 0.07, 3, 64, 65_536),
        "cbm": _Setting(_pairs, 0.05, 3, 128, 128),
        "superglue": _Setting(_key_points, 1.0, 100, 48, 48),
        "mhc": _Setting(lambda generator: generator.normal(scale=3.0, size=(4, 4)), 1.0, 20, 4, 4),
        "products": _Setting(_products, 0.05, 3, 64, 32, borrowed=True),
        "pixels": _Setting(_squared_pixels, 0.05, 3, 32, 32, near=False, borrowed=True),
        "post": _Setting(_uniform_costs, 0.5, 10, 128, 64, near=False),
    }
)
SCORE_SETS: Final = tuple(_SETTINGS)
"""Their names."""


def score_set(name: str, *, seed: int = 0) -> ScoreSet:
    """Draw scores as a setting of practice has them.

    Parameters
    ----------
    name
        One of `SCORE_SETS`: "cosines" of 64 samples with 16 prototypes; those of "swav", "dinov2"
        and "cbm"; "superglue", whose dustbins are as many equal rows and columns as they take points;
        "mhc", 4 x 4 logits; "products" of vectors that are not normalised; "pixels", squared distances
        in an image; "post", the post's costs.
    seed
        Of the draw, from 0 to 2⁶³ - 1.

    Returns
    -------
    ScoreSet
        The scores, with which eps and how many iterations they are used, and how large they are there.

    Raises
    ------
    ValueError
        If there is no such name or seed.

    Examples
    --------
    >>> found = score_set("swav")
    >>> found.scores.shape, found.columns, found.eps
    ((64, 512), 3000, 0.05)
    """
    setting = _SETTINGS[require_choice("name", name, SCORE_SETS)]
    seed = require_integer("seed", seed, at_least=0, below=2**63)
    scores = setting.draw(np.random.Generator(np.random.PCG64(seed)))
    return ScoreSet(
        scores=scores,
        near=setting.near,
        eps=setting.eps,
        n_iter=setting.n_iter,
        rows=setting.rows,
        columns=setting.columns,
        borrowed=setting.borrowed,
    )
