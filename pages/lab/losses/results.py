"""What the page of the losses shows, computed once for all visitors who ask for the same."""

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
from ce_core.post.published import PUBLISHED_L1, PUBLISHED_L2

PUBLISHED: Final = sort_losses(PUBLISHED_L1, PUBLISHED_L2)

# Single points on the density: each is a node that every frame of a animation moves.
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
