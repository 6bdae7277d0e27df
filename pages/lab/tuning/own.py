"""Where a visitor pastes scores or opens a file: read in the session, and kept nowhere else."""

import math
from dataclasses import replace
from typing import Final

import streamlit as st

from ce_core.tables import read_table
from lab.language.catalogues import _
from lab.page.admission import admitted
from lab.page.beats import drawer
from lab.page.desk import Desk
from lab.state.codec import plain
from lab.state.visit import put
from lab.tuning.scores import Scores, keep_own, own_scores
from lab.tuning.state import OWN, TuningState, with_scores

MOST_LETTERS: Final = 200_000
# So much is read in a tenth of a second.
_LIGHT: Final = 2**17
_EXAMPLE: Final = "0.13, 0.06, 0.11\n0.46, -0.13, 0.18"
_REFUSED: Final = "tuning: refused scores"


def draw_own(desk: Desk[TuningState]) -> None:
    """Draw both ways to bring scores of one's own."""
    with st.container(key="own-scores"):
        part = drawer("own", _("Your own scores: paste them, or open a file"))
    if not part.open:
        return
    with part:
        st.markdown(_("What you paste or open is read for this visit, stored nowhere, and in no link."))
        refused = st.session_state.get(_REFUSED)
        if refused:
            st.error(_("Not read, so nothing changed: {reason}").format(reason=f"`{refused}`"))
        left, right = st.columns(2)
        with left:
            _draw_paste(desk)
        with right:
            _draw_file(desk)


def _draw_paste(desk: Desk[TuningState]) -> None:
    key = f"{desk.page.slug}.paste"

    def take() -> None:
        text = str(st.session_state.get(key) or "")
        if text.strip():
            _take(desk, text.encode(), "pasted.csv")

    st.text_area(
        _("Paste rows of numbers, with commas between"),
        key=key,
        max_chars=MOST_LETTERS,
        height=120,
        placeholder=_EXAMPLE,
        on_change=take,
    )


def _draw_file(desk: Desk[TuningState]) -> None:
    key = f"{desk.page.slug}.file"

    def take() -> None:
        file = st.session_state.get(key)
        if file is not None:
            _take(desk, file.getvalue(), file.name)

    st.file_uploader(
        _("Open a CSV or NPY file of at most {size} MB").format(size=_megabytes()),
        key=key,
        on_change=take,
    )


def _take(desk: Desk[TuningState], data: bytes, name: str) -> None:
    """Read scores; where they cannot be read, say why, and keep those that are shown."""
    near = desk.state.near if desk.state.scores == OWN else True
    try:
        with admitted(heavy=len(data) > _LIGHT):
            scores = read_own(data, name, near=near)
    except ValueError as error:
        st.session_state[_REFUSED] = plain(str(error), 300)
        return
    st.session_state.pop(_REFUSED, None)
    keep_own(scores)
    put(desk.page, replace(with_scores(desk.state, OWN), near=near))


def _megabytes() -> int:
    """Return what a file may have, as whoever runs the server has said."""
    most: int = st.get_option("server.maxUploadSize")
    return most


def read_own(data: bytes, name: str, *, near: bool) -> Scores:
    """Return the scores that a file holds.

    Raises
    ------
    ValueError
        If it holds none, in one line with the place.
    """
    infinity, remedy = (
        -math.inf,
        _("forbids a pair where large means near; inf does where it means far"),
    )
    if not near:
        infinity, remedy = (
            math.inf,
            _("forbids a pair where large means far; -inf does where it means near"),
        )
    table = read_table(
        data,
        name,
        limit=_megabytes() * 2**20,
        infinity=infinity,
        remedy=f"{infinity} {remedy}",
        trusted=False,
    )
    return own_scores(table, plain(name, 60))
