"""A hostile visit: requests, a session with its messages, and lines of noise; and what came of each."""

import http.client
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from websockets.sync.client import connect

from lab.web.page_names import PAGES
from scripts.fuzz_web.addresses import Request, request, spoilt, visitor_headers
from scripts.fuzz_web.frames import hostile_wire, send_wire
from scripts.fuzz_web.session import PATIENCE, Session
from scripts.fuzz_web.verdict import Log, reflected
from scripts.protocol import SUBPROTOCOL, BackMsg, stream_address


@dataclass(frozen=True)
class Size:
    """How much of each a visit sends, and how often many messages at once."""

    requests: int = 7
    messages: int = 12
    wires: int = 5
    bursts: float = 0.3


@dataclass(frozen=True)
class Finding:
    """What was wrong, and what had been sent."""

    visit: str
    wrong: str
    sent: str

    def __str__(self) -> str:
        return f"{self.visit}: {self.wrong}\n    after {self.sent[:600]}"


@dataclass
class Report:
    """How much of each was sent, and all that was wrong."""

    sent: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    visits: int = 0
    log_lines: int = 0


_USUAL: Final = Size()


class Visit:
    """One hostile visit.

    Parameters
    ----------
    address
        Of the server.
    log
        Of the server.
    seed, number
        What is sent follows from these two, and from what the server says.
    report
        Where it notes what it sent and saw.
    size
        How much it sends.
    """

    def __init__(
        self, address: str, log: Log, seed: int, number: int, report: Report, size: Size = _USUAL
    ) -> None:
        self.address, self.log, self.report, self.size = address, log, report, size
        self.name = f"seed {seed}, visit {number}"
        self.draw = random.Random(f"{seed} {number}")
        self.page = PAGES[number % len(PAGES)]

    def run(self) -> None:
        """Send all of it; after each look at the server."""
        for _ in range(self.size.requests):
            self._ask(request(self.draw, self.page))
        self._hold_session()
        for _ in range(self.size.wires):
            self._send_wire()

    @contextmanager
    def _sending(self, kind: str, *sent: object) -> Iterator[Callable[[str], None]]:
        """Count what is sent, yield what takes down that it did harm, and look at the server."""
        described = f"{kind} ({len(sent)} at once): {', '.join(map(_described, sent[:3]))}"

        def wrong(what: str) -> None:
            self.report.findings.append(Finding(self.name, what, described))

        self.report.sent[kind] += len(sent)
        try:
            yield wrong
        finally:
            if trouble := self.log.trouble():
                wrong(f"in the log:\n{trouble}")
            if not self._is_healthy():
                wrong("the server is not healthy")

    def _is_healthy(self) -> bool:
        try:
            return self._answer(Request("/_stcore/health"))[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def _answer(self, asked: Request) -> tuple[int, dict[str, str], bytes]:
        place = urlsplit(self.address)
        line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
        try:
            # By hand, since `request` refuses what no browser would send.
            line.putrequest(asked.method, asked.target, skip_host="Host" in asked.headers)
            for name, value in asked.headers.items():
                line.putheader(name, value)
            line.putheader("Content-Length", str(len(asked.body)))
            line.putheader("Connection", "close")
            line.endheaders(asked.body)
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            line.close()

    def _ask(self, asked: Request) -> None:
        with self._sending("address", asked) as wrong:
            try:
                status, headers, body = self._answer(asked)
            except (OSError, http.client.HTTPException) as error:
                wrong(f"no answer: {error!r}")
                return
            if status >= 500:
                wrong(f"status {status}: {body[:300]!r}")
            if markup := reflected(headers.get("content-type", ""), body):
                wrong(f"{markup} comes back")
            for name in ("Set-Cookie", "set-cookie"):
                if "a=b" in headers.get(name, ""):
                    wrong("a header that was sent comes back")
            if (place := headers.get("location")) and not _stays(place, self.address):
                wrong(f"it leads to {place[:200]!r}")

    def _send_wire(self) -> None:
        wire = hostile_wire(self.draw)
        with self._sending("frame", wire) as wrong:
            answer, ended = send_wire(self.address, wire)
            if wire.ends and not ended:
                wrong("the server does not end the line")
            head, _, body = answer.partition(b"\r\n\r\n")
            if b"content-type: text/html" in head.lower() and (markup := reflected("text/html", body)):
                wrong(f"{markup} comes back")

    def _ask_for_animation(self, address: str) -> None:
        if address:
            self._ask(Request(spoilt(address, self.draw)))

    def _hold_session(self) -> None:
        left = self.size.messages
        while left > 0:
            with connect(
                stream_address(self.address),
                subprotocols=[SUBPROTOCOL],
                max_size=None,
                open_timeout=PATIENCE,
                compression=None,
                user_agent_header=None,
                additional_headers=visitor_headers(self.draw),
            ) as stream:
                session = Session(stream, self.draw, self.page, self._sending)
                left -= session.exchange(left, self.size.bursts)
                self._ask_for_animation(session.seen.animation)


def _stays(place: str, address: str) -> bool:
    target = urlsplit(place)
    return place.isprintable() and (not target.netloc or place.startswith(address))


def _described(sent: object) -> str:
    if isinstance(sent, BackMsg):
        return f"{sent.SerializeToString()[:500]!r}"
    return repr(sent)
