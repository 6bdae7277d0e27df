"""The page `/losses` in a real browser, on a fresh server: the deep link comes first."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from ce_core import ExperimentConfig, run_experiment, sort_losses
from scripts.browser import settle
from tests.support.browsing import (
    HOME_TITLE,
    address_has,
    after_change,
    charts,
    double_click_until,
    on_phone,
    open_lab,
    press_key,
    query,
    reach,
    trace,
)
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser

SLIDERS = ("n", "m", "trials", "eps", "n_iter", "logit_exponent", "cost_exponent", "logit_scale")


def test_losses_deep_link_first_shows_the_core_numbers(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses?logit_scale=16&seed=5")
    expect(page).to_have_title("L1 against L2 · Cross-Entropy Lab")
    result = run_experiment(ExperimentConfig(logit_scale=16.0, seed=5))
    expected = sort_losses(result.l1, result.l2)
    drawn = trace(charts(page), "pairs", "trials")
    # They travel in float32 where that moves no dot visibly.
    assert drawn["x"] == close_to(expected.l1, rel=1e-6)
    assert drawn["y"] == close_to(expected.l2, rel=1e-6)


def test_losses_answers_on_the_first_screen(lab: str, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    open_lab(page, f"{lab}/losses")
    expect(page.get_by_text("No. L1 = L2 + H(p)").first).to_be_in_viewport()
    boxes = []
    for key in ("answer", "contrast"):
        plot = page.locator(f"[data-card='{key}'] .js-plotly-plot")
        box = plot.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 720
        boxes.append(box)
    # Side by side.
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    on_phone(page)
    open_lab(page, f"{lab}/losses")
    expect(page.get_by_text("No. L1 = L2 + H(p)").first).to_be_in_viewport(ratio=1)
    expect(page.locator("[data-card='answer'] .js-plotly-plot")).to_be_in_viewport(ratio=0.5)


def test_losses_compares_the_scale_with_another_that_stands_still(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses?dtype=float64")
    reach(page)
    for key, scale in (("answer", 1.0), ("contrast", 16.0)):
        result = run_experiment(ExperimentConfig(logit_scale=scale, dtype="float64"))
        losses = sort_losses(result.l1, result.l2)
        drawn = trace(charts(page), key, "trials")
        assert drawn["x"] == close_to(losses.l1 - losses.l1.mean(), rel=1e-5, abs=1e-9)
        assert drawn["y"] == close_to(losses.l2 - losses.l2.mean(), rel=1e-5, abs=1e-9)
    before = charts(page)
    # Along the timeline the first of the two moves, and the other does not.
    page.get_by_test_id("scrub").focus()
    page.keyboard.press("ArrowRight")
    after = after_change(page, before)
    assert trace(after, "answer", "trials") != trace(before, "answer", "trials")
    assert trace(after, "contrast", "trials") == trace(before, "contrast", "trials")


def test_losses_sliders_move_by_keyboard_and_charts_follow(lab: str, page: Page) -> None:
    # With one iteration and a small eps, so that the iterations matter too.
    open_lab(page, f"{lab}/losses?n_iter=1&eps=0.05&n=32&m=16")
    after, address = charts(page), query(page)
    for parameter in SLIDERS:
        before = after
        press_key(page, f"losses.{parameter}", "ArrowRight")
        after = after_change(page, before)
        assert trace(after, "pairs", "trials") != trace(before, "pairs", "trials")
        page.wait_for_function(
            "([name, value]) => new URLSearchParams(location.search).get(name) !== value",
            arg=[parameter, address.get(parameter, [None])[0]],
        )
        changed = query(page)
        different = {name for name in changed | address if changed.get(name) != address.get(name)}
        assert different == {parameter}
        address = changed


def test_losses_copied_link_opens_the_same_charts_elsewhere(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses?n=100&eps=0.31&dtype=float64&published=true")
    before = charts(page)
    press_key(page, "losses.logit_scale", "End")
    moved = after_change(page, before)
    page.get_by_role("button", name="New draw").click()
    drawn = after_change(page, moved)
    address_has(page, "seed=1")
    page.get_by_text("A link to this state").click()
    shown = page.locator(".stCode").filter(has_text="/losses?").inner_text()
    assert parse_qs(urlsplit(shown.strip()).query) == query(page)
    other = page.context.new_page()
    other.set_viewport_size({"width": 800, "height": 900})
    open_lab(other, page.url)
    assert charts(other) == drawn
    assert query(other) == query(page)
    other.close()


def test_losses_reset_restores_the_post(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses")
    post = charts(page)
    press_key(page, "losses.logit_scale", "End")
    after_change(page, post)
    moved = charts(page)
    page.get_by_role("button", name="Reset to the post").click()
    assert after_change(page, moved) == post
    page.wait_for_function("location.search === ''")


def test_losses_keeps_its_state_across_pages(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses?n=100")
    before = charts(page)
    press_key(page, "losses.logit_scale", "End")
    moved = after_change(page, before)
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOME_TITLE)
    page.get_by_role("link", name="L1 against L2").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Are L1 and L2 the same?")
    page.wait_for_selector(".lab-card .main-svg")
    address_has(page, "logit_scale=1024")
    settle(page)
    assert charts(page) == moved


def test_losses_garbage_in_the_link_is_named_and_harmless(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses?n=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&nothing=1&m=64")
    notice = page.locator(".st-key-ignored-notice")
    expect(notice).to_contain_text("n=<img src=x onerror=alert(1)>")
    expect(notice).to_contain_text("nothing=1")
    assert notice.locator("img").count() == 0
    result = run_experiment(ExperimentConfig())
    expected = sort_losses(result.l1, result.l2).l1
    assert trace(charts(page), "pairs", "trials")["x"] == close_to(expected, rel=1e-6)


def test_losses_over_budget_offers_what_fits(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses?n=8192&trials=100")
    expect(page.get_by_text("times the work")).to_be_visible()
    page.get_by_role("button", name="trials = 13").click()
    expect(page.get_by_text("times the work")).to_be_hidden()
    settle(page)
    assert len(trace(charts(page), "pairs", "trials")["x"]) == 13


def test_losses_draws_100000_points_as_a_few_and_a_density(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses?n=1024&m=100&trials=2")
    page.locator("[data-card='gradients'] .lab-why summary").click()
    expect(page.get_by_text("Drawn: 102,400 logits")).to_be_visible()
    drawn = charts(page)
    assert len(trace(drawn, "gradients", "p in full")["x"]) <= 400


def test_losses_zoom_and_node_survive_a_change(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses")
    plot = page.locator("[data-card='pairs'] .js-plotly-plot")
    plot.evaluate("node => { node.same = true; }")
    plot.scroll_into_view_if_needed()
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 80, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 160, steps=5)
    page.mouse.up()
    settle(page)
    zoomed = plot.evaluate("node => node._fullLayout.xaxis.range")
    before = charts(page)
    press_key(page, "losses.logit_scale", "ArrowRight")
    after = after_change(page, before)
    assert plot.evaluate("node => node.same") is True
    assert plot.evaluate("node => node._fullLayout.xaxis.range") == zoomed
    # A double click shows everything again, of the new data.
    double_click_until(
        plot,
        """losses => { const [low, high] = document.querySelector(
             "[data-card='pairs'] .js-plotly-plot")._fullLayout.xaxis.range;
             return low < Math.min(...losses) && Math.max(...losses) < high; }""",
        arg=trace(after, "pairs", "trials")["x"],
    )
