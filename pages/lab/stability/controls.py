"""The controls of the page of stability: logits, gap, target, formula, dtype, floor, step, cases."""

from dataclasses import replace
from typing import Final

import streamlit as st

from lab.language.catalogues import _
from lab.live.figures import CHART_KINDS, CHARTS, LIVE
from lab.stability.results import Answer
from lab.stability.state import (
    CASES,
    DEFAULT,
    DTYPE_NAMES,
    FEWEST,
    FLOORS,
    FORMULA_NAMES,
    GAPS,
    LARGEST,
    MOST,
    StabilityState,
    parse_logits,
    spell_logits,
)
from lab.stability.text import CASE_LABELS, FORMULA_LABELS, rows
from lab.stability.trace import read_step, show_trace
from lab.state.parameters import spell
from lab.state.widgets import choose, chosen, refuse, show_refused

FORMULA: Final = "formula"
STEP: Final = "step"
FIRST: Final = "first"
DEFAULTS: Final = DEFAULT.shown | {STEP: FIRST, CHARTS: LIVE}

_KEPT: Final = "lab: last logits of stability"
_SERIAL: Final = "lab: serial of the trace"
_FAILED: Final = "lab: the trace has not come"
_TABLE: Final = "trace-table"


def draw_controls() -> StabilityState:
    """Draw the controls in the sidebar and return the state; what is no value is not taken."""
    formula = chosen(FORMULA, FORMULA_NAMES)
    with st.sidebar:
        st.button(_("Reset"), icon=":material/restart_alt:", on_click=_put, args=(DEFAULT,))
        st.session_state["formula-choice"] = formula
        st.selectbox(
            _("Formula of the loss"),
            options=FORMULA_NAMES,
            format_func=lambda name: _(FORMULA_LABELS[name]),
            key="formula-choice",
            on_change=_choose_formula,
        )
        dtype = st.selectbox(
            _("dtype of the arithmetic"),
            options=DTYPE_NAMES,
            index=DTYPE_NAMES.index(DEFAULT.dtype),
            key="arithmetic",
            help=_("The table shows all four; the sentences and the cure are about this one."),
            bind="query-params",
        )
        st.subheader(_("Logits and target"), anchor=False)
        typed = st.text_input(
            _("Logits a"),
            value=spell_logits(DEFAULT.logits),
            key="logits",
            on_change=_read_typed,
            help=_(
                "{fewest} to {most} numbers from −{largest:g} to {largest:g}, commas between; inf and "
                "-inf too."
            ).format(fewest=FEWEST, most=MOST, largest=LARGEST),
            bind="query-params",
        )
        show_refused("logits", _("Not a list of logits, so nothing moved: {shown}"))
        logits = parse_logits(typed) or DEFAULT.logits
        st.session_state[_KEPT] = logits
        state = StabilityState(logits=logits)
        _draw_gap(state)
        target = st.number_input(
            _("Target class"),
            min_value=1,
            max_value=len(logits),
            value=DEFAULT.target,
            key="target_class",
            help=_("q is 1 for this class and 0 for all others."),
            bind="query-params",
        )
        # As text: Streamlit takes two numbers for one where they differ by less than 1e-9 or so.
        floor = st.select_slider(
            _("Floor of the clipping"),
            options=FLOORS,
            value=spell(DEFAULT.floor),
            key="floor",
            help=_("The clipped formula takes max(p, floor) before the logarithm."),
            bind="query-params",
        )
    return replace(state, target=target, formula=formula, dtype=dtype, floor=float(floor))


def _draw_gap(state: StabilityState) -> None:
    """Draw the slider that stretches the logits, where they have a gap."""
    if state.gap is None:
        st.markdown(_("No gap to stretch: these logits have no softmax."))
        return
    gap = int(state.gap) if state.gap.is_integer() else state.gap
    st.session_state["gap-choice"] = gap
    st.select_slider(
        _("Gap between the logits"),
        options=sorted({*GAPS, gap}),
        format_func=spell,
        key="gap-choice",
        on_change=_stretch,
        help=_("The largest finite logit minus the smallest. To move it stretches the others along."),
    )


def draw_presets() -> None:
    """Draw a button for each way that people meet NaN in practice."""
    with st.container(key="presets"):
        st.markdown(
            _(
                "**Break it**, in one of the ways that people meet NaN in practice; each comes with "
                "its cure:"
            )
        )
        with st.container(horizontal=True):
            for name, state in CASES.items():
                st.button(_(CASE_LABELS[name]), key=f"preset-{name}", on_click=_put, args=(state,))


def current_step(found: Answer) -> int:
    """Return the present stage, from 1: what a link or a hand says, or where it first fails."""
    text = chosen(STEP, (FIRST, *map(str, range(1, len(found.stages) + 1))))
    step = found.first_failure if text == FIRST else int(text)
    return min(step, len(found.stages))


def shown_in_link(found: Answer) -> dict[str, float | str | bool]:
    """Return what a link to the state says, the logits as they were typed if they were."""
    state = found.state
    current_step(found)
    typed = st.session_state["logits"]
    shown = state.shown | {
        STEP: chosen(STEP, (FIRST,)),
        CHARTS: chosen(CHARTS, CHART_KINDS),
    }
    return shown | ({"logits": typed} if parse_logits(typed) == state.logits else {})


def draw_trace(found: Answer) -> None:
    """Draw the table of operations, and take where stepping has come to rest."""
    with st.container(border=True, key="trace"):
        count = len(found.stages)
        show_trace(
            rows(found),
            columns=(*DTYPE_NAMES, _("exact")),
            chosen=DTYPE_NAMES.index(found.state.dtype),
            at=current_step(found),
            title=_("Operation by operation: {formula}").format(
                formula=_(FORMULA_LABELS[found.state.formula])
            ),
            serial=st.session_state.get(_SERIAL, 0),
            key=_TABLE,
            on_moved=lambda: _take_step(count),
            on_failed=_note_failure,
        )
        if st.session_state.get(_FAILED):
            _draw_plain(found)


def _draw_plain(found: Answer) -> None:
    """Show the table as Streamlit does, where its script has not come."""
    st.info(_("The table to step through has not come; here it is as a plain one."))
    table: dict[str, list[str]] = {_("operation"): []}
    for row in rows(found):
        table[_("operation")].append(row.text)
        for name, cell in zip((*DTYPE_NAMES, _("exact")), row.cells, strict=True):
            table.setdefault(name, []).append(", ".join([*cell.entries, *filter(None, [cell.mark])]))
    st.dataframe(table, hide_index=True)


def _take_step(count: int) -> None:
    moved = read_step(st.session_state[_TABLE].get("moved"), count)
    if moved is not None:
        step, st.session_state[_SERIAL] = moved
        choose(STEP, str(step))


def _note_failure() -> None:
    st.session_state[_FAILED] = True


def _put(state: StabilityState) -> None:
    choose(FORMULA, state.formula)
    choose(STEP, FIRST)
    st.session_state.update({k: v for k, v in state.shown.items() if k != FORMULA})


def _choose_formula() -> None:
    choose(FORMULA, st.session_state["formula-choice"])
    choose(STEP, FIRST)


def _stretch() -> None:
    state = StabilityState(logits=st.session_state[_KEPT])
    logits = state.at_gap(float(st.session_state["gap-choice"])).logits
    st.session_state["logits"] = spell_logits(logits)


def _read_typed() -> None:
    typed = st.session_state["logits"]
    logits = parse_logits(typed)
    if logits is None:
        refuse("logits")
    st.session_state["logits"] = spell_logits(logits or st.session_state[_KEPT])
    classes = len(logits or st.session_state[_KEPT])
    st.session_state["target_class"] = min(st.session_state["target_class"], classes)
