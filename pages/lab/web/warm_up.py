"""What the server does before it answers its first visitor."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st


def warm_up() -> None:
    """Load torch and Plotly and go once through what a page does."""
    # Here, since torch takes seconds to load: the module alone is imported at once.
    from ce_core import ExperimentConfig, compare_losses, run_experiment, sort_losses
    from ce_core.figures import loss_pairs_figure

    result = run_experiment(ExperimentConfig())
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    loss_pairs_figure(sort_losses(result.l1, result.l2), comparison).to_json()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up, then take all that is loaded out of the garbage collector's sight.

    Streamlit collects after every run; going through the modules of torch takes longer than a run.
    """
    warm_up()
    gc.collect()
    gc.freeze()
    yield
