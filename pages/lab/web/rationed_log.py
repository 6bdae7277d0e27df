"""The log of the server: of each kind of line a few an hour, since strangers may cause any number."""

import logging
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_SECONDS: Final = 3600.0
_AN_HOUR: Final = 10
_KINDS: Final = 200
_LONGEST: Final = 500
# Of these the server's own traceback says nothing but that somebody has sent noise.
_NOISE: Final = frozenset({"Invalid UTF-8 sequence received from client."})


class Ration(logging.Filter):
    """A filter that lets through so many lines of a kind an hour, without control characters.

    Parameters
    ----------
    an_hour
        How many of each kind.
    clock
        Returns the seconds.
    """

    def __init__(self, an_hour: int = _AN_HOUR, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.an_hour, self.clock = an_hour, clock
        self._began = clock()
        self._written: dict[tuple[str, str, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is written, and make its text plain."""
        if self.clock() - self._began >= _SECONDS:
            self._began = self.clock()
            self._written.clear()
        kind = self._kind(record)
        written = self._written[kind] = self._written.get(kind, 0) + 1
        if written > self.an_hour:
            return False
        text = record.getMessage()
        if text in _NOISE:
            record.exc_info = record.exc_text = None
        last = " (no more of these are written within the hour)" if written == self.an_hour else ""
        record.msg, record.args = plain_line(text.strip()) + last, ()
        return True

    def _kind(self, record: logging.LogRecord) -> tuple[str, str, str]:
        error = record.exc_info[0] if record.exc_info else None
        kind = (record.name, str(record.msg), error.__name__ if error else "")
        # A text that is put together beforehand may have a stranger's words in it.
        return kind if kind in self._written or len(self._written) < _KINDS else ("", "", "")


def plain_line(text: str) -> str:
    r"""Return a text of bounded length whose control characters and marks of direction are escaped.

    Examples
    --------
    >>> plain_line("a" + chr(27) + "[31m")
    'a\\x1b[31m'
    """
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(c if unicodedata.category(c)[0] != "C" else _escaped(c) for c in short)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


@contextmanager
def rationed_log() -> Iterator[None]:
    """Ration what every logger writes that there is by now."""
    ration = Ration()
    known = logging.root.manager.loggerDict.values()
    loggers = [logging.root, *(one for one in known if isinstance(one, logging.Logger))]
    for logger in loggers:
        logger.addFilter(ration)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(ration)
