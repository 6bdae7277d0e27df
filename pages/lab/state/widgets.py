"""Sliders bound to the URL, and what a link may say to them.

A slider has stops, and Streamlit takes no other value, wherever it comes from. A link may name a
value between two stops, within the bounds; it becomes a stop of its own. What else a link says is
ignored, and the page says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from lab.language.catalogues import _, ngettext
from lab.state.parameters import Parameter, spell

_STOPS: Final = "lab: stops of {}"
_LINK: Final = "lab: link to {}"
_CHOICE: Final = "lab: choice of {}"
_IGNORED: Final = "lab: ignored in the link to {}"
_REFUSED: Final = "lab: refused in {}"


def slider(parameter: Parameter) -> float:
    """Draw the slider of a parameter and return its value."""
    stops = _extra_stops(parameter)
    options = sorted({*parameter.grid, *stops})
    value: float = st.select_slider(
        _(parameter.label),
        options=options,
        value=parameter.default,
        format_func=lambda stop: stops.get(stop) or spell(stop),
        key=parameter.name,
        help=_(parameter.help),
        bind="query-params",
    )
    return value


def put(values: Mapping[Parameter, float]) -> None:
    """Set parameters from code, as the callback of a button."""
    for parameter, value in values.items():
        _extra_stops(parameter).setdefault(value, spell(value))
        st.session_state[parameter.name] = value


def read_link(page: str, parameters: Iterable[Parameter]) -> None:
    """Take from the link what lies between the stops of the sliders. Call before they are drawn."""
    if _LINK.format(page) in st.session_state:
        return
    link = {name: st.query_params.get_all(name) for name in st.query_params}
    st.session_state[_LINK.format(page)] = link
    for parameter in parameters:
        texts = link.get(parameter.name, [])
        # Streamlit takes no parameter that is named twice.
        value = parameter.parse(texts[0]) if len(texts) == 1 else None
        if value is not None:
            _extra_stops(parameter).setdefault(value, texts[0])


def ignored_parts(page: str, shown: Mapping[str, float | str | bool]) -> list[str]:
    """Return the parts of the link that are not what the page first showed, by name."""
    key = _IGNORED.format(page)
    if key not in st.session_state:
        link: dict[str, list[str]] = st.session_state[_LINK.format(page)]
        st.session_state[key] = [
            f"{name}={text}"
            for name, texts in link.items()
            for text in texts
            # The router reads the language, for all pages.
            if name != "lang"
            if name not in shown or not _spells(text, shown[name])
        ]
    ignored: list[str] = st.session_state[key]
    return ignored


def show_ignored(page: str, shown: Mapping[str, float | str | bool]) -> None:
    """Say which parts of the link were ignored, as long as the visit lasts or until dismissed."""
    ignored = ignored_parts(page, shown)
    if not ignored:
        return
    # A link is a stranger's text: no markup in it may act, and it must not fill the page.
    names = ", ".join(f"`{part.replace('`', '')[:40]}`" for part in ignored[:5])
    more = len(ignored) - 5
    said = (
        ngettext(
            "Ignored in the link: {names} and {count} more.",
            "Ignored in the link: {names} and {count} more.",
            more,
        ).format(names=names, count=more)
        if more > 0
        else _("Ignored in the link: {names}.").format(names=names)
    )
    with st.container(key="ignored-notice", horizontal=True, vertical_alignment="center"):
        st.warning(said)
        st.button(_("Dismiss"), on_click=ignored.clear)


def refuse(field: str) -> None:
    """Note that what was typed into a text field is not taken, for `show_refused`."""
    st.session_state[_REFUSED.format(field)] = st.session_state[field]


def show_refused(field: str, message: str) -> None:
    """Say once, under a text field, what was typed there and not taken, as `{shown}` of a message."""
    typed: str | None = st.session_state.pop(_REFUSED.format(field), None)
    if typed is not None:
        st.error(message.format(shown=f"`{typed.replace('`', '')[:60]}`"))


def link(shown: Mapping[str, float | str | bool], defaults: Mapping[str, float | str | bool]) -> str:
    """Return the address of the present state: the page, and what differs from the defaults."""
    page = (st.context.url or "").partition("?")[0]
    changed = {
        name: value if isinstance(value, str) else spell(value)
        for name, value in shown.items()
        if value != defaults[name]
    }
    return f"{page}?{urlencode(changed)}" if changed else page


def chosen(name: str, options: Sequence[str]) -> str:
    """Return which of the options is chosen, the first by default; a link may say another.

    It stays for the visit, on whatever page, and stands in the URL. `choose` changes it.
    """
    key = _CHOICE.format(name)
    if key not in st.session_state:
        texts = st.query_params.get_all(name)
        st.session_state[key] = texts[0] if len(texts) == 1 and texts[0] in options else options[0]
    value: str = st.session_state[key]
    if value != options[0]:
        if st.query_params.get(name) != value:
            st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]
    return value


def choose(name: str, value: str) -> None:
    """Choose an option by code, as the callback of a button."""
    st.session_state[_CHOICE.format(name)] = value


def _extra_stops(parameter: Parameter) -> dict[float, str]:
    """Return the values between the stops that this session has met, with their spelling."""
    stops: dict[float, str] = st.session_state.setdefault(_STOPS.format(parameter.name), {})
    return stops


def _spells(text: str, value: float | str | bool) -> bool:
    if isinstance(value, bool):
        return text.lower() == spell(value)
    if isinstance(value, str):
        return text == value
    try:
        return float(text) == value
    except ValueError:
        return False
