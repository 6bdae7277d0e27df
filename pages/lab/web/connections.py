"""How long a connection may take: by itself uvicorn waits for ever for a request, and for a reader.

Streamlit chooses the server's protocol before it reads the app, so the protocol itself is changed.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import cache, wraps
from typing import Any
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lab.web.limits import Limits


@cache
def bound_connections(limits: Limits) -> None:
    """Have uvicorn cut a connection whose request does not come, or whose answer is not taken.

    A request has to be there whole within `request_seconds` of the connection, or of its first byte on
    one that stays open; also one for a session, whose own life this does not bound. What has been
    sent has to be taken within `unread_seconds`, by a session too: the system watches that, where it
    can (Linux).
    """
    deadlines: WeakKeyDictionary[HttpToolsProtocol, asyncio.TimerHandle] = WeakKeyDictionary()

    def cut(connection: HttpToolsProtocol) -> None:
        deadlines.pop(connection, None)
        connection.transport.abort()

    def expect(connection: HttpToolsProtocol, *_given: Any) -> None:
        # What comes while an answer is under way waits its turn.
        answering = connection.cycle is not None and not connection.cycle.response_complete
        if connection not in deadlines and not answering:
            deadlines[connection] = connection.loop.call_later(limits.request_seconds, cut, connection)

    def begin(connection: HttpToolsProtocol, transport: asyncio.Transport) -> None:
        bound_unread(transport.get_extra_info("socket"), limits.unread_seconds)
        expect(connection)

    def release(connection: HttpToolsProtocol, *_given: Any) -> None:
        deadline = deadlines.pop(connection, None)
        if deadline is not None:
            deadline.cancel()

    _precede("connection_made", begin)
    _precede("data_received", expect)
    _precede("on_message_complete", release)
    _precede("connection_lost", release)


def bound_unread(connection: socket.socket, seconds: float) -> None:
    """Have the system end a connection that takes nothing of what was sent for so long."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and connection.family in {socket.AF_INET, socket.AF_INET6}:
        connection.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))


def _precede(name: str, first: Callable[..., None]) -> None:
    method = getattr(HttpToolsProtocol, name)

    @wraps(method)
    def both(connection: HttpToolsProtocol, *given: Any) -> Any:
        first(connection, *given)
        return method(connection, *given)

    setattr(HttpToolsProtocol, name, both)
