"""What is not open to visitors, and how much one visitor may ask."""

import asyncio
import time
from collections import Counter
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.web.assets import base_address
from lab.web.limits import Limits
from lab.web.streamlit_private import BackMsg

# Of Streamlit: what tells of the server's inside, drives the app for programs, or takes files.
_CLOSED: Final = (
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/_stcore/agent",
    "/_stcore/upload_file",
)
# What a page of the lab never sends: each would act on the server of all.
_UNHEARD: Final = {"clear_cache", "set_run_on_save", "load_git_info"}
_LOCAL: Final = {"127.0.0.1", "::1"}
_TRY_AGAIN_LATER: Final = 1013


class Doors:
    """ASGI middleware that keeps doors closed and has a session wait its turn.

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; hold back what a session sends too fast."""
        if scope["type"] == "http" and _is_closed(scope["path"]):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._session(scope, receive, send)
        else:
            await self.inner(scope, receive, send)

    async def _session(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = scope["client"][0] if scope.get("client") else ""
        if address in _LOCAL and not self.limits.local:
            await self.inner(scope, _heard(receive), send)
            return
        if self.open[address] >= self.limits.sessions_an_address:
            await receive()
            await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
            return
        self.open[address] += 1
        try:
            await self.inner(scope, _heard(_in_turn(receive, self.limits)), send)
        finally:
            self.open[address] -= 1
            # An address that has gone is not remembered.
            if not self.open[address]:
                del self.open[address]


def _is_closed(path: str) -> bool:
    inside = path.removeprefix(base_address())
    return any(inside == closed or inside.startswith(f"{closed}/") for closed in _CLOSED)


def _heard(receive: Receive) -> Receive:
    """Return what a session sends, without the messages that no page sends."""

    async def hear() -> Message:
        while True:
            message = await receive()
            if not _is_unheard(message):
                return message

    return hear


def _is_unheard(message: Message) -> bool:
    data = message.get("bytes") if message["type"] == "websocket.receive" else None
    # Whatever cannot be read is Streamlit's to refuse. A run asked for is what nearly all of them are.
    kind = _kind(data) if data else None
    return kind in _UNHEARD


def _kind(data: bytes) -> str | None:
    try:
        kind: str | None = BackMsg.FromString(data).WhichOneof("type")
    except Exception:  # The errors of a parser in C have no common public name.
        return None
    return kind


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
