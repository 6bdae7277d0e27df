"""Two films: what the author of one writes, which is no JavaScript."""

from functools import partial

import numpy as np
import streamlit as st

from ce_core.figures.style import make_figure
from lab.live.figures import Panel, Scrub, Shot, pack_film, show_film, show_shot
from lab.page.style import apply_style

FACTORS = (1.0, 2.0, 3.0, 4.0)


def take_shot(key: str, factor: float) -> Shot:
    """Draw a wave."""
    x = np.arange(8.0)
    y = np.sin(factor * x) if key == "sine" else np.cos(factor * x)
    figure = make_figure(
        [{"type": "scatter", "uid": "wave", "name": "wave", "x": x, "y": y}],
        title=key,
        x_title="x",
        y_title="y",
    )
    return Shot(panels=[Panel(key=key, figure=figure, alt=f"A wave, {key}.", numbers=f"{factor:g}")])


def put(key: str, value: float) -> None:
    """Keep where a bar has come to rest."""
    st.session_state[f"at-{key}"] = value


apply_style()
for key in ("sine", "cosine"):
    at = st.session_state.get(f"at-{key}", 1.0)
    scrub = Scrub(
        label=f"factor of the {key}",
        values=FACTORS,
        spelled=tuple(f"{factor:g}" for factor in FACTORS),
        at=at,
        token=key,
        put=partial(put, key),
    )
    show_shot(key, take_shot(key, at), scrub=scrub)
    st.text(f"{key} is at {at:g}")
    show_film(key, pack_film(key, scrub, [take_shot(key, factor) for factor in FACTORS]))
