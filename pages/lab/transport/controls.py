"""The controls of the page of transport: costs, sizes, eps, iterations, marginals, presets."""

from functools import partial
from typing import Final

import streamlit as st

from lab.language.catalogues import _
from lab.live.figures import CHART_KINDS, CHARTS, LIVE
from lab.state.parameters import LARGEST_SEED
from lab.state.widgets import choose, chosen, put, refuse, show_refused, slider
from lab.transport.point_editor import show_points, show_weights
from lab.transport.results import Answer, lines_of
from lab.transport.state import (
    ALONG,
    CLOUDS,
    COLUMNS,
    COST_LABELS,
    COSTS,
    COUNT,
    DEFAULT,
    DIGITS,
    EPS,
    FORBIDDEN,
    NOTHING,
    PARAMETERS,
    POWER,
    PRESETS,
    RANDOM,
    ROWS,
    TransportState,
    levels,
    parse_points,
    parse_weights,
    points,
    read_points,
    read_weights,
)

PLAY: Final = "along"
COST: Final = "cost"
DEFAULTS: Final = DEFAULT.shown | {PLAY: ALONG[0], CHARTS: LIVE}

_SERIAL: Final = "lab: serial of the pads of transport"
_FAILED: Final = "lab: the pads of transport have not come"
_BARS: Final = "weights-bars"
_POINTS: Final = "points-pad"
_KEPT: Final = "lab: last {} of transport"


def draw_controls() -> TransportState:
    """Draw every control in the sidebar and return what they say; what is no value is not taken."""
    cost = chosen(COST, COSTS)
    with st.sidebar:
        buttons = st.container(horizontal=True)
        st.subheader(_("Iteration"), anchor=False)
        values: dict[str, float] = {EPS.name: slider(EPS), COUNT.name: slider(COUNT)}
        accelerate = st.toggle(
            _("Accelerate"),
            key="accelerate",
            help=_(
                "Off: the plain iteration, exactly so many. On: the same fixed point with "
                "extrapolation and Newton steps, small ε by way of larger ones, until the error "
                "is 1e−9."
            ),
            bind="query-params",
        )
        st.subheader(_("Costs"), anchor=False)
        st.session_state["cost-choice"] = cost
        st.selectbox(
            _("Costs"),
            options=COSTS,
            format_func=lambda name: _(COST_LABELS[name]),
            key="cost-choice",
            label_visibility="collapsed",
            on_change=_choose_cost,
        )
        if cost == RANDOM:
            values[POWER.name] = slider(POWER)
        if cost != DIGITS:
            values |= {ROWS.name: slider(ROWS), COLUMNS.name: slider(COLUMNS)}
        values[FORBIDDEN.name] = slider(FORBIDDEN)
        nothing_drawn = cost == DIGITS and not values[FORBIDDEN.name]
        with buttons:
            st.button(_("Reset"), icon=":material/restart_alt:", on_click=put_state, args=(DEFAULT,))
            st.button(
                _("New draw"),
                icon=":material/casino:",
                on_click=_draw_again,
                disabled=nothing_drawn,
            )
        draw = st.number_input(
            _("Seed"),
            min_value=0,
            max_value=LARGEST_SEED,
            value=DEFAULT.draw,
            key="draw",
            help=_("Of the costs, of the points that nobody has moved, and of the forbidden pairs."),
            disabled=nothing_drawn,
            bind="query-params",
        )
        texts: dict[str, str] = {}
        if cost != DIGITS:
            st.subheader(_("Marginals"), anchor=False)
            texts |= {
                "mu": _exact("mu", _("μ, row by row"), _weights_help()),
                "nu": _exact("nu", _("ν, column by column"), _weights_help()),
            }
        if cost == CLOUDS:
            st.subheader(_("Points"), anchor=False)
            texts |= {
                "x": _exact("x", _("First cloud"), _points_help()),
                "y": _exact("y", _("Second cloud"), _points_help()),
            }
    return TransportState(cost=cost, draw=draw, accelerate=accelerate, **values, **texts)  # type: ignore[arg-type]


def shown_in_link(state: TransportState) -> dict[str, float | str | bool]:
    """Return what a link to the state says."""
    return state.shown | {PLAY: chosen(PLAY, ALONG), CHARTS: chosen(CHARTS, CHART_KINDS)}


def draw_presets() -> None:
    """Draw a button for each state worth seeing."""
    with st.container(horizontal=True, key="presets"):
        for slug, (label, preset, along) in PRESETS.items():
            st.button(_(label), key=f"preset-{slug}", on_click=put_state, args=(preset, along))


def draw_pads(found: Answer) -> None:
    """Draw the points to drag and the weights to paint, where the state has some."""
    state = found.state
    if state.cost == DIGITS:
        return
    serial = st.session_state.get(_SERIAL, 0)
    if state.cost == CLOUDS:
        with st.container(border=True, key="pad"):
            show_points(
                *points(state),
                lines_of(found),
                serial=serial,
                key=_POINTS,
                on_moved=partial(_take_points, state.rows, state.columns),
                on_failed=_note_failure,
            )
    with st.expander(_("Paint the marginals μ and ν")):
        show_weights(
            levels(state.mu, state.rows),
            levels(state.nu, state.columns),
            serial=serial,
            key=_BARS,
            on_moved=partial(_take_weights, state.rows, state.columns),
            on_failed=_note_failure,
        )
    if st.session_state.get(_FAILED):
        st.info(_("What is dragged has not come. The exact values in the sidebar do the same."))


def _take_weights(rows: int, columns: int) -> None:
    moved = read_weights(st.session_state[_BARS].get("moved"), rows, columns)
    if moved is not None:
        mu, nu, st.session_state[_SERIAL] = moved
        st.session_state.update(mu=mu, nu=nu)


def _take_points(rows: int, columns: int) -> None:
    moved = read_points(st.session_state[_POINTS].get("moved"), rows, columns)
    if moved is not None:
        x, y, st.session_state[_SERIAL] = moved
        st.session_state.update(x=x, y=y)


def _note_failure() -> None:
    st.session_state[_FAILED] = True


def draw_scrub_choice(along: str) -> None:
    """Draw the choice of what the bar scrubs."""
    st.session_state["along-choice"] = along
    st.pills(
        _("Play along"),
        options=ALONG,
        format_func=lambda name: _("nothing") if name == NOTHING else _(PARAMETERS[name].label),
        key="along-choice",
        on_change=_choose_along,
        help=_("The bar moves this under your hand; all else stays."),
    )


def put_state(state: TransportState, along: str = ALONG[0]) -> None:
    """Set every control, as the callback of a button."""
    put({parameter: getattr(state, name) for name, parameter in PARAMETERS.items()})
    known = {*PARAMETERS, COST}
    st.session_state.update({name: value for name, value in state.shown.items() if name not in known})
    choose(COST, state.cost)
    choose(PLAY, along)


def _exact(name: str, label: str, help_text: str) -> str:
    """Draw a text that a link spells, and return it; what is none leaves all as it was."""
    parse = parse_points if name in "xy" else parse_weights
    typed = st.text_input(
        label, key=name, on_change=_read_typed, args=(name,), help=help_text, bind="query-params"
    )
    show_refused(name, _("Not understood, so nothing moved: {shown}"))
    found = parse(typed) or ""
    st.session_state[_KEPT.format(name)] = found
    return found


def _read_typed(name: str) -> None:
    parse = parse_points if name in "xy" else parse_weights
    typed = st.session_state[name]
    found = parse(typed.strip())
    if found is None:
        refuse(name)
    st.session_state[name] = st.session_state.get(_KEPT.format(name), "") if found is None else found


def _weights_help() -> str:
    return _(
        "A character an entry, from 0 to 9 and on from a to z (35): its weight before all are divided "
        "by their sum. Empty is uniform."
    )


def _points_help() -> str:
    return _("Four characters a point, as a link spells it. Empty is the drawn cloud.")


def _choose_cost() -> None:
    choose(COST, st.session_state["cost-choice"])


def _choose_along() -> None:
    # To press what is pressed already would leave nothing chosen.
    choose(PLAY, st.session_state["along-choice"] or chosen(PLAY, ALONG))


def _draw_again() -> None:
    # Points that were moved would hide the new ones.
    st.session_state.update(draw=(st.session_state["draw"] + 1) % (LARGEST_SEED + 1), x="", y="")
