"""What is dragged while the connection is cut, in a real browser."""

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.support.browsing import address_has

pytestmark = pytest.mark.browser

APP = "[data-testid='stApp']"
READY = f"{APP}[data-test-connection-state='CONNECTED'][data-test-script-state='notRunning']"


class Line:
    """The connection of a page with its server, which can be cut and healed."""

    def __init__(self, page: Page) -> None:
        self.whole = True
        self.open: list[WebSocketRoute] = []
        self.sent = 0
        page.route_web_socket("**/_stcore/stream*", self._connect)
        page.route("**/_stcore/health*", self._answer)

    def _connect(self, socket: WebSocketRoute) -> None:
        if not self.whole:
            socket.close()
            return
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            self.sent += 1
            server.send(message)

        socket.on_message(pass_on)
        self.open.append(socket)

    def _answer(self, route: Route) -> None:
        if self.whole:
            route.continue_()
        else:
            route.abort()

    def cut(self) -> None:
        self.whole = False
        for socket in self.open:
            socket.close()
        self.open.clear()

    def heal(self) -> None:
        self.whole = True


def test_marks_of_the_app_are_where_the_conversation_reads_them(lab: str, page: Page) -> None:
    page.goto(f"{lab}/softmax")
    page.wait_for_selector(READY)


@pytest.mark.parametrize(
    ("path", "handle", "expected"),
    [
        ("/softmax", ".lab-logits .handle", "a=3,1,"),
        pytest.param("/stability", "[data-testid='trace-step']", "step=", marks=pytest.mark.long),
        pytest.param("/losses", "[data-testid='scrub']", "logit_scale=", marks=pytest.mark.long),
    ],
    ids=["dragged", "stepped", "scrubbed"],
)
def test_act_during_a_cut_is_sent_after_it_and_only_once(
    lab: str, browser: Browser, path: str, handle: str, expected: str
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        line = Line(page)
        page.goto(f"{lab}{path}")
        page.wait_for_selector(handle)
        page.wait_for_selector(READY, timeout=60_000)
        page.wait_for_timeout(1500)
        line.cut()
        page.wait_for_selector(f"{APP}:not([data-test-connection-state='CONNECTED'])")
        bar = page.locator(handle).first
        bar.focus()
        page.keyboard.press("PageUp")
        moved = bar.evaluate("node => node.ariaValueNow ?? node.value")
        page.wait_for_timeout(1500)
        assert expected not in page.evaluate("decodeURIComponent(location.search)")
        line.heal()
        page.wait_for_selector(READY, timeout=60_000)
        address_has(page, expected)
        page.wait_for_selector(READY)
        page.wait_for_timeout(1500)
        assert bar.evaluate("node => node.ariaValueNow ?? node.value") == moved
        # Not sent in a loop.
        before = line.sent
        page.wait_for_timeout(4000)
        assert line.sent == before
        expect(bar).to_be_visible()
