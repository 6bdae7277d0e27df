"""The style sheets of every page: what the theme cannot say."""

from functools import cache
from pathlib import Path
from typing import Final

import streamlit as st

from lab.language.catalogues import spoken
from lab.page.colours import CHARTS_CSS, COLOURS_CSS, PRINT_CSS
from lab.page.glossary import words
from lab.web.page_names import LABS, READ

_ROOMS: Final = Path(__file__).parents[1]

CONTROLS_WIDTH: Final = 240
"""Of the sidebar, in pixels."""


def sheet(name: str) -> str:
    """Return a style sheet by its path in the folder of the labs."""
    return (_ROOMS / name).read_text(encoding="utf-8")


def _read(*names: str) -> str:
    return "".join(map(sheet, names))


_ALL: Final = _read(
    "page/page.css",
    "page/nav.css",
    "page/glossary.css",
    "live/live.css",
    "live/timeline.css",
    "drag/arrow.css",
    "drag/handle.css",
    "drag/range.css",
    "drag/play.css",
    "drag/foot_bar.css",
    "page/print.css",
)
_CONTROLS: Final = _read("page/controls.css", "page/presets.css")
SHARED: Final = _ALL + _CONTROLS
"""What no page has for itself."""
_NO_CONTROLS: Final = _read("page/no_controls.css")
# A room may have a style of its own, of its name.
_OWN: Final = {
    slug: sheet(name)
    for slug in ("home", *READ, *LABS)
    if (_ROOMS / (name := f"{slug}/{slug}.css")).is_file()
}


def apply_style(slug: str) -> None:
    """Set colours, type and margins of a page. Call once a run, from the router."""
    st.html(_html(slug, spoken()))


@cache
def _html(slug: str, _language: str) -> str:
    parts = (
        COLOURS_CSS,
        CHARTS_CSS,
        _ALL,
        PRINT_CSS,
        _CONTROLS if slug in LABS else _NO_CONTROLS,
        _OWN.get(slug, ""),
    )
    return f"<style>{''.join(parts)}</style>{words()}"
