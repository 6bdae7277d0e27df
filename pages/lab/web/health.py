"""Whether the lab is alive, and whether it is ready: an address each, and a wait until it is."""

import asyncio
from typing import Final, Literal

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lab.web.assets import base_address
from lab.web.refusals import refuse_session

Phase = Literal["starting", "ready", "ended"]

_ALIVE: Final = "/lab/alive"
_READY: Final = "/lab/ready"
# Streamlit's own, which by itself says only that Streamlit has begun; here it waits like a page.
_STREAMLITS: Final = "/_stcore/health"
_HEALTH: Final = {_ALIVE, _READY, _STREAMLITS}
_SERVICE_RESTART: Final = 1012


def is_health(path: str) -> bool:
    """Return whether a path is one at which the health of the lab is asked for."""
    return _asked(path) in _HEALTH


def _asked(path: str) -> str:
    # Whoever looks from within the machine need not know the path below which the lab is served.
    return path if path in _HEALTH else path.removeprefix(base_address())


class Readiness:
    """How far a server is: starting, ready for visitors, or ended.

    Attributes
    ----------
    phase
        What it is in now.
    """

    def __init__(self) -> None:
        self.phase: Phase = "starting"
        self._begun = asyncio.Event()

    def turn(self, phase: Phase) -> None:
        """Say that the server is ready, or that it has ended; whoever waits is told."""
        self.phase = phase
        self._begun.set()

    async def is_ready(self) -> bool:
        """Wait while the server starts; return whether it is ready then."""
        await self._begun.wait()
        return self.phase == "ready"


class Gate:
    """ASGI middleware that tells how the lab is, and has visitors wait while it starts.

    Parameters
    ----------
    inner
        The app.
    readiness
        What the server says of itself.
    """

    def __init__(self, inner: ASGIApp, readiness: Readiness) -> None:
        self.inner, self.readiness = inner, readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer how the lab is, and pass every other request on once it is ready."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
            return
        asked = _asked(scope["path"])
        if asked == _ALIVE:
            await _say("alive", 200)(scope, receive, send)
        elif asked == _READY:
            phase = self.readiness.phase
            await _say(phase, 200 if phase == "ready" else 503)(scope, receive, send)
        elif await self.readiness.is_ready():
            await self.inner(scope, receive, send)
        elif scope["type"] == "http":
            await _say("ended", 503)(scope, receive, send)
        else:
            await refuse_session(receive, send, _SERVICE_RESTART)


def _say(word: str, status: int) -> PlainTextResponse:
    return PlainTextResponse(word, status, headers={"Cache-Control": "no-store"})
