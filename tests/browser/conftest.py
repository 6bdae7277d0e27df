"""One served lab and one Chromium for all browser tests; a fresh context, so a visitor, a test."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

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


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a tab of a visitor who has never been here; the test fails on any error of its console."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    tab = context.new_page()
    errors: list[str] = []
    tab.on("console", lambda message: errors.append(message.text) if _is_ours(message) else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []


def _is_ours(message: ConsoleMessage) -> bool:
    """Tell errors apart from Streamlit's search for its server below a deep link, which misses once."""
    below_a_page = re.search(r"//[^/]+/[a-z]+/_stcore/", message.location["url"])
    return message.type == "error" and not below_a_page
