"""Every visible string passes through here; `scripts/messages.py` collects them."""

import gettext
from pathlib import Path

_LOCALES = Path(__file__).resolve().parents[2] / "locales"
_TRANSLATION = gettext.translation("lab", _LOCALES, languages=["en"], fallback=True)


def _(message: str) -> str:
    """Translate a string."""
    return _TRANSLATION.gettext(message)


def N_(message: str) -> str:  # noqa: N802
    """Mark a string for translation where it is written, to be translated where it is shown."""
    return message
