"""Bytes on the wire that are no HTTP, no WebSocket or no message, and lines that are left half open."""

import base64
import os
import random
import socket
import struct
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from scripts.fuzz_web.values import letters, text
from scripts.protocol import STREAM, rerun

PATIENCE: Final = 20.0
_MEGABYTE: Final = 2**20
_TEXT, _BINARY, _CLOSE, _PING = 1, 2, 8, 9


@dataclass(frozen=True)
class Wire:
    """What is sent on a line of its own.

    Attributes
    ----------
    name
        What it is.
    content
        The bytes, after the handshake of a session if it is `in_session`.
    ends
        Whether the server has to end the line by itself.
    """

    name: str
    content: bytes
    in_session: bool = True
    ends: bool = True


def frame(
    content: bytes,
    kind: int = _BINARY,
    *,
    first: int = 0x80,
    length: int | None = None,
    masked: bool = True,
) -> bytes:
    """Return a frame of a WebSocket; `first` are its upper bits, `length` what it claims to have."""
    claimed = len(content) if length is None else length
    head = bytes([first | kind])
    flag = 0x80 if masked else 0
    if claimed < 126:
        head += bytes([flag | claimed])
    elif claimed < 2**16:
        head += bytes([flag | 126]) + struct.pack("!H", claimed)
    else:
        head += bytes([flag | 127]) + struct.pack("!Q", claimed)
    # A mask of zeros changes nothing.
    return head + (bytes(4) if masked else b"") + content


def hostile_wire(draw: random.Random) -> Wire:
    """Return something to send on a line of its own."""
    run = rerun("losses").SerializeToString()
    noise = draw.randbytes(draw.choice((1, 7, 200, 5000)))
    written = text(draw).encode()
    wires = (
        Wire("a frame of noise", frame(noise), ends=False),
        Wire("a cut message", frame(run[: draw.randrange(len(run))] + b"\xff"), ends=False),
        Wire("an empty message", frame(b""), ends=False),
        Wire("a text frame", frame(written[:60_000], _TEXT)),
        Wire("a text frame that is no text", frame(b"\xff\xfe" + noise, _TEXT)),
        Wire("a message of a megabyte and more", frame(bytes(_MEGABYTE + 2000))),
        Wire("a message of four megabytes", frame(b"\x5a" + noise * (4 * _MEGABYTE // len(noise)))),
        Wire("a frame without a mask", frame(run, masked=False)),
        Wire("a frame of no kind", frame(run, draw.choice((3, 7, 11, 15)))),
        Wire("reserved bits", frame(run, first=draw.choice((0xA0, 0x90, 0xF0)))),
        Wire("a deflated frame that is none", frame(noise, first=0xC0)),
        Wire("a rest of no message", frame(run, 0)),
        Wire("a large ping", frame(bytes(126), _PING)),
        Wire("a ping in parts", frame(b"x", _PING, first=0)),
        Wire(
            "a close for no reason",
            frame(struct.pack("!H", draw.choice((0, 999, 1005, 65535))), _CLOSE),
        ),
        Wire("a close with half a code", frame(b"\x03", _CLOSE)),
        Wire("a frame of 2**62 bytes", frame(b"x", length=2**62), ends=False),
        Wire("half a frame", frame(run, length=len(run) + 50), ends=False),
        Wire("half a message", frame(run, first=0), ends=False),
        Wire(
            "a thousand frames without an end",
            frame(b"", first=0) + frame(b"", 0, first=0) * 1000,
            ends=False,
        ),
        Wire("noise after the handshake", noise, ends=False),
        Wire("nothing", b"", ends=False),
        Wire("noise", noise, in_session=False, ends=False),
        Wire(
            "a line of HTTP and noise",
            b"GET / HTTP/1.1\r\n" + noise + b"\r\n\r\n",
            in_session=False,
            ends=False,
        ),
        Wire(
            "a version of no HTTP", b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", in_session=False, ends=False
        ),
        Wire(
            "two lengths",
            _post(b"Content-Length: 3\r\nContent-Length: 5"),
            in_session=False,
            ends=False,
        ),
        Wire("a length below 0", _post(b"Content-Length: -1"), in_session=False, ends=False),
        Wire(
            "broken chunks",
            _post(b"Transfer-Encoding: chunked") + b"zz\r\n\r\n",
            in_session=False,
            ends=False,
        ),
        Wire("half a request", b"GET /losses HTTP/1.1\r\nHost: a\r\nX: ", in_session=False, ends=False),
        Wire(
            "a header of 100 kB",
            b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
            in_session=False,
            ends=False,
        ),
        Wire(
            "a target of 200 kB",
            b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n",
            in_session=False,
            ends=False,
        ),
        Wire("a hostile handshake", _hostile_handshake(draw), in_session=False, ends=False),
    )
    return draw.choice(wires)


def send_wire(address: str, wire: Wire, *, wait: float = 0.15) -> tuple[bytes, bool]:
    """Send it, and leave; return what came back, and whether the server has ended the line.

    Where the server need not, the line is left open for a moment and then cut.
    """
    place = urlsplit(address)
    answer = b""
    with socket.create_connection((place.hostname or "", place.port or 80), PATIENCE) as line:
        try:
            if wire.in_session:
                line.sendall(_handshake(place.netloc))
                while b"\r\n\r\n" not in answer:
                    part = line.recv(65536)
                    if not part:
                        return answer, True
                    answer += part
            line.sendall(wire.content)
            line.settimeout(PATIENCE if wire.ends else wait)
            while len(answer) < 10 * _MEGABYTE:
                part = line.recv(65536)
                answer += part
                # It would wait for us to say so too.
                if not part or (wire.in_session and _is_closing(answer.partition(b"\r\n\r\n")[2])):
                    return answer, True
        except TimeoutError:
            return answer, False
        except OSError:
            # Cut while we were still sending.
            return answer, True
    return answer, False


def _is_closing(frames: bytes) -> bool:
    """Tell whether one of the frames that a server sends ends the session."""
    at = 0
    while at + 1 < len(frames):
        kind, length, start = frames[at] & 15, frames[at + 1], at + 2
        if kind == _CLOSE:
            return True
        if length > 125:
            start += 2 if length == 126 else 8
            length = int.from_bytes(frames[at + 2 : start], "big")
        at = start + length
    return False


def _handshake(host: str, more: str = "Sec-WebSocket-Protocol: streamlit\r\n") -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {STREAM} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{more}\r\n"
    ).encode("latin-1", "replace")


def _hostile_handshake(draw: random.Random) -> bytes:
    word = "".join(c for c in draw.choice((text, letters))(draw)[:3000] if c not in "\r\n")
    more = draw.choice(
        (
            f"Sec-WebSocket-Protocol: streamlit, {word}, {word}\r\n",
            f"Sec-WebSocket-Protocol: {word}\r\n",
            f"Origin: {word}\r\n",
            f"Origin: http://[{word}\r\n",
            f"Origin: [{word}]\r\n",
            "Origin: https://hostile.test\r\n",
            f"Cookie: _streamlit_xsrf={word}; _streamlit_user={word}\r\nOrigin: http://a\r\n",
            f"Sec-WebSocket-Extensions: permessage-deflate; {word}\r\n",
            f"X-Forwarded-For: {word}\r\n",
            "Sec-WebSocket-Version: 12\r\n",
            "Sec-WebSocket-Key: x\r\n",
        )
    )
    return _handshake(draw.choice(("a", word)), more)


def _post(headers: bytes) -> bytes:
    return b"POST /losses HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n\r\n"
