"""The page `/tuning` in a real browser: scores that are opened, and a phone's first screen."""

import io
import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from lab.tuning.results import results
from lab.tuning.state import DEFAULT
from scripts.browser import settle
from tests.support.browsing import address_has, open_lab, phone_with_finger
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser


def test_scores_that_are_opened_are_mapped_and_a_cell_is_chosen_by_hand(lab: str, page: Page) -> None:
    scores = np.random.default_rng(0).normal(size=(40, 8))
    file = io.BytesIO()
    np.save(file, scores)
    open_lab(page, f"{lab}/tuning")
    page.get_by_role("button", name="Paste or open your own").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.npy", "mimeType": "application/octet-stream", "buffer": file.getvalue()}
    )
    address_has(page, "scores=own")
    head = page.locator(".lab-tuning-map .scores .head")
    expect(head).to_have_text("Your scores40 × 8")
    expect(page.locator(".st-key-answer")).to_contain_text("For these scores: ε = ")
    # A cell by hand, the next by key: the numbers follow at once, then the address.
    field = page.get_by_test_id("tuning-field")
    box = field.bounding_box()
    assert box is not None
    field.click(position={"x": 0.5 * box["width"] / 14, "y": 0.5 * box["height"] / 12})
    address_has(page, "n_iter=48")
    page.keyboard.press("ArrowDown")
    address_has(page, "n_iter=32")
    grip = page.get_by_role("slider", name="The chosen cell of the map")
    expect(grip).to_have_attribute("aria-valuetext", re.compile(r"^ε 0\.0\d+, iterations 32: "))
    settle(page)
    # What cannot be read leaves them as they are.
    page.locator("input[type=file]").set_input_files(
        {"name": "wrong.csv", "mimeType": "text/csv", "buffer": b"1,2\n3,x"}
    )
    expect(page.get_by_text("line 2, column 2 must be a number, got 'x'")).to_be_visible()
    expect(head).to_have_text("Your scores40 × 8")


def test_on_a_phone_the_map_and_its_lever_are_on_the_first_screen(lab: str, browser: Browser) -> None:
    with phone_with_finger(browser) as (page, touch):
        page.set_viewport_size({"width": 360, "height": 740})
        open_lab(page, f"{lab}/tuning")
        lever = page.get_by_test_id("tuning-spread")
        for part in (page.get_by_test_id("tuning-field"), page.locator(".st-key-answer"), lever):
            box: Any = part.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 740
        found = results(DEFAULT)
        numbers = page.locator(".lab-tuning-map .numbers dd")
        assert float(numbers.nth(1).inner_text()) == close_to(found.best.perplexity, rel=5e-3)
        field = page.get_by_test_id("tuning-field").bounding_box()
        assert field is not None
        at = (field["x"] + 0.9 * field["width"], field["y"] + 0.1 * field["height"])
        touch("touchStart", at)
        touch("touchEnd")
        address_has(page, "eps=0.7")
