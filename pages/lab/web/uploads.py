"""The door for files: one a session, so many bytes in all, and nothing of a session that has gone."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lab.web.limits import Limits
from lab.web.streamlit_private import bytes_of_files, is_open_session

UPLOADS: Final = "/_stcore/upload_file"
_NAME: Final = r"[0-9a-fA-F-]{1,64}"
# Of a session, and of a file in it, as Streamlit names both.
_ADDRESS: Final = re.compile(rf"{UPLOADS}/({_NAME})/{_NAME}", re.ASCII)


class Uploads:
    """ASGI app that hands a file on to Streamlit if there is room for it.

    A file that is on its way counts as the largest that may come, which Streamlit holds it to.

    Parameters
    ----------
    inner
        The app.
    limits
        `file_megabytes` in all.
    is_open, held
        Whether there is a session of a name; bytes that all sessions keep. By default Streamlit says.
    """

    def __init__(
        self,
        inner: ASGIApp,
        limits: Limits,
        *,
        is_open: Callable[[str], bool] = is_open_session,
        held: Callable[[], int] = bytes_of_files,
    ) -> None:
        self.inner, self.limits = inner, limits
        self.is_open, self.held = is_open, held
        self.coming: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send, *, inside: str) -> None:
        """Pass a file on, or say why not; `inside` is the path below that of the lab."""
        found = _ADDRESS.fullmatch(inside)
        if found is None or scope["method"] not in {"PUT", "DELETE"} or not self.is_open(found[1]):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
        elif scope["method"] == "DELETE":
            await self.inner(scope, receive, send)
        elif self.coming[found[1]]:
            await PlainTextResponse("One file at a time", status_code=429)(scope, receive, send)
        elif not self._has_room():
            refused = PlainTextResponse("No room", status_code=503, headers={"Retry-After": "60"})
            await refused(scope, receive, send)
        else:
            await self._take(found[1], scope, receive, send)

    async def _take(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        self.coming[session] += 1
        try:
            await self.inner(scope, receive, send)
        finally:
            del self.coming[session]

    def _has_room(self) -> bool:
        largest: int = st.get_option("server.maxUploadSize")
        on_their_way = (self.coming.total() + 1) * largest
        in_all: float = self.held() / 2**20 + on_their_way
        return in_all <= self.limits.file_megabytes
