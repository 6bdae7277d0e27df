"""Every visible string passes through here; `scripts/messages.py` collects them.

The language is that of the visit. Streamlit runs each visit in a thread of its own, which `speak`
tells its language at the start of a run; a thread that a run starts has to be told again. What runs
before `speak`, as the callbacks of widgets do, has the language of the source and writes no text.
"""

import gettext
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from lab.language.po_files import read_po

SOURCE: Final = "en"
"""The language in which the strings are written."""


def load_catalogues(folder: Path) -> dict[str, gettext.NullTranslations]:
    """Return the catalogues of a folder by the code of their language, that of the source first."""
    found = {
        file.stem: read_po(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.po"))
    }
    return {SOURCE: gettext.NullTranslations(), **found}


CATALOGUES: Final = load_catalogues(Path(__file__).resolve().parents[2] / "locales")
LANGUAGES: Final = tuple(CATALOGUES)
"""Codes of the languages that the lab speaks: those with a catalogue under `pages/locales`."""

_SPOKEN: Final = ContextVar("language of the visit", default=SOURCE)


def speak(code: str) -> None:
    """Set the language of this thread, at the start of each run of a visit.

    Raises
    ------
    ValueError
        If there is no catalogue of it; `lab.language.preference` finds one that there is.
    """
    if code not in CATALOGUES:
        raise ValueError(f"code must be one of {', '.join(CATALOGUES)}, got {code[:40]!r}")
    _SPOKEN.set(code)


def spoken() -> str:
    """Return the code of the language that this thread speaks."""
    return _SPOKEN.get()


def _(message: str) -> str:
    """Translate a string."""
    # The translation of the empty string is the head of the catalogue.
    return CATALOGUES[spoken()].gettext(message) if message else ""


def N_(message: str) -> str:  # noqa: N802
    """Mark a string for translation where it is written, to be translated where it is shown."""
    return message


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a string that puts a count into words, in the form which the language has for it.

    The count is written by `format`, as `{count}` or whatever the string calls it.
    """
    return CATALOGUES[spoken()].ngettext(one, many, count)
