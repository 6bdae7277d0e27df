"""A session that sends what no page sends, and an ordinary message after each."""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection

from scripts.fuzz_web.addresses import query
from scripts.fuzz_web.messages import Seen, hostile_message
from scripts.fuzz_web.verdict import trouble_in
from scripts.protocol import BackMsg, ForwardMsg, rerun

PATIENCE: Final = 60.0
LARGEST: Final = 1_000_000
"""Bytes of a message that may not end a session."""
_AT_ONCE: Final = 80
"""Beyond what a session may send at once."""


class Sending(Protocol):
    """What surrounds the sending of something: it counts, and looks at the server afterwards."""

    def __call__(self, kind: str, *sent: object) -> AbstractContextManager[Callable[[str], None]]:
        """Yield what takes down that harm was done."""


class Session:
    """A session of a hostile visit.

    Parameters
    ----------
    stream
        Its connection.
    draw
        Decides what is sent.
    page
        Where the visit is.
    sending
        Surrounds what is sent.
    """

    def __init__(
        self, stream: ClientConnection, draw: random.Random, page: str, sending: Sending
    ) -> None:
        self.stream, self.draw, self.page, self.sending = stream, draw, page, sending
        self.seen = Seen()

    def exchange(self, most: int, bursts: float) -> int:
        """Open the page, perhaps at a hostile address, and send messages; return how many.

        Parameters
        ----------
        most
            So many, if the session lives.
        bursts
            How probable it is that as many more come at once as no session may send.
        """
        sent = 0
        asked = query(self.draw, self.page) if self.draw.random() < 0.7 else ""
        first = rerun(self.page, asked)
        while sent < most:
            message = first if sent == 0 else hostile_message(self.draw, self.page, self.seen)
            sent += 1
            with self.sending("message", message) as wrong:
                if not self._survives([message], wrong):
                    return sent
        if self.draw.random() < bursts:
            self._burst()
        return sent

    def _burst(self) -> None:
        """Send many messages at once, and an ordinary one after them."""
        many = [hostile_message(self.draw, self.page, self.seen) for _ in range(_AT_ONCE)]
        with self.sending("message", *many) as wrong:
            self._survives(many, wrong)

    def _survives(self, messages: Sequence[BackMsg], wrong: Callable[[str], None]) -> bool:
        """Send messages, and an ordinary one after them; tell whether the session lives."""
        written = [message.SerializeToString() for message in messages]
        try:
            for data in written:
                self.stream.send(data)
            if any(map(_runs, messages)):
                self._hear(wrong)
            self.stream.send(rerun(self.page).SerializeToString())
            self._hear(wrong)
        except ConnectionClosed as error:
            if max(map(len, written)) <= LARGEST:
                wrong(f"the session has ended: {error}")
            return False
        except (TimeoutError, WebSocketException) as error:
            wrong(f"the session does not answer: {error!r}")
            return False
        return True

    def _hear(self, wrong: Callable[[str], None]) -> None:
        """Take in what the server sends until a run has ended that has begun meanwhile."""
        begun: set[str] = set()
        end = time.monotonic() + PATIENCE
        while True:
            data = self.stream.recv(max(0.0, end - time.monotonic()), decode=False)
            message = ForwardMsg.FromString(data)
            if trouble := trouble_in(message):
                wrong(trouble)
            self.seen.take_in(message)
            run, kind = message.metadata.run.script_run_id, message.WhichOneof("type")
            if kind == "new_session":
                begun.add(run)
            elif kind == "script_finished" and run in begun:
                status = message.script_finished
                if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    wrong("the run has not compiled")
                if status == ForwardMsg.FINISHED_SUCCESSFULLY:
                    return


def _runs(message: BackMsg) -> bool:
    return message.WhichOneof("type") == "rerun_script" and not message.rerun_script.fragment_id
