"""What all pages share, in a real browser: presets, meanings of symbols, paper."""

import pytest
from playwright.sync_api import Page, expect

from lab.page.glossary import SYMBOLS
from scripts.browser import settle
from tests.support.browsing import address_has

pytestmark = pytest.mark.browser


def test_picture_of_a_preset_is_pressed_and_symbols_say_what_they_mean(lab: str, page: Page) -> None:
    page.goto(f"{lab}/losses")
    settle(page)
    page.locator(".lab-thumbnail").nth(1).scroll_into_view_if_needed()
    picture = page.locator(".lab-thumbnail").nth(1).bounding_box()
    assert picture is not None
    page.mouse.click(picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    address_has(page, "logit_scale=16")
    settle(page)
    formula, meaning = page.locator(".st-key-formulas .katex").first, page.get_by_role("tooltip")
    page.keyboard.press("Tab")
    formula.focus()
    expect(meaning).to_contain_text(f"L1: {SYMBOLS['L1']}")
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".stSidebar")).to_be_hidden()
    assert page.evaluate("document.querySelector('.stMain').scrollHeight <= document.body.scrollHeight")
