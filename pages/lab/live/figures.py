"""Live figures: they stay while their data change, and are scrubbed without a word to the server.

The author of a figure builds a `go.Figure`, or one for each value of a parameter, and writes no
JavaScript. On the page lie a bar that says where, a board with all figures, and a reel with the film.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from ce_core.figures.style import hold_axes
from lab.language.catalogues import _
from lab.live.packing import figure_tree, film, pack
from lab.state.widgets import choose, chosen
from lab.web.assets import plotly_address, register

_LIVE: Final = register("live/live", styled=False)
CHARTS: Final = "charts"
LIVE, PLAIN = CHART_KINDS = ("live", "plain")
_ANSWERED: Final = "lab: answered commits of {}"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A figure on the page.

    Attributes
    ----------
    key
        Its name, unique on the page.
    figure
        Its title becomes a heading of the page, which wraps and which a screen reader can jump to.
    alt
        What it shows, in words, for those who do not see it.
    numbers
        What belongs beside it; **bold** and `code` are all the markup.
    """

    key: str
    figure: go.Figure
    alt: str
    numbers: str = ""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """All figures of a page in one state, and the few numbers that must be read in passing."""

    panels: Sequence[Panel]
    readouts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Scrub:
    """A parameter that is scrubbed.

    Attributes
    ----------
    label
        As shown.
    values, spelled
        What it may be, ascending, and how each is written; `at` is one of them.
    at
        What it is now.
    token
        Names the rest of the state: two runs with one token have the same film.
    put
        Called with the value at which the bar has come to rest, which is one of `values`.
    """

    label: str
    values: tuple[float, ...]
    spelled: tuple[str, ...]
    at: float
    token: str
    put: Callable[[float], None]


def show_shot(key: str, shot: Shot, *, scrub: Scrub | None = None) -> None:
    """Show the figures of a state and, with `scrub`, the bar that moves through its film.

    The film comes later, by `show_film`: the figures need not wait for it.
    """
    with st.container(key=f"live-{key}"):
        if chosen(CHARTS, CHART_KINDS) == PLAIN:
            _show_plain(key, shot)
            return
        if scrub is not None:
            _show_bar(key, shot, scrub)
        head = {
            "part": "board",
            "group": key,
            "token": scrub and scrub.token,
            "at": scrub and scrub.at,
            "plotly": plotly_address(),
            "panels": [_panel_head(panel) for panel in shot.panels],
            "texts": {
                "table": _("The data as a table"),
                "download": _("Download as CSV"),
                "reset": _("Reset axes"),
                "series": _("series"),
                "more": _("and {count} more rows, all in the CSV"),
                "language": "en",
            },
        }
        _LIVE(key=f"board-{key}", data=pack(head), on_failed_change=_fall_back)
        st.button(
            _("The live charts have not come: show plain ones"),
            key=f"to-plain-{key}",
            on_click=_fall_back,
        )


def show_film(key: str, packed: bytes) -> None:
    """Hand the film of `show_shot` to the browser, as `pack_film` made it."""
    if chosen(CHARTS, CHART_KINDS) == LIVE:
        _LIVE(key=f"reel-{key}", data=packed, on_failed_change=_fall_back)


def pack_film(key: str, scrub: Scrub, shots: Sequence[Shot]) -> bytes:
    """Pack the figures at each value of a parameter, `shots` in the order of `scrub.values`.

    Each frame has the panels of the others. Axes keep their range where that hides nothing.
    """
    panels = {}
    for place, panel in enumerate(shots[0].panels):
        frames = [_bare(shot.panels[place].figure) for shot in shots]
        hold_axes(frames)
        panels[panel.key] = film(frames)
    return pack(
        {
            "part": "reel",
            "group": key,
            "token": scrub.token,
            "values": scrub.values,
            "panels": panels,
            "numbers": {
                panel.key: [shot.panels[place].numbers for shot in shots]
                for place, panel in enumerate(shots[0].panels)
            },
            "readouts": [shot.readouts for shot in shots],
        }
    )


def _show_bar(key: str, shot: Shot, scrub: Scrub) -> None:
    head = {
        "part": "bar",
        "group": key,
        "token": scrub.token,
        "label": scrub.label,
        "values": scrub.values,
        "spelled": scrub.spelled,
        "at": scrub.at,
        "answered": st.session_state.setdefault(_ANSWERED.format(key), 0),
        "readouts": shot.readouts,
        "texts": {
            "play": _("Play"),
            "pause": _("Pause"),
            "back": _("One step back"),
            "forward": _("One step forward"),
            "loop": _("Play in a loop"),
            "speed": _("Speed"),
            "waiting": _("The film is being computed"),
        },
    }
    _LIVE(
        key=f"bar-{key}",
        data=pack(head),
        on_commit_change=partial(_commit, key, scrub),
        on_failed_change=_fall_back,
    )


def _commit(key: str, scrub: Scrub) -> None:
    """Take the value at which a bar has come to rest, if it is one that the bar offers."""
    said = read_commit(st.session_state[f"bar-{key}"].get("commit"), scrub.values)
    if said is None:
        return
    value, serial = said
    st.session_state[_ANSWERED.format(key)] = serial
    if value is not None:
        scrub.put(value)


def read_commit(message: Any, values: Sequence[float]) -> tuple[float | None, int] | None:
    """Return the value and the number of a commit; None for what no bar sends.

    The message comes from the browser, where anyone can write it.
    """
    if not isinstance(message, dict):
        return None
    value, serial = message.get("value"), message.get("serial")
    if not isinstance(serial, int) or isinstance(serial, bool) or not 0 <= serial < 2**53:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None, serial
    # The bar's own object, so that a whole number stays one.
    return next((known for known in values if known == value), None), serial


def _panel_head(panel: Panel) -> dict[str, Any]:
    return {
        "key": panel.key,
        "title": panel.figure.layout.title.text,
        "alt": panel.alt,
        "numbers": panel.numbers,
        "height": panel.figure.layout.height,
        "film": film([_bare(panel.figure)]),
    }


def _bare(figure: go.Figure) -> dict[str, Any]:
    """Return the figure without its title, which is a heading of the page, and without a template."""
    tree = figure_tree(figure)
    tree["layout"].pop("template", None)
    tree["layout"]["title"] = {"text": ""}
    return tree


def _show_plain(key: str, shot: Shot) -> None:
    """Show the figures as Streamlit does by itself, where the live ones cannot be."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("Plain charts: each change draws them anew, and zoom is lost."))
        st.button(_("Show live charts"), key=f"to-live-{key}", on_click=partial(choose, CHARTS, LIVE))
    columns = st.columns(2) if len(shot.panels) > 1 else [st.container()]
    for place, panel in enumerate(shot.panels):
        with columns[place % len(columns)].container(border=True, key=f"figure-{panel.key}"):
            st.header(panel.figure.layout.title.text, anchor=False)
            st.plotly_chart(
                _bare(panel.figure), key=f"plain-chart-{panel.key}", config={"showSendToCloud": False}
            )
            st.caption(panel.alt)
            st.markdown(panel.numbers)


def _fall_back() -> None:
    choose(CHARTS, PLAIN)
