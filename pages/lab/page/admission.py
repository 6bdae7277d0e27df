"""Heavy work of all visitors, one after the other: so much memory, and so much of a core, at once."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

import streamlit as st

from lab.language.catalogues import ngettext

R = TypeVar("R")

_LOOK_SECONDS: Final = 0.5


class Queue:
    """One at a time, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, tell: Callable[[int], None]) -> Iterator[None]:
        """Wait for one's turn, and have it.

        Parameters
        ----------
        tell
            Called now and then with how many are before. It may raise: who does so has left.
        """
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
        try:
            while before := self._before(ticket):
                tell(before)
                with self._changed:
                    self._changed.wait(_LOOK_SECONDS)
            yield
        finally:
            with self._changed:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _before(self, ticket: object) -> int:
        with self._changed:
            return self._waiting.index(ticket)


_HEAVY: Final = Queue()
_TELL: Final[ContextVar[Callable[[int], None]]] = ContextVar("tell", default=lambda _before: None)


@contextmanager
def admitted(*, heavy: bool) -> Iterator[None]:
    """Wait, if work is heavy, until no other heavy work is done."""
    if not heavy:
        yield
        return
    with _HEAVY.turn(_TELL.get()):
        yield


def saying_who_is_before(compute: Callable[[], R]) -> R:
    """Return what is computed; while it waits for its turn, say on the page how many are before."""
    notice = st.empty()
    waited = False

    def tell(before: int) -> None:
        nonlocal waited
        waited = True
        text = ngettext(
            "The lab is busy with large experiments: {count} is before yours.",
            "The lab is busy with large experiments: {count} are before yours.",
            before,
        )
        # Streamlit leaves the run here if the visitor has moved on.
        notice.info(text.format(count=before))

    told = _TELL.set(tell)
    try:
        return compute()
    finally:
        _TELL.reset(told)
        if waited:
            notice.empty()
