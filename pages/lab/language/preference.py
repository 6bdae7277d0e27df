"""Which language a visitor gets: the one of the link, or the first of the browser's that there is."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from lab.language.catalogues import CATALOGUES, SOURCE

# As RFC 9110 has it. The header is a stranger's text: what is not exactly this is passed over.
_RANGE: Final = re.compile(
    r"[ \t]*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7})"
    r"(?:[ \t]*;[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[ \t]*",
    re.ASCII,
)
_LONGEST: Final = 1000


def choose_language(asked: str | None, accept_language: str | None) -> str:
    """Return the language of a visit.

    Parameters
    ----------
    asked
        `lang` of the URL, which decides if there is such a language.
    accept_language
        The header of the browser, which decides otherwise.
    """
    return _known(asked or "", CATALOGUES) or preferred(accept_language)


def choose_translation(
    asked: str | None, accept_language: str | None
) -> tuple[str, Callable[[str], str]]:
    """Return the language of a visit as `choose_language` does, and what translates into it."""
    code = choose_language(asked, accept_language)
    return code, CATALOGUES[code].gettext


def preferred(accept_language: str | None) -> str:
    """Return the language of the lab that a browser likes best, English if it likes none.

    A region or a script that the lab does not tell apart is left off, from the end: zh-Hans-CN is
    served by zh-Hans if there is one, or else by zh. Weights count; 0 means "not this one".

    Examples
    --------
    >>> preferred("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5")
    'en'
    >>> preferred("=?;,")
    'en'
    """
    # Only whole ranges of what is read.
    header = (accept_language or "")[:_LONGEST]
    ranges = header.split(",")[: None if len(accept_language or "") <= _LONGEST else -1]
    weights: dict[str, float] = {}
    for found in map(_RANGE.fullmatch, ranges):
        if found is not None:
            weights.setdefault(found[1].lower(), float(found[2] or 1))
    refused = {tag for tag, weight in weights.items() if weight == 0}
    offered = [code for code in CATALOGUES if code.lower() not in refused]
    for tag in sorted(weights.keys() - refused, key=lambda tag: (-weights[tag], [*weights].index(tag))):
        code = offered[0] if tag == "*" and offered else _known(tag, offered)
        if code is not None:
            return code
    return SOURCE


def _known(tag: str, offered: Iterable[str]) -> str | None:
    """Return the language that serves a tag, None if none does."""
    codes = {code.lower(): code for code in offered}
    # No tag is longer, and a text without end is not to be taken apart.
    rest = tag[:80].lower()
    while rest:
        if rest in codes:
            return codes[rest]
        rest = rest.rpartition("-")[0]
    return None
