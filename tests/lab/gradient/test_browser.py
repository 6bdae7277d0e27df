"""The page `/gradient` in a real browser: dragged, played, reloaded, and held to `ce_core`."""

from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from ce_core import (
    cross_entropy,
    cross_entropy_grad,
    descent_paths,
    logit_gap,
    logit_gap_grad,
    logit_gap_minimum,
    logit_gap_residual,
    softmax,
)
from scripts.browser import settle
from tests.support.browsing import (
    HOME_TITLE,
    address_has,
    charts,
    on_phone,
    phone_with_finger,
    query,
    reach,
    scrolled,
    trace,
)
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser

DEFAULT = [2.5, 0.5, -1.0]

_READ = """() => {
    const bars = document.querySelector('.lab-push-editor');
    const all = (selector) => [...bars.querySelectorAll(selector)];
    const now = (name) => all(`.handle.${name}`).map((bar) => Number(bar.ariaValueNow));
    const values = (name) => all(`.bar.${name}`).map((bar) => Number(bar.dataset.value));
    const losses = bars.querySelector('.losses').dataset;
    return {
        logits: now('logit'), q: now('q'), p: values('p'),
        pulls: values('pulls'), residual: values('residual'), full: values('full'),
        l1: Number(losses.l1), l2: Number(losses.l2),
        target: all('input[type=radio]').findIndex((radio) => radio.checked),
        ways: all('.lab-arrow b').map((head) => head.dataset.way),
        totals: all('.total span').map((span) => span.textContent),
        readout: bars.querySelector('.readout').textContent,
    };
}"""


def open_gradient(page: Page, address: str) -> None:
    """Go to the page and wait for the bars and the charts."""
    page.goto(address)
    page.wait_for_selector(".lab-push-editor .handle")
    settle(page)


def read(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_READ)
    return found


def handle(page: Page, what: str, i: int) -> Locator:
    return page.locator(f".lab-push-editor .handle.{what}").nth(i)


def drag(page: Page, what: str, i: int, share: float) -> None:
    """Drag a bar to that share of its length and hold it there."""
    bar = handle(page, what, i)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    at = float(str(bar.get_attribute("aria-valuenow")))
    start = at if what == "q" else 0.5
    height = box["y"] + 0.75 * box["height"]
    page.mouse.move(box["x"] + start * box["width"], height)
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], height, steps=20)


def assert_follows(found: dict[str, Any]) -> None:
    """Hold what the bars show to the core."""
    a, q = (torch.tensor(found[name], dtype=torch.float64) for name in ("logits", "q"))
    assert found["p"] == close_to(softmax(a).tolist(), rel=1e-14)
    assert found["pulls"] == close_to(cross_entropy_grad(a, q).tolist(), abs=1e-14)
    assert found["residual"] == close_to(logit_gap_residual(a).tolist(), abs=1e-14)
    assert found["full"] == close_to(logit_gap_grad(a, q).tolist(), abs=1e-14)
    assert found["l1"] == close_to(cross_entropy(a, q).item(), rel=1e-13)
    assert found["l2"] == close_to(logit_gap(a, q).item(), abs=1e-13)


_READ_FIGURE = """() => {
    const figure = document.querySelector('.lab-held-logits');
    const all = (selector) => [...figure.querySelectorAll(selector)];
    return {
        logits: all('.handle').map((bar) => Number(bar.ariaValueNow)),
        pushes: ['l1', 'held', 'l2'].map((name) =>
            all(`.lab-arrow.${name}`).map((arrow) => Number(arrow.dataset.push))),
        ends: all('.found dd').slice(1).map((share) => Number(share.textContent)),
        step: Number(figure.querySelector('.value').textContent),
    };
}"""


def assert_figure_follows(page: Page) -> dict[str, Any]:
    """Hold what the first figure shows to the core, and return it."""
    shown: dict[str, Any] = page.evaluate(_READ_FIGURE)
    a = torch.tensor(shown["logits"], dtype=torch.float64)
    q = torch.tensor([1.0, *[0.0] * (len(a) - 1)], dtype=torch.float64)
    gradients = (cross_entropy_grad(a, q), logit_gap_grad(a, q, detach_p=True), logit_gap_grad(a, q))
    for push, gradient in zip(shown["pushes"], gradients, strict=True):
        assert push == close_to((-gradient).tolist(), abs=1e-12)
    paths = descent_paths(a, q, steps=shown["step"])
    assert shown["ends"] == close_to(paths.p[:, -1, 0].tolist(), abs=5.1e-4)
    return shown


def test_gradient_held_point_moves_by_hand_and_key_and_tells_the_server_at_its_end(
    lab: str, page: Page, sent: list[object]
) -> None:
    open_gradient(page, f"{lab}/gradient")
    assert assert_figure_follows(page)["logits"] == DEFAULT
    grip = page.get_by_role("slider", name="Where the descents start")
    box = grip.bounding_box()
    assert box is not None
    page.wait_for_timeout(300)
    sent.clear()
    page.mouse.move(box["x"] + 22, box["y"] + 22)
    page.mouse.down()
    page.mouse.move(box["x"] - 60, box["y"] + 200, steps=10)
    held = assert_figure_follows(page)["logits"]
    assert held[0] < DEFAULT[0] - 0.5
    assert sum(held) == close_to(sum(DEFAULT), abs=0.02)
    assert sent == []
    page.mouse.up()
    address_has(page, f"a={held[0]:g},{held[1]:g},{held[2]:g}")
    expect(page.get_by_text("lifts it only to 0.684")).to_be_visible()
    page.keyboard.press("ArrowUp")
    assert assert_figure_follows(page)["logits"][0] > held[0]
    page.get_by_role("slider", name="Step of the descents").first.focus()
    page.keyboard.press("Home")
    assert assert_figure_follows(page)["step"] == 0
    address_has(page, "step=0")
    page.go_back()
    page.wait_for_function("!location.search.includes('step')")
    expect(page.locator(".lab-held-logits .value")).to_have_text("200")


def test_gradient_on_a_phone_is_a_picture_that_a_finger_moves(lab: str, browser: Browser) -> None:
    with phone_with_finger(browser) as (page, touch):
        page.set_viewport_size({"width": 360, "height": 740})
        open_gradient(page, f"{lab}/gradient")
        picture, lever = (
            page.locator(f".lab-held-logits {part}").bounding_box() for part in (".panels", ".lever")
        )
        assert picture is not None
        assert lever is not None
        # The lever is at the foot of the screen, and what lies between it and the answer the picture.
        assert lever["height"] <= 56
        assert lever["y"] + lever["height"] == close_to(740, abs=1)
        assert lever["y"] - picture["y"] > 740 / 2
        box = page.locator(".lab-held-logits .lab-grip").bounding_box()
        assert box is not None
        x, y = box["x"] + 22, box["y"] + 22
        touch("touchStart", (x, y))
        for step in range(1, 8):
            touch("touchMove", (x - 4 * step, y + 15 * step))
        touch("touchEnd")
        address_has(page, "a=")
        assert scrolled(page) == 0
        assert assert_figure_follows(page)["logits"][0] < DEFAULT[0]


def test_gradient_dragged_q_stays_a_distribution_and_is_in_the_url(lab: str, page: Page) -> None:
    open_gradient(page, f"{lab}/gradient?q=0.2,0.6,0.2")
    drag(page, "q", 1, 0.3)
    found = read(page)
    assert found["q"][1] == close_to(0.3, abs=0.02)
    assert found["q"][0] == found["q"][2] == close_to((1 - found["q"][1]) / 2)
    assert sum(found["q"]) == close_to(1, abs=1e-14)
    assert found["target"] == -1
    assert_follows(found)
    page.mouse.up()
    address_has(page, f",{found['q'][1]:g},")
    settle(page)
    before = read(page)
    page.reload()
    page.wait_for_selector(".lab-push-editor .handle")
    settle(page)
    assert read(page)["q"] == close_to(before["q"], abs=1e-6)
    stop = trace(charts(page), "approach", "least L2")["y"][0]
    minimum = logit_gap_minimum(torch.tensor(read(page)["q"], dtype=torch.float64)).p
    assert stop == close_to(minimum.max().item(), abs=1e-6)


def test_gradient_bars_move_by_key_and_say_what_they_are(lab: str, page: Page) -> None:
    open_gradient(page, f"{lab}/gradient")
    bar = page.get_by_role("slider", name="Target q of class 2")
    bar.focus()
    page.keyboard.press("PageUp")
    found = read(page)
    assert found["q"] == [close_to(0.9), 0.1, 0]
    assert bar.get_attribute("aria-valuetext") == "0.100; p 0.116"
    assert_follows(found)
    address_has(page, "q=0.9,0.1,0")
    logit = page.get_by_role("slider", name="Logit of class 3")
    logit.focus()
    page.keyboard.press("ArrowRight")
    assert read(page)["logits"][2] == -0.9
    address_has(page, "a=2.5,0.5,-0.9")
    settle(page)
    expect(logit).to_be_focused()
    page.keyboard.press("Home")
    assert read(page)["logits"][2] == -5
    page.get_by_role("radio", name="Put q on class 3").check()
    assert read(page)["q"] == [0, 0, 1]
    address_has(page, "target=3")


def test_gradient_plays_the_descents_and_remembers_where_it_stopped(lab: str, page: Page) -> None:
    open_gradient(page, f"{lab}/gradient")
    bar = page.locator(".lab-scrub")
    reach(page)
    play = bar.get_by_role("button", name="Play", exact=True)
    play.click()
    page.wait_for_function(
        "() => Number(document.querySelector('.lab-figures').dataset.at) > 3"
        " && Number(document.querySelector('.lab-figures').dataset.at) < 200"
    )
    bar.get_by_role("button", name="Pause").click()
    page.wait_for_function("() => /step=\\d+/.test(location.search)")
    settle(page)
    (step,) = map(int, query(page)["step"])
    assert 0 < step < 200
    page.wait_for_function(
        "at => document.querySelector('.lab-figures').dataset.at === at", arg=str(step)
    )
    q = torch.tensor([1.0, 0, 0], dtype=torch.float64)
    paths = descent_paths(torch.tensor(DEFAULT, dtype=torch.float64), q, steps=200)
    drawn = trace(charts(page), "residual", "their sum, dL2/da in full")["y"]
    expected = logit_gap_grad(paths.a[2, step], q).tolist()
    assert drawn[:3] == close_to(expected, abs=1e-5)
    page.reload()
    page.wait_for_selector(".lab-push-editor .handle")
    settle(page)
    assert query(page)["step"] == [str(step)]
    again = trace(charts(page), "residual", "their sum, dL2/da in full")["y"]
    assert again[:3] == close_to(expected, abs=1e-5)


def test_gradient_charts_show_that_l1_and_held_coincide_and_full_stops_short(
    lab: str, page: Page
) -> None:
    open_gradient(page, f"{lab}/gradient?a=-1,1")
    found = charts(page)
    l1, held, full = (
        trace(found, "approach", name)["y"] for name in ("L1", "L2, p held", "L2 in full")
    )
    assert l1 == held
    assert l1[-1] > 0.99
    assert full[-1] == close_to(0.78219, abs=1e-5)
    now = trace(found, "simplex", "now")
    stop = trace(found, "simplex", "least L2")
    assert now["x"][2] == close_to(stop["x"][0], abs=1e-6)


def test_gradient_preset_and_reset_move_the_bars(lab: str, page: Page) -> None:
    open_gradient(page, f"{lab}/gradient")
    handle(page, "logit", 0).evaluate("node => { node.same = true; }")
    page.get_by_role("button", name="Start at the target").click()
    expect(handle(page, "q", 0)).to_have_attribute("aria-valuetext", "0.600; p 0.600")
    assert handle(page, "logit", 0).evaluate("node => node.same") is True
    found = read(page)
    assert max(map(abs, found["pulls"])) < 1e-5
    assert max(map(abs, found["full"])) > 0.05
    address_has(page, "q=0.6,0.3,0.1")
    page.locator("[data-testid='stSidebar']").get_by_role("button", name="Reset").click()
    expect(handle(page, "logit", 0)).to_have_attribute("aria-valuenow", "2.5")
    page.wait_for_function("location.search === ''")


def test_gradient_keeps_its_state_across_pages(lab: str, page: Page) -> None:
    open_gradient(page, f"{lab}/gradient?a=1,2,3&q=smoothed&target=2&step=9")
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOME_TITLE)
    page.get_by_role("link", name="Gradient").first.click()
    page.wait_for_selector(".lab-push-editor .handle")
    address_has(page, "a=1,2,3")
    settle(page)
    assert read(page)["logits"] == [1, 2, 3]
    assert read(page)["target"] == 1
    assert query(page)["step"] == ["9"]


def test_gradient_with_10_classes_has_room_for_a_finger(lab: str, page: Page) -> None:
    on_phone(page)
    open_gradient(page, f"{lab}/gradient?a=" + ",".join(f"-{k}" for k in range(10)))
    for kind in (".handle.q", ".handle.logit", ".class"):
        box = page.locator(f".lab-push-editor {kind}").first.bounding_box()
        assert box is not None
        assert box["height"] >= 28
