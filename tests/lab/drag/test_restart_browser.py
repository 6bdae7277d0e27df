"""The server is killed in mid-drag and comes back: bar and address agree, and no act is lost."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from scripts.browser import free_port, settle, start_lab
from tests.support.browsing import open_lab, reach

pytestmark = pytest.mark.browser

_CONNECTED = "[data-testid='stApp'][data-test-connection-state='CONNECTED']"
_CUT = "[data-testid='stApp']:not([data-test-connection-state='CONNECTED'])"
# What the address says, the value under the timeline, and what the slider in the sidebar shows.
_SAID = """() => [
    new URLSearchParams(location.search).get("logit_scale") ?? "1",
    document.querySelector(".lab-scrub .lab-value").textContent,
    document.querySelector("[class*='st-key-losses-logit_scale-'] [data-testid='stSliderThumbValue']")
        ?.innerText,
]"""


@pytest.mark.parametrize(
    "down",
    [False, pytest.param(True, marks=pytest.mark.long)],
    ids=["killed in mid-drag", "dragged while it is down"],
)
def test_server_killed_in_mid_drag_leaves_bar_and_address_agreeing(
    browser: Browser, tmp_path: Path, *, down: bool
) -> None:
    port = free_port()
    server = start_lab(port=port, log=tmp_path / "first.log")
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    try:
        open_lab(page, f"http://127.0.0.1:{port}/losses?n=32&m=16&trials=8")
        reach(page)
        box = page.locator(".lab-scrub input[type=range]").bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2

        def take_hold() -> None:
            page.mouse.move(box["x"] + 8, y)
            page.mouse.down()
            page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=5)

        if not down:
            take_hold()
        server.kill()
        server.wait()
        page.wait_for_selector(_CUT, timeout=60_000)
        if down:
            take_hold()
        page.mouse.up()
        page.wait_for_timeout(1000)
        server = start_lab(port=port, log=tmp_path / "second.log")
        page.wait_for_selector(_CONNECTED, timeout=120_000)
        page.wait_for_function(
            f"() => {{ const said = ({_SAID})(); return said.every(one => one === said[0]); }}",
            timeout=60_000,
        )
        settle(page)
        page.wait_for_timeout(1000)
        address, timeline, slider = page.evaluate(_SAID)
        assert address == timeline == slider
        # It was sent after the cut, not undone.
        assert address != "1"
        page.go_back()
        page.wait_for_function(f"() => ({_SAID})().every(one => one === '1')", timeout=60_000)
    finally:
        page.context.close()
        server.kill()
        server.wait()
