"""What the server does before it answers its first visitor, and by the clock from then on."""

import asyncio
import gc
import importlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import streamlit as st

from lab.start.memory import give_back, share_arenas
from lab.web.health import Readiness
from lab.web.page_names import LABS
from lab.web.rationed_log import rationed_log

_LOG: Final = logging.getLogger(__name__)

# What the first run imports that needs it; visitors who come at once would meet it half done.
_LATER: Final = (
    "pandas",
    "pyarrow",
    "streamlit.components.v2.manifest_scanner",
    "streamlit.dataframe_util",
    "streamlit.emojis",
    "streamlit.material_icon_names",
)
# A collection stops all runs for some tenths of a second; what it frees of a class in between is small.
_COLLECT_SECONDS: Final = 30.0


def warm_up() -> None:
    """Load what a run needs, and go once through what each page does in the state it opens on."""
    for name in (*_LATER, "lab.page.run_lab", "lab.home.hero", "lab.post.figures"):
        importlib.import_module(name)
    importlib.import_module("lab.claims.cards").cards()
    for slug in LABS:
        lab: Any = importlib.import_module(f"lab.{slug}.lab").LAB
        found = lab.results(lab.default)
        for part in (lab.figures, lab.notes, lab.numbers, lab.csv, lab.code):
            part(found)
        for preset in (lab.presets or {}).values():
            lab.thumbnail(preset.of(lab.default))


def serving(readiness: Readiness) -> Callable[[st.App], AbstractAsyncContextManager[None]]:
    """Return the life of a server, which says how far it is.

    It answers that it is alive from the first moment on, and warms up beside that in a thread. While it
    serves, its log is rationed.
    """

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        share_arenas()
        beside = [asyncio.create_task(_warm(readiness)), asyncio.create_task(_collect())]
        with rationed_log():
            yield
        readiness.turn("ended")
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)

    return lifespan


async def _warm(readiness: Readiness) -> None:
    """Warm up, and have the garbage collector pass over all that is loaded."""
    try:
        await asyncio.to_thread(warm_up)
    except Exception:
        _LOG.exception("The lab cannot warm up, and ends")
        readiness.turn("ended")
        signal.raise_signal(signal.SIGTERM)
        return
    gc.collect()
    gc.freeze()
    readiness.turn("ready")


async def _collect() -> None:
    while True:
        await asyncio.sleep(_COLLECT_SECONDS)
        gc.collect()
        give_back()
