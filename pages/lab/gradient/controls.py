"""The controls of the page of the gradients: exact values, presets, and the bars to drag."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from lab.gradient.push_editor import show_push_editor
from lab.gradient.results import Answer, target_of
from lab.gradient.state import (
    DEFAULT,
    FEWEST,
    FREE,
    KINDS,
    LARGEST,
    MOST,
    ONE_HOT,
    PRESETS,
    RATES,
    SMOOTHED,
    SMOOTHINGS,
    STEP_COUNTS,
    GradientState,
    parse_logits,
    parse_weights,
    read_move,
    read_parts,
    resized,
    spell_numbers,
)
from lab.language.catalogues import N_, _
from lab.live.figures import CHART_KINDS, CHARTS, LIVE, PLAIN
from lab.state.parameters import LARGEST_SEED, spell
from lab.state.widgets import chosen, refuse, show_refused

_STATE: Final = "lab: state of the gradients"
_TAKEN: Final = "lab: taken from the link to the gradients"
_SERIAL: Final = "lab: serial of the pushes"
_FAILED: Final = "lab: pushes have not come"
_BARS: Final = "pushes"
_KIND_LABELS: Final[Mapping[str, str]] = {
    ONE_HOT: N_("One-hot"),
    SMOOTHED: N_("Smoothed"),
    FREE: N_("Free"),
}


def read_state() -> GradientState:
    """Return the state of this visit; at first, what the link says. Write it into the link."""
    if _STATE not in st.session_state:
        parts = {name: st.query_params.get_all(name) for name in st.query_params}
        single = {name: texts[0] for name, texts in parts.items() if len(texts) == 1}
        st.session_state[_STATE], st.session_state[_TAKEN] = read_parts(single)
    state: GradientState = st.session_state[_STATE]
    return state


def write_link(state: GradientState) -> None:
    """Have the address say the state: what differs from the defaults, and nothing else of its own."""
    wanted = state.link_parts
    for name in {"start", "q", "y", "smoothing", "rate", "steps", "step", "draw"}:
        if name in wanted:
            if st.query_params.get_all(name) != [wanted[name]]:
                st.query_params[name] = wanted[name]
        elif name in st.query_params:
            del st.query_params[name]


def shown_in_link(state: GradientState) -> dict[str, float | str | bool]:
    """Return what a link to the state says."""
    return state.shown | {CHARTS: chosen(CHARTS, CHART_KINDS)}


def taken_from_link(state: GradientState) -> dict[str, float | str | bool]:
    """Return what the page shows, as the link spelled it where it was taken."""
    taken: dict[str, str] = st.session_state[_TAKEN]
    return shown_in_link(state) | taken


def defaults(state: GradientState) -> dict[str, float | str | bool]:
    """Return what a link need not say."""
    return state.defaults | {CHARTS: LIVE}


def draw_controls(state: GradientState) -> None:
    """Draw the exact values in the sidebar; each changes the state of the next run."""
    with st.sidebar:
        st.button(_("Reset"), icon=":material/restart_alt:", on_click=put, args=(DEFAULT,))
        st.subheader(_("Logits a"), anchor=False)
        _text(
            "start-logits",
            _("Start of the descents"),
            spell_numbers(state.logits),
            _read_logits,
            help=_(
                "{fewest} to {most} numbers from −{largest:g} to {largest:g}, commas between."
            ).format(fewest=FEWEST, most=MOST, largest=LARGEST),
        )
        _value("start-classes", len(state.logits))
        st.slider(_("K: classes"), FEWEST, MOST, key="start-classes", on_change=_resize)
        st.subheader(_("Target q"), anchor=False)
        _value("q-kind", state.kind)
        st.radio(
            _("Kind of target"),
            options=KINDS,
            format_func=lambda kind: _(_KIND_LABELS[kind]),
            key="q-kind",
            on_change=_choose_kind,
            horizontal=True,
            help=_(
                "One-hot: 1 on one class. Smoothed: s/K of it goes to each class. Free: any weights."
            ),
        )
        if state.kind == FREE:
            _text(
                "q-weights",
                _("Weights"),
                spell_numbers(state.weights),
                _read_weights,
                help=_("One a class, at least 0. They are divided by their sum."),
            )
        else:
            _value("q-class", state.target)
            st.number_input(
                _("Class with the weight"),
                min_value=1,
                max_value=len(state.logits),
                key="q-class",
                on_change=_change,
                args=("target", "q-class"),
            )
        if state.kind == SMOOTHED:
            _choice("q-smoothing", _("Smoothing s"), SMOOTHINGS, state.smoothing, "smoothing")
        st.subheader(_("Descent"), anchor=False)
        _choice("descent-rate", _("Learning rate"), RATES, state.rate, "rate")
        _choice("descent-steps", _("Steps"), STEP_COUNTS, state.steps, "steps")
        _value("descent-step", state.at)
        st.number_input(
            _("Step that is shown"),
            min_value=0,
            max_value=state.steps,
            key="descent-step",
            on_change=_change,
            args=("step", "descent-step"),
            help=_("The bar over the charts moves it too."),
        )
        st.subheader(_("Draws of the post's check"), anchor=False)
        _value("check-seed", state.seed)
        st.number_input(
            _("Seed of the draws"),
            min_value=0,
            max_value=LARGEST_SEED,
            key="check-seed",
            on_change=_change,
            args=("seed", "check-seed"),
        )


def draw_presets() -> None:
    """Draw a button for each state worth seeing."""
    with st.container(horizontal=True, key="presets"):
        for slug, (label, preset) in PRESETS.items():
            st.button(_(label), key=f"preset-{slug}", on_click=put, args=(preset,))


def draw_push_editor(found: Answer) -> None:
    """Draw the bars, and take what they say once a hand has let go."""
    state = found.state
    with st.container(border=True, key="pushes-box"):
        show_push_editor(
            state.logits,
            found.q.tolist(),
            kind=state.kind,
            target=state.target,
            smoothing=state.smoothing,
            window=state.window,
            serial=st.session_state.get(_SERIAL, 0),
            key=_BARS,
            on_moved=_take_move,
            on_failed=_note_failure,
        )
        if st.session_state.get(_FAILED):
            st.info(_("The bars to drag have not come. The exact values in the sidebar do the same."))


def live_charts() -> bool:
    """Tell whether the charts are live, so that there is something to scrub."""
    return chosen(CHARTS, CHART_KINDS) != PLAIN


def put(state: GradientState) -> None:
    """Have the next run show this state."""
    st.session_state[_STATE] = state


def put_step(value: float) -> None:
    """Have the next run show this step."""
    _replace(step=int(value))


def _replace(**changes: Any) -> None:
    state = replace(read_state(), **changes)
    # The last step needs no name, and stays the last when there are more.
    put(replace(state, step=None) if state.step is not None and state.step >= state.steps else state)


def _value(key: str, value: Any) -> None:
    """Have a widget show what the state says, whatever it showed before."""
    st.session_state[key] = value


def _text(key: str, label: str, text: str, read: Callable[[], None], *, help: str) -> None:
    _value(key, text)
    st.text_input(label, key=key, on_change=read, help=help)
    show_refused(key, _("Not numbers as they are needed, so nothing moved: {shown}"))


def _choice(key: str, label: str, stops: tuple[float, ...], value: float, field: str) -> None:
    _value(key, value)
    st.select_slider(
        label,
        options=sorted({*stops, value}),
        format_func=spell,
        key=key,
        on_change=_change,
        args=(field, key),
    )


def _change(field: str, key: str) -> None:
    value = st.session_state[key]
    low, high = _BOUNDS[field]
    # Bounds hold in the browser only, and NaN is within none.
    if field == "target":
        high = len(read_state().logits)
    if low <= value <= high:
        _replace(**{field: value})


def _choose_kind() -> None:
    state, kind = read_state(), st.session_state["q-kind"]
    weights = tuple(round(share, 6) for share in target_of(state).tolist())
    put(replace(state, kind=kind, weights=weights if kind == FREE else ()))


def _resize() -> None:
    classes = st.session_state["start-classes"]
    if FEWEST <= classes <= MOST:
        put(resized(read_state(), classes))


def _read_logits() -> None:
    typed = st.session_state["start-logits"]
    logits = parse_logits(typed)
    if logits is None:
        refuse("start-logits")
        return
    put(replace(resized(read_state(), len(logits)), logits=logits))


def _read_weights() -> None:
    typed = st.session_state["q-weights"]
    weights = parse_weights(typed)
    if weights is None or len(weights) != len(read_state().logits):
        refuse("q-weights")
        return
    _replace(weights=weights)


def _take_move() -> None:
    moved = read_move(st.session_state[_BARS].get("moved"), read_state())
    if moved is not None:
        state, st.session_state[_SERIAL] = moved
        put(state)


def _note_failure() -> None:
    st.session_state[_FAILED] = True


_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "target": (1, MOST),
    "smoothing": (0.0, 1.0),
    "rate": (RATES[0], RATES[-1]),
    "steps": (STEP_COUNTS[0], STEP_COUNTS[-1]),
    "step": (0, STEP_COUNTS[-1]),
    "seed": (0, LARGEST_SEED),
}
