"""What the server does before it answers its first visitor, and by the clock from then on."""

import asyncio
import gc
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import streamlit as st

from lab.start.memory import give_back, share_arenas
from lab.web.page_names import LABS
from lab.web.rationed_log import rationed_log

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
    for name in (*_LATER, "lab.page.run_lab", "lab.home.figures", "lab.home.ledger", "lab.home.layout"):
        importlib.import_module(name)
    for slug in LABS:
        lab: Any = importlib.import_module(f"lab.{slug}.lab").LAB
        found = lab.results(lab.default)
        for part in (lab.figures, lab.notes, lab.numbers, lab.csv, lab.code):
            part(found)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Warm up, have the garbage collector pass over all that is loaded, and collect by the clock.

    While it serves, its log is rationed.
    """
    share_arenas()
    warm_up()
    gc.collect()
    gc.freeze()
    collecting = asyncio.create_task(_collect())
    with rationed_log():
        yield
    collecting.cancel()
    with suppress(asyncio.CancelledError):
        await collecting


async def _collect() -> None:
    while True:
        await asyncio.sleep(_COLLECT_SECONDS)
        gc.collect()
        give_back()
