"""Doors that are closed to visitors, and how much one visitor may ask."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState

from lab.web.doors import Doors
from lab.web.limits import Limits
from tests.support.asking import PASSED_ON, ask_app, passing_on, run_apart

RUN = BackMsg(rerun_script=ClientState(page_name="losses")).SerializeToString()


def sent_to_the_app(
    messages: Iterable[bytes], *, limits: Limits | None = None, address: str = "192.0.2.1"
) -> list[bytes]:
    """Return what of a session's messages comes to the app."""
    heard: list[bytes] = []

    async def inner(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            heard.append(message["bytes"])

    queue: list[Message] = [{"type": "websocket.receive", "bytes": data} for data in messages]
    queue.append({"type": "websocket.disconnect"})

    async def receive() -> Any:
        return queue.pop(0)

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is to be sent")

    scope = {"type": "websocket", "path": "/_stcore/stream", "client": (address, 1)}
    run_apart(Doors(inner, limits or Limits())(scope, receive, send))
    return heard


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/script-health-check",
        "/_stcore/agent/mcp",
        "/_stcore/upload_file/x/y",
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
    others = [BackMsg(clear_cache=True), BackMsg(set_run_on_save=True), BackMsg(load_git_info=True)]
    messages = [RUN, *(other.SerializeToString() for other in others), b"\xff\xff", b"", RUN]
    for address in ("192.0.2.1", "127.0.0.1"):
        assert sent_to_the_app(messages, address=address) == [RUN, b"\xff\xff", b"", RUN]


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

            scope = {"type": "websocket", "path": "/_stcore/stream", "client": (address, 1)}
            await doors(scope, receive, send)

        visits = [asyncio.ensure_future(come("192.0.2.1")) for _ in range(3)]
        visits.append(asyncio.ensure_future(come("192.0.2.2")))
        await asyncio.sleep(0)
        end.set()
        await asyncio.gather(*visits)
        await come("192.0.2.1")
        assert not doors.open

    run_apart(run())
    assert refused == [("192.0.2.1", 1013)]
    assert len(let_in) == 4


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
    ],
)
def test_limits_that_are_none_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=rf"^{name} must be .{{1,80}}, got .{{1,50}}$"):
        Limits.of_environment()
