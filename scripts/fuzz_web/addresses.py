"""Addresses and requests that no page links to."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Final
from urllib.parse import quote, urlencode

from lab.state.fields import records
from lab.state.visit import View
from lab.web.old_links import RENAMED
from lab.web.page_names import LABS
from scripts.fuzz_web.values import letters, text

_ROUTES: Final = (
    "/_stcore/health", "/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/host-config",
    "/_stcore/allowed-message-origins", "/_stcore/upload_file/a/b", "/_stcore/agent",
    "/_stcore/agent/x", "/_stcore/stream", "/_stcore/", "/media/", "/component/",
    "/_stcore/bidi-components/", "/static/",
    "/static/js/", "/lab/", "/lab/plotly.js", "/lab/js-0/live/live.js", "/lab/animation/a/b/c",
    "/lab/animation/", "/app/static/", "/oauth2callback", "/auth/login", "/auth/logout", "/favicon.png",
    "/robots.txt", "//", "/..", "/./losses", "/losses//", "//hostile.test/losses", "/losses/transport",
)  # fmt: skip
_METHODS: Final = (
    "GET",
    "GET",
    "GET",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
)


@dataclass(frozen=True)
class Request:
    """A request over HTTP, its target as it goes over the wire."""

    target: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@cache
def names_of(page: str) -> tuple[str, ...]:
    """Return what a link to a page may name, by its old names too."""
    shared = (*records(View), "embed", "embed_options")
    if page not in LABS:
        return shared
    state: Any = type(import_module(f"lab.{page}.lab").LAB.default)
    old = RENAMED[page].names if page in RENAMED else ()
    return (*records(state), *old, *shared)


def query(draw: random.Random, page: str) -> str:
    """Return a query of a page: fields past all bounds, named twice, unknown, or no query at all."""
    if draw.random() < 0.08:
        return text(draw)
    names = names_of(page)
    parts = [
        (draw.choice(names) if draw.random() < 0.9 else text(draw), text(draw))
        for _ in range(draw.choice((1, 1, 1, 2, 3, 8)))
    ]
    if draw.random() < 0.2:
        parts.append(draw.choice(parts))
    if draw.random() < 0.1:
        parts *= 200
    return urlencode(parts, errors="surrogatepass")


def request(draw: random.Random, page: str) -> Request:
    """Return a request to a page, or to another route, with headers that no browser sends."""
    path = _path(draw, page)
    asked = query(draw, page)
    # No space or control character can stand in the line.
    asked = "".join(c if "!" <= c <= "~" else quote(c, errors="surrogatepass") for c in asked)
    target = path + (f"?{asked}" if draw.random() < 0.8 else "")
    headers = {**visitor_headers(draw), **_some(_HEADERS, draw)}
    method = draw.choice(_METHODS)
    body = text(draw).encode() if method not in {"GET", "HEAD"} and draw.random() < 0.5 else b""
    # Longer lines are refused by the server before any code of the lab.
    return Request(target[:60_000], method, headers, body)


def spoilt(address: str, draw: random.Random) -> str:
    """Return an address that was given, with one of its parts changed."""
    parts = address.split("/")
    place = draw.randrange(1, len(parts))
    parts[place] = draw.choice(
        (parts[place][:-1], parts[place] + "0", quote(text(draw)[:500], safe=""))
    )
    return "/".join(parts)


def visitor_headers(draw: random.Random) -> dict[str, str]:
    """Return what a hostile browser says of its visitor, in a request or for a session."""
    return _some(_OF_VISITOR, draw)


def _some(makers: Mapping[str, Callable[[random.Random], str]], draw: random.Random) -> dict[str, str]:
    return {name: make(draw) for name, make in makers.items() if draw.random() < 0.2}


def _path(draw: random.Random, page: str) -> str:
    chance = draw.random()
    if chance < 0.5:
        return f"/{page}"
    if chance < 0.75:
        return draw.choice(_ROUTES)
    beginning = draw.choice((f"/{page}/", "/", "/lab/animation/", "/static/", "/media/", "/_stcore/"))
    return beginning + _on_the_line(text(draw)[:2000], draw)


def _on_the_line(written: str, draw: random.Random) -> str:
    """Return a text as it can stand in the line of a request, with little of it encoded."""
    return quote(written, safe=draw.choice(("", "/", "/<>\"'=&?()")))


def _header(draw: random.Random) -> str:
    value = draw.choice((text, letters))(draw)
    return "".join(c for c in value if " " <= c <= "~").strip()[:4000]


def _host(draw: random.Random) -> str:
    return draw.choice(
        ("", "hostile.test", 'a"><script>hostile()</script>', "a b", "[::1", "x" * 300, "a:99999")
    )


_OF_VISITOR: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "Accept-Language": _header,
    "Cookie": _header,
    "User-Agent": _header,
    "X-Forwarded-For": _header,
    "X-Forwarded-Proto": _header,
}
_HEADERS: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "Host": _host,
    "Accept-Encoding": _header,
    "Origin": _header,
    "Referer": _header,
    "X-Forwarded-Host": _host,
    "Range": lambda draw: draw.choice(("bytes=0-0", "bytes=9-1", "x=1", "bytes=" + "0-0," * 200)),
    "If-None-Match": _header,
    "Content-Type": _header,
}
