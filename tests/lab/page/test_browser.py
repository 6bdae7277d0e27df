"""What all pages share, in a real browser: presets, meanings of symbols, paper."""

import re

import pytest
from playwright.sync_api import Page, expect

from ce_core.figures.colours import QUANTITIES, dark_values
from lab.page.glossary import SYMBOLS
from scripts.browser import settle
from tests.support.browsing import address_has

pytestmark = pytest.mark.browser

_TEXTS = [quantity.text for quantity in QUANTITIES.values()]
ONLY_DARK = {*dark_values().values(), *(text.dark for text in _TEXTS)} - {
    *dark_values(),
    *(text.light for text in _TEXTS),
}


def seen_colours(page: Page) -> set[str]:
    """Return the colours of words and of what the charts draw, as the table writes them."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(
                '.stMain :is(h1, h2, p, strong, .stMarkdownColoredText), .lab-plot :is(path, text)'
            )].flatMap((node) => {
                const { color, fill, stroke } = getComputedStyle(node);
                return node.closest('.lab-plot') ? [fill, stroke] : [color];
            })"""
    )
    numbers = [[int(part) for part in re.findall(r"\d+", colour)[:3]] for colour in found]
    return {f"#{bytes(three).hex().upper()}" for three in numbers if three}


def test_picture_of_a_preset_is_pressed_and_symbols_say_what_they_mean(lab: str, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{lab}/losses")
    settle(page)
    page.locator(".lab-thumbnail").nth(1).scroll_into_view_if_needed()
    picture = page.locator(".lab-thumbnail").nth(1).bounding_box()
    assert picture is not None
    page.mouse.click(picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    address_has(page, "logit_scale=16")
    settle(page)
    check_marks(page)
    formula, meaning = page.locator(".st-key-formulas .katex").first, page.get_by_role("tooltip")
    page.keyboard.press("Tab")
    for explained in (page.locator(".st-key-answer p"), formula):
        explained.focus()
        expect(meaning).to_contain_text(f"L1: {SYMBOLS['L1']}")
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    assert seen_colours(page) & ONLY_DARK
    # From a dark page too the paper has the light colours, of words and of what Plotly has drawn.
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert not seen_colours(page) & ONLY_DARK
    assert seen_colours(page) >= {QUANTITIES[name].mark.light for name in ("entropy", "l2")}
    expect(page.locator(".stSidebar")).to_be_hidden()
    assert page.evaluate("document.querySelector('.stMain').scrollHeight <= document.body.scrollHeight")
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert seen_colours(page) & set(dark_values().values()) & ONLY_DARK


def check_marks(page: Page) -> None:
    """Read what is marked: first uses, once each and in the answer, and the letters of formulas."""
    page.wait_for_function(
        "CSS.highlights.get('lab-first')?.size > 2 && CSS.highlights.get('lab-l1').size"
    )
    marked = page.evaluate(
        """() => {
          const read = ({ startContainer: node, startOffset, endContainer, endOffset }) =>
            node === endContainer ? node.data.slice(startOffset, endOffset) : node.data;
          const marks = [...CSS.highlights].map(([name, ranges]) => [name, [...ranges].map(read)]);
          return Object.fromEntries(marks);
        }"""
    )
    assert marked["lab-first"][:3] == ["L1", "L2", "H(p)"]
    assert len(set(marked["lab-first"])) == len(marked["lab-first"])
    assert marked["lab-l1"] == marked["lab-l2"] == ["L", "L"]
    assert marked["lab-p"] == ["p", "p"]
    assert marked["lab-entropy"] == ["H"]
