"""The page of the post in a real browser: read without a click."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ce_core.post.derivations import DERIVATIONS, check_derivation, example
from ce_core.post.sum_check import five_numbers
from lab.claims.ledger import measured
from lab.language.numerals import number
from lab.page.glossary import SYMBOLS
from lab.post.anchors import ANCHORS
from tests.support.browsing import charts, on_phone, open_lab, trace
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser

TITLE = "The post, line by line"


def test_post_reads_from_top_to_bottom(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/post")
    check_order(page)
    check_numbers(page)
    check_contents(page)
    check_symbols(page)
    check_unseen(page)


def test_post_is_where_old_links_to_its_steps_lead(lab: str, page: Page) -> None:
    page.goto(f"{lab}/?charts=plain#step-3")
    page.wait_for_url("**/post*#step-3")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)


def check_unseen(page: Page) -> None:
    """See that no left side that only takes room is coloured, which would show parts of it."""
    page.wait_for_function("CSS.highlights.get('lab-p')?.size > 20")
    assert page.locator(".katex-html [style*='transparent']").count() > 5
    colours = page.evaluate(
        """() => [...CSS.highlights].filter(([name]) => name !== "lab-first")
                   .flatMap(([, ranges]) => [...ranges])
                   .map(({ startContainer }) => getComputedStyle(startContainer.parentElement).color)"""
    )
    assert "rgba(0, 0, 0, 0)" not in colours


def check_order(page: Page) -> None:
    """Look at headings, formulas and charts, without a click."""
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    levels = page.evaluate(
        """() => [...document.querySelectorAll("[data-testid='stMain'] :is(h1, h2, h3, h4)")]
                   .map(heading => Number(heading.tagName[1]))"""
    )
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    # Every formula is set, none is left as its source.
    assert page.locator(".katex-error").count() == 0
    lines = sum(map(len, DERIVATIONS.values()))
    assert page.locator("[class*='st-key-derivation-'] .katex-display").count() == lines
    expect(page.locator("[data-testid='stException']")).to_have_count(0)
    assert len(charts(page)) == 8


def check_numbers(page: Page) -> None:
    """Compare the derivation, the five numbers and the two clouds with the core."""
    said = page.locator("[class*='st-key-derivation-'] p").all_inner_texts()
    expected = [line for name in DERIVATIONS for line in check_derivation(name, *example())]
    for text, line in zip(said, expected, strict=True):
        size = number(line.difference, digits=2)
        if not line.holds:
            assert f"✗ fails: off by {size}" in text
        else:
            assert ("✓ holds exactly" if line.difference == 0 else f"✓ holds to {size}") in text
    cells = page.locator(".st-key-five-numbers tbody td:last-child").all_inner_texts()
    elements = five_numbers()[2].tolist()
    assert [float(cell.replace("−", "-")) for cell in cells[:5]] == [
        close_to(element, rel=5e-3) for element in elements
    ]
    read = charts(page)
    straight, bent = (trace(read, key, "trials") for key in ("pairs", "bent"))
    assert len(straight["x"]) == len(bent["x"]) == 20
    assert _slope(straight) == close_to(measured("linear_correlation")["slope_1"], rel=1e-3)
    assert _slope(bent) == close_to(measured("linear_correlation")["slope_16"], rel=1e-3)


def check_contents(page: Page) -> None:
    """Jump to each part by keyboard."""
    for anchor in ANCHORS:
        page.locator(f"[data-testid='stMain'] p a[href='#{anchor}']").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(
            """anchor => {
                 const { top } = document.getElementById(anchor).getBoundingClientRect();
                 return top > -20 && top < 300; }""",
            arg=anchor,
        )


def test_post_formulas_fit_a_phone(lab: str, page: Page) -> None:
    on_phone(page)
    open_lab(page, f"{lab}/post")
    wide: list[Any] = page.evaluate(
        """() => [...document.querySelectorAll("[class*='st-key-derivation-'] .katex-display")]
                   .filter(node => node.querySelector('.katex-html').getBoundingClientRect().right
                                   > node.getBoundingClientRect().right + 1)
                   .map(node => node.querySelector('annotation').textContent)"""
    )
    assert wide == []


def _slope(pairs: dict[str, Any]) -> float:
    count = len(pairs["x"])
    x_mean, y_mean = sum(pairs["x"]) / count, sum(pairs["y"]) / count
    above = sum((x - x_mean) * (y - y_mean) for x, y in zip(pairs["x"], pairs["y"], strict=True))
    below: float = sum((x - x_mean) ** 2 for x in pairs["x"])
    return float(above / below)


def check_symbols(page: Page) -> None:
    """A formula and a sentence show the lines of the table for their symbols, until Escape."""
    meaning = page.locator("#lab-meaning")
    page.locator(".st-key-formulas .katex").first.hover()
    expect(meaning).to_have_text(
        "\n".join(f"{symbol}: {SYMBOLS[symbol]}" for symbol in ("L1", "q", "p"))
    )
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    page.locator(".lab-symbols summary").press("Enter")
    expect(page.locator(".lab-symbols dd").first).to_be_visible()
