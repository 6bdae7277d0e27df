"""How a session is refused before it begins."""

from starlette.types import Receive, Send


async def refuse_session(receive: Receive, send: Send, code: int) -> None:
    """Refuse a session that asks to begin, with a code of the WebSocket protocol."""
    await receive()
    await send({"type": "websocket.close", "code": code})
