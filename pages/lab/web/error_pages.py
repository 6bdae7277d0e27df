"""What a visitor sees where there is no answer: a small page of the lab in the place of raw text."""

import logging
from html import escape
from typing import Final
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ce_core.figures.colours import NEUTRALS
from lab.web.assets import base_address
from lab.web.page_names import PAGES
from lab.web.previews import Translate, preview, site_name
from lab.web.visit_language import Choose, Spoken, english, language_of

_LOG: Final = logging.getLogger(__name__)
# At a name that the lab does not answer, and while it does not answer at all, links would lead nowhere.
_NO_WAY_ON: Final = {421, 503}

_COLOURS: Final = "".join(
    f"--{name}: light-dark({NEUTRALS[name].light}, {NEUTRALS[name].dark}); "
    for name in ("page", "ink", "second", "grid")
)
_CSS: Final = f"""
  :root {{ color-scheme: light dark; {_COLOURS}}}
  body {{
    margin: 0; padding: 15vh 1.5rem 3rem; background: var(--page); color: var(--ink);
    font: 1rem/1.6 system-ui, sans-serif;
  }}
  main {{ max-width: 38rem; margin: auto; }}
  .lab {{ color: var(--second); margin: 0; }}
  h1 {{ font-size: 1.75rem; line-height: 1.3; margin: 0.5rem 0 1rem; text-wrap: balance; }}
  nav {{ border-top: 1px solid var(--grid); margin-top: 2rem; padding-top: 1rem; }}
  nav a {{ display: inline-block; margin-right: 1.25rem; padding: 0.25rem 0; }}
  a {{ color: inherit; }}
"""


class ErrorPages:
    """ASGI middleware that answers a browser with a page where there is an error.

    An error that the app did not answer itself goes to the log with its traceback; the visitor is
    told that there was one. Scripts, which do not ask for HTML, get the plain answer.

    Parameters
    ----------
    inner
        What it stands before.
    choose
        The language of a visit.
    """

    def __init__(self, inner: ASGIApp, choose: Choose = english) -> None:
        self.inner, self.choose = inner, choose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; see to it that what goes wrong is told in the look of the lab."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        started = replaced = False

        async def send_page(message: Message) -> None:
            nonlocal started, replaced
            if not started:
                started = True
                replaced = _is_raw_error(message) and _asks_for_html(scope)
                if replaced:
                    await self.page(scope, message["status"])(scope, receive, send)
            if not replaced:
                await send(message)

        try:
            await self.inner(scope, receive, send_page)
        except Exception:
            # What is half sent cannot be taken back.
            if started:
                raise
            _LOG.exception("No answer to %r", scope["path"])
            answer: Response = PlainTextResponse("Internal server error", status_code=500)
            await (self.page(scope, 500) if _asks_for_html(scope) else answer)(scope, receive, send)

    def page(self, scope: Scope, status: int) -> Response:
        """Return the page for a status, in the language of the visit."""
        return Response(
            error_page(status, language_of(scope, self.choose)),
            status_code=status,
            media_type="text/html",
            headers={"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"},
        )


def error_page(status: int, spoken: Spoken) -> str:
    """Return the HTML of a page that says what a status means to a visitor, and the way on."""
    language, translate, _asked = spoken
    title, text = map(escape, _words(status, translate))
    site = escape(site_name(translate))
    return f"""<!doctype html>
<html lang="{escape(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · {site}</title>
<link rel="icon" href="data:,">
<style>{_CSS}</style>
</head>
<body>
<main>
<p class="lab">{site}</p>
<h1>{title}</h1>
<p>{text}</p>
{"" if status in _NO_WAY_ON else _way_on(spoken)}</main>
</body>
</html>
"""


def _way_on(spoken: Spoken) -> str:
    language, translate, asked = spoken
    query = f"?lang={quote(asked, safe='')}" if asked else ""
    links = "\n".join(
        f'<a href="{escape(f"{base_address()}/{page}{query}")}">'
        f"{escape(preview(page, language, translate).name)}</a>"
        for page in PAGES
    )
    label = escape(translate("Pages of the lab"))
    return f'<nav aria-label="{label}">\n{links}\n</nav>\n'


def _words(status: int, translate: Translate) -> tuple[str, str]:
    """Return what happened, and what to do."""
    if status == 421:
        return (
            translate("The lab does not answer under this name"),
            translate("Ask whoever gave you this link for the right address."),
        )
    if status == 503:
        return (
            translate("The lab is not there just now"),
            translate("It is starting or ending. Try again in a minute."),
        )
    if status >= 500:
        return (
            translate("Something went wrong on the server"),
            translate(
                "Nothing is wrong on your side, and the reason is in the server's log. Try again, or "
                "begin anew on one of the pages."
            ),
        )
    if status == 404:
        return (
            translate("There is no such page"),
            translate(
                "The address may be mistyped or out of date. These are the pages that there are."
            ),
        )
    return (
        translate("The lab has no answer to this"),
        translate("What was asked is not something that it does. These are its pages."),
    )


def _is_raw_error(message: Message) -> bool:
    kind = Headers(raw=message.get("headers", [])).get("content-type", "text/plain")
    return message["status"] >= 400 and kind.startswith("text/plain")


def _asks_for_html(scope: Scope) -> bool:
    return scope["method"] in {"GET", "HEAD"} and "text/html" in Headers(scope=scope).get("accept", "")
