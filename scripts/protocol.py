"""What a visitor without a browser says and hears: Streamlit's own protocol, over a WebSocket."""

import zlib
from collections.abc import Iterable
from typing import Any, Final

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.typing import Subprotocol

__all__ = [
    "STREAM",
    "SUBPROTOCOL",
    "BackMsg",
    "ForwardMsg",
    "WidgetState",
    "component_bytes",
    "element_of",
    "red_box",
    "rerun",
    "stream_address",
]

STREAM: Final = "/_stcore/stream"
SUBPROTOCOL: Final = Subprotocol("streamlit")
_DEFLATED: Final = b"LABZ"


def stream_address(address: str) -> str:
    """Return where a server at `http://...` has its sessions."""
    return address.replace("http", "ws", 1) + STREAM


def rerun(page: str, query: str = "", states: Iterable[WidgetState] = ()) -> BackMsg:
    """Return the message that asks for a page, with what its widgets are set to."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    message.rerun_script.widget_states.widgets.extend(states)
    return message


def element_of(message: ForwardMsg) -> tuple[str, Any]:
    """Return the kind of an element that comes to the page, and the element; "" and None for none."""
    if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") != "new_element":
        return "", None
    kind = message.delta.new_element.WhichOneof("type") or ""
    return kind, getattr(message.delta.new_element, kind) if kind else None


def red_box(message: ForwardMsg) -> str | None:
    """Return what a message says of an error that the page shows as a red box; None for no such."""
    kind, element = element_of(message)
    if kind == "exception":
        return f"{element.type}: {element.message}"
    if message.WhichOneof("type") == "session_event":
        event = message.session_event
        if event.WhichOneof("type") == "script_compilation_exception":
            return event.script_compilation_exception.message
    return None


def component_bytes(component: Any) -> bytes:
    """Return what a component of ours was packed of: the length of a head, it, and arrays."""
    packed: bytes = component.bytes
    body = packed[len(_DEFLATED) :]
    return zlib.decompress(body) if packed.startswith(_DEFLATED) else body
