"""What may not come of hostile input: a traceback, a red box, a server that is silent, markup."""

import re
from pathlib import Path
from typing import Any, Final

from scripts.fuzz_web.values import MARKUP
from scripts.protocol import ForwardMsg, element_of, red_box

_TRACEBACK: Final = re.compile(r"Traceback|\b\w+(Error|Exception): ")
_CODE: Final = re.compile(r"(`+)[^`].*?\1", re.S)
_MARKED: Final = re.compile("|".join(map(re.escape, MARKUP)) + r"|hostile\(\)|hostile\.test")
_LATEX: Final = re.compile(r"\\href")


class Log:
    """The log of a server, read as it grows.

    Parameters
    ----------
    file
        Where the server writes it.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.at = file.stat().st_size
        self.lines = 0

    def trouble(self) -> str | None:
        """Return what was written since the last time, if an error is in it."""
        with self.file.open("rb") as stream:
            stream.seek(self.at)
            new = stream.read().decode(errors="replace")
        self.at += len(new.encode(errors="replace"))
        self.lines += new.count("\n")
        return new[-3000:] if _TRACEBACK.search(new) else None


def reflected(content_type: str, body: bytes) -> str | None:
    """Return markup that comes back in a document as it was sent; None if there is none."""
    if not re.match(r"text/html|image/svg|application/xhtml|text/xml|$", content_type):
        return None
    written = body.decode(errors="replace")
    return next((one for one in MARKUP if one in written), None)


def trouble_in(message: ForwardMsg) -> str | None:
    """Return what a message to the browser has that no message may have."""
    if box := red_box(message):
        return f"a red box: {box}"
    kind, element = element_of(message)
    for body in _bodies(kind, element):
        if kind == "html" or getattr(element, "allow_html", False):
            if found := _MARKED.search(body):
                return f"markup in HTML: {found[0]} in {body[:300]!r}"
        elif found := _MARKED.search(_CODE.sub("", body)) or _LATEX.search(_CODE.sub("", body)):
            return f"text of a stranger that is no code in Markdown: {found[0]} in {body[:300]!r}"
    return None


def _bodies(kind: str, element: Any) -> list[str]:
    if kind in {"markdown", "html", "alert", "heading", "text"}:
        return [element.body]
    return []
