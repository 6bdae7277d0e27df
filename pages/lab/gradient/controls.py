"""The controls of the lab of the gradients: exact values, and what is dragged."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import streamlit as st

from lab.gradient.held_logits import HELD_LOGITS, held_data, read_held
from lab.gradient.push_editor import PUSHES, push_data
from lab.gradient.results import Results, target_of
from lab.gradient.state import (
    FEWEST,
    FREE,
    KINDS,
    MOST,
    ONE_HOT,
    SMOOTHED,
    GradientState,
    Target,
    read_move,
    resized,
)
from lab.language.catalogues import N_, _
from lab.page.desk import Desk
from lab.page.lab import Along

_KIND_LABELS: Final[Mapping[str, str]] = {
    ONE_HOT: N_("One-hot"),
    SMOOTHED: N_("Smoothed"),
    FREE: N_("Free"),
}


def draw_controls(desk: Desk[GradientState]) -> None:
    """Draw the exact values of the sidebar; each kind of target has its own."""
    state = desk.state
    desk.reset(_("Reset"))
    desk.group(_("Logits a"), "a")
    desk.derived(
        "classes",
        st.slider,
        len(state.a),
        lambda state, classes: replace(state, a=resized(state.a, classes)),
        label=_("m: classes"),
        min_value=FEWEST,
        max_value=MOST,
    )
    st.subheader(_("Target q"), anchor=False)
    desk.derived(
        "kind",
        st.radio,
        state.kind,
        _with_kind,
        options=KINDS,
        label=_("Kind of target"),
        format_func=lambda kind: _(_KIND_LABELS[kind]),
        horizontal=True,
        help=_("One-hot: 1 on one class. Smoothed: s/m of it goes to each class. Free: any weights."),
    )
    if state.kind == FREE:
        desk.field("q", change=_with_weights)
    else:
        desk.field("target", max_value=len(state.a))
    if state.kind == SMOOTHED:
        desk.field("smoothing")
    desk.group(_("Descent"), "rate", "steps")
    desk.field("step", shown=state.at, max_value=state.steps)
    desk.group(_("Draws of the post's check"), "seed")


def draw_held_logits(desk: Desk[GradientState], found: Results) -> None:
    """Draw the first screen, and take what it says once a hand has let go."""
    desk.editor(HELD_LOGITS, "held", held_data(found), read_held)


def draw_push_editor(
    desk: Desk[GradientState], found: Results, _along: Along[GradientState] | None
) -> None:
    """Draw the bars, on which the target is dragged too, with the parts of each push."""
    with st.container(border=True, key="pushes-box"):
        desk.editor(PUSHES, "pushes", push_data(found), read_move)


def _with_kind(state: GradientState, kind: str) -> GradientState:
    """Return the state with another kind of target; a free one begins as what was there."""
    shares = tuple(round(share, 6) for share in target_of(state).tolist())
    return replace(state, q=shares if kind == FREE else kind)


def _with_weights(state: GradientState, q: Target) -> GradientState | None:
    """Return the state with weights that were typed, None if they are not one a class."""
    return replace(state, q=q) if not isinstance(q, str) and len(q) == len(state.a) else None
