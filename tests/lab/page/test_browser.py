"""What all pages share, in a real browser: the bar of a phone, presets, meanings of symbols, paper."""

import pytest
from playwright.sync_api import Page, expect

from scripts.browser import settle
from tests.support.browsing import address_has, on_phone

pytestmark = pytest.mark.browser

_TARGETS = """() => [...document.querySelectorAll('.lab-scrub :is(button, input, select)')]
  .filter(node => node.checkVisibility())
  .map(node => node.getBoundingClientRect())
  .map(box => Math.min(box.width, box.height))"""


def test_bar_of_a_phone_holds_play_lever_and_value_and_leaves_with_its_figures(
    lab: str, page: Page
) -> None:
    on_phone(page)
    page.goto(f"{lab}/losses")
    settle(page)
    bar = page.locator("[class*='st-key-timeline-']")
    box = bar.bounding_box()
    assert box is not None
    assert box["height"] <= 56
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 360, 780)
    more = page.get_by_role("button", name="Steps, loop, speed and numbers")
    more.click()
    expect(page.get_by_role("button", name="One step forward")).to_be_visible()
    assert min(page.evaluate(_TARGETS)) >= 44
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="One step forward")).to_be_hidden()
    page.locator(".st-key-formulas").scroll_into_view_if_needed()
    expect(bar).not_to_be_in_viewport()


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
    expect(meaning).to_contain_text("L1: cross-entropy")
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator(".stSidebar")).to_be_hidden()
    assert page.evaluate("document.querySelector('.stMain').scrollHeight <= document.body.scrollHeight")
