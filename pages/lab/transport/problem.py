"""The problem that a state poses: costs and marginals, and the points behind them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ce_core import digit_image, entropy, forbid_pairs, pixel_grid, random_cost, squared_distances
from lab.transport.state import CLOUDS, DIGITS, PIXELS, TransportState, levels, points


@dataclass(frozen=True)
class Problem:
    """Costs and marginals, and the points behind them where there are some."""

    cost: Tensor
    mu: Tensor
    nu: Tensor
    x: Tensor | None = None
    y: Tensor | None = None

    @property
    def spread(self) -> float:
        """The range of the finite costs."""
        finite = self.cost[self.cost.isfinite()]
        return (finite.max() - finite.min()).item() if len(finite) else 0.0

    @property
    def limits(self) -> tuple[float, float]:
        """The entropy that a plan cannot fall below, and that of independence."""
        # A one-hot marginal may round to -0.
        both = [max(0.0, entropy(weights).item()) for weights in (self.mu, self.nu)]
        return max(both), sum(both)

    @property
    def uniform(self) -> bool:
        """Whether each marginal has one weight throughout."""
        return all(bool((weights == weights[0]).all()) for weights in (self.mu, self.nu))

    @property
    def square(self) -> bool:
        """Whether a plan can be an assignment: as many rows as columns, uniform marginals."""
        return self.uniform and len(self.mu) == len(self.nu)

    @property
    def has_one_plan(self) -> bool:
        """Whether all rows or all columns but one are empty, so that there is nothing to choose."""
        return any(int((weights > 0).sum()) == 1 for weights in (self.mu, self.nu))


def pose(state: TransportState) -> Problem:
    """Return the problem that a state describes."""
    if state.cost == DIGITS:
        x = y = pixel_grid(PIXELS)
        mu, nu = digit_image("one").flatten(), digit_image("zero").flatten()
    else:
        mu, nu = (
            torch.tensor(levels(text, size), dtype=torch.float64)
            for text, size in ((state.mu, state.n), (state.nu, state.m))
        )
        mu, nu = mu / mu.sum(), nu / nu.sum()
    if state.cost == CLOUDS:
        x, y = (torch.tensor(cloud, dtype=torch.float64) for cloud in points(state))
    if state.cost in (CLOUDS, DIGITS):
        cost = squared_distances(x, y)
        return Problem(forbid_pairs(cost, state.forbidden, seed=state.seed), mu, nu, x, y)
    cost = random_cost(state.n, state.m, exponent=state.cost_exponent, seed=state.seed)
    return Problem(forbid_pairs(cost, state.forbidden, seed=state.seed), mu, nu)
