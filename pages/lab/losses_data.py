"""What the page of the losses shows, computed once for all visitors who ask for the same."""

from dataclasses import dataclass
from typing import Final

import streamlit as st
from torch import Tensor

from ce_core import (
    ExperimentConfig,
    LossComparison,
    PointDensity,
    SortedLosses,
    compare_losses,
    count_points,
    run_experiment,
    sort_losses,
    summary,
    trials_csv,
)
from ce_core.post import PUBLISHED_L1, PUBLISHED_L2

PUBLISHED: Final = sort_losses(PUBLISHED_L1, PUBLISHED_L2)


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
    result = run_experiment(config)
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    return Measured(
        config=config,
        l1=result.l1,
        l2=result.l2,
        entropy=result.entropy,
        comparison=comparison,
        losses=sort_losses(result.l1, result.l2),
        gradients=count_points(result.l1_grad, result.l2_grad),
        numbers=summary(result, comparison),
        csv=trials_csv(result),
    )
