"""The security headers of every response, and which sites may show the lab inside a page of theirs."""

import os
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.web.host_pattern import ALL_BELOW, NAME, PORT, pattern

FRAMED_BY: Final = "LAB_FRAMED_BY"
# What CSP calls a source: nothing in it could end a directive or begin another.
_SITE: Final = pattern(rf"https?://(?:{ALL_BELOW})?{NAME}(?:{PORT})?")
_MOST_SITES: Final = 50

_POLICY: Final = "Content-Security-Policy"
_FRAME_OPTIONS: Final = "X-Frame-Options"
_ANCESTORS: Final = "frame-ancestors 'self'"

# Streamlit styles its elements inline, and plotly.js compiles its WebGL shaders' wrappers with
# `Function`: hence the two "unsafe". Nothing is loaded from, sent to or framed by another host.
SECURITY_HEADERS: Final = {
    _POLICY: "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            _ANCESTORS,
        )
    ),
    "X-Content-Type-Options": "nosniff",
    _FRAME_OPTIONS: "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def sites_of_environment() -> tuple[str, ...]:
    """Return the sites that may frame the lab, as `LAB_FRAMED_BY` lists them; none by default.

    Raises
    ------
    ValueError
        If one is no scheme and host, or they are too many.
    """
    sites = tuple(os.environ.get(FRAMED_BY, "").split())
    wrong = next((site for site in sites if not _SITE.fullmatch(site)), None)
    if wrong is not None:
        raise ValueError(
            f"{FRAMED_BY} must be sites as https://school.example, with spaces between them, "
            f"got {wrong[:40]!r}"
        )
    if len(sites) > _MOST_SITES:
        raise ValueError(f"{FRAMED_BY} must name at most {_MOST_SITES} sites, got {len(sites)}")
    return sites


def security_headers(framed_by: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the headers of a lab that its own site may frame, and those named."""
    if not framed_by:
        return dict(SECURITY_HEADERS)
    ancestors = " ".join((_ANCESTORS, *framed_by))
    headers = SECURITY_HEADERS | {_POLICY: SECURITY_HEADERS[_POLICY].replace(_ANCESTORS, ancestors)}
    # It can name no other site, and would forbid what the policy allows.
    del headers[_FRAME_OPTIONS]
    return headers


class Headers:
    """ASGI middleware that sets the security headers on every response.

    Parameters
    ----------
    inner
        The app.
    framed_by
        Other sites that may show the lab inside a page of theirs.
    """

    def __init__(self, inner: ASGIApp, framed_by: tuple[str, ...] = ()) -> None:
        self.inner, self.headers = inner, security_headers(framed_by)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the headers added when its response starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.inner(scope, receive, send_with_headers)
