"""The HTML that every page opens with: Streamlit's own, which learns here where its server is."""

from typing import Final

import streamlit as st
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.web.assets import imported_scripts, plotly_address, script_address
from lab.web.streamlit_private import INDEX_PAGE

# Else Streamlit asks below the page's own address first, waits, and asks again above it; see
# https://github.com/streamlit/streamlit/issues/7074. All its other addresses are relative like this.
_SERVER: Final = """
    <script>
      window.__streamlit = { BACKEND_BASE_URL: new URL(".", document.baseURI).href };
    </script>"""

_PRELOAD: Final = '  <link rel="modulepreload" href="{}">\n  '


class Opening:
    """ASGI middleware that answers for every page of the lab."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner
        self.html = _html()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and if Streamlit answers with its page, answer with that of the lab."""
        answered = False

        async def send_opening(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start" and _is_page(message):
                answered = True
                await Response(
                    self.html, media_type="text/html", headers={"Cache-Control": "no-cache"}
                )(scope, receive, send)
            elif not answered:
                await send(message)

        await self.inner(scope, receive, send_opening)


def _is_page(message: Message) -> bool:
    kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return message["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)


def _html() -> str:
    """Return Streamlit's page with the server's address before its scripts, and the lab's after them.

    What live figures need is told of here, so that the browser fetches it while Streamlit starts,
    and after what Streamlit needs for its start.
    """
    html = INDEX_PAGE.read_text(encoding="utf-8")
    needed = (*map(script_address, imported_scripts("live/live.js")), plotly_address())
    for mark, text in (
        ("<head>", f"<head>{_SERVER}"),
        ("</head>", "".join(map(_PRELOAD.format, needed)) + "</head>"),
    ):
        if html.count(mark) != 1:
            raise RuntimeError(f"the page of Streamlit {st.__version__} must have one {mark}")
        html = html.replace(mark, text)
    return html
