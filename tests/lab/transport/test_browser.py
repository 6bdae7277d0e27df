"""The page `/transport` in a real browser: played, dragged, painted, and opened again from its URL."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from ce_core import random_cost, sinkhorn
from lab.transport.results import results
from lab.transport.state import TransportState
from scripts.browser import settle
from tests.support.browsing import (
    address_has,
    charts,
    field,
    open_lab,
    phone_with_finger,
    query,
    reach,
    scrolled,
    trace,
)

pytestmark = pytest.mark.browser

PATIENCE = 60_000
_PLAN = """() => Array.from(document.querySelector("[data-card='plan'] .js-plotly-plot")._fullData
    .find(trace => trace.type === 'heatmap').z, row => Array.from(row))"""


def plan_of(page: Page) -> np.ndarray:
    """Return the plan as it is drawn."""
    return np.array(page.evaluate(_PLAN))


def wait_for_query(page: Page, name: str) -> None:
    page.wait_for_function(f"location.search.includes('{name}=')", timeout=PATIENCE)
    settle(page)


def middle(locator: Locator) -> tuple[float, float]:
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def painted_box(page: Page, bars: Locator) -> FloatRect:
    """Open the marginals and return where those bars come to rest: the drawer opens slowly."""
    page.get_by_text("Paint the marginals").click()
    expect(bars).to_be_visible()
    settle(page)
    page.wait_for_function(
        """!document.getAnimations().some(motion => motion.playState === 'running'
                                         && motion.timeline === document.timeline)"""
    )
    bars.evaluate("node => node.scrollIntoView({block: 'center'})")
    box = bars.bounding_box()
    assert box is not None
    return box


def test_transport_deep_link_first_shows_the_core_numbers(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/transport?n=6&m=5&eps=0.1&n_iter=4")
    result = sinkhorn(random_cost(6, 5), eps=0.1, tol=None, max_iter=4)
    np.testing.assert_allclose(plan_of(page), result.plan, rtol=0, atol=1e-6)
    plain = trace(charts(page), "errors", "plain")["y"]
    np.testing.assert_allclose(plain[:4], result.errors / 2, rtol=1e-4)


def test_transport_iteration_is_dragged_along_the_curve(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/transport?n=6&m=5")
    handle, said = page.locator(".lab-iteration"), page.locator(".lab-iteration-handle .answer")
    expect(said).to_contain_text("After 3 iterations the rows are exact")
    reach(page)
    handle.scroll_into_view_if_needed()
    x, y = middle(handle)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    # Before the hand lets go: answer, plan and words at the handle are of the iteration under it.
    expect(handle).not_to_have_attribute("aria-valuenow", "3")
    count = int(handle.get_attribute("aria-valuenow") or "")
    expect(said).to_contain_text(f"After {count} iterations")
    expect(handle).to_contain_text(f"iteration {count}: ")
    found = results(TransportState(n=6, m=5, n_iter=count))
    np.testing.assert_allclose(plan_of(page), found.plan, rtol=0, atol=1e-5)
    assert "n_iter" not in query(page)
    page.mouse.up()
    address_has(page, f"n_iter={count}")
    page.keyboard.press("ArrowRight")
    address_has(page, f"n_iter={count + 1}")
    page.go_back()
    expect(handle).to_have_attribute("aria-valuenow", str(count))


def test_transport_plan_and_curve_are_on_the_first_screen_and_a_finger_drags(
    lab: str, browser: Browser
) -> None:
    with phone_with_finger(browser) as (page, touch):
        open_lab(page, f"{lab}/transport?n=6&m=5")
        handle = page.locator(".lab-iteration")
        plan, curve = (page.locator(f"[data-card='{key}'] .lab-plot") for key in ("plan", "errors"))
        high, low = plan.bounding_box(), curve.bounding_box()
        assert high is not None
        assert low is not None
        # One below the other, with nothing between them.
        assert 0 <= low["y"] - high["y"] - high["height"] < 20
        handle.evaluate("node => node.scrollIntoView({block: 'center'})")
        reach(page)
        top = scrolled(page)
        x, y = middle(handle)
        touch("touchStart", (x, y))
        for step in range(1, 9):
            touch("touchMove", (x + 8 * step, y + step))
        page.wait_for_timeout(300)
        touch("touchEnd")
        wait_for_query(page, "n_iter")
        assert scrolled(page) == top
        state = TransportState(n=6, m=5, n_iter=int(query(page)["n_iter"][0]))
        np.testing.assert_allclose(plan_of(page), results(state).plan, rtol=0, atol=1e-5)


def test_transport_plays_the_iterations_and_the_link_keeps_the_place(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/transport?n=6&m=5&n_iter=0")
    reach(page)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(
        "Number(document.querySelector('.lab-scrub input').value) > 3", timeout=PATIENCE
    )
    page.get_by_role("button", name="Pause", exact=True).click()
    wait_for_query(page, "n_iter")
    page.wait_for_function("!location.search.includes('n_iter=0')", timeout=PATIENCE)
    settle(page)
    count = int(query(page)["n_iter"][0])
    state = TransportState(n=6, m=5, n_iter=count)
    np.testing.assert_allclose(plan_of(page), results(state).plan, rtol=0, atol=1e-5)
    address = page.url
    open_lab(page, address)
    np.testing.assert_allclose(plan_of(page), results(state).plan, rtol=0, atol=1e-6)
    assert page.locator(".st-key-ignored-notice").count() == 0


def test_transport_points_are_dragged_and_moved_by_key(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/transport?cost=clouds&n=4&m=3&along=none")
    point = page.locator(".lab-point-editor .dot.x").first
    x, y = middle(point)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y - 40, steps=4)
    assert "x" not in query(page)
    page.mouse.up()
    wait_for_query(page, "x")
    before = query(page)["x"]
    point.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"!location.search.includes('x={before[0]}')", timeout=PATIENCE)
    settle(page)
    _hold_to_core(page, cost="clouds", n=4, m=3)


def test_transport_marginals_are_painted_and_moved_by_key(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/transport?n=4&m=4&along=none")
    box = painted_box(page, page.locator(".weights.nu .bars"))
    page.mouse.move(box["x"] + 3, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 8, steps=6)
    page.mouse.up()
    wait_for_query(page, "nu")
    bar = page.locator(".weights.mu .bar").first
    bar.focus()
    page.keyboard.press("Home")
    wait_for_query(page, "mu")
    assert query(page)["mu"][0].startswith("0")
    _hold_to_core(page, n=4, m=4)
    np.testing.assert_array_equal(plan_of(page)[0], 0)


def test_transport_points_and_marginals_follow_a_finger(lab: str, browser: Browser) -> None:
    with phone_with_finger(browser) as (page, touch):
        open_lab(page, f"{lab}/transport?cost=clouds&n=4&m=3&along=none")
        point = page.locator(".lab-point-editor .dot.x").first
        point.evaluate("node => node.scrollIntoView({block: 'center'})")
        top = scrolled(page)
        x, y = middle(point)
        touch("touchStart", (x, y))
        for step in range(1, 9):
            touch("touchMove", (x + 5 * step, y - 5 * step))
        # Chromium hands touches on once a frame.
        page.wait_for_timeout(300)
        assert "x" not in query(page)
        touch("touchEnd")
        wait_for_query(page, "x")
        assert scrolled(page) == top
        _hold_to_core(page, cost="clouds", n=4, m=3)

        open_lab(page, f"{lab}/transport?n=4&m=4&along=none")
        box = painted_box(page, page.locator(".weights.nu .bars"))
        left, low = box["x"] + 3, box["y"] + 0.8 * box["height"]
        touch("touchStart", (left, low))
        for step in range(1, 9):
            touch("touchMove", (left + step / 8 * (box["width"] - 6), low - 3 * step))
        page.wait_for_timeout(300)
        touch("touchEnd")
        wait_for_query(page, "nu")
        _hold_to_core(page, n=4, m=4)


def _hold_to_core(page: Page, **sizes: Any) -> None:
    said: dict[str, Any] = {
        name: values[0] for name, values in query(page).items() if name in ("mu", "nu", "x", "y")
    }
    state = TransportState(**sizes, **said)
    page.wait_for_function(
        "() => document.querySelector(\"[data-card='plan'] .js-plotly-plot\") !== null"
    )
    page.wait_for_timeout(500)
    np.testing.assert_allclose(plan_of(page), results(state).plan, rtol=0, atol=1e-5)


def test_transport_cost_of_clouds_can_be_left_and_charts_stay_live(lab: str, page: Page) -> None:
    # The lines of the plan between the points once had a point in their names, which Plotly could
    # not clear away; all charts were plain ones from then on, four times of five.
    for _ in range(3):
        open_lab(page, f"{lab}/transport?cost=clouds")
        expect(page.locator("[data-card]")).not_to_have_count(0)
        field(page, "transport.cost").get_by_role("combobox").click()
        page.get_by_role("option", name="Random, as the post's").click()
        page.wait_for_function("!location.search.includes('clouds')", timeout=PATIENCE)
        settle(page)
        assert page.locator("[class*='st-key-to-live']").count() == 0
        expect(page.locator(".lab-card")).not_to_have_count(0)
