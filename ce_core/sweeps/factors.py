r"""What the points of a grid share, computed once for all of them that have the same draws.

With logits s·a, of which the largest of a row is 0, and a target q,

    L1 = A(a, s) - s·B(a, q),  A the mean of log Σ exp(s·a), B that of ⟨q, a⟩ over the rows,

and H(p) depends on a and s alone. The gradients p - q and J a need no more of p and q together than
⟨p, q⟩ and ⟨J a, q⟩: products of matrices over all pairs. Of these 1/m is taken off p and q, which
changes none and keeps the digits where both are nearly uniform.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.inputs import CHUNK_ENTRIES, costs_of, draw_chunks, logits_of
from ce_core.transport.balanced import balanced_assignment, column_error

# The sides of a product, at most: those of one trial, and of so many entries.
_PLANS = 32
_DIRECTIONS = 16
_MOST_ENTRIES = _PLANS * CHUNK_ENTRIES

Ranked: TypeAlias = Sequence[tuple[int, ExperimentConfig]]
"""Configurations that differ in one side, each with its place among all of the grid."""


_Block: TypeAlias = list[tuple[int, int, ExperimentConfig]]
"""Index among what is wanted, place in the product, and the configuration, of a part of a side."""


class Wanted(NamedTuple):
    """Which sides to compute of the draws of a configuration."""

    base: ExperimentConfig
    logits: Ranked
    """Those that differ in exponent or scale of the logits."""
    exponents: Ranked
    """Those that differ in the exponent of the logits alone."""
    targets: Ranked
    """Those that differ in the target."""
    sizes: tuple[int, int, int]
    """How many logits, exponents and targets the grid has, which decides how products are cut."""
    gradients: bool


@dataclass(frozen=True)
class Factors:
    """What was computed; every tensor is float64, with the trials last where it has them.

    Attributes
    ----------
    partition, entropy
        A and H(p), mean over the rows of a trial, [logits, trials].
    alignment
        B, [exponents, targets, trials].
    marginal_error
        Of the targets, [targets, trials].
    logit_products
        Of p - 1/m with itself, of it with J a, of J a with itself, over all trials, [3, logits].
    target_square
        Of q - 1/m with itself, over all trials, [targets].
    pair_products
        Of q - 1/m with p - 1/m and with J a, over all trials, [2, logits, targets].
    """

    partition: Float[Tensor, "logits trials"]
    entropy: Float[Tensor, "logits trials"]
    alignment: Float[Tensor, "exponents targets trials"]
    marginal_error: Float[Tensor, "targets trials"]
    logit_products: Float[Tensor, "3 logits"]
    target_square: Float[Tensor, " targets"]
    pair_products: Float[Tensor, "2 logits targets"]


class Workspace:
    """Memory that is used again: fresh pages cost as much as what is computed in them."""

    def __init__(self) -> None:
        self._held: dict[str, Tensor] = {}

    def take(self, name: str, *shape: int) -> Tensor:
        """Return numbers of that shape, those of an earlier use among them.

        Parameters
        ----------
        name
            Of the use; what it took before is given up.
        shape
            Of the tensor.
        """
        held = self._held.get(name)
        if held is None or held.shape != shape:
            held = self._held[name] = _zeros(*shape)
        return held


def compute_factors(wanted: Wanted, workspace: Workspace) -> Factors:
    """Compute the sides and their products; what is not finite is left to who runs the point alone.

    The bits of each number depend on the configuration and on its place in the grid, not on what else
    is wanted: products are cut at fixed places, and what is not wanted stays empty.

    Parameters
    ----------
    wanted
        What to compute.
    workspace
        Where.
    """
    trials, logits, targets = wanted.base.trials, len(wanted.logits), len(wanted.targets)
    found = Factors(
        partition=_zeros(logits, trials),
        entropy=_zeros(logits, trials),
        alignment=_zeros(len(wanted.exponents), targets, trials),
        marginal_error=_zeros(targets, trials),
        logit_products=_zeros(3, logits),
        target_square=_zeros(targets),
        pair_products=_zeros(2, logits, targets),
    )
    done = 0
    # Rows that cannot be normalised hold NaN, of which NumPy would warn.
    with np.errstate(all="ignore"):
        for draws in draw_chunks(wanted.base):
            _Chunk(wanted, found, workspace, draws, slice(done, done + len(draws))).compute()
            done += len(draws)
    return found


class _Chunk:
    """Some trials, of which all that is wanted is computed."""

    def __init__(
        self, wanted: Wanted, found: Factors, workspace: Workspace, draws: np.ndarray, part: slice
    ) -> None:
        self.wanted, self.found, self.workspace = wanted, found, workspace
        self.draws, self.part = draws, part
        self.trials, self.entries = len(draws), wanted.base.n * wanted.base.m
        room = max(1, _MOST_ENTRIES // (self.trials * self.entries))
        logits, exponents, targets = wanted.sizes
        self.plans = min(_PLANS, targets, room)
        self.exponents, self.logits = min(_DIRECTIONS, exponents, room), min(_DIRECTIONS, logits, room)
        self._shifted: tuple[float, Tensor] | None = None

    def compute(self) -> None:
        """Fill in what these trials give."""
        for index, (_, config) in enumerate(self.wanted.logits):
            self._measure_logits(index, config)
        for block in _blocks(self.wanted.targets, self.plans):
            plans = self._plans(block)
            self._align(block, plans)
            if self.wanted.gradients:
                self._multiply(block, plans.sub_(1 / self.wanted.base.m))

    def _measure_logits(self, index: int, config: ExperimentConfig) -> None:
        a, weights = self._weigh(config)
        total = weights.sum(-1)
        log_total = total.log()
        self.found.partition[index, self.part] = log_total.mean(-1)
        energy = _dot(weights, a).div_(total)
        self.found.entropy[index, self.part] = (log_total - energy).mean(-1)

    def _plans(self, block: _Block) -> Float[Tensor, "chunk plans entries"]:
        plans = self.workspace.take("plans", self.trials, self.plans, self.entries)
        costs: tuple[float, Tensor] | None = None
        for index, slot, config in block:
            if costs is None or costs[0] != config.cost_exponent:
                costs = config.cost_exponent, costs_of(config, self.draws[:, 1])
            plan = balanced_assignment(costs[1], eps=config.eps, n_iter=config.n_iter)
            self.found.marginal_error[index, self.part] = column_error(plan)
            plans[:, slot] = plan.flatten(1)
        return plans

    def _align(self, block: _Block, plans: Float[Tensor, "chunk plans entries"]) -> None:
        for others in _blocks(self.wanted.exponents, self.exponents):
            directions = self.workspace.take("logits", self.trials, self.exponents, self.entries)
            for _, slot, config in others:
                directions[:, slot] = self._logits(config).flatten(1)
            products = torch.matmul(plans, directions.mT) / self.wanted.base.n
            for index, slot, _ in block:
                for other, place, _ in others:
                    self.found.alignment[other, index, self.part] = products[:, slot, place]

    def _multiply(self, block: _Block, plans: Float[Tensor, "chunk plans entries"]) -> None:
        """Multiply what is left of the plans with what the logits give to the gradients."""
        for index, slot, _ in block:
            plan = plans[:, slot]
            self.found.target_square[index] += _dot(plan, plan).sum()
        for others in _blocks(self.wanted.logits, self.logits):
            directions = self.workspace.take("parts", self.trials, 2, self.logits, self.entries)
            for other, place, config in others:
                p, residual = self._gradient_parts(config)
                if block[0][0] == 0:
                    own = torch.stack([_dot(p, p), _dot(p, residual), _dot(residual, residual)])
                    self.found.logit_products[:, other] += own.sum(-1)
                directions[:, 0, place], directions[:, 1, place] = p, residual
            products = torch.matmul(plans, directions.flatten(1, 2).mT).sum(0)
            products = products.reshape(self.plans, 2, self.logits)
            for index, slot, _ in block:
                for other, place, _ in others:
                    self.found.pair_products[:, other, index] += products[slot, :, place]

    def _gradient_parts(
        self, config: ExperimentConfig
    ) -> tuple[Float[Tensor, "chunk entries"], Float[Tensor, "chunk entries"]]:
        """Return p - 1/m and J a of the rows."""
        a, p = self._weigh(config)
        p.div_(p.sum(-1, keepdim=True))
        residual = a.sub_(_dot(p, a).unsqueeze(-1)).mul_(p)
        return p.sub_(1 / config.m).flatten(1), residual.flatten(1)

    def _weigh(
        self, config: ExperimentConfig
    ) -> tuple[Float[Tensor, "chunk n m"], Float[Tensor, "chunk n m"]]:
        """Return the scaled logits and their exponentials, until the next are asked for."""
        shifted = self._logits(config)
        a, weights = (self.workspace.take(name, *shifted.shape) for name in ("scaled", "weights"))
        torch.exp(torch.mul(shifted, config.logit_scale, out=a), out=weights)
        return a, weights

    def _logits(self, config: ExperimentConfig) -> Float[Tensor, "chunk n m"]:
        """Return the logits before they are scaled, the largest of each row at 0."""
        if self._shifted is None or self._shifted[0] != config.logit_exponent:
            # Of a copy, since powers of 1 are the numbers themselves, and are divided in place.
            logits = logits_of(config, self.draws[:, 0].copy()).double()
            self._shifted = config.logit_exponent, logits.sub_(logits.amax(-1, keepdim=True))
        return self._shifted[1]


def _blocks(side: Ranked, size: int) -> Iterator[_Block]:
    """Cut a side where the place in the grid is a multiple of the size."""
    places = [(index, rank, config) for index, (rank, config) in enumerate(side)]
    for _, block in groupby(places, lambda place: place[1] // size):
        yield [(index, rank % size, config) for index, rank, config in block]


def _dot(left: Float[Tensor, "*rows m"], right: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows"]:
    return torch.from_numpy(np.vecdot(left.numpy(), right.numpy()))


def _zeros(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64)
