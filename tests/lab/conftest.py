"""What the tests of the labs share: pages as Streamlit runs them, and a served lab in a Chromium.

There is one lab, one Chromium and one tab for all browser tests; each test is a visit of its own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from playwright.sync_api import Browser, ConsoleMessage, Page, WebSocket, expect
from streamlit.testing.v1 import AppTest

from scripts.browser import ROOT, chromium, served_lab

ROUTER = ROOT / "pages" / "router.py"

OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page() -> OpenPage:
    """Return a function that opens a page by its file, with the query of a link, its drawers open."""

    def open_it(file: str, **query: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(ROUTER), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        for drawer in ("numbers", "link", "code"):
            app.session_state[f"drawer-{drawer}"] = True
        return app.switch_page(file).run()

    return open_it


@pytest.fixture
def served_at_a_path() -> Iterator[None]:
    """Have the lab served below a path of its host."""
    before = st.get_option("server.baseUrlPath")
    st.config.set_option("server.baseUrlPath", "teaching/lab")
    yield
    st.config.set_option("server.baseUrlPath", before)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a served lab, started in a folder that is not the repository."""
    folder: Path = tmp_path_factory.mktemp("elsewhere")
    with served_lab(log=folder / "server.log", folder=folder) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium, which is waited for as long as an act is."""
    expect.set_options(timeout=30_000)
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Page:
    """Return the tab of all tests: a new one has all scripts to compile, which takes seconds."""
    return browser.new_context().new_page()


@pytest.fixture
def page(lab: str, tab: Page) -> Iterator[Page]:
    """Return a tab of a new visitor; the test fails on any error of its console.

    Each address that is opened starts a new session of the server, and what the browser stored is
    gone.
    """
    tab.set_viewport_size({"width": 1440, "height": 1000})
    tab.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
    errors: list[str] = []

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location['url']})")

    def note_error(error: Exception) -> None:
        errors.append(str(error))

    tab.on("console", note_message)
    tab.on("pageerror", note_error)
    yield tab
    tab.remove_listener("console", note_message)
    tab.remove_listener("pageerror", note_error)
    # To a page of the same site, for which Chromium keeps the process and what it compiled.
    tab.goto(f"{lab}/_stcore/health")
    tab.evaluate("localStorage.clear(); sessionStorage.clear();")
    assert errors == []


@pytest.fixture
def sent(page: Page) -> Iterator[list[object]]:
    """Return a list that grows by each message which the page sends to the server."""
    messages: list[object] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: messages.append(frame))

    page.on("websocket", listen)
    yield messages
    page.remove_listener("websocket", listen)
