"""All that the lab relies on in Streamlit beyond its public names, each with the reason.

A new version of Streamlit may change any of it without a word: a test holds each as it is relied
on, and that no other module of the pages reaches behind the public names.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import streamlit as st

# Sets any setting; `st.set_option` sets a few. And whether somebody has set it.
from streamlit.config import is_manually_set
from streamlit.config import set_option as set_setting

# What `st.expander` returns has no public name, and only it has `open`, by which a drawer that is
# closed is not filled.
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

# What a browser sends, by which what no page of the lab sends is told apart.
from streamlit.proto.BackMsg_pb2 import BackMsg

# Tells, in a run, whether Back or Forward caused it; nothing public does.
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Whether a session is let in by `server.allowedHosts`: pages are held to the same rule.
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

__all__ = [
    "FRONT_END_NAMES",
    "INDEX_PAGE",
    "STATIC_FOLDER",
    "BackMsg",
    "ExpanderContainer",
    "is_history_navigation",
    "is_host_allowed",
    "is_manually_set",
    "set_setting",
]

# Streamlit reads its front end anew for every visitor, from here, and sends it uncompressed.
STATIC_FOLDER: Final = Path(st.__file__).parent / "static"

# What it answers to every page. It has no setting for what else the head of a page should say.
INDEX_PAGE: Final = STATIC_FOLDER / "index.html"

# Names in its scripts that ours, and our styles, rely on, with what for.
FRONT_END_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BACKEND_BASE_URL": "in window.__streamlit: where the server is, or it asks at two places",
        "stApp": "whether the browser is connected and the script runs, which an act must know",
        "stAppHeader": "the strip on which the row of pages lies, clear where there is no sidebar",
        "stMainBlockContainer": "the column of a page, whose margins are too wide for a phone",
        "stSidebar": "whether it is put away, so that the page says where its controls are",
        "stSliderThumbValue": "the number above a slider, which is ink like all numbers",
        "stMarkdownContainer": "the text in a container of ours, to set it in columns and in size",
    }
)


def is_history_navigation() -> bool:
    """Return whether the present run was caused by the browser's Back or Forward.

    In such a run the address decides what the page shows; in others its widgets do. False outside
    a run.
    """
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation
