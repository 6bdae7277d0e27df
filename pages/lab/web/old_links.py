"""Links from before a name meant one thing on every page: their names, and the way to the new form."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lab.web.page_names import page_at

Part = tuple[str, str]
"""A name in a link and its value, neither of them percent-encoded."""


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """What a page called otherwise.

    Attributes
    ----------
    names
        The new name of each old one.
    values
        The new value of each old one, by the new name of its part; None leaves the part out.
    """

    names: Mapping[str, str]
    values: Mapping[Part, str | None] = field(default_factory=dict)


_EVERYWHERE: Final = {"scrub": "along"}

RENAMED: Final[Mapping[str, Renamed]] = {
    "softmax": Renamed(names=_EVERYWHERE),
    "losses": Renamed(names=_EVERYWHERE),
    "gradient": Renamed(names=_EVERYWHERE | {"start": "a", "y": "target", "draw": "seed"}),
    "stability": Renamed(
        names=_EVERYWHERE | {"logits": "a", "target_class": "target", "arithmetic": "dtype"},
        values={("step", "first"): None},
    ),
    "transport": Renamed(
        names=_EVERYWHERE
        | {
            "epsilon": "eps",
            "iterations": "n_iter",
            "rows": "n",
            "columns": "m",
            "draw": "seed",
            "power": "cost_exponent",
        },
        values={("along", "epsilon"): "eps", ("along", "iterations"): "n_iter"},
    ),
}
"""By page; one that is not here has no old links."""

# Twice what a state takes at most. What is longer is no link that the lab ever wrote.
_LONGEST: Final = 8192
# What a browser writes otherwise in a query; RFC 3986 and the URL standard's query set.
_UNSAFE: Final = re.compile(rb"[^!$-&(-;=?-~]")


def renew(page: str, parts: Sequence[Part]) -> list[Part | None]:
    """Return the present form of each part of a link to a page; None for one that is left out.

    A part stays as it is if the link names it twice, or its new name too: no rule says which counts.
    """
    renamed = RENAMED.get(page)
    if renamed is None:
        return list(parts)
    count = Counter(renamed.names.get(name, name) for name, _value in parts)
    return [_renew_part(renamed, part, count) for part in parts]


def _renew_part(renamed: Renamed, part: Part, count: Counter[str]) -> Part | None:
    name, value = part
    name = renamed.names.get(name, name)
    if count[name] > 1:
        return part
    new_value = renamed.values.get((name, value), value)
    return None if new_value is None else (name, new_value)


def renew_query(page: str, query: bytes) -> bytes:
    """Return the present form of a query; what has not changed keeps its place and its spelling."""
    texts = query.split(b"&") if query else []
    parts = [_decoded(text) for text in texts]
    return b"&".join(
        text if new == part else _renamed(text, part, new)
        for text, part, new in zip(texts, parts, renew(page, parts), strict=True)
        if new is not None
    )


def _decoded(text: bytes) -> Part:
    name, _equals, value = text.decode("latin-1").partition("=")
    return unquote_plus(name), unquote_plus(value)


def _renamed(text: bytes, old: Part, new: Part) -> bytes:
    """Return a part with its new name; the new value too, where it has one."""
    # All new names and values are letters and underscores, which nothing need encode.
    _name, equals, value = text.partition(b"=")
    return new[0].encode() + equals + (value if new[1] == old[1] else new[1].encode())


class OldLinks:
    """ASGI middleware that redirects an old link to its present form, before Streamlit starts.

    So the address bar says the new form from the first, and the browser's history has one entry.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect an old link, and pass on every other request."""
        location = _location(scope)
        if location is None:
            await self.inner(scope, receive, send)
            return
        headers = {"Location": location, "Cache-Control": "no-cache"}
        await Response(status_code=307, headers=headers)(scope, receive, send)


def _location(scope: Scope) -> str | None:
    """Return where the new form of an old link is; None for all else."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return None
    query = scope.get("query_string", b"")
    page = page_at(scope["path"]) if 0 < len(query) <= _LONGEST else None
    if not page:
        return None
    new = renew_query(page, query)
    if new == query:
        return None
    # Relative, so that it holds behind a proxy that takes a part off the path; and since it begins
    # with the name of one of the lab's pages, it leads to no other host.
    beside = "../" if scope["path"].endswith("/") else ""
    escaped = _UNSAFE.sub(lambda byte: b"%%%02X" % ord(byte[0]), new).decode("ascii")
    return f"{beside}{page}?{escaped}" if escaped else f"{beside}{page}"
