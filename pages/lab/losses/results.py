"""What the lab of the losses shows, computed once for all visitors who ask for the same."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor

from ce_core import (
    ExperimentConfig,
    ExperimentResult,
    LossComparison,
    SortedLosses,
    compare_losses,
    sort_losses,
    trials_csv,
)
from ce_core.experiment.export import summary
from ce_core.experiment.inputs import Key, SharedInputs
from ce_core.experiment.point_density import PointDensity, count_points
from ce_core.experiment.run import run_on
from ce_core.experiment.work import experiment_work, fit_work
from ce_core.post.published import PUBLISHED_L1, PUBLISHED_L2
from lab.losses.state import LossesState
from lab.page.admission import admitted
from lab.page.kept import computed_once

PUBLISHED: Final = sort_losses(PUBLISHED_L1, PUBLISHED_L2)
PUBLISHED_COMPARISON: Final = compare_losses(PUBLISHED.l1, PUBLISHED.l2, PUBLISHED.l1 - PUBLISHED.l2)

# A second or two of one core, up to four and 1 GB where a single trial takes all of it.
LARGEST_WORK: Final = 250_000_000
# A fraction of a second, which every visitor to a state waits for.
_CONTRAST_WORK: Final = 60_000_000
_FEWEST_TRIALS: Final = 8
# From here on one experiment is done at a time, whoever asks: a fifth of a second and 100 MB.
_HEAVY_WORK: Final = 20_000_000
# What a state is compared with: where the line has bent, or what the post has. The state itself is
# nearer to the other one.
POST_SCALE: Final = 1.0
LARGE_SCALE: Final = 16.0
_MIDDLE_SCALE: Final = 4.0
# Single points on the density: each is a node that every frame of an animation moves.
SAMPLE: Final = 150


@dataclass(frozen=True)
class Measured:
    """An experiment as the page needs it; the gradients are reduced to what a chart can draw.

    `result` has none of them left; `gradient_size` is the root mean square of an entry of dL1/da in
    the first trial.
    """

    result: ExperimentResult
    comparison: LossComparison
    losses: SortedLosses
    gradients: PointDensity
    gradient_size: float
    numbers: dict[str, int | float]

    @property
    def config(self) -> ExperimentConfig:
        """The parameters."""
        return self.result.config

    @property
    def l1(self) -> Tensor:
        """L1 of each trial."""
        return self.result.l1

    @property
    def l2(self) -> Tensor:
        """L2 of each trial."""
        return self.result.l2

    @property
    def entropy(self) -> Tensor:
        """H(p) of each trial."""
        return self.result.entropy

    @property
    def csv(self) -> str:
        """The trials as a table."""
        return trials_csv(self.result)

    @property
    def has_line(self) -> bool:
        """Whether r and the slope exist and say something of the losses."""
        return self.comparison.trials > 1 and not self.comparison.rounding_decides

    @property
    def least_entropy_share(self) -> float:
        """The least entropy of a trial, as a share of log m."""
        return self.entropy_shares[0]

    @property
    def entropy_shares(self) -> tuple[float, float]:
        """The least and the largest entropy of a trial, as shares of log m."""
        known = self.entropy[self.entropy.isfinite()] / math.log(self.config.m)
        return (known.min().item(), known.max().item()) if len(known) else (math.nan, math.nan)

    @property
    def rounding(self) -> float:
        """How far rounding may have moved a loss of a trial from what the others make it, nats."""
        left = self.comparison.residual_spread
        return self.comparison.rounding if math.isnan(left) else max(self.comparison.rounding, left)


@dataclass(frozen=True)
class Results:
    """What the page shows of a state.

    Attributes
    ----------
    state
        As it was set.
    fits
        The experiment itself; if that is too much work, those near it that are not.
    measured
        The first of `fits`.
    contrast
        The same at the logit scale to compare it with, 16 or the post's 1; with fewer trials where
        all of them are too much work beside it, and None where too few are not.
    """

    state: LossesState
    fits: tuple[ExperimentConfig, ...]
    measured: Measured
    contrast: Measured | None


def results(state: LossesState) -> Results:
    """Compute what the page shows of a state."""
    fits = fit_work(state.config, LARGEST_WORK)
    return Results(state, tuple(fits), measure(fits[0]), _contrast(fits[0]))


def _contrast(config: ExperimentConfig) -> Measured | None:
    scale = LARGE_SCALE if config.logit_scale < _MIDDLE_SCALE else POST_SCALE
    other = fit_work(replace(config, logit_scale=scale), _CONTRAST_WORK)[0]
    same = (other.n, other.m) == (config.n, config.m)
    return measure(other) if same and other.trials >= min(config.trials, _FEWEST_TRIALS) else None


@computed_once(megabytes=48, key=lambda key, make: key)
def _kept(key: Key, make: Callable[[], Any]) -> Any:
    return make()


# Most controls change but one of draws, logits and targets, and a class starts with the same.
_INPUTS: Final = SharedInputs(_kept)


@computed_once(megabytes=32)
def measure(config: ExperimentConfig) -> Measured:
    """Run an experiment and everything that the page derives from it."""
    with admitted(heavy=experiment_work(config) > _HEAVY_WORK):
        return reduce_result(run_on(config, _INPUTS.draw(config)))


def reduce_result(result: ExperimentResult) -> Measured:
    """Derive from a result everything that the page shows, which is much less than the result."""
    comparison = compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)
    none = torch.empty(0, result.config.m, dtype=torch.float64)
    return Measured(
        result=replace(result, l1_grad=none, l2_grad=none),
        comparison=comparison,
        losses=sort_losses(result.l1, result.l2),
        gradients=count_points(result.l1_grad, result.l2_grad, sample=SAMPLE),
        gradient_size=result.l1_grad.square().mean().sqrt().item(),
        numbers=summary(result, comparison),
    )
