"""The names under which the lab answers, for its pages as for a session: `server.allowedHosts`."""

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lab.web.health import is_health
from lab.web.host_pattern import ALL_BELOW, NAME, SIX, pattern
from lab.web.refusals import refuse_session
from lab.web.streamlit_private import is_host_allowed

_ALLOWED = pattern(rf"(?:{ALL_BELOW})?{NAME}|\*|{SIX}")
_MISDIRECTED = 421
_POLICY_VIOLATION = 1008


def check_hosts() -> None:
    """Check what `server.allowedHosts` says.

    Raises
    ------
    ValueError
        If one of it is no host.
    """
    for host in st.get_option("server.allowedHosts") or ():
        if not _ALLOWED.fullmatch(str(host)):
            raise ValueError(
                "server.allowedHosts must be names of hosts without scheme and port, "
                f"got {str(host)[:80]!r}"
            )


class Hosts:
    """ASGI middleware that refuses what asks for a host which the setting does not name.

    Streamlit by itself refuses only the session. Whoever asks for the health of the lab may call it
    as they like: such a check goes to the number of a machine, and learns nothing else.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan" or is_health(scope["path"]) or _is_allowed(scope):
            await self.inner(scope, receive, send)
        elif scope["type"] == "http":
            answer = PlainTextResponse("No such host", status_code=_MISDIRECTED)
            await answer(scope, receive, send)
        else:
            await refuse_session(receive, send, _POLICY_VIOLATION)


def _is_allowed(scope: Scope) -> bool:
    hosts = Headers(scope=scope).getlist("host")
    # Of two hosts, one might be checked and the other used.
    return is_host_allowed(hosts[0] if len(hosts) == 1 else None)
