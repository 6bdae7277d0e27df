"""What a visitor reads for whom no session is left, and where the page asks whether there is one."""

from html import escape
from typing import Final

from ce_core.figures.colours import NEUTRALS
from lab.web.assets import script_address
from lab.web.previews import Translate

ROOM: Final = "/lab/room"
"""Answers `full` or `free` to whoever asks; the script of every page does while it has no session."""
NEUTRALS_CSS: Final = "".join(
    f"--{name}: light-dark({NEUTRALS[name].light}, {NEUTRALS[name].dark}); "
    for name in ("page", "ink", "second", "grid")
)
"""Colours for what is shown without Streamlit, in the theme of the system."""

_STYLE: Final = (
    f"color-scheme: light dark; {NEUTRALS_CSS}position: fixed; z-index: 1000000; top: 20vh; left: 50%; "
    "transform: translateX(-50%); box-sizing: border-box; width: min(32rem, 100vw - 2rem); margin: 0; "
    "padding: 1rem 1.25rem; border: 1px solid var(--second); border-radius: 0.5rem; "
    "background: var(--page); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif;"
)


def waiting_room(translate: Translate) -> str:
    """Return the HTML that every page ends with: a notice, which a script shows while it is true."""
    text = translate(
        "The class is full: no more pages of the lab can be open at once from here. This page tries "
        "again by itself, and opens as soon as there is room."
    )
    return (
        f'<p id="lab-full" role="alert" hidden>{escape(text)}</p>\n'
        f"    <style>#lab-full:not([hidden]) {{ {_STYLE} }}</style>\n"
        # The page does not wait for it.
        f'    <script type="module">import("{script_address("web/opening.js")}")'
        ".then(({ begin }) => begin(), console.warn);</script>\n  "
    )
