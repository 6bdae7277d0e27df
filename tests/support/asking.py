"""Ask an ASGI application, or a middleware, without a server."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PASSED_ON = 418

R = TypeVar("R")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def run_apart(work: Coroutine[Any, Any, R]) -> R:
    """Return what is awaited, in a thread of its own: that of the tests may have a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def passing_on(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request in the place of what lies behind a middleware."""
    await send({"type": "http.response.start", "status": PASSED_ON, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask_app(
    app: ASGIApp,
    address: str,
    *,
    query: bytes = b"",
    accepts: str = "gzip, br",
    hosts: Sequence[bytes] = (b"lab.test",),
    scheme: str = "http",
    method: str = "GET",
) -> Answer:
    """Ask for an address, with a query and with any number of Host headers."""
    sent: list[Message] = []

    async def receive() -> Any:
        raise AssertionError("nothing is to be received")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": address,
        "query_string": query,
        "headers": [(b"accept-encoding", accepts.encode()), *((b"host", host) for host in hosts)],
    }

    async def ask() -> None:
        await app(scope, receive, send)

    run_apart(ask())
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(part["body"] for part in sent[1:]))


def closes_session(middleware: Callable[[ASGIApp], ASGIApp], scope: dict[str, Any]) -> bool:
    """Tell whether what stands before an app closes a session that asks to begin, without the app."""
    sent: list[Message] = []

    async def inner(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError("no session may come here")

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    whole = {"type": "websocket", "path": "/_stcore/stream", **scope}

    async def come() -> None:
        await middleware(inner)(whole, receive, send)

    run_apart(come())
    return [message["type"] for message in sent] == ["websocket.close"]
