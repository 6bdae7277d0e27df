"""The page of claims in a real browser: an address leads to one claim, its link to what shows it."""

import re

import pytest
from playwright.sync_api import Page, expect

from lab.claims.ledger import LEDGER, measured
from tests.support.browsing import on_phone, open_lab
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser

TITLE = "Which of these are true?"
PLACE = "name => document.getElementById(name).getBoundingClientRect().top"
IN_VIEW = f"name => {{ const top = ({PLACE})(name); return -20 < top && top < 300; }}"


def numbers_of(page: Page) -> dict[str, float]:
    """Return what the losses say beside their first chart."""
    caption = page.locator("[data-card='pairs'] .lab-caption")
    expect(caption).to_contain_text("slope =", timeout=30_000)
    found = dict(re.findall(r"(r|slope) = (\d[\d.]*)", caption.inner_text()))
    return {name: float(value.rstrip(".")) for name, value in found.items()}


def test_claims_lead_to_the_numbers_that_they_say_and_back(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/claims")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.get_by_role("heading", level=3)).to_have_count(len(LEDGER))
    expect(page.locator(".lab-picture [role=img]")).to_have_count(len(LEDGER))
    for key, correlation, slope in (
        ("large_dimension", "scaled_correlation_256", "scaled_slope_256"),
        ("large_samples", "correlation_1024", "slope_1024"),
    ):
        numbers = measured(key)
        card = page.locator(f".st-key-claim-{LEDGER[key].anchor}")
        assert f"{numbers[slope]:.4g}" in card.inner_text()
        card.get_by_role("link", name="See it").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text(TITLE)
        shown = numbers_of(page)
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
        assert shown["r"] == close_to(numbers[correlation], rel=1e-3)
        assert shown["slope"] == close_to(numbers[slope], rel=1e-3)


def test_an_address_leads_to_one_claim_and_stays_there(lab: str, page: Page) -> None:
    on_phone(page)
    open_lab(page, f"{lab}/claims#linear-correlation")
    page.wait_for_function(
        f"0 < ({PLACE})('linear-correlation') && ({PLACE})('linear-correlation') < 300"
    )
    page.evaluate("document.fonts.ready")
    assert 0 < page.evaluate(PLACE, "linear-correlation") < 300
    assert page.url.endswith("/claims#linear-correlation")
    # The reader may leave.
    page.mouse.move(180, 400)
    page.mouse.wheel(0, -3000)
    page.wait_for_function(f"({PLACE})('linear-correlation') > 1000")


def test_contents_lead_to_each_subject(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/claims")
    page.locator("[data-testid=stMain] p a[href='#sinkhorn']").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(IN_VIEW, arg="sinkhorn")
