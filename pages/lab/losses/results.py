"""What the lab of the losses shows, computed once for all visitors who ask for the same."""

from dataclasses import dataclass
from typing import Final

import streamlit as st
from torch import Tensor

from ce_core import (
    ExperimentConfig,
    ExperimentResult,
    LossComparison,
    SortedLosses,
    compare_losses,
    run_experiment,
    sort_losses,
    trials_csv,
)
from ce_core.experiment.export import summary
from ce_core.experiment.point_density import PointDensity, count_points
from ce_core.experiment.work import fit_work
from ce_core.post.published import PUBLISHED_L1, PUBLISHED_L2
from lab.losses.state import LossesState

PUBLISHED: Final = sort_losses(PUBLISHED_L1, PUBLISHED_L2)

# A second or two of one core, up to four and 1 GB where a single trial takes all of it.
LARGEST_WORK: Final = 250_000_000
# Single points on the density: each is a node that every frame of an animation moves.
SAMPLE: Final = 150


@dataclass(frozen=True)
class Measured:
    """An experiment as the page needs it; the gradients are reduced to what a chart can draw."""

    config: ExperimentConfig
    l1: Tensor
    l2: Tensor
    entropy: Tensor
    comparison: LossComparison
    losses: SortedLosses
    gradients: PointDensity
    numbers: dict[str, int | float]
    csv: str


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
    """

    state: LossesState
    fits: tuple[ExperimentConfig, ...]
    measured: Measured


def results(state: LossesState) -> Results:
    """Compute what the page shows of a state."""
    fits = fit_work(state.config, LARGEST_WORK)
    return Results(state, tuple(fits), measure(fits[0]))


@st.cache_resource(max_entries=64, show_spinner=False)
def measure(config: ExperimentConfig) -> Measured:
    """Run an experiment and everything that the page derives from it."""
    return reduce_result(run_experiment(config))


def reduce_result(result: ExperimentResult) -> Measured:
    """Derive from a result everything that the page shows, which is much less than the result."""
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    return Measured(
        config=result.config,
        l1=result.l1,
        l2=result.l2,
        entropy=result.entropy,
        comparison=comparison,
        losses=sort_losses(result.l1, result.l2),
        gradients=count_points(result.l1_grad, result.l2_grad, sample=SAMPLE),
        numbers=summary(result, comparison),
        csv=trials_csv(result),
    )
