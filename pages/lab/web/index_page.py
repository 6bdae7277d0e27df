"""The HTML that every page opens with: Streamlit's own, with what the lab has to say of the page."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

import streamlit as st
from starlette.datastructures import Headers, QueryParams
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.web.assets import imported_scripts, plotly_address, script_address
from lab.web.host_pattern import NAME, PORT, SIX, pattern
from lab.web.page_names import HOME, PAGES, SPATIAL, page_at
from lab.web.previews import PICTURE_SIZE, Preview, picture_address, preview, site_name
from lab.web.streamlit_private import INDEX_PAGE
from lab.web.visit_language import Choose, english, language_of
from lab.web.waiting_room import waiting_room

# Else Streamlit asks below the page's own address first, waits, and asks again above it; see
# https://github.com/streamlit/streamlit/issues/7074. All its other addresses are relative like this.
# And it keeps for the next visit that the drawer was opened, which on a phone covers the page.
_FIRST: Final = """
    <script>
      window.__streamlit = { BACKEND_BASE_URL: new URL(".", document.baseURI).href };
      try {
        const kept = innerWidth < 769 ? Object.keys(localStorage) : [];
        const drawers = kept.filter((name) => name.startsWith("stSidebarCollapsed-"));
        for (const name of drawers) localStorage.removeItem(name);
      } catch {}
    </script>"""

_PRELOAD: Final = '  <link rel="modulepreload" href="{}">\n  '

_LANGUAGE: Final = '<html lang="en">'
_TITLE: Final = "<title>Streamlit</title>"
_END: Final = "</head>"
_LAST: Final = "</body>"

# Of pages without charts.
_SCRIPTS: Final = {HOME: "home/hero.js", "claims": "claims/anchor.js"}

Begin = Callable[[str, Mapping[str, Sequence[str]]], str]
"""Returns what the body of a page begins with, in a language and at a query."""

_HOST: Final = pattern(rf"(?:{NAME}|\[{SIX}\])(?:{PORT})?")


class Opening:
    """ASGI middleware that answers for every page of the lab.

    Parameters
    ----------
    inner
        What it stands before.
    choose
        Returns the language of a visit and its translation, from `lang` of the URL and the header
        `Accept-Language`.
    first
        What pages begin with before Streamlit has come, by page; of most, nothing.
    """

    def __init__(
        self,
        inner: ASGIApp,
        choose: Choose = english,
        first: Mapping[str, Begin] = MappingProxyType({}),
    ) -> None:
        self.inner, self.choose, self.first = inner, choose, first
        html = _html()
        self.html = {page: _with_preloads(html, *_needed(page), soon=page in first) for page in PAGES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and if Streamlit answers with its page, answer with that of the lab.

        Streamlit has its page for every address; there is none but at those of the lab's pages.
        """
        answered = False

        async def send_opening(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start" and _is_page(message):
                answered = True
                await self.answer(scope)(scope, receive, send)
            elif not answered:
                await send(message)

        await self.inner(scope, receive, send_opening)

    def answer(self, scope: Scope) -> Response:
        """Return the HTML of the page that was asked for; for one that there is not, 404."""
        page = page_at(scope["path"])
        if page is None:
            return PlainTextResponse("Not found", status_code=404)
        language, translate, _asked = language_of(scope, self.choose)
        words = preview(page, language, translate)
        query = QueryParams(scope.get("query_string", b""))
        first = self.first.get(page, _nothing)(language, {name: query.getlist(name) for name in query})
        return Response(
            _told(self.html[page], page, words, site_name(translate), _origin(scope)).replace(
                _LAST, f"{first}{waiting_room(translate)}{_LAST}"
            ),
            media_type="text/html",
            headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"},
        )


def _nothing(_language: str, _query: Mapping[str, Sequence[str]]) -> str:
    return ""


def _is_page(message: Message) -> bool:
    kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return message["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)


def _html() -> str:
    """Return Streamlit's page with the server's address before its scripts."""
    html = INDEX_PAGE.read_text(encoding="utf-8")
    for mark, text in (
        ("<head>", f"<head>{_FIRST}"),
        (_END, _END),
        (_LAST, _LAST),
        (_LANGUAGE, _LANGUAGE),
        (_TITLE, _TITLE),
    ):
        if html.count(mark) != 1:
            raise RuntimeError(f"the page of Streamlit {st.__version__} must have one {mark}")
        html = html.replace(mark, text)
    return html


def _needed(page: str) -> list[str]:
    """Return the addresses of what the figures of a page need, the largest last.

    Told of here, the browser fetches it while Streamlit starts: after what Streamlit needs, or before
    it where the page begins without Streamlit.
    """
    opening = map(script_address, imported_scripts("web/opening.js"))
    own = _SCRIPTS.get(page)
    if own:
        return [*opening, *map(script_address, imported_scripts(own))]
    live = map(script_address, imported_scripts("live/live.js"))
    return [*opening, *live, plotly_address(spatial=page in SPATIAL)]


def _with_preloads(html: str, *addresses: str, soon: bool) -> str:
    links = "".join(map(_PRELOAD.format, addresses))
    return html.replace(_FIRST, f"{_FIRST}\n  {links}") if soon else html.replace(_END, links + _END)


def _told(html: str, page: str, words: Preview, site: str, origin: str | None) -> str:
    """Return the HTML with what a search engine, or who shows a shared link, reads of the page.

    The addresses in a preview must be whole; without a known origin it has no picture.
    """
    named = [("description", words.description)]
    properties = [
        ("og:title", words.question),
        ("og:description", words.description),
        ("og:type", "website"),
        ("og:site_name", site),
    ]
    if origin is not None:
        named.append(("twitter:card", "summary_large_image"))
        properties += [
            ("og:image", f"{origin}{picture_address(page)}"),
            ("og:image:type", "image/png"),
            ("og:image:width", str(PICTURE_SIZE[0])),
            ("og:image:height", str(PICTURE_SIZE[1])),
            ("og:image:alt", words.picture_alt),
        ]
    lines = [
        f"<title>{escape(words.title)}</title>",
        *(f'<meta name="{name}" content="{escape(text)}" />' for name, text in named),
        *(f'<meta property="{name}" content="{escape(text)}" />' for name, text in properties),
    ]
    return html.replace(_TITLE, "\n    ".join(lines)).replace(
        _LANGUAGE, f'<html lang="{escape(words.language)}">'
    )


def _origin(scope: Scope) -> str | None:
    """Return the scheme and the host that were asked; None if the request names no valid host."""
    hosts = Headers(scope=scope).getlist("host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]) or scope["scheme"] not in {"http", "https"}:
        return None
    return f"{scope['scheme']}://{hosts[0]}"
