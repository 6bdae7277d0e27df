"""Connections that ask nothing, ask by halves or take no answer are cut; others are not."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from scripts.browser import ROOT, free_port

# As long as uvicorn is busy, a deadline is a little later.
LATEST = 3.0
HALF_SESSION = (
    b"GET /stream HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
)
WHOLE = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n"
SERVER = """
import asyncio
import sys

sys.path.insert(0, sys.argv[1])
import uvicorn
from lab.web.connections import bound_connections
from lab.web.limits import Limits

for _ in range(2):
    bound_connections(Limits(request_seconds=0.5, unread_seconds=1))

async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        asked = (await receive())["text"]
        for _ in range(2000 if asked == "flood" else 0):
            await send({"type": "websocket.send", "bytes": bytes(2**16)})
        await send({"type": "websocket.send", "text": asked})
        return
    body = bytes(2**26 if scope["path"] == "/large" else 4)
    await asyncio.sleep(1.5 if scope["path"] == "/slow" else 0)
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

uvicorn.run(
    app, port=int(sys.argv[2]), lifespan="off", log_level="error", ws="websockets-sansio",
    timeout_keep_alive=2,
)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Return where a server listens that expects a request within half a second."""
    script = tmp_path_factory.mktemp("server") / "serve.py"
    script.write_text(SERVER)
    address = "127.0.0.1", free_port()
    running = subprocess.Popen([sys.executable, str(script), str(ROOT / "pages"), str(address[1])])
    deadline = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(address).close()
            break
        except OSError:
            time.sleep(0.05)
    yield address
    running.terminate()
    assert running.wait(60) in (0, -15)


def seconds_until_cut(connection: socket.socket, patience: float) -> float:
    """Return after how long the other side ends a connection that is only read."""
    start = time.monotonic()
    connection.settimeout(patience)
    with suppress(ConnectionError):
        while connection.recv(2**16):
            pass
    return time.monotonic() - start


def send_on(connection: socket.socket, drop: bytes) -> None:
    """Send a little again and again."""
    for _ in range(100):
        time.sleep(0.2)
        connection.sendall(drop)


def read_on(connection: socket.socket) -> None:
    """Read to the end."""
    connection.settimeout(20)
    while connection.recv(2**20):
        pass


def read_answer(connection: socket.socket) -> bytes:
    """Read an answer of four bytes, whose head may come before them."""
    read = b""
    while not read.partition(b"\r\n\r\n")[2].endswith(bytes(4)):
        read += connection.recv(2**16)
    return read


def hear_on(session: ClientConnection) -> None:
    """Take what a session sends, for a long while."""
    for _ in range(10_000):
        session.recv(timeout=20)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTT",
        b"GET / HTTP/1.1\r\nHost: lab\r\n",
        HALF_SESSION,
        b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 9\r\n\r\nhalf",
        WHOLE + WHOLE[:9],
    ],
    ids=["silence", "half_a_line", "half_a_head", "half_a_session", "half_a_body", "second_half"],
)
def test_half_a_request_is_cut(server: tuple[str, int], data: bytes) -> None:
    with socket.create_connection(server) as connection:
        connection.sendall(data)
        # Between two requests uvicorn itself waits.
        assert seconds_until_cut(connection, 20) < LATEST + (2 if data.startswith(WHOLE) else 0)


@pytest.mark.parametrize("drop", [b"X-A: 1\r\n", b"\r\n"], ids=["header", "empty_lines"])
def test_a_request_drop_by_drop_is_cut(server: tuple[str, int], drop: bytes) -> None:
    start = time.monotonic()
    with socket.create_connection(server) as connection:
        connection.sendall(WHOLE[:-2] if drop.startswith(b"X") else WHOLE)
        with pytest.raises(ConnectionError):
            send_on(connection, drop)
    assert time.monotonic() - start < LATEST


def test_a_slow_answer_and_a_second_request_are_let_be(server: tuple[str, int]) -> None:
    with socket.create_connection(server) as connection:
        for path in (b"/slow", b"/", b"/"):
            connection.sendall(WHOLE.replace(b"/ ", path + b" ", 1))
            assert b"200 OK" in read_answer(connection)
            time.sleep(0.8)


def test_a_session_outlives_the_deadline_of_its_request(server: tuple[str, int]) -> None:
    with connect(f"ws://{server[0]}:{server[1]}/stream") as session:
        time.sleep(1.2)
        session.send("still here")
        assert session.recv() == "still here"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such limit")
def test_an_answer_that_is_not_taken_is_cut(server: tuple[str, int]) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**12)
        connection.connect(server)
        connection.sendall(WHOLE.replace(b"/ ", b"/large ", 1))
        time.sleep(4)
        with pytest.raises(ConnectionResetError):
            read_on(connection)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such limit")
def test_a_session_that_takes_nothing_is_cut(server: tuple[str, int]) -> None:
    with connect(f"ws://{server[0]}:{server[1]}/stream", max_queue=1, ping_interval=None) as session:
        session.send("flood")
        time.sleep(4)
        with pytest.raises(ConnectionClosedError):
            hear_on(session)


@pytest.mark.long
def test_served_lab_cuts_half_a_request(lab: str) -> None:
    address = urlsplit(lab)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(HALF_SESSION)
        assert 5 < seconds_until_cut(connection, 40) < 30
