"""The controls of the page of the softmax: exact values, presets, and the bars to drag."""

from typing import Final

import streamlit as st

from lab.language.catalogues import _
from lab.live.figures import CHART_KINDS, CHARTS, LIVE
from lab.softmax.logits import show_logits
from lab.softmax.state import (
    COLDEST,
    DEFAULT,
    FEWEST,
    HOTTEST,
    LARGEST,
    MOST,
    PRESETS,
    SoftmaxState,
    parse_logits,
    read_move,
    resized,
    shifted,
    spell_logits,
)
from lab.state.widgets import chosen, refuse, show_refused

DEFAULTS: Final = DEFAULT.shown | {CHARTS: LIVE}

_KEPT: Final = "lab: last logits"
_SERIAL: Final = "lab: serial of the bars"
_FAILED: Final = "lab: bars have not come"
_BARS: Final = "bars"


def draw_controls() -> SoftmaxState:
    """Draw the exact values in the sidebar and return the state; what is no value is not taken."""
    with st.sidebar:
        st.button(_("Reset"), icon=":material/restart_alt:", on_click=_put, args=(DEFAULT,))
        st.subheader(_("Exact values"), anchor=False)
        typed = st.text_input(
            _("Logits a"),
            value=spell_logits(DEFAULT.logits),
            key="a",
            on_change=_read_typed,
            help=_(
                "{fewest} to {most} numbers from −{largest:g} to {largest:g}, commas between."
            ).format(fewest=FEWEST, most=MOST, largest=LARGEST),
            bind="query-params",
        )
        show_refused("a", _("Not a list of logits, so nothing moved: {shown}"))
        logits = parse_logits(typed) or DEFAULT.logits
        st.session_state[_KEPT] = logits
        st.session_state["classes"] = len(logits)
        st.slider(_("K: classes"), FEWEST, MOST, key="classes", on_change=_resize)
        temperature = st.number_input(
            _("Temperature T"),
            min_value=COLDEST,
            max_value=HOTTEST,
            value=DEFAULT.temperature,
            step=0.1,
            format="%.4g",
            key="temperature",
            help=_("Divides the logits: p = softmax(a/T). From {low:g} to {high:g}.").format(
                low=COLDEST, high=HOTTEST
            ),
            bind="query-params",
        )
        target = st.number_input(
            _("Target class"),
            min_value=1,
            max_value=len(logits),
            value=DEFAULT.target,
            key="target",
            help=_("q is 1 for this class and 0 for all others."),
            bind="query-params",
        )
    # NaN is within no bounds, and Streamlit lets it pass.
    valid = COLDEST <= temperature <= HOTTEST
    return SoftmaxState(logits, temperature if valid else DEFAULT.temperature, target)


def shown_in_link(state: SoftmaxState) -> dict[str, float | str | bool]:
    """Return what a link to the state says, the logits as they were typed if they were."""
    typed = st.session_state["a"]
    shown = state.shown | {CHARTS: chosen(CHARTS, CHART_KINDS)}
    return shown | ({"a": typed} if parse_logits(typed) == state.logits else {})


def draw_presets(state: SoftmaxState) -> None:
    """Draw a button for each state worth seeing."""
    with st.container(horizontal=True, key="presets"):
        for slug, (label, preset) in PRESETS.items():
            st.button(_(label), key=f"preset-{slug}", on_click=_put, args=(preset,))
        moved = shifted(state)
        up = moved.logits[0] > state.logits[0]
        st.button(
            _("+800 on every logit") if up else _("−800 on every logit"),
            key="preset-shift",
            on_click=_put,
            args=(moved,),
        )


def draw_logits(state: SoftmaxState) -> None:
    """Draw the bars, and take what they say once a hand has let go."""
    with st.container(border=True, key="logits"):
        show_logits(
            state.logits,
            temperature=state.temperature,
            target=state.target,
            window=state.window,
            serial=st.session_state.get(_SERIAL, 0),
            key=_BARS,
            on_moved=_take_move,
            on_failed=_note_failure,
        )
        if st.session_state.get(_FAILED):
            st.info(_("The bars to drag have not come. The exact values in the sidebar do the same."))


def _take_move() -> None:
    moved = read_move(st.session_state[_BARS].get("moved"))
    if moved is not None:
        state, st.session_state[_SERIAL] = moved
        _put(state)


def _note_failure() -> None:
    st.session_state[_FAILED] = True


def _put(state: SoftmaxState) -> None:
    st.session_state.update(state.shown)


def _read_typed() -> None:
    typed = st.session_state["a"]
    logits = parse_logits(typed)
    if logits is None:
        refuse("a")
    st.session_state["a"] = spell_logits(logits or st.session_state[_KEPT])
    _bound_target()


def _resize() -> None:
    logits = resized(st.session_state[_KEPT], st.session_state["classes"])
    st.session_state["a"] = spell_logits(logits)
    _bound_target()


def _bound_target() -> None:
    classes = len(parse_logits(st.session_state["a"]) or DEFAULT.logits)
    st.session_state["target"] = min(st.session_state["target"], classes)
