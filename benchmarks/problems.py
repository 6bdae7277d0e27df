"""Transport problems to solve, each with a cost of range 1 and marginals of mass 1."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Problem:
    """One entropic transport problem in float64."""

    cost: Float[np.ndarray, "n m"]
    mu: Float[np.ndarray, " n"]
    nu: Float[np.ndarray, " m"]
    eps: float

    def marginal_error(self, plan: Float[np.ndarray, "n m"]) -> float:
        """L1 violation of both marginals together, whatever norm a solver goes by."""
        rows, columns = plan.sum(1) - self.mu, plan.sum(0) - self.nu
        return float(np.abs(rows).sum() + np.abs(columns).sum())


def random_problem(n: int, m: int, *, eps: float, seed: int = 0) -> Problem:
    """Independent uniform costs, uniform marginals."""
    cost = np.random.default_rng(seed).random((n, m))
    return _problem(cost, np.full(n, 1 / n), np.full(m, 1 / m), eps)


def clustered_problem(n: int, m: int, *, eps: float, seed: int = 0) -> Problem:
    """Squared distances of two clouds in the plane, each of 8 clusters; uniform marginals."""
    generator = np.random.default_rng(seed)

    def cloud(size: int) -> Float[np.ndarray, "size 2"]:
        centres = generator.random((8, 2))
        points: Float[np.ndarray, "size 2"] = centres[generator.integers(8, size=size)]
        return points + generator.normal(scale=0.02, size=(size, 2))

    cost = _squared_distances(cloud(n), cloud(m))
    return _problem(cost, np.full(n, 1 / n), np.full(m, 1 / m), eps)


def image_problem(side: int, *, eps: float, seed: int = 0) -> Problem:
    """Two grey images of side x side pixels as marginals, squared distances of the pixels."""
    generator = np.random.default_rng(seed)
    axis = (np.arange(side) + 0.5) / side
    pixels = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)

    def image() -> Float[np.ndarray, " pixels"]:
        # Three soft spots on a faint ground.
        distances = _squared_distances(pixels, generator.random((3, 2)))
        grey: Float[np.ndarray, " pixels"] = 0.01 + np.exp(-distances / (2 * 0.1**2)).sum(1)
        return grey

    return _problem(_squared_distances(pixels, pixels), image(), image(), eps)


def _squared_distances(
    x: Float[np.ndarray, "n 2"], y: Float[np.ndarray, "m 2"]
) -> Float[np.ndarray, "n m"]:
    distances: Float[np.ndarray, "n m"] = ((x[:, None] - y[None]) ** 2).sum(-1)
    return distances


def _problem(
    cost: Float[np.ndarray, "n m"],
    mu: Float[np.ndarray, " n"],
    nu: Float[np.ndarray, " m"],
    eps: float,
) -> Problem:
    cost = cost - cost.min()
    return Problem(cost / cost.max(), mu / mu.sum(), nu / nu.sum(), eps)
