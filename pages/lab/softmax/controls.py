"""The controls of the lab of the softmax: exact values, and the bars to drag."""

from dataclasses import replace

import streamlit as st

from lab.language.catalogues import _
from lab.page.desk import Desk
from lab.softmax.logits import LOGITS, logits_data
from lab.softmax.results import Results
from lab.softmax.state import FEWEST, MOST, SoftmaxState, read_move, resized


def draw_controls(desk: Desk[SoftmaxState]) -> None:
    """Draw the exact values of the sidebar."""
    desk.reset(_("Reset"))
    desk.group(_("Exact values"), "a")
    desk.derived(
        "classes",
        st.slider,
        len(desk.state.a),
        lambda state, classes: replace(state, a=resized(state.a, classes)),
        label=_("m: classes"),
        min_value=FEWEST,
        max_value=MOST,
    )
    desk.field("temperature")
    desk.field("held", max_value=len(desk.state.a))
    desk.field("target", max_value=len(desk.state.a))


def draw_logits(desk: Desk[SoftmaxState], _found: Results) -> None:
    """Draw the figure, and take what it says once a hand has let go."""
    desk.editor(LOGITS, "bars", logits_data(desk.state), read_move)
