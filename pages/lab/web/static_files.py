"""The files that the browser may keep for ever, served compressed and from memory."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lab.web.assets import ICON, SCRIPT_FILES, base_address, script_address, script_name
from lab.web.page_names import PAGES
from lab.web.plotly_script import SCRIPT_FILES as PLOTLY_FILES
from lab.web.previews import picture_address, picture_file
from lab.web.streamlit_private import STATIC_FOLDER

# Not asked of the system, which may know better. Fonts and pictures are compressed as they are.
_TEXTS: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_KINDS: Final = {**_TEXTS, ".woff2": "font/woff2", ".png": "image/png", ".gif": "image/gif"}
_KEPT: Final = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
# Of ten levels; beyond it a script takes twice as long and is 1 % smaller.
_LEVEL: Final = 6


class KeptFiles:
    """ASGI middleware that serves plotly.js, the lab's scripts and pictures, and Streamlit's front end.

    Their addresses name their content, so each is read and compressed once. Streamlit by itself
    reads the hundred that a page needs anew for each visitor, in threads, and sends them as they are.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner
        self.files = dict(_addresses())
        self.answers: dict[tuple[Path, bool], Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for a file, and pass on every other request."""
        asked = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}
        file = self.files.get(scope["path"]) if asked else None
        if file is None:
            await self.inner(scope, receive, send)
            return
        packed = file.suffix in _TEXTS and "gzip" in Headers(scope=scope).get("accept-encoding", "")
        if (file, packed) not in self.answers:
            self.answers[file, packed] = await run_in_threadpool(_read, file, packed=packed)
        await self.answers[file, packed](scope, receive, send)


def _addresses() -> Iterator[tuple[str, Path]]:
    """Yield every file with where the browser asks for it."""
    for name, file in PLOTLY_FILES.items():
        yield f"{base_address()}/lab/{name}", file
    for file in SCRIPT_FILES:
        yield script_address(script_name(file)), file
    for page in PAGES:
        yield picture_address(page), picture_file(page)
    # Where browsers look for one by themselves, beside what is no page.
    yield f"{base_address()}/favicon.ico", ICON
    for file in (STATIC_FOLDER / "static").rglob("*"):
        if file.suffix in _KINDS:
            yield f"{base_address()}/{file.relative_to(STATIC_FOLDER).as_posix()}", file


def _read(file: Path, *, packed: bool) -> Response:
    content = file.read_bytes()
    return Response(
        gzip.compress(content, _LEVEL) if packed else content,
        media_type=_KINDS[file.suffix],
        headers={**_KEPT, "Content-Encoding": "gzip"} if packed else _KEPT,
    )
