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


def answered(key: str) -> int:
    """Return the number of the last message of a component that was read."""
    number: int = st.session_state.get(_ANSWERED.format(key), 0)
    return number


def is_next(message: Any, session: str, last: int) -> bool:
    """Tell a message that is to be read from one of another visit, one read before, or none at all.

    Anyone can write a message; and after a cut of the connection one may come twice.
    """
    if not isinstance(message, dict) or message.get("session") != session:
        return False
    serial = message.get("serial")
    return isinstance(serial, int) and not isinstance(serial, bool) and last < serial < LARGEST_WHOLE


def receive(key: str, name: str, session: str) -> dict[str, Any] | None:
    """Return the message of a component, once, and note that it was read, whatever it says.

    Parameters
    ----------
    key
        Of the component.
    name
        Of the trigger that carries the message.
    session
        Names the visit.
    """
    # There is none where what was sent of the component is forged.
    message: Any = (st.session_state.get(key) or {}).get(name)
    if not is_next(message, session, answered(key)):
        return None
    st.session_state[_ANSWERED.format(key)] = message["serial"]
    return dict(message)


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
        message = receive(key, "moved", session)
        if message is not None:
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
