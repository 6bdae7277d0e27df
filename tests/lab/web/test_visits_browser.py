"""A lab that has a name and may be framed by a school, and a page of which fails: what visitors see."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from scripts.browser import ROOT, free_port, start_server
from tests.support.browsing import open_lab, violations

pytestmark = pytest.mark.browser

# More than the other tests here need, who come one after the other.
SEATS = 5
# It is the lab, but for one page, which fails in one state.
FAILING = """
import runpy
import sys
sys.path[:0] = [{root!r}, {root!r} + "/pages"]
from lab.page import run_lab

show_link = run_lab.show_link

def show_or_fail(query):
    if query.get("seed") == "13":
        raise RuntimeError("the secret reason")
    show_link(query)

run_lab.show_link = show_or_fail
sys.argv = ["streamlit", "run", {root!r} + "/app.py"]
runpy.run_module("streamlit", run_name="__main__")
"""


class Course(BaseHTTPRequestHandler):
    """A page of a school that shows in a frame what its query says."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        address = self.path.partition("?")[2]
        frame = f'<iframe src="{address}" width="1300" height="900"></iframe>'
        self.wfile.write(f'<!doctype html><link rel="icon" href="data:,">{frame}'.encode())

    def log_message(self, *_given: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def school() -> Iterator[str]:
    """Return the address of a school's course page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Course) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://school.localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the log of the server."""
    return tmp_path_factory.mktemp("named") / "server.log"


@pytest.fixture(scope="module")
def named_lab(log: Path, school: str) -> Iterator[str]:
    """Return the address of the lab under its name."""
    port, failing = free_port(), log.parent / "failing.py"
    failing.write_text(FAILING.format(root=str(ROOT)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STREAMLIT_SERVER_ALLOWED_HOSTS", "lab.localhost")
        patch.setenv("LAB_FRAMED_BY", school)
        patch.setenv("LAB_LOCAL", "1")
        patch.setenv("LAB_SESSIONS_AN_ADDRESS", str(SEATS))
        # It is asked for its health at 127.0.0.1.
        server = start_server([str(failing)], port=port, log=log, folder=log.parent)
    yield f"http://lab.localhost:{port}"
    server.terminate()
    server.wait(timeout=60)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 1000}) as context:
        yield context.new_page()


def test_a_school_that_is_named_frames_the_lab(named_lab: str, school: str, visitor: Page) -> None:
    visitor.goto(f"{school}/course?{named_lab}/losses")
    frame = visitor.frame_locator("iframe")
    expect(frame.locator("h1")).to_have_text("Are L1 and L2 the same?")
    expect(frame.locator(".lab-card .main-svg").first).to_be_visible()


def test_who_finds_the_class_full_is_told_and_let_in_later(named_lab: str, visitor: Page) -> None:
    port = urlsplit(named_lab).port
    address = f"{named_lab.replace('http:', 'ws:')}/_stcore/stream"
    with ExitStack() as class_mates:
        for _ in range(SEATS):
            # Those of the tests before may still be there.
            with suppress(InvalidStatus):
                line = socket.create_connection(("127.0.0.1", port))
                class_mates.enter_context(connect(address, sock=line))
        visitor.goto(f"{named_lab}/losses")
        notice = visitor.get_by_role("alert")
        expect(notice).to_contain_text("The class is full")
        assert violations(visitor, only=["color-contrast"]) == []
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Are L1 and L2 the same?")
    expect(notice).to_be_hidden()


def test_another_does_not(named_lab: str, school: str, visitor: Page) -> None:
    said: list[str] = []
    visitor.on("console", lambda message: said.append(message.text))
    other = school.replace("school", "other")
    visitor.goto(f"{other}/course?{named_lab}/losses")
    expect(visitor.frame_locator("iframe").get_by_text("Are L1 and L2 the same?")).to_have_count(0)
    assert any("frame-ancestors" in text for text in said)


def test_the_lab_answers_under_its_name_alone(named_lab: str, visitor: Page) -> None:
    unnamed = named_lab.replace("lab.localhost", "127.0.0.1")
    served = visitor.goto(f"{unnamed}/losses")
    assert served is not None
    assert served.status == 421
    expect(visitor.locator("h1")).to_have_text("The lab does not answer under this name")
    for path in ("/lab/alive", "/lab/ready", "/_stcore/health"):
        with urlopen(unnamed + path) as answer:
            assert answer.status == 200
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"{unnamed.replace('http:', 'ws:')}/_stcore/stream")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_unknown_page_leads_on_and_is_accessible(named_lab: str, visitor: Page, scheme: str) -> None:
    visitor.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    visitor.set_viewport_size({"width": 360, "height": 780})
    served = visitor.goto(f"{named_lab}/no-such-page")
    assert served is not None
    assert served.status == 404
    assert "default-src 'self'" in served.headers["content-security-policy"]
    assert violations(visitor) == []
    assert visitor.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page = {"light": "rgb(251, 250, 247)", "dark": "rgb(18, 21, 26)"}[scheme]
    assert visitor.evaluate("getComputedStyle(document.body).backgroundColor") == page
    visitor.get_by_role("link", name="Transport").click()
    expect(visitor).to_have_title("Transport · Cross-Entropy Lab")


def test_a_page_that_fails_says_so_calmly_and_leads_to_how_it_begins(
    named_lab: str, visitor: Page, log: Path
) -> None:
    visitor.goto(f"{named_lab}/losses?n=32&m=16&trials=8&seed=13")
    mishap = visitor.locator(".st-key-mishap")
    expect(mishap.get_by_role("heading")).to_have_text("This page cannot be shown")
    expect(visitor.get_by_test_id("stException")).to_have_count(0)
    assert "secret" not in visitor.content()
    assert "the secret reason" in log.read_text()
    assert "Traceback" in log.read_text()
    mishap.get_by_role("link", name="Open the page as it begins").click()
    visitor.wait_for_url(f"{named_lab}/losses")
    open_lab(visitor, f"{named_lab}/losses")
    expect(mishap).to_have_count(0)
