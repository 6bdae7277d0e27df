"""The lab as an ASGI application: `python app.py`, `streamlit run app.py`, or any ASGI server."""

import gc
import os
import runpy
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# One thread a run: sessions share the cores better than their matrices do. Before torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent
for folder in (ROOT / "pages", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import streamlit as st  # noqa: E402
from starlette.datastructures import MutableHeaders  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.types import ASGIApp, Message, Receive, Scope, Send  # noqa: E402

from lab.web.index_page import Opening  # noqa: E402
from lab.web.static_files import KeptFiles  # noqa: E402

# Streamlit styles its elements inline, and plotly.js compiles its WebGL shaders' wrappers with
# `Function`: hence the two "unsafe". Nothing is loaded from, sent to or framed by another host.
SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss: data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Headers:
    """ASGI middleware that sets `SECURITY_HEADERS` on every response."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the headers added when its response starts."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self.inner(scope, receive, send_with_headers)


def warm_up() -> None:
    """Load torch and Plotly and go once through what a page does, before the first visitor."""
    from ce_core import ExperimentConfig, compare_losses, run_experiment, sort_losses
    from ce_core.figures import loss_pairs_figure

    result = run_experiment(ExperimentConfig())
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    loss_pairs_figure(sort_losses(result.l1, result.l2), comparison).to_json()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up, then take all that is loaded out of the garbage collector's sight.

    Streamlit collects after every run; going through the modules of torch takes longer than a run.
    """
    warm_up()
    gc.collect()
    gc.freeze()
    yield


app = st.App(
    ROOT / "pages" / "router.py",
    lifespan=lifespan,
    middleware=[Middleware(Headers), Middleware(KeptFiles), Middleware(Opening)],
)

if __name__ == "__main__":
    # Not `app.run()`, which takes neither options nor STREAMLIT_SERVER_PORT and its like.
    sys.argv = ["streamlit", "run", __file__, *sys.argv[1:]]
    runpy.run_module("streamlit", run_name="__main__")
