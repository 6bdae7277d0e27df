"""The home page in a real browser: its figure taken hold of, and the ways on."""

from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from ce_core import (
    cross_entropy,
    cross_entropy_grad,
    entropy_from_logits,
    logit_gap,
    logit_gap_grad,
    logit_gap_minimum,
    softmax,
)
from scripts.browser import settle
from tests.support.browsing import HOME_TITLE, address_has, open_lab, phone_with_finger, scrolled
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser

FIGURE = ".lab-hero .plot"
# Pixels as the figure has them: dots on the scale of the losses, arrows, the bar of p.
_READ = """() => {
    const hero = document.querySelector('.lab-hero:has(.plot)');
    const one = selector => hero.querySelector(selector);
    const number = (selector, name) => Number(one(selector).getAttribute(name));
    const arrow = name => {
        // One that is short is as long as its head.
        const drawn = one(`.arrow.${name}:not(.short)`)?.getAttribute('d');
        const [from, y, shaft, top, tip] = drawn?.match(/-?[\\d.]+/g)?.map(Number) ?? [];
        return { from, tip };
    };
    return {
        lead: Number(one('.plot').ariaValueNow), said: one('.plot').ariaValueText,
        zero: number('.zero-line', 'y1'), dot1: number('.dot.l1', 'cy'), dot2: number('.dot.l2', 'cy'),
        rest: number('.rest-line', 'y1'), p: number('.bar', 'width') / number('.track', 'width'),
        arrow1: arrow('l1'), arrow2: arrow('l2'), chance: one('.chance').textContent,
        labels: Object.fromEntries([...hero.querySelectorAll('.label')]
            .filter(label => label.style.visibility !== 'hidden')
            .map(label => [label.classList[1], label.textContent])),
    };
}"""


def read(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_READ)
    return found


def still(page: Page, lab: str) -> None:
    """Open the page as one who wants no motion."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    open_lab(page, lab)
    page.wait_for_selector(f"{FIGURE} .lab-knob[cx]")


def hold(page: Page, share: float) -> None:
    """Press the handle, drag it to a share of the plot, and hold it there."""
    box = page.locator(FIGURE).bounding_box()
    assert box is not None
    knob = page.locator(f"{FIGURE} .lab-knob").bounding_box()
    assert knob is not None
    page.mouse.move(knob["x"] + 13, knob["y"] + 13)
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], knob["y"] + 13, steps=12)


def assert_follows(found: dict[str, Any], classes: int) -> None:
    """Hold what is drawn and said to the core."""
    q = torch.eye(classes, dtype=torch.float64)[0]
    a = found["lead"] * q
    l1, l2 = cross_entropy(a, q).item(), logit_gap(a, q).item()
    p = softmax(a)[0].item()
    rest = logit_gap_minimum(q)
    # A pixel is some hundredths of a nat.
    nat = (found["rest"] - found["zero"]) / -rest.loss.item()
    assert found["zero"] - found["dot1"] == close_to(l1 * nat, abs=0.1)
    assert found["zero"] - found["dot2"] == close_to(l2 * nat, abs=0.1)
    assert found["p"] == close_to(p, abs=1e-3)
    assert found["chance"].endswith(f"p = {p:.3f}")
    assert found["labels"]["rest"].endswith(f"p = {rest.p[0]:.3f}")
    if "entropy" in found["labels"]:
        assert found["labels"]["entropy"] == f"entropy H(p) = {entropy_from_logits(a):.2f}"
    push2 = -logit_gap_grad(a, q)[0].item()
    ways = "both push" if push2 > 0 else "L2 towards less sure"
    assert ways in found["said"]
    if found["arrow1"].get("tip") and found["arrow2"].get("tip"):
        lengths = [found[name]["tip"] - found[name]["from"] for name in ("arrow1", "arrow2")]
        push1 = -cross_entropy_grad(a, q)[0].item()
        assert lengths[1] / lengths[0] == close_to(push2 / push1, rel=0.01)


def test_home_figure_is_dragged_and_keyed_and_the_address_says_where(
    lab: str, page: Page, sent: list[object]
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    still(page, lab)
    found = read(page)
    assert found["lead"] == 3.4
    assert found["labels"]["push1"] == "more sure"
    assert found["labels"]["push2"] == "less sure"
    assert "drag" in found["labels"]
    assert_follows(found, 10)
    check_first_screen(page)
    page.wait_for_timeout(500)
    sent.clear()
    hold(page, 0.22)
    found = read(page)
    assert found["lead"] == close_to(0, abs=0.1)
    assert found["labels"]["push2"] == "more sure"
    assert "drag" not in found["labels"]
    assert_follows(found, 10)
    assert sent == []
    page.mouse.up()
    address_has(page, f"lead={found['lead']:g}")
    page.locator(FIGURE).focus()
    for key, lead in (("End", 8), ("Home", -2), ("PageUp", -1), ("ArrowRight", -0.9)):
        page.keyboard.press(key)
        found = read(page)
        assert found["lead"] == close_to(lead, abs=1e-9)
        assert_follows(found, 10)
    address_has(page, "lead=-0.9")
    page.locator(".lab-hero input").fill("64")
    address_has(page, "k=64")
    hold(page, 0.8)
    found = read(page)
    assert_follows(found, 64)
    page.mouse.up()
    address_has(page, f"lead={found['lead']:g}")
    page.go_back()
    page.wait_for_function(f"document.querySelector('{FIGURE}').ariaValueNow === '-0.9'")
    assert_follows(read(page), 64)


def test_home_figure_is_held_before_streamlit_has_come_and_under_the_hand_meanwhile(
    lab: str, page: Page
) -> None:
    # Streamlit asks it before it opens a session; until `unroute` it is not answered.
    page.route("**/_stcore/health*", lambda _route: None)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{lab}/?k=5", wait_until="commit")
    page.wait_for_selector(f"{FIGURE} .lab-knob[cx]")
    before = boxes(page)
    hold(page, 0.3)
    page.mouse.up()
    hold(page, 0.4)
    assert_follows(read(page), 5)
    assert page.locator(".st-key-doors").count() == 0
    page.unroute("**/_stcore/health*")
    page.wait_for_selector(".st-key-doors")
    settle(page)
    # The hand has not let go.
    assert page.locator("#lab-opening").count() == 1
    page.mouse.move(900, 300)
    lead = read(page)["lead"]
    page.mouse.up()
    address_has(page, f"lead={lead:g}&k=5")
    assert page.locator("#lab-opening").count() == 0
    assert boxes(page) == before
    assert read(page)["lead"] == lead
    assert_follows(read(page), 5)


def boxes(page: Page) -> list[Any]:
    """Return where question and figure stand, once the letters have come: until then none is seen."""
    page.evaluate("document.fonts.load('600 32px \"Source Serif\"')")
    return [page.locator(selector).last.bounding_box() for selector in ("h1", FIGURE)]


def check_first_screen(page: Page) -> None:
    """Find title, figure, ways on and doors within the window, the figure on half of it."""
    for selector in ("h1", ".lab-hero", ".st-key-hero-words", ".st-key-doors"):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] >= 0, selector
        assert box["y"] + box["height"] <= 720, selector
    figure = page.locator(".lab-hero").bounding_box()
    assert figure is not None
    assert figure["width"] * figure["height"] >= 0.5 * 1280 * 720


def test_home_figure_moves_by_itself_once_until_it_is_touched(lab: str, page: Page) -> None:
    open_lab(page, lab)
    page.wait_for_function(f"document.querySelector('{FIGURE}')?.ariaValueNow < 2.5")
    hold(page, 0.5)
    page.mouse.up()
    lead = read(page)["lead"]
    page.wait_for_timeout(300)
    assert read(page)["lead"] == lead


def test_home_figure_follows_a_finger_that_goes_sideways_and_lets_one_scroll(
    lab: str, browser: Browser
) -> None:
    with phone_with_finger(browser) as (page, touch):
        page.set_viewport_size({"width": 360, "height": 740})
        still(page, lab)
        box = page.locator(FIGURE).bounding_box()
        assert box is not None
        x, y = box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"]
        ways = page.locator(".st-key-hero-ways").bounding_box()
        assert ways is not None
        assert ways["y"] + ways["height"] <= 740
        touch("touchStart", (x, y))
        for step in range(1, 9):
            touch("touchMove", (x, y - 20 * step))
        touch("touchEnd")
        page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop > 50")
        assert read(page)["lead"] == 3.4
        # Until it comes to rest.
        page.wait_for_timeout(1000)
        page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 0")
        before = scrolled(page)
        touch("touchStart", (x, y))
        for step in range(1, 9):
            touch("touchMove", (x - 10 * step, y))
        touch("touchEnd")
        page.wait_for_function(f"document.querySelector('{FIGURE}')?.ariaValueNow < 1")
        assert scrolled(page) == before
        assert_follows(read(page), 10)


def test_home_leads_to_where_l2_pulls_back_and_to_every_lab(lab: str, page: Page) -> None:
    still(page, lab)
    page.locator(FIGURE).press("End")
    address_has(page, "lead=8")
    page.get_by_role("link", name="Let L2 pull").click()
    address_has(page, "a=8,0,0,0,0,0,0,0,0,0")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Which way does the loss push each logit?"
    )
    expect(page.get_by_text("At the start L1 pushes a₁ up")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOME_TITLE)
    # As it was left.
    page.wait_for_function(f"document.querySelector('{FIGURE}')?.ariaValueNow === '8'")
    page.locator(".st-key-door-stability").click(position={"x": 12, "y": 20})
    expect(page.get_by_role("heading", level=1)).to_have_text("Where does NaN come from?")


def test_home_links_show_their_state_also_after_a_visit(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/gradient?a=1,0,0&step=3")
    page.get_by_role("link", name="Home").click()
    page.get_by_role("link", name="Let L2 pull").click()
    expect(page.get_by_text("At the start L1 pushes a₁ up")).to_be_visible()
