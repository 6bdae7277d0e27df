"""The controls of the lab of transport: costs, sizes, eps, iterations, marginals, points."""

from collections.abc import Mapping

import streamlit as st

from lab.language.catalogues import _
from lab.live.figures import live_charts
from lab.page.desk import Desk
from lab.page.lab import Along
from lab.transport.point_editor import POINT_EDITOR, point_words, weight_words
from lab.transport.results import Results, lines_of
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


def draw_points(desk: Desk[TransportState], found: Results) -> None:
    """Draw the points to drag, where the state has some."""
    if found.state.cost == CLOUDS:
        with st.container(border=True, key="pad"):
            desk.editor(POINT_EDITOR, "points", _points(found), read_points)


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
    lines = [list(line) for line in lines_of(found)]
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
