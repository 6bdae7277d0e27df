"""The controls of the lab of stability, and its table of operations."""

from dataclasses import replace
from functools import partial

import streamlit as st

from lab.language.catalogues import _
from lab.page.desk import Desk
from lab.stability.cure import cure_data
from lab.stability.results import Results
from lab.stability.state import (
    DTYPE_NAMES,
    FEWEST,
    FORMULA_LABELS,
    LARGEST,
    MOST,
    StabilityState,
    gap_stops,
    read_moved,
)
from lab.stability.table import followed_class, rows
from lab.stability.trace import TRACE, Gap, trace_data
from lab.state.fields import spell


def draw_controls(desk: Desk[StabilityState]) -> None:
    """Draw every control of the sidebar."""
    desk.reset(_("Reset"))
    # The steps of another formula are others.
    desk.field("formula", change=lambda state, formula: replace(state, formula=formula, step=None))
    desk.field("dtype")
    desk.group(_("Logits and target"))
    desk.field(
        "a",
        help=_(
            "{fewest} to {most} numbers from −{largest:g} to {largest:g}, commas between; inf and "
            "-inf too."
        ).format(fewest=FEWEST, most=MOST, largest=LARGEST),
    )
    _draw_gap(desk)
    desk.field("target", max_value=len(desk.state.a))
    desk.field("floor")


def _draw_gap(desk: Desk[StabilityState]) -> None:
    """Draw the slider that stretches the logits, where they have a gap."""
    if desk.state.gap is None:
        st.markdown(_("No gap to stretch: these logits have no softmax."))
        return
    desk.derived(
        "gap",
        st.select_slider,
        spell(desk.state.gap),
        lambda state, value: state.at_gap(float(value)),
        options=list(map(spell, gap_stops(desk.state))),
        label=_("Gap between the logits"),
        help=_("The largest finite logit minus the smallest. To move it stretches the others along."),
    )


def draw_stage(desk: Desk[StabilityState], found: Results) -> None:
    """Draw the table of operations."""
    state = found.state
    with st.container(key="trace"):
        data = trace_data(
            rows(found),
            columns=(*DTYPE_NAMES, _("exact")),
            chosen=DTYPE_NAMES.index(state.dtype),
            at=found.step,
            title=_("Operation by operation: {formula}").format(
                formula=_(FORMULA_LABELS[state.formula])
            ),
            followed=followed_class(found),
            target=state.target - 1,
            gap=Gap(stops=gap_stops(state), at=state.gap, marks=found.vanishing),
            cure=cure_data(found),
        )
        desk.editor(TRACE, "trace-table", data, read_moved, otherwise=partial(_draw_plain, found))


def _draw_plain(found: Results) -> None:
    """Show the table as Streamlit does, where its script has not come."""
    st.info(_("The table to step through has not come; here it is as a plain one."))
    table: dict[str, list[str]] = {_("operation"): []}
    for row in rows(found):
        table[_("operation")].append(row.text)
        for name, cell in zip((*DTYPE_NAMES, _("exact")), row.cells, strict=True):
            table.setdefault(name, []).append(", ".join([*cell.entries, *filter(None, [cell.mark])]))
    st.dataframe(table, hide_index=True)
