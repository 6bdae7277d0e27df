"""Whether the lab is alive and whether it is ready, at two addresses; visitors wait while it starts."""

import asyncio
import subprocess
import sys
import time
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from lab.web.health import Gate, Phase, Readiness
from scripts.browser import ROOT, free_port
from tests.support.asking import PASSED_ON, ask_app, closes_session, passing_on, run_apart

PATIENCE = 90


def gate(phase: Phase) -> Gate:
    readiness = Readiness()
    if phase != "starting":
        readiness.turn(phase)
    return Gate(passing_on, readiness)


@pytest.mark.parametrize(
    ("phase", "status"),
    [("starting", 503), ("ready", 200), ("ended", 503)],
    ids=lambda value: str(value),
)
def test_alive_always_and_ready_only_in_between(phase: Phase, status: int) -> None:
    alive, ready = (ask_app(gate(phase), path) for path in ("/lab/alive", "/lab/ready"))
    assert (alive.status, alive.body) == (200, b"alive")
    assert (ready.status, ready.body.decode()) == (status, phase)
    assert alive.headers["cache-control"] == ready.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("served_at_a_path")
def test_health_is_told_below_a_path_and_without_it() -> None:
    for path in ("/teaching/lab/lab/ready", "/lab/ready"):
        assert ask_app(gate("starting"), path).status == 503
    assert ask_app(gate("ready"), "/teaching/lab/losses").status == PASSED_ON


@pytest.mark.parametrize(("phase", "status"), [("ready", PASSED_ON), ("ended", 503)])
@pytest.mark.parametrize("path", ["/", "/losses", "/_stcore/health"])
def test_visitor_waits_while_the_lab_starts(path: str, phase: Phase, status: int) -> None:
    readiness = Readiness()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def come() -> None:
        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        visit = asyncio.ensure_future(Gate(passing_on, readiness)(scope, never, send))
        await asyncio.sleep(0)
        assert sent == []
        readiness.turn(phase)
        await visit

    run_apart(come())
    assert sent[0]["status"] == status


def test_session_of_a_lab_that_has_ended_is_closed() -> None:
    readiness = Readiness()
    readiness.turn("ended")
    assert closes_session(partial(Gate, readiness=readiness), {})


async def never() -> Any:
    raise AssertionError("nothing is to be received")


def status_of(port: int, path: str) -> int:
    """Ask a server that may not be there yet; 0 where it is not."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_served_lab_is_alive_before_it_is_ready(tmp_path: Path) -> None:
    port = free_port()
    seen: list[int] = []
    command = [sys.executable, str(ROOT / "app.py"), "--server.port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE
        while status_of(port, "/lab/alive") != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        while not seen or seen[-1] != 200:
            assert time.monotonic() < deadline
            seen.append(status_of(port, "/lab/ready"))
            time.sleep(0.05)
        assert status_of(port, "/losses") == 200
    finally:
        server.terminate()
        server.wait(PATIENCE)
    assert seen[0] == 503
    assert set(seen) == {503, 200}
