"""What one call costs on this machine, measured when a visitor asks for it."""

import time
from functools import partial
from typing import Final

import streamlit as st
from torch.profiler import ProfilerActivity, profile

from ce_core import balanced_assignment
from ce_core.tuning.timing import TIMES, median_seconds
from lab.language.catalogues import _
from lab.language.numerals import counted, number
from lab.page.admission import admitted
from lab.page.desk import Desk
from lab.tuning import words
from lab.tuning.results import Results
from lab.tuning.state import TuningState

_MEASURED: Final = "tuning: measured call"


def draw_call(desk: Desk[TuningState], found: Results) -> None:
    """Draw the button that measures, and what it measured last of this cell."""
    key = found.survey.scores.digest, found.survey.near, found.eps, found.n_iter

    def measure() -> None:
        with admitted(heavy=True):
            st.session_state[_MEASURED] = key, _milliseconds(found), _megabytes(found)

    with st.container(key="call", horizontal=True, vertical_alignment="center"):
        st.button(_("Measure a call here"), key=f"{desk.page.slug}.measure", on_click=measure)
        measured = st.session_state.get(_MEASURED)
        if measured is not None and measured[0] == key:
            st.markdown(_said(found, *measured[1:]))


def _milliseconds(found: Results) -> float:
    """Return what a call takes of the processor, the median of a few."""
    return 1000 * median_seconds(partial(_call, found), clock=time.thread_time)


def _megabytes(found: Results) -> float:
    """Return what a call takes of memory at most at once, beside the scores, as torch counts it."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        _call(found)
    outermost = [event for event in profiled.events() or () if event.cpu_parent is None]
    held = most = 0
    for event in sorted(outermost, key=lambda event: event.time_range.start):
        held += event.cpu_memory_usage
        most = max(most, held)
    return most / 2**20


def _call(found: Results) -> None:
    balanced_assignment(found.cost, eps=found.eps, n_iter=found.n_iter)


def _said(found: Results, milliseconds: float, megabytes: float) -> str:
    rows, columns = found.shape
    text = _(
        "`balanced_assignment` of {rows} × {columns} in float64 at ε = {eps}, iterations: {count}: "
        "**{time} ms** of one core of this server, the median of {times} calls, and **{memory} MB** "
        "beside the scores."
    )
    return text.format(
        rows=counted(rows),
        columns=counted(columns),
        eps=words.eps(found.eps),
        count=counted(found.n_iter),
        time=number(milliseconds, digits=2),
        times=TIMES,
        memory=number(megabytes, digits=2),
    )
