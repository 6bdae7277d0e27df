"""What the lab relies on in Streamlit beyond its public names is there, listed, and as relied on."""

import ast
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
import streamlit as st
from playwright.sync_api import Page, expect
from streamlit import net_util
from streamlit.runtime.state import SafeSessionState
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import SessionState, WStates
from streamlit.testing.v1 import AppTest
from streamlit.web.server.server_util import is_url_from_allowed_origins

from lab.web import streamlit_private
from lab.web.streamlit_private import (
    FRONT_END_NAMES,
    INDEX_PAGE,
    STATIC_FOLDER,
    ExpanderContainer,
    ask_nobody_for_the_address,
    forget_forged_values,
    is_history_navigation,
    one_run_at_a_time_changes_a_session,
)
from scripts.browser import ROOT, served_page
from scripts.protocol import WidgetState

SOURCES = [
    ROOT / "app.py",
    *sorted((ROOT / "pages").rglob("*.py")),
    *sorted((ROOT / "scripts").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
]
STYLED = [*SOURCES, *sorted((ROOT / "pages").rglob("*.css")), *sorted((ROOT / "pages").rglob("*.js"))]
# What Streamlit documents among modules, and names with _; it has other modules as attributes too.
PUBLIC = {
    "streamlit",
    "streamlit.__version__",
    "streamlit.column_config",
    "streamlit.components",
    "streamlit.testing.v1",
    "streamlit.typing",
}


def unlisted(file: Path) -> list[str]:
    """Return what a file imports from Streamlit, or takes from `st`, that is not public."""
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "streamlit":
            found += [f"streamlit.{name.name}" for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "st":
            found.append(f"streamlit.{node.attr}")
    return [name for name in found if name.split(".")[0] == "streamlit" and not public(name)]


def public(name: str) -> bool:
    """Return whether a module, or a name of `streamlit`, is one that Streamlit documents."""
    if name in PUBLIC:
        return True
    rest = name.partition(".")[2]
    return (
        "." not in rest and not rest.startswith("_") and not isinstance(getattr(st, rest), ModuleType)
    )


@pytest.mark.parametrize(
    "source",
    [
        "import streamlit.web.cli",
        "from streamlit.web import cli",
        "from streamlit import runtime",
        "import streamlit as st\nst.runtime.exists()",
        "import streamlit as st\nst.__file__",
        "def late():\n    from streamlit.runtime.scriptrunner import get_script_run_ctx",
    ],
)
def test_what_is_not_public_is_seen(source: str, tmp_path: Path) -> None:
    file = tmp_path / "page.py"
    file.write_text(source)
    assert unlisted(file)


def test_only_one_module_reaches_behind_streamlits_public_names() -> None:
    reaching = {file.relative_to(ROOT).as_posix(): unlisted(file) for file in SOURCES}
    assert len(reaching) > 50
    assert {file: names for file, names in reaching.items() if names} == {
        # A visitor without a browser has to speak as one does.
        "scripts/protocol.py": [
            "streamlit.proto.BackMsg_pb2",
            "streamlit.proto.ForwardMsg_pb2",
            "streamlit.proto.WidgetStates_pb2",
        ],
        "pages/lab/web/streamlit_private.py": [
            "streamlit.net_util",
            "streamlit.config",
            "streamlit.config",
            "streamlit.delta_generator",
            "streamlit.elements.lib.mutable_expander_container",
            "streamlit.proto.BackMsg_pb2",
            "streamlit.proto.WidgetStates_pb2",
            "streamlit.runtime",
            "streamlit.runtime",
            "streamlit.runtime.memory_uploaded_file_manager",
            "streamlit.runtime.scriptrunner",
            "streamlit.runtime.state",
            "streamlit.runtime.state.common",
            "streamlit.runtime.state.session_state",
            "streamlit.runtime.stats",
            "streamlit.runtime.uploaded_file_manager",
            "streamlit.web.bootstrap",
            "streamlit.web.cli",
            "streamlit.web.server.starlette.starlette_websocket",
            "streamlit.__file__",
        ],
    }


def test_an_expander_that_reruns_says_whether_it_is_open() -> None:
    def script() -> None:
        import streamlit as st

        st.session_state.drawers = [
            st.expander("closed", key="closed", on_change="rerun"),
            st.expander("open", key="open", on_change="rerun", expanded=True),
        ]

    drawers = AppTest.from_function(script).run().session_state.drawers
    assert all(type(drawer) is ExpanderContainer for drawer in drawers)
    assert [drawer.open for drawer in drawers] == [False, True]


def test_the_front_end_lies_where_it_is_read() -> None:
    assert "<title>Streamlit</title>" in INDEX_PAGE.read_text(encoding="utf-8")
    scripts = list((STATIC_FOLDER / "static" / "js").glob("index.*.js"))
    assert scripts
    # The page names its scripts relative to itself, as they are served.
    assert any(f"./static/js/{script.name}" in INDEX_PAGE.read_text() for script in scripts)


@pytest.mark.parametrize("name", FRONT_END_NAMES)
def test_a_name_of_the_front_end_is_in_its_scripts_and_used(name: str) -> None:
    scripts = (STATIC_FOLDER / "static" / "js").glob("*.js")
    assert any(name in script.read_text(encoding="utf-8") for script in scripts)
    listing = Path(streamlit_private.__file__)
    used = [file for file in STYLED if file != listing and name in file.read_text(encoding="utf-8")]
    assert used


def test_every_name_of_the_front_end_is_listed() -> None:
    found = {
        name
        for file in STYLED
        if file.is_relative_to(ROOT / "pages")
        for name in re.findall(r"\bst[A-Z]\w+|\bBACKEND_\w+", file.read_text(encoding="utf-8"))
    }
    assert found == set(FRONT_END_NAMES)


NAME = "$$ID-0-a.field"


def read_back(states: WStates, kind: str, **sent: Any) -> Any:
    """Return what a session has of a widget that reports a value of a kind, after a message."""

    def read(value: str | None) -> Any:
        return json.loads(value) if kind == "json_trigger_value" and value else value

    widget = WidgetMetadata(id=NAME, deserializer=read, serializer=str, value_type=cast("Any", kind))
    states.set_widget_metadata(widget)
    states.set_widget_from_proto(WidgetState(id=NAME, **sent))
    return states.get(NAME)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> WStates:
    """Return the widgets of a session in which what is forged is forgotten."""
    for name in ("__getitem__", "set_widget_from_proto"):
        monkeypatch.setattr(WStates, name, getattr(WStates, name))
    forget_forged_values()
    return WStates()


def test_a_value_that_a_widget_sends_is_read(forgetful: WStates) -> None:
    assert read_back(forgetful, "string_value", string_value="1,2") == "1,2"
    assert read_back(forgetful, "string_value") is None
    assert read_back(forgetful, "json_trigger_value", json_trigger_value="[1]") == [1]
    assert read_back(forgetful, "json_value", json_value='{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("string_value", {"double_value": 1.0}),
        ("string_value", {"string_array_value": {"data": ["a"]}}),
        ("trigger_value", {"string_value": "a"}),
        ("json_value", {"json_value": "{"}),
        ("json_value", {"json_value": '"{"'}),
        ("json_value", {"json_value": "[1]"}),
        ("json_trigger_value", {"json_trigger_value": "[" * 100_000}),
        ("json_trigger_value", {"json_trigger_value": "9" * 5000}),
    ],
    ids=["number", "list", "word", "broken", "text", "array", "deep", "digits"],
)
def test_a_value_that_no_widget_sends_counts_as_not_sent(
    forgetful: WStates, kind: str, sent: dict[str, Any]
) -> None:
    assert read_back(forgetful, kind, **sent) is None
    assert NAME not in forgetful


def test_what_is_sent_of_no_widget_is_not_kept(forgetful: WStates) -> None:
    for name in ("nan", "", "lab: visit", NAME, "$$STREAMLIT_INTERNAL_KEY_a__events"):
        forgetful.set_widget_from_proto(WidgetState(id=name, bool_value=True))
    assert set(forgetful.states) == {NAME, "$$STREAMLIT_INTERNAL_KEY_a__events"}


def test_nobody_is_asked_for_the_address_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda url, **_options: asked.append(url))
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    assert not is_url_from_allowed_origins("https://elsewhere.test")
    assert asked
    asked.clear()
    ask_nobody_for_the_address()
    assert not is_url_from_allowed_origins("https://elsewhere.test")
    assert not asked


def test_two_runs_of_a_session_that_overlap_lose_no_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the second run begins, it clears away what it has not seen yet of the first."""
    monkeypatch.setattr(SafeSessionState, "__init__", SafeSessionState.__init__)
    one_run_at_a_time_changes_a_session()
    session = SessionState()
    first, second = (SafeSessionState(session, lambda: None) for _ in range(2))
    others = SafeSessionState(SessionState(), lambda: None)
    assert others._lock is not first._lock
    begun, put, put_in = threading.Event(), threading.Event(), WStates.set_from_value
    second_run = threading.Thread(target=second.on_script_will_rerun, args=(None,))

    def slow(_value: str | None) -> str:
        begun.set()
        put.wait(0.3)
        return "slow"

    def put_and_wait(self: WStates, name: str, value: Any) -> None:
        put_in(self, name, value)
        put.set()
        second_run.join(0.3)

    session._set_widget_metadata(_text_widget("$$ID-0-slow", slow))
    session._new_widget_state.set_widget_from_proto(WidgetState(id="$$ID-0-slow", string_value="a"))
    monkeypatch.setattr(WStates, "set_from_value", put_and_wait)
    second_run.start()
    begun.wait(5)
    assert first.register_widget(_text_widget(NAME, lambda _value: "new"), None).value == "new"
    second_run.join(5)


def _text_widget(name: str, read: Callable[[str | None], str]) -> WidgetMetadata[str]:
    return WidgetMetadata(id=name, deserializer=read, serializer=str, value_type="string_value")


def test_outside_a_run_no_history_caused_it() -> None:
    assert not is_history_navigation()


@pytest.mark.browser
def test_back_and_forward_are_told_from_acts_on_the_page(page: Page, tmp_path: Path) -> None:
    script = Path(__file__).parent / "history_page" / "page.py"
    with served_page(script, log=tmp_path / "server.log", folder=tmp_path) as address:
        page.goto(address)
        said = page.get_by_text("by the browser's history")
        expect(said).to_have_text("at 0, by the browser's history: False")
        for at in (1, 2):
            page.get_by_role("button", name="Move on").click()
            expect(said).to_have_text(f"at {at}, by the browser's history: False")
        page.go_back()
        expect(said).to_have_text("at 1, by the browser's history: True")
        page.go_forward()
        expect(said).to_have_text("at 2, by the browser's history: True")
        page.get_by_role("button", name="Move on").click()
        expect(said).to_have_text("at 3, by the browser's history: False")
        page.goto(f"{address}/?at=7")
        expect(said).to_have_text("at 7, by the browser's history: False")
