"""Two animations: what the author of one writes, which is no JavaScript."""

from functools import partial

import numpy as np
import streamlit as st

from ce_core.figures.style import figure_tree
from lab.live.figures import Card, FigureSet, Timeline, show_figures
from lab.page.style import apply_style

FACTORS = (1.0, 2.0, 3.0, 4.0)


def figure_set(key: str, factor: float) -> FigureSet:
    """Draw a wave."""
    x = np.arange(8.0)
    y = np.sin(factor * x) if key == "sine" else np.cos(factor * x)
    tree = figure_tree(
        [{"type": "scatter", "uid": "wave", "name": "wave", "x": x, "y": y}],
        title=key,
        x_title="x",
        y_title="y",
    )
    return FigureSet(cards=[Card(key=key, tree=tree, alt=f"A wave, {key}.", numbers=f"{factor:g}")])


def frames(key: str) -> list[FigureSet]:
    """Return what the bar moves through."""
    return [figure_set(key, factor) for factor in FACTORS]


def put(key: str, value: float) -> None:
    """Keep where a bar has come to rest."""
    st.session_state[f"at-{key}"] = value


apply_style("two_animations")
for key in ("sine", "cosine"):
    at = st.session_state.get(f"at-{key}", 1.0)
    scrub = Timeline(
        label=f"factor of the {key}",
        values=FACTORS,
        spelled=tuple(f"{factor:g}" for factor in FACTORS),
        at=at,
        token=key,
        put=partial(put, key),
        frames=partial(frames, key),
    )
    show_figures(key, figure_set(key, at), timeline=scrub)
    st.text(f"{key} is at {at:g}")
