"""The controls of the lab of transport: costs, sizes, eps, iterations, marginals, points."""

from collections.abc import Mapping
from functools import partial
from typing import Final

import streamlit as st

from lab.language.catalogues import _
from lab.live.figures import live_charts
from lab.page.desk import Desk
from lab.page.lab import Along
from lab.transport.answer import answer
from lab.transport.figures import timeline
from lab.transport.iteration_handle import ITERATION_HANDLE, handle_data
from lab.transport.point_editor import POINT_EDITOR, point_words, weight_words
from lab.transport.results import Results
from lab.transport.state import (
    CLOUDS,
    DIGITS,
    FINEST,
    HIGHEST,
    MIDDLE,
    RANDOM,
    TransportState,
    levels,
    points,
    read_points,
    read_weights,
)

_LEAST_SHARE: Final = 0.02
"""Below it a pair is not drawn, as in the figure of the clouds."""


def draw_controls(desk: Desk[TransportState]) -> None:
    """Draw every control of the sidebar."""
    state = desk.state
    nothing_drawn = state.cost == DIGITS and not state.forbidden
    with st.container(horizontal=True):
        desk.reset(_("Reset"))
        # Points that were moved would hide the new ones.
        desk.new_draw(disabled=nothing_drawn, x="", y="")
    desk.group(_("Iteration"), "eps", "n_iter", "accelerate")
    st.subheader(_("Costs"), anchor=False)
    desk.field("cost", label_visibility="collapsed")
    if state.cost == RANDOM:
        desk.field("cost_exponent")
    if state.cost != DIGITS:
        desk.fields("n", "m")
    desk.field("forbidden")
    desk.field("seed", disabled=nothing_drawn)
    if state.cost != DIGITS:
        desk.group(_("Marginals"), "mu", "nu")
    if state.cost == CLOUDS:
        desk.group(_("Points"), "x", "y")


def draw_stage(desk: Desk[TransportState], found: Results) -> None:
    """Draw the answer in numbers, and the points to drag, where the state has some."""
    state, said = found.state, answer(found)
    along = timeline(found) if state.along == "n_iter" and live_charts() else None
    counts = along.values if along else ()
    desk.editor(
        ITERATION_HANDLE,
        "held",
        handle_data(said, counts, accelerate=state.accelerate),
        lambda _message, _state: None,
        otherwise=partial(_say, said),
    )
    if found.state.cost == CLOUDS:
        with st.container(border=True, key="pad"):
            desk.editor(POINT_EDITOR, "points", _points(found), read_points)


def _say(text: str) -> None:
    st.markdown(text)


def draw_beneath(
    desk: Desk[TransportState], found: Results, _along: Along[TransportState] | None
) -> None:
    """Draw the choice of what the timeline scrubs, and the weights to paint."""
    if live_charts():
        desk.field("along")
    if found.state.cost != DIGITS:
        with st.expander(_("Paint the marginals μ and ν")):
            desk.editor(POINT_EDITOR, "weights", _weights(found.state), read_weights)


def _points(found: Results) -> Mapping[str, object]:
    x, y = ([list(point) for point in cloud] for cloud in points(found.state))
    lines = [list(line) for line in _lines_of(found)]
    return {"kind": "points", "x": x, "y": y, "lines": lines, "finest": FINEST, "words": point_words()}


def _weights(state: TransportState) -> Mapping[str, object]:
    mu, nu = levels(state.mu, state.n), levels(state.nu, state.m)
    return {
        "kind": "weights",
        "mu": mu,
        "nu": nu,
        "highest": HIGHEST,
        "middle": MIDDLE,
        "words": weight_words(),
    }


def _lines_of(found: Results) -> list[tuple[int, int, float]]:
    """Return the pairs that are drawn as lines, each with its share of the most a pair can get."""
    shares = found.plan / min(found.problem.mu.max(), found.problem.nu.max())
    pairs = (shares >= _LEAST_SHARE).nonzero().tolist()
    return [(i, j, round(min(1.0, shares[i, j].item()), 4)) for i, j in pairs]
