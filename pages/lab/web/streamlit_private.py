"""All that the lab relies on in Streamlit beyond its public names, each with the reason.

A new version of Streamlit may change any of it without a word: a test holds each as it is relied
on, and that no other module of the pages reaches behind the public names.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import streamlit as st

# Asks another host for the address of this one, while the server waits, for each session that a page of
# another site opens.
from streamlit import net_util

# Sets any setting; `st.set_option` sets a few. And whether somebody has set it.
from streamlit.config import is_manually_set
from streamlit.config import set_option as set_setting

# What `st.container` returns, into which more is drawn later; its name is not public.
from streamlit.delta_generator import DeltaGenerator

# What `st.expander` returns has no public name, and only it has `open`, by which a drawer that is
# closed is not filled.
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

# What a browser sends, by which what no page of the lab sends is told apart.
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

# What holds the files of a session, which the runtime has: how many bytes there are, and whose.
from streamlit.runtime import exists as runtime_exists
from streamlit.runtime import get_instance as get_runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

# Tells, in a run, whether Back or Forward caused it; nothing public does.
from streamlit.runtime.scriptrunner import get_script_run_ctx

# How a run reaches the state of its session: two runs of one session overlap.
from streamlit.runtime.state import SafeSessionState

# What a session's widgets are set to, as they were sent until somebody asks.
# And what the names of all widgets begin with.
from streamlit.runtime.state.common import is_element_id
from streamlit.runtime.state.session_state import (
    STREAMLIT_INTERNAL_KEY_PREFIX,
    Serialized,
    SessionState,
    WStates,
)

# What it says of itself.
from streamlit.runtime.stats import CacheStat

# A file as that keeps it.
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

# What of its command line sets what; by itself it reads that only once it serves.
from streamlit.web.bootstrap import load_config_options
from streamlit.web.cli import main_run

# Whether a session is let in by `server.allowedHosts`: pages are held to the same rule.
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

__all__ = [
    "FRONT_END_NAMES",
    "INDEX_PAGE",
    "STATIC_FOLDER",
    "BackMsg",
    "DeltaGenerator",
    "ExpanderContainer",
    "ask_nobody_for_the_address",
    "bytes_of_files",
    "forget_forged_values",
    "is_history_navigation",
    "is_host_allowed",
    "is_manually_set",
    "is_open_session",
    "keep_one_file_a_session",
    "one_run_at_a_time_changes_a_session",
    "read_command_line",
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
        "stActiveTheme": "in localStorage, the theme that was chosen, for what stands before Streamlit",
        "stApp": "whether the browser is connected and the script runs, which an act must know",
        "stAppHeader": "the strip on which the row of pages lies, clear where there is no sidebar",
        "stAppViewContainer": "what a page scrolls in, which lies whole on paper",
        "stAppSkeleton": "what Streamlit shows while it starts, hidden where a figure stands already",
        "stIconMaterial": "an icon, which on paper is in ink",
        "stMarkdownColoredText": "a word in a colour, which on paper is that of the light theme",
        "stSkipToContent": "the link past the row of pages, which leads to the question",
        "stExpandSidebarButton": "what brings the controls back, hidden on a page that has none",
        "stButton": "a button, left out on paper; that of a preset lies over its picture",
        "stButtonGroup": "a row of buttons, left out on paper",
        "stElementContainer": "what stands below another on a page, with a distance on paper",
        "stLayoutWrapper": "around a container, which lies whole on paper",
        "stMain": "what scrolls beside the controls, which lies whole on paper",
        "stMainBlockContainer": "the column of a page, whose margins are too wide for a phone",
        "stSidebar": "whether it is put away, so that the page says where its controls are",
        "stSidebarCollapsed": "in localStorage, whether the drawer was opened, forgotten on a phone",
        "stSidebarUserContent": "the controls, whose margins are too wide for so narrow a column",
        "stSliderThumbValue": "the number above a slider, which is ink like all numbers",
        "stMarkdownContainer": "the text in a container of ours, to set it in columns and in size",
        "stVerticalBlock": "a column of elements: closer among the controls, whole on paper",
    }
)


def is_history_navigation() -> bool:
    """Return whether the present run was caused by the browser's Back or Forward.

    In such a run the address decides what the page shows; in others its widgets do. False outside
    a run.
    """
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def read_command_line(arguments: Sequence[str]) -> None:
    """Set what the arguments of `streamlit run` set; what is wrong among them, it says itself."""
    said = main_run.make_context("run", ["app.py", *arguments], resilient_parsing=True).params
    load_config_options({name: value for name, value in said.items() if name not in {"target", "args"}})


def ask_nobody_for_the_address() -> None:
    """Have Streamlit not look for the address of this machine, from now on.

    It is for pages of another site at that address, which has to be among `server.corsAllowedOrigins`
    instead, and for a line that is printed at the start.
    """
    net_util.get_external_ip = _nobody


def _nobody() -> None:
    return None


_take, _keep = WStates.__getitem__, WStates.set_widget_from_proto


def forget_forged_values() -> None:
    """Have what no widget sends count as not sent, in every session from now on.

    By itself Streamlit keeps a value of a wrong type or of no widget, or raises where it cannot read
    one: each way the page shows an error, and mostly in every run from then on.
    """
    WStates.__getitem__ = _take_fitting  # type: ignore[method-assign]
    WStates.set_widget_from_proto = _keep_named  # type: ignore[method-assign]


def _keep_named(self: WStates, widget_state: WidgetState) -> None:
    name = widget_state.id
    if is_element_id(name) or name.startswith(STREAMLIT_INTERNAL_KEY_PREFIX):
        _keep(self, widget_state)


def _take_fitting(states: WStates, name: str) -> Any:
    sent, widget = states.states.get(name), states.widget_metadata.get(name)
    if not isinstance(sent, Serialized) or widget is None:
        return _take(states, name)
    kind = sent.value.WhichOneof("value")
    if kind not in {None, widget.value_type}:
        raise KeyError(name)
    try:
        # What a component sets is an object; Streamlit writes a traceback for each that is none.
        if kind == "json_value" and not isinstance(json.loads(sent.value.json_value), dict):
            raise KeyError(name)
        return _take(states, name)
    except Exception as error:  # Whatever a reader of a stranger's text may raise.
        raise KeyError(name) from error


_prepare = SafeSessionState.__init__


def one_run_at_a_time_changes_a_session() -> None:
    """Have the runs of a session share a lock for each step on its state, from now on.

    Where a visitor acts while a run goes on, Streamlit begins another (`runner.fastReruns`), and the
    first ends where it next asks for something. Each locks the state with a lock of its own, so that
    the second could clear away the value of a widget which the first was putting there: a KeyError.
    Without fast reruns, acts that come during a run would be answered together, in any order.
    """
    SafeSessionState.__init__ = _prepare_with_one_lock  # type: ignore[method-assign]


def _prepare_with_one_lock(
    self: SafeSessionState, state: SessionState, yield_callback: Callable[[], None]
) -> None:
    _prepare(self, state, yield_callback)
    # Of all that a state consists of, this alone takes another attribute.
    lock = vars(state.query_params).setdefault("lab_lock", threading.RLock())
    object.__setattr__(self, "_lock", lock)


def is_open_session(name: str) -> bool:
    """Tell whether a visitor's session of that name goes on."""
    return runtime_exists() and get_runtime().is_active_session(name)


def bytes_of_files() -> int:
    """Return how many bytes the files have that all sessions keep."""
    manager = get_runtime().uploaded_file_mgr
    return sum(
        one.byte_length
        for stats in manager.get_stats().values()
        for one in stats
        if isinstance(one, CacheStat)
    )


_add = MemoryUploadedFileManager.add_file


def keep_one_file_a_session() -> None:
    """Have a session keep the file that came last, and one that has gone none, from now on.

    By itself Streamlit keeps as many as are sent under different names, and one that comes as its
    session ends for ever.
    """
    MemoryUploadedFileManager.add_file = _add_alone  # type: ignore[method-assign]


def _add_alone(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
    self.remove_session_files(session_id)
    _add(self, session_id, file)
    if not is_open_session(session_id):
        self.remove_session_files(session_id)
