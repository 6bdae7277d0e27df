"""Ctrl-C at a server that is started from a terminal: the end, without a traceback of where it was."""

import os
import signal
import sys
from contextlib import suppress
from typing import Any, Final

_STATUS: Final = 128 + signal.SIGINT


def end_quietly_at_ctrl_c() -> None:
    """Have Ctrl-C end the process with the status of shells, at once: while nothing is served yet.

    A server takes the signal over while it serves, ends what it has begun, and then raises it anew.
    """
    signal.signal(signal.SIGINT, _end)


def _end(*_signal: Any) -> None:
    # Of a line that is being written, as the signal comes.
    with suppress(RuntimeError):
        sys.stdout.flush()
    # An exception may be caught by what is just imported.
    os._exit(_STATUS)
