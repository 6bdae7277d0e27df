"""What is moved by hand: a component that tells the server when a hand lets go, and hears back.

`drag/conversation.js` is the other side. Each message has a number, `serial`; the answer carries the
number of the last message that was read, by which the browser tells it from an answer to an older
one. `session` names the visit: a server that has been started anew has read none.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from lab.state.fields import LARGEST_WHOLE

_ANSWERED: Final = "{}: answered"
_FAILED: Final = "{}: failed"


def serial_of(message: Any) -> int | None:
    """Return the number of a message; None for what no editor sends. Anyone can write a message."""
    serial = message.get("serial") if isinstance(message, dict) else None
    well = isinstance(serial, int) and not isinstance(serial, bool) and 0 <= serial < LARGEST_WHOLE
    return serial if well else None


def answered(key: str) -> int:
    """Return the number of the last message of a component that was read."""
    number: int = st.session_state.get(_ANSWERED.format(key), 0)
    return number


def note_answer(key: str, serial: int) -> None:
    """Note that a message was read, whether what it says was taken or not."""
    st.session_state[_ANSWERED.format(key)] = serial


def show_editor(
    component: Callable[..., Any],
    *,
    key: str,
    session: str,
    data: Mapping[str, Any],
    take: Callable[[dict[str, Any]], None],
) -> bool:
    """Show a component that is moved by hand, and return whether its script has come.

    Parameters
    ----------
    component
        As `register` returns it.
    key
        Of the component.
    session
        Names the visit.
    data
        What it shows; what it need not show again is the same.
    take
        Takes what a message says, if it is as it should be: the message is untrusted.
    """

    def moved() -> None:
        message = st.session_state[key].get("moved")
        serial = serial_of(message)
        if serial is not None:
            note_answer(key, serial)
            take(message)

    def failed() -> None:
        st.session_state[_FAILED.format(key)] = True

    component(
        key=key,
        data={**data, "session": session, "serial": answered(key)},
        on_moved_change=moved,
        on_failed_change=failed,
    )
    return _FAILED.format(key) not in st.session_state
