"""What is not open to visitors, and how much one visitor may ask."""

import asyncio
import logging
import time
from collections import Counter
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.web.assets import base_address
from lab.web.limits import Limits
from lab.web.refusals import refuse_session
from lab.web.streamlit_private import BackMsg
from lab.web.uploads import UPLOADS, Uploads
from lab.web.waiting_room import ROOM

_LOG: Final = logging.getLogger(__name__)
# Of Streamlit: what tells of the server's inside, or drives the app for programs.
_CLOSED: Final = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")
# What a page of the lab sends; anything else would act on the server of all, or fill its log.
_HEARD: Final = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request"}
_LOCAL: Final = {"127.0.0.1", "::1"}
_NO_MESSAGE, _NOT_BINARY, _GONE, _AGAINST_RULES, _TOO_LARGE, _TRY_AGAIN_LATER = (
    1002, 1003, 1006, 1008, 1009, 1013,
)  # fmt: skip


class Doors:
    """ASGI middleware that keeps doors closed, and has a session wait its turn or refuses it.

    Parameters
    ----------
    inner
        The app.
    limits
        By default what the environment says.
    """

    def __init__(self, inner: ASGIApp, limits: Limits | None = None) -> None:
        self.inner = inner
        self.limits = Limits.of_environment() if limits is None else limits
        self.open: Counter[str] = Counter()
        self.uploads = Uploads(inner, self.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; hold back what a session sends too fast."""
        if scope["type"] == "http" and _is_closed(scope["path"]):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
        elif scope["type"] == "http" and _is_below(scope["path"], UPLOADS):
            await self.uploads(scope, receive, send, inside=_inside(scope["path"]))
        elif scope["type"] == "http" and _inside(scope["path"]) == ROOM:
            word = "full" if self._is_full(_address(scope)) else "free"
            answer = PlainTextResponse(word, headers={"Cache-Control": "no-store"})
            await answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._session(scope, receive, send)
        else:
            await self.inner(scope, receive, send)

    async def _session(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _has_readable_origin(scope):
            await refuse_session(receive, send, _AGAINST_RULES)
            return
        address = _address(scope)
        if not self._is_limited(address):
            line = _Line(receive, send)
            await self.inner(scope, line.receive, line.send)
            return
        if self._is_full(address):
            _LOG.warning(
                "%s has %d sessions open, and gets no more: LAB_SESSIONS_AN_ADDRESS is %d",
                address,
                self.open[address],
                self.limits.sessions_an_address,
            )
            await refuse_session(receive, send, _TRY_AGAIN_LATER)
            return
        self.open[address] += 1
        try:
            line = _Line(_in_turn(receive, self.limits), send)
            await self.inner(scope, line.receive, line.send)
        finally:
            self.open[address] -= 1
            # An address that has gone is not remembered.
            if not self.open[address]:
                del self.open[address]

    def _is_limited(self, address: str) -> bool:
        return address not in _LOCAL or bool(self.limits.local)

    def _is_full(self, address: str) -> bool:
        return self._is_limited(address) and self.open[address] >= self.limits.sessions_an_address


def _address(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _has_readable_origin(scope: Scope) -> bool:
    """Tell whether the site that opens a session, if one is named, is an address at all."""
    origin = Headers(scope=scope).get("origin")
    if origin is None:
        return True
    try:
        # As Streamlit reads it, which a broken one has write a traceback.
        return bool(urlsplit(origin if "://" in origin else f"http://{origin}").hostname)
    except ValueError:
        return False


def _is_closed(path: str) -> bool:
    return any(_is_below(path, closed) for closed in _CLOSED)


def _is_below(path: str, place: str) -> bool:
    inside = _inside(path)
    return inside == place or inside.startswith(f"{place}/")


def _inside(path: str) -> str:
    return path.removeprefix(base_address())


class _Line:
    """A session's line, on which the app hears only what a page may send.

    What is no message ends the line, as it would in Streamlit, which writes a traceback for each.

    Parameters
    ----------
    receive, send
        Of the server.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._ended = False

    async def receive(self) -> Message:
        """Return the next message that a page may send, or that the line has ended."""
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return message
            if self._ended:
                # Of a visitor who has gone, some messages may still lie here.
                return {"type": "websocket.disconnect", "code": _GONE}
            kind, fault = _kind(message)
            if fault is not None:
                await self.send({"type": "websocket.close", "code": fault})
                self._ended = True
                return {"type": "websocket.disconnect", "code": fault}
            if kind in _HEARD:
                return message

    async def send(self, message: Message) -> None:
        """Pass on what the app sends, until the line has ended: the app hears that as its next message.

        As an error it would have Streamlit take that message for a text, and end a line that is none.
        """
        if self._ended:
            return
        try:
            await self._send(message)
        except (OSError, RuntimeError):
            # The first says that the visitor has gone; the second that the server has closed the line
            # while this waited for its turn.
            self._ended = True


def _kind(message: Message) -> tuple[str | None, int | None]:
    """Return the kind of a message; or why it is none, as a code with which a line ends."""
    data = message.get("bytes")
    if data is None:
        return None, _NOT_BINARY
    if len(data) > st.get_option("server.maxWidgetStateSize") * 1_000_000:
        return None, _TOO_LARGE
    try:
        said = BackMsg.FromString(data)
    except Exception:  # The errors of a parser in C have no common public name.
        return None, _NO_MESSAGE
    # No page runs in fragments, and Streamlit writes the name of one that is not there into its log.
    # A field for files takes one; for each that is named, Streamlit answers with two addresses.
    kind = said.WhichOneof("type")
    files = len(said.file_urls_request.file_names)
    if said.rerun_script.fragment_id or (kind == "file_urls_request" and files != 1):
        return None, None
    return kind, None


def _in_turn(receive: Receive, limits: Limits) -> Receive:
    """Return what a session sends, as fast as it may: what waits, waits in its own connection."""
    left, seen = float(limits.messages_at_once), time.monotonic()

    async def wait_and_hear() -> Message:
        nonlocal left, seen
        message = await receive()
        if message["type"] == "websocket.receive":
            now = time.monotonic()
            left = min(limits.messages_at_once, left + (now - seen) * limits.messages_a_second)
            seen = now
            left -= 1
            if left < 0:
                await asyncio.sleep(-left / limits.messages_a_second)
        return message

    return wait_and_hear
