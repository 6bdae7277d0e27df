"""Doors that are closed to visitors, and how much one visitor may ask."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileURLsRequest

from lab.web.doors import Doors
from lab.web.limits import Limits
from tests.support.asking import PASSED_ON, ask_app, passing_on, run_apart

RUN = BackMsg(rerun_script=ClientState(page_name="losses")).SerializeToString()


def sent_to_the_app(
    messages: Iterable[bytes | str], *, limits: Limits | None = None, address: str = "192.0.2.1"
) -> list[bytes]:
    """Return what of a session's messages comes to the app."""
    return session_of(messages, limits=limits, address=address)[0]


def session_of(
    messages: Iterable[bytes | str], *, limits: Limits | None = None, address: str = "192.0.2.1"
) -> tuple[list[bytes], list[int]]:
    """Return what of a session's messages comes to the app, and with what codes the line was ended."""
    heard: list[bytes] = []
    ended: list[int] = []

    async def inner(_scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            heard.append(message["bytes"])
        if ended:
            # The app may not know yet that nobody is there.
            await send({"type": "websocket.send", "bytes": b"late"})

    queue: list[Message] = [
        {"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data}
        for data in messages
    ]
    queue.append({"type": "websocket.disconnect"})

    async def receive() -> Any:
        return queue.pop(0)

    async def send(message: Message) -> None:
        assert message["type"] == "websocket.close"
        ended.append(message["code"])

    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [], "client": (address, 1)}
    run_apart(Doors(inner, limits or Limits())(scope, receive, send))
    return heard, ended


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/script-health-check",
        "/_stcore/agent/mcp",
    ],
)
def test_doors_to_the_inside_are_closed(path: str) -> None:
    assert ask_app(Doors(passing_on, Limits()), path).status == 404


@pytest.mark.parametrize("path", ["/", "/losses", "/_stcore/health", "/_stcore/metricsx", "/lab/x.js"])
def test_other_doors_are_open(path: str) -> None:
    assert ask_app(Doors(passing_on, Limits()), path).status == PASSED_ON


@pytest.mark.usefixtures("served_at_a_path")
def test_doors_are_closed_below_a_path_too() -> None:
    assert ask_app(Doors(passing_on, Limits()), "/teaching/lab/_stcore/metrics").status == 404


def test_messages_that_no_page_sends_are_not_heard() -> None:
    others = []
    for one in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields:
        if one.name not in {"rerun_script", "stop_script", "app_heartbeat"}:
            given: Any = {one.name: {} if one.message_type else True}
            others.append(BackMsg(**given).SerializeToString())
    of_no_fragment = BackMsg(rerun_script=ClientState(fragment_id="x")).SerializeToString()
    messages = [RUN, *others, of_no_fragment, b"", RUN]
    many = FileURLsRequest(file_names=["a.csv"] * 2)
    others.append(BackMsg(file_urls_request=many).SerializeToString())
    assert len(others) >= 7
    for address in ("192.0.2.1", "127.0.0.1"):
        assert session_of(messages, address=address) == ([RUN, RUN], [])


@pytest.mark.parametrize(
    ("broken", "code"),
    [(b"\xff\xff", 1002), ("text", 1003), (bytes(1_000_001), 1009)],
    ids=["noise", "text", "megabyte"],
)
def test_what_is_no_message_ends_the_session_and_nothing_else(broken: bytes | str, code: int) -> None:
    st.config.set_option("server.maxWidgetStateSize", 1)
    for address in ("192.0.2.1", "127.0.0.1"):
        assert session_of([RUN, broken, RUN], address=address) == ([RUN], [code])


def test_messages_that_come_too_fast_wait_their_turn() -> None:
    limits = Limits(messages_a_second=50, messages_at_once=5)
    start = time.monotonic()
    assert sent_to_the_app([RUN] * 15, limits=limits) == [RUN] * 15
    assert time.monotonic() - start > 0.15
    # The machine itself is let through, unless it is to be held back as well.
    slow = Limits(messages_a_second=0.1, messages_at_once=1)
    assert len(sent_to_the_app([RUN] * 15, limits=slow, address="127.0.0.1")) == 15


def test_sessions_of_an_address_are_bounded_and_those_that_end_make_room() -> None:
    limits, refused, let_in = Limits(sessions_an_address=2), [], []
    rooms: list[str] = []

    async def run() -> None:
        end = asyncio.Event()

        async def inner(_scope: Scope, _receive: Receive, _send: Send) -> None:
            let_in.append(1)
            await end.wait()

        doors = Doors(inner, limits)

        async def come(address: str) -> None:
            async def receive() -> Any:
                return {"type": "websocket.connect"}

            async def send(message: Message) -> None:
                refused.append((address, message["code"]))

            scope = {
                "type": "websocket",
                "path": "/_stcore/stream",
                "headers": [],
                "client": (address, 1),
            }
            await doors(scope, receive, send)

        visits = [asyncio.ensure_future(come("192.0.2.1")) for _ in range(3)]
        visits.append(asyncio.ensure_future(come("192.0.2.2")))
        await asyncio.sleep(0)
        rooms.extend([await room(doors, "192.0.2.1"), await room(doors, "192.0.2.2")])
        end.set()
        await asyncio.gather(*visits)
        await come("192.0.2.1")
        rooms.append(await room(doors, "192.0.2.1"))
        assert not doors.open

    run_apart(run())
    assert refused == [("192.0.2.1", 1013)]
    assert len(let_in) == 4
    assert rooms == ["full", "free", "free"]


@pytest.mark.usefixtures("served_at_a_path")
def test_machine_itself_has_room_unless_limits_hold_for_it() -> None:
    for local, word in ((0, "free"), (1, "full")):
        doors = Doors(passing_on, Limits(sessions_an_address=1, local=local))
        doors.open["127.0.0.1"] = 1
        assert run_apart(room(doors, "127.0.0.1", below="/teaching/lab")) == word


async def room(doors: Doors, address: str, *, below: str = "") -> str:
    """Return what doors answer to an address that asks whether there is room."""
    sent: list[Message] = []

    async def receive() -> Any:
        raise AssertionError("nothing is to be received")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": f"{below}/lab/room", "client": (address, 1)}
    await doors(scope, receive, send)
    assert (b"cache-control", b"no-store") in sent[0]["headers"]
    text: str = sent[1]["body"].decode()
    return text


@pytest.mark.parametrize("error", [OSError, RuntimeError])
def test_the_app_hears_that_the_line_has_ended_while_it_sent(error: type[Exception]) -> None:
    heard: list[Message] = []

    async def inner(_scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(await receive())
        await send({"type": "websocket.send", "bytes": b"to nobody"})
        await send({"type": "websocket.send", "bytes": b"to nobody"})
        heard.append(await receive())

    async def receive() -> Any:
        return {"type": "websocket.receive", "bytes": RUN}

    async def send(_message: Message) -> None:
        raise error

    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [], "client": ("192.0.2.1", 1)}
    run_apart(Doors(inner, Limits())(scope, receive, send))
    assert [message["type"] for message in heard] == ["websocket.receive", "websocket.disconnect"]


@pytest.mark.parametrize("origin", [b"http://[", b"[]", b"[::1", b"", b"http://"])
def test_a_session_of_a_site_that_is_no_address_is_refused(origin: bytes) -> None:
    sent: list[Message] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "headers": [(b"origin", origin)],
        "client": ("192.0.2.1", 1),
    }
    run_apart(Doors(passing_on, Limits())(scope, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("origin", [b"https://lab.test", b"null", b"http://[::1]:8501"])
def test_a_session_of_a_site_is_for_streamlit_to_judge(origin: bytes) -> None:
    asked: list[Scope] = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        asked.append(scope)

    async def receive() -> Any:
        raise AssertionError("nothing is to be received")

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is to be sent")

    scope = {"type": "websocket", "path": "/", "headers": [(b"origin", origin)], "client": ("::1", 1)}
    run_apart(Doors(inner, Limits())(scope, receive, send))
    assert asked == [scope]


def test_limits_are_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits.of_environment() == Limits()
    monkeypatch.setenv("LAB_SESSIONS_AN_ADDRESS", "12")
    monkeypatch.setenv("LAB_MESSAGES_A_SECOND", "2.5")
    assert Limits.of_environment() == Limits(sessions_an_address=12, messages_a_second=2.5)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("LAB_SESSIONS_AN_ADDRESS", "0"),
        ("LAB_SESSIONS_AN_ADDRESS", "2.5"),
        ("LAB_MESSAGES_A_SECOND", "nan"),
        ("LAB_MESSAGES_A_SECOND", "fast" * 100),
        ("LAB_MESSAGES_A_SECOND", "inf"),
        ("LAB_UNREAD_SECONDS", "1e9"),
    ],
)
def test_limits_that_are_none_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=rf"^{name} must be .{{1,80}}, got .{{1,50}}$"):
        Limits.of_environment()
