"""One served lab, one Chromium and one tab for all browser tests; each test is a visit of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, WebSocket

from scripts.browser import chromium, served_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a served lab, started in a folder that is not the repository."""
    folder: Path = tmp_path_factory.mktemp("elsewhere")
    with served_lab(log=folder / "server.log", folder=folder) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium."""
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
    tab.emulate_media(color_scheme="light", reduced_motion="no-preference")
    errors: list[str] = []

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

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
