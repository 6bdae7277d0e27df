"""The bar that scrubs on a phone and at 200 % zoom: at the foot, small, and gone with its figures."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import address_has, open_lab, phone_with_finger

pytestmark = pytest.mark.browser

SMALL = "n=32&m=16&trials=8"
PARTS = (".lab-scrub", ".lab-play", ".lab-scrub input", ".lab-more", ".lab-name", ".lab-value")
_BOXES = """parts => Object.fromEntries(parts.map(part => {
    const {x, y, width, height, bottom} = document.querySelector(part).getBoundingClientRect();
    return [part, {x, y, width, height, bottom}];
}))"""


def test_a_phone_has_one_small_bar_at_its_foot_moved_by_a_finger(lab: str, browser: Browser) -> None:
    with phone_with_finger(browser) as (page, touch):
        open_lab(page, f"{lab}/losses?{SMALL}")
        boxes = page.evaluate(_BOXES, PARTS)
        bar, lever, value = boxes[".lab-scrub"], boxes[".lab-scrub input"], boxes[".lab-value"]
        assert bar["bottom"] == 780
        assert bar["height"] <= 56
        assert bar["width"] == 360
        for part in (".lab-play", ".lab-more"):
            assert min(boxes[part]["width"], boxes[part]["height"]) >= 44
        assert lever["height"] >= 44
        # The name and the lever lie between the button and the value.
        for part in (".lab-name", ".lab-scrub input"):
            assert boxes[".lab-play"]["x"] + boxes[".lab-play"]["width"] <= boxes[part]["x"]
            assert boxes[part]["x"] + boxes[part]["width"] <= value["x"]
        y = lever["y"] + lever["height"] / 2
        touch("touchStart", (lever["x"] + 10, y))
        for share in (0.2, 0.4, 0.6):
            touch("touchMove", (lever["x"] + share * lever["width"], y))
        touch("touchEnd")
        address_has(page, "logit_scale=")
        assert page.evaluate(_BOXES, PARTS)[".lab-scrub input"] == lever
        step = page.get_by_role("button", name="One step forward")
        expect(step).to_be_hidden()
        page.locator(".lab-more").tap()
        expect(step).to_be_visible()
        expect(page.locator(".lab-readouts")).to_be_visible()
        page.locator(".stMain").evaluate("main => main.scrollTo(0, main.scrollHeight)")
        # It stays where its figures end.
        page.wait_for_function(
            "document.querySelector('.lab-scrub').getBoundingClientRect().bottom < 700"
        )


def test_nothing_is_cut_at_twice_the_size_and_the_bar_hides_no_focus(lab: str, page: Page) -> None:
    page.set_viewport_size({"width": 640, "height": 360})
    open_lab(page, f"{lab}/losses?{SMALL}")
    assert page.locator(".stMain").evaluate("main => main.scrollWidth - main.clientWidth") == 0
    button = page.locator(".lab-card button:visible").last
    for under in ("start", "end"):
        # Under the header, or under the bar.
        button.evaluate(
            """(button, block) => {
                button.style.scrollMargin = 0;
                button.scrollIntoView({block, behavior: 'instant'});
                button.style.scrollMargin = '';
                button.focus();
            }""",
            under,
        )
        box, bar = button.bounding_box(), page.locator(".lab-scrub").bounding_box()
        assert box is not None
        assert bar is not None
        assert box["y"] >= 60
        assert box["y"] + box["height"] <= bar["y"]
        button.evaluate("button => button.blur()")
