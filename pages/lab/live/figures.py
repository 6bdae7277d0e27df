"""Live figures: they stay while their data change, and are scrubbed without a word to the server.

The author of a figure builds its tree, or one for each value of a parameter, and writes no JavaScript.
On the page lie a timeline that says where, and a figure grid; the animation is computed, and fetched,
once a hand reaches for the timeline.
"""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import streamlit as st

from ce_core.figures.builder import FigureTree
from ce_core.figures.colours import Theme, recolour_tree
from ce_core.figures.style import hold_axes
from lab.drag.editor import answered, receive
from lab.language.catalogues import _, spoken
from lab.live.animations import Offer, offer_animation
from lab.live.packing import animation, pack
from lab.state.fields import is_number
from lab.state.visit import LIVE, PLAIN, change_view, current_visit, token
from lab.web.assets import plotly_address, register

_LIVE: Final = register("live/live", styled=False)


@dataclass(frozen=True, kw_only=True)
class Card:
    """A figure on the page.

    Attributes
    ----------
    key
        Its name, unique on the page.
    tree
        The figure, as the `tree` of its builder returns it. Its title becomes a heading of the page,
        which wraps and which a screen reader can jump to.
    alt
        What it shows in this state, in words, for those who do not see it.
    numbers
        What belongs beside it, in two lines; **bold** and `code` are all the markup.
    why
        What is beyond them, folded; so marked up too.
    """

    key: str
    tree: FigureTree
    alt: str
    numbers: str = ""
    why: str = ""

    @property
    def told(self) -> str:
        """What stands below the figure, as its script takes it: two lines, then what is folded."""
        return f"{self.numbers}\n{self.why}" if self.why else self.numbers


@dataclass(frozen=True, kw_only=True)
class FigureSet:
    """All figures of a page in one state, and the few numbers that must be read in passing."""

    cards: Sequence[Card]
    readouts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Timeline:
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
        Names the rest of the state: two runs with one token have the same animation.
    put
        Called with the value at which the bar has come to rest, which is one of `values`.
    frames
        Yields the figures at each of `values`, in order, once a hand reaches for the bar. It runs in
        another thread, which has no session; each frame has the cards of the others.
    """

    label: str
    values: tuple[float, ...]
    spelled: tuple[str, ...]
    at: float
    token: str
    put: Callable[[float], None]
    frames: Callable[[], Iterable[FigureSet]]


def live_charts() -> bool:
    """Tell whether charts are live, so that there is something to scrub."""
    return current_visit().view.charts == LIVE


def show_figures(
    key: str,
    figures: FigureSet,
    *,
    timeline: Timeline | None = None,
    first: int | None = None,
    between: Callable[[], None] | None = None,
) -> None:
    """Show the figures of a state and, with `timeline`, the bar that moves through its animation.

    `between` draws what stands below the `first` of them and above the others, in reach of the bar.
    """
    with st.container(key=f"live-{key}"):
        live = live_charts()
        if not live:
            _say_plain(key)
        elif timeline is not None:
            _show_timeline(key, figures, timeline)
        show = partial(_show_live, key, figures, timeline) if live else _show_plain
        if opening := figures.cards[:first]:
            show(f"grid-{key}", opening)
        if live:
            _offer_plain(key)
        if between:
            between()
        if first is not None and (others := figures.cards[first:]):
            show(f"grid-{key}-others", others)


def _show_live(
    group: str, figures: FigureSet, timeline: Timeline | None, key: str, cards: Sequence[Card]
) -> None:
    head = {
        "part": "grid",
        "group": group,
        "token": timeline and timeline.token,
        "at": timeline and timeline.at,
        "plotly": plotly_address(spatial=any(map(_is_spatial, figures.cards))),
        "cards": [_card_head(card) for card in cards],
        "texts": {
            "why": _("Why"),
            "table": _("The data as a table"),
            "download": _("Download as CSV"),
            "tools": _("tools"),
            "zoom": _("Zoom by dragging"),
            "turn": _("Turn by dragging"),
            "reset": _("Reset axes"),
            "save": _("Save as a picture"),
            "drawing": _("Save as a drawing (SVG)"),
            "keys": _("Arrow keys move along the points, up and down between the curves."),
            "point": _("{name}: {place}; {number} of {count}"),
            "series": _("series"),
            "more": _("Rows left out here, though not of the CSV: {count}"),
            "language": spoken(),
        },
    }
    _LIVE(key=key, data=pack(head), on_failed_change=_fall_back)


def _offer_plain(key: str) -> None:
    st.button(
        _("The live charts have not come: show plain ones"),
        key=f"to-plain-{key}",
        on_click=_fall_back,
    )


def pack_animation(token: str, values: Sequence[float], frames: Sequence[FigureSet]) -> bytes:
    """Pack the figures at each of `values`; axes keep their range where that hides nothing."""
    cards = {}
    for place, card in enumerate(frames[0].cards):
        trees = [_bare(frame.cards[place].tree) for frame in frames]
        hold_axes(trees)
        cards[card.key] = animation(trees)
    return pack(
        {
            "token": token,
            "values": values,
            "cards": cards,
            "numbers": {
                card.key: [frame.cards[place].told for frame in frames]
                for place, card in enumerate(frames[0].cards)
            },
            "readouts": [frame.readouts for frame in frames],
        }
    )


def _show_timeline(key: str, figures: FigureSet, timeline: Timeline) -> None:
    offer = Offer(
        token=timeline.token,
        language=spoken(),
        frames=timeline.frames,
        pack=partial(pack_animation, timeline.token, timeline.values),
    )
    head = {
        "part": "timeline",
        "group": key,
        "token": timeline.token,
        "animation": offer_animation(token(), key, offer),
        "label": timeline.label,
        "values": timeline.values,
        "spelled": timeline.spelled,
        "at": timeline.at,
        "session": token(),
        "answered": answered(_timeline_key(key)),
        "readouts": figures.readouts,
        "texts": {
            "play": _("Play"),
            "pause": _("Pause"),
            "back": _("One step back"),
            "forward": _("One step forward"),
            "loop": _("Play in a loop"),
            "speed": _("Speed"),
            "more": _("Steps, loop, speed and numbers"),
            "waiting": _("The animation is being computed"),
            "unreachable": _("The lab cannot be reached just now; this plays once it can."),
            "failed": _("The animation could not be computed."),
        },
    }
    _LIVE(
        key=_timeline_key(key),
        data=pack(head),
        on_commit_change=partial(_commit, key, timeline),
        on_failed_change=_fall_back,
    )


def _timeline_key(key: str) -> str:
    return f"timeline-{key}"


def _commit(key: str, timeline: Timeline) -> None:
    """Take the value at which a timeline has come to rest, if it is one that it offers."""
    message = receive(_timeline_key(key), "commit", token())
    value = known_value(message.get("value"), timeline.values) if message else None
    if value is not None:
        timeline.put(value)


def known_value(value: Any, values: Sequence[float]) -> float | None:
    """Return the value that a message names, as the timeline has it; None for any other.

    The message comes from the browser, where anyone can write it. The timeline's own object is
    returned, so that a whole number stays one.
    """
    return next((known for known in values if known == value), None) if is_number(value) else None


def _is_spatial(card: Card) -> bool:
    """Tell whether a figure has three dimensions."""
    return "scene" in card.tree["layout"]


def _card_head(card: Card) -> dict[str, Any]:
    return {
        "key": card.key,
        "title": card.tree["layout"]["title"]["text"],
        "alt": card.alt,
        "numbers": card.told,
        "height": card.tree["layout"]["height"],
        "animation": animation([_bare(card.tree)]),
    }


def _bare(tree: FigureTree) -> FigureTree:
    """Return the figure without its title, which is a heading of the page, and without a template."""
    layout = tree["layout"] | {"title": {"text": ""}}
    layout.pop("template", None)
    return tree | {"layout": layout}


def _say_plain(key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("Plain charts: each change draws them anew, and zoom is lost."))
        st.button(_("Show live charts"), key=f"to-live-{key}", on_click=partial(_show_charts, LIVE))


def _show_plain(_key: str, cards: Sequence[Card]) -> None:
    """Show figures as Streamlit does by itself, where the live ones cannot be."""
    columns = st.columns(2) if len(cards) > 1 else [st.container()]
    for place, card in enumerate(cards):
        with columns[place % len(columns)].container(border=True, key=f"figure-{card.key}"):
            st.header(card.tree["layout"]["title"]["text"], anchor=False)
            st.plotly_chart(
                # One of its own: Plotly takes each trace apart, and other visitors show the same tree.
                deepcopy(recolour_tree(_with_a_trace(_bare(card.tree)), theme=_theme())),
                key=f"plain-chart-{card.key}",
                config={"showSendToCloud": False},
            )
            st.caption(card.alt)
            st.markdown(card.told.replace("\n", "\n\n"))


def _with_a_trace(tree: FigureTree) -> FigureTree:
    """Return a figure that Streamlit takes: it refuses one without a trace, which only says why."""
    return tree if tree["data"] else tree | {"data": [{"type": "scatter"}]}


def _theme() -> Theme:
    return "dark" if st.context.theme.type == "dark" else "light"


def _show_charts(kind: str) -> None:
    change_view(replace(current_visit().view, charts=kind))


def _fall_back() -> None:
    _show_charts(PLAIN)
