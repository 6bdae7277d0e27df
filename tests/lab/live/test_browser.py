"""Live figures in a real browser: they follow the hand, and the server hears of it once, at rest."""

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from ce_core import ExperimentConfig, run_experiment, sort_losses
from ce_core.figures.colours import QUANTITIES
from scripts.browser import served_page, settle
from tests.support.browsing import (
    address_has,
    charts,
    double_click_until,
    field,
    open_lab,
    query,
    reach,
    trace,
)
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser

L1, L2, HELD, ENTROPY = (QUANTITIES[name].mark for name in ("l1", "l2", "held", "entropy"))
SMALL = "n=32&m=16&trials=8"


def open_animation(page: Page, address: str) -> None:
    """Go to an address and wait until its animation is there."""
    open_lab(page, address)
    reach(page)


def animations_asked(page: Page) -> list[str]:
    """Return the list into which the addresses of animations come that the page asks for."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/lab/animation/" in request.url:
            asked.append(request.url)

    page.on("request", note)
    return asked


def at(page: Page) -> str:
    """Return the value that the bar shows."""
    return page.locator(".lab-value").inner_text()


def drawn_at(page: Page, value: str) -> None:
    """Wait until all figures show a value."""
    page.wait_for_function(
        """value => [...document.querySelectorAll('.lab-figures')].every(
                        ({dataset}) => dataset.late === 'false' && dataset.at === value)
                    && document.querySelector('.lab-value').textContent === value""",
        arg=value,
        timeout=20_000,
    )


def l1_at(scale: float, **changed: Any) -> list[float]:
    """Return the sorted L1 that the core computes at a logit scale."""
    result = run_experiment(ExperimentConfig(logit_scale=scale, **changed))
    losses: list[float] = sort_losses(result.l1, result.l2).l1.tolist()
    return losses


def drag(page: Page, start: float, end: float, check: Callable[[], None]) -> None:
    """Drag the thumb of the bar from one place to another, as shares; check before it is let go."""
    box = page.get_by_test_id("scrub").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    # The middle of the thumb moves along the range less its own width.
    x = [box["x"] + 8 + share * (box["width"] - 16) for share in (start, end)]
    page.mouse.move(x[0], y)
    page.mouse.down()
    page.mouse.move(x[1], y, steps=12)
    check()
    page.mouse.up()


def test_losses_scrub_moves_the_figures_without_a_message(
    lab: str, page: Page, sent: list[object]
) -> None:
    open_animation(page, f"{lab}/losses")
    before = len(sent)

    def check() -> None:
        drawn_at(page, at(page))
        scale = float(at(page))
        assert scale > 8
        assert trace(charts(page), "pairs", "trials")["x"] == close_to(l1_at(scale), rel=1e-6)
        numbers = page.locator("[data-card='pairs'] .lab-caption").inner_text()
        slope = re.search(r"slope = (\S+)", numbers)
        shown = page.locator(".lab-readouts dd").nth(1).inner_text()
        assert slope is not None
        assert float(shown) == close_to(float(slope[1]), abs=1e-3)
        assert len(sent) == before
        assert "logit_scale" not in page.url

    drag(page, 0, 0.5, check)
    value = at(page)
    address_has(page, f"logit_scale={value}")
    settle(page)
    assert len(sent) == before + 1
    expect(field(page, "losses.logit_scale")).to_contain_text(value)
    expect(page.get_by_text("Not slope 1")).to_be_visible()


def test_losses_scrubbed_state_is_in_its_link(lab: str, page: Page) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}")
    drag(page, 0, 0.6, lambda: None)
    address_has(page, "logit_scale")
    settle(page)
    value = at(page)
    drawn_at(page, value)
    moved = charts(page)
    other = page.context.new_page()
    open_animation(other, page.url)
    assert at(other) == value
    assert query(other) == query(page)
    for name, traces in charts(other).items():
        for one, same in zip(traces, moved[name], strict=True):
            # Lines have gaps between them.
            assert one["x"] == close_to(same["x"], rel=1e-6, nan_ok=True)
    other.close()


def test_losses_plays_from_a_straight_line_through_the_bend_and_back(
    lab: str, page: Page, sent: list[object]
) -> None:
    open_animation(page, f"{lab}/losses")
    before = len(sent)
    page.evaluate(
        """() => { window.seen = new Map(); const look = () => {
             window.seen.set(document.querySelector('.lab-value').textContent,
               [...document.querySelectorAll('.lab-readouts dd')].map(number => number.textContent));
             requestAnimationFrame(look); }; look(); }"""
    )
    page.locator(".lab-scrub select").select_option("4")
    page.get_by_role("button", name="Play", exact=True).click()
    drawn_at(page, "1024")
    seen = page.evaluate("[...window.seen.values()]")
    r, slope, share = ([float(numbers[place].strip(" %")) for numbers in seen] for place in range(3))
    assert len(seen) > 30
    assert slope[0] == close_to(1, abs=0.01)
    assert max(slope) > 1.6
    assert slope[-1] == close_to(1, abs=0.1)
    assert min(r) < 0.95 < 0.99 < r[-1]
    assert share[0] > 99.9
    assert share[-1] < 20
    address_has(page, "logit_scale=1024")
    settle(page)
    assert len(sent) == before + 1
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_losses_steps_and_pauses_and_follows_its_slider(lab: str, page: Page) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("Number(document.querySelector('.lab-value').textContent) > 4")
    page.get_by_role("button", name="Pause").click()
    value = at(page)
    address_has(page, f"logit_scale={value}")
    assert at(page) == value
    assert 4 < float(value) < 1024
    field(page, "losses.logit_scale").get_by_role("slider").focus()
    page.keyboard.press("Home")
    drawn_at(page, "1")
    for _ in range(3):
        page.get_by_role("button", name="One step forward").click()
    page.get_by_role("button", name="One step back").click()
    drawn_at(page, "1.5")
    address_has(page, "logit_scale=1.5")


def test_losses_plays_in_a_loop_until_paused(lab: str, page: Page) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}&logit_scale=768")
    loop = page.get_by_role("button", name="Play in a loop")
    loop.click()
    expect(loop).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("Number(document.querySelector('.lab-value').textContent) < 16")
    page.get_by_role("button", name="Pause").click()


def test_losses_bar_works_by_keyboard(lab: str, page: Page, sent: list[object]) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}")
    bar = page.get_by_role("slider", name="Logit scale").and_(page.get_by_test_id("scrub"))
    bar.focus()
    before = len(sent)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    drawn_at(page, "2")
    expect(bar).to_have_attribute("aria-valuetext", "2")
    address_has(page, "logit_scale=2")
    settle(page)
    assert len(sent) == before + 1
    assert page.evaluate("document.activeElement.dataset.testid") == "scrub"
    page.keyboard.press("End")
    drawn_at(page, "1024")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_losses_scrubs_what_is_chosen(lab: str, page: Page) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}&n_iter=1")
    for pill, slug in (
        ("ε: regularisation", "eps"), ("Iterations", "n_iter"),
        ("Logit exponent", "logit_exponent"), ("Cost exponent", "cost_exponent"),
    ):  # fmt: skip
        field(page, "losses.along").get_by_role("radio", name=pill).click()
        expect(page.locator(".lab-name")).to_have_text(pill)
        address_has(page, f"along={slug}")
        reach(page)
        before = charts(page)
        page.get_by_test_id("scrub").press("End")
        drawn_at(page, "1000")
        assert charts(page) != before
        address_has(page, f"{slug}=1000")


def test_losses_zoom_survives_scrub_and_commit(lab: str, page: Page) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}")
    plot = page.locator("[data-card='pairs'] .js-plotly-plot")
    plot.evaluate("node => { node.same = true; }")
    plot.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 80, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 160, steps=5)
    page.mouse.up()
    page.wait_for_timeout(300)
    zoomed = plot.evaluate("node => node._fullLayout.xaxis.range")

    def check() -> None:
        drawn_at(page, at(page))
        assert plot.evaluate("node => node._fullLayout.xaxis.range") == zoomed

    drag(page, 0, 0.3, check)
    address_has(page, "logit_scale")
    settle(page)
    drawn_at(page, at(page))
    assert plot.evaluate("node => node._fullLayout.xaxis.range") == zoomed
    assert plot.evaluate("node => node.same") is True
    losses = l1_at(float(at(page)), n=32, m=16, trials=8)
    double_click_until(
        plot,
        """([first, last]) => { const [low, high] = document.querySelector(
             "[data-card='pairs'] .js-plotly-plot")._fullLayout.xaxis.range;
             return low < first && last < high && high - low < 3 * (last - first); }""",
        arg=[losses[0], losses[-1]],
    )


def test_losses_commit_draws_nothing_anew_and_sends_no_animation_again(lab: str, page: Page) -> None:
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: received.append(len(data))),
    )
    asked = animations_asked(page)
    open_animation(page, f"{lab}/losses")
    drag(page, 0, 0.5, lambda: None)
    address_has(page, "logit_scale")
    settle(page)
    drawn_at(page, at(page))
    page.wait_for_timeout(500)
    drawn, counts = "[...document.querySelectorAll('[data-drawn]')].map(n => n.dataset.drawn)", []
    counts.append(page.evaluate(drawn))
    received.clear()
    page.get_by_role("button", name="One step back").click()
    page.wait_for_timeout(300)
    counts.append(page.evaluate(drawn))
    page.wait_for_timeout(1200)
    settle(page)
    counts.append(page.evaluate(drawn))
    assert counts[0] != counts[1]
    assert counts[1] == counts[2]
    assert sum(received) < 30_000
    assert len(asked) == 1


@pytest.fixture(scope="module")
def failing(browser: Browser) -> Iterator[Page]:
    """Return a tab in which scripts may fail."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("missing", ["plotly-", "js-"])
def test_losses_falls_back_to_plain_charts_without_a_script(
    lab: str, failing: Page, missing: str
) -> None:
    failing.route(re.compile(f"/lab/{missing}"), lambda route: route.abort())
    check_plain(failing, lab)
    failing.unroute_all()


def check_plain(tab: Page, lab: str) -> None:
    tab.goto(f"{lab}/losses?{SMALL}&logit_scale=16")
    expect(tab.locator("[data-testid='stPlotlyChart'] .main-svg").first).to_be_visible(timeout=30_000)
    expect(tab.locator("[data-testid='stPlotlyChart']")).to_have_count(6)
    tab.wait_for_function("location.search.includes('charts=plain')")
    assert query(tab)["logit_scale"] == ["16"]
    expect(tab.get_by_role("heading", name="The true gradients, logit by logit")).to_be_visible()
    expect(tab.get_by_role("button", name="Show live charts")).to_be_visible()


def test_losses_offers_plain_charts_where_no_script_answers(lab: str, failing: Page) -> None:
    def silence(route: Route, request: Request) -> None:
        """Leave the request open: the script neither comes nor fails."""

    failing.route(re.compile(r"/lab/js-"), silence)
    failing.goto(f"{lab}/losses?{SMALL}")
    to_plain = failing.get_by_role("button", name="The live charts have not come: show plain ones")
    expect(to_plain).to_be_visible(timeout=20_000)
    to_plain.click()
    expect(failing.locator("[data-testid='stPlotlyChart']")).to_have_count(6, timeout=20_000)
    failing.unroute_all(behavior="ignoreErrors")


def test_losses_figures_have_names_and_their_data_as_a_table(lab: str, page: Page) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}&logit_scale=16")
    for name in (
        "The post's first chart: L2 over L1",
        "The true gradients, logit by logit",
        "L1 = L2 + H(p), trial by trial",
        "The post's second chart: spacing of the sorted losses",
    ):
        expect(page.get_by_role("region", name=name, exact=True)).to_have_count(1)
        expect(page.get_by_role("heading", name=name, exact=True, level=2)).to_have_count(1)
    labels = page.locator(".lab-plot").evaluate_all("nodes => nodes.map(n => n.ariaLabel)")
    assert all(len(label) > 40 for label in labels)
    card = page.locator("[data-card='pairs']")
    card.get_by_text("The data as a table").click()
    expect(card.locator("tbody tr")).to_have_count(10)
    cells = card.locator("tbody tr").nth(2).locator("td").all_inner_texts()
    expected = l1_at(16.0, n=32, m=16, trials=8)
    assert float(cells[0]) == close_to(expected[0], rel=1e-6)
    expect(card.locator("thead")).to_contain_text("L1, nats (mean of a trial)")
    with page.expect_download() as download:
        card.get_by_role("button", name="Download as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert download.value.suggested_filename == "pairs.csv"
    assert len(lines) == 11
    assert lines[0].startswith("series,")
    page.get_by_test_id("scrub").press("Home")
    drawn_at(page, "1")
    expect(card.locator("tbody td").nth(4)).not_to_have_text(cells[0])


def lines_of(page: Page, *cards: str) -> dict[str, list[str]]:
    """Return the colours of the lines of figures as they are in the page, `#RRGGBB`."""
    read = """card => {
      const lines = document.querySelectorAll(`[data-card='${card}'] .scatterlayer .js-line`);
      return [...lines].map(line => {
        const shown = getComputedStyle(line).stroke.match(/\\d+/g).slice(0, 3).map(Number);
        return '#' + shown.map(part => part.toString(16).padStart(2, '0')).join('').toUpperCase();
      });
    }"""
    return {card: page.evaluate(read, card) for card in cards}


def test_losses_figures_follow_the_theme_and_the_width(lab: str, page: Page) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}")
    plot = page.locator("[data-card='pairs'] .js-plotly-plot")
    colour = "node => getComputedStyle(node.querySelector('.xtick text')).fill"
    light = plot.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        """light => getComputedStyle(document.querySelector("[data-card='pairs'] .xtick text")).fill
                    !== light""",
        arg=light,
    )
    settle(page)
    assert lines_of(page, "gradients", "split") == {
        "gradients": [HELD.dark],
        "split": [L2.dark, L1.dark, ENTROPY.dark],
    }
    page.emulate_media(color_scheme="light")
    page.wait_for_function(
        """light => getComputedStyle(document.querySelector("[data-card='pairs'] .xtick text")).fill
                    === light""",
        arg=light,
    )
    settle(page)
    assert lines_of(page, "gradients") == {"gradients": [HELD.light]}
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_function(
        """() => { const node = document.querySelector("[data-card='pairs'] .js-plotly-plot");
                   return Math.abs(node._fullLayout.width - node.clientWidth) <= 1; }"""
    )


def test_losses_plain_charts_wear_the_colours_of_the_theme(lab: str, page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    open_lab(page, f"{lab}/losses?{SMALL}&charts=plain")
    page.wait_for_function(
        """mark => [...document.querySelectorAll('.stPlotlyChart .js-plotly-plot')].some(
               plot => plot._fullData?.some(t => t.name === 'trials' && t.marker.color === mark))""",
        arg=L2.dark,
    )


def test_losses_keeps_the_animation_of_the_state_that_is_shown(lab: str, page: Page) -> None:
    open_animation(page, f"{lab}/losses?{SMALL}&logit_scale=16")
    page.get_by_role("button", name="New draw").click()
    address_has(page, "seed=1")
    settle(page)
    reach(page)
    expected = l1_at(16.0, n=32, m=16, trials=8, seed=1)
    drawn_at(page, "16")
    assert trace(charts(page), "pairs", "trials")["x"] == close_to(expected, rel=1e-6)
    page.get_by_test_id("scrub").press("End")
    drawn_at(page, "1024")
    expected = l1_at(1024.0, n=32, m=16, trials=8, seed=1)
    assert trace(charts(page), "pairs", "trials")["x"] == close_to(expected, rel=1e-6)


def test_two_animations_on_a_page_move_each_by_its_own_bar(page: Page, tmp_path: Path) -> None:
    app = Path(__file__).parent / "two_animations" / "entry.py"
    with served_page(app, log=tmp_path / "server.log", folder=tmp_path) as address:
        page.goto(address)
        for key in ("sine", "cosine"):
            reach(page, within=f".st-key-live-{key}")
        settle(page)
        page.locator(".st-key-live-cosine").get_by_test_id("scrub").press("End")
        page.wait_for_function(
            "document.querySelector('.st-key-live-cosine .lab-figures').dataset.at === '4'"
        )
        expect(page.get_by_text("cosine is at 4", exact=True)).to_be_visible()
        expect(page.get_by_text("sine is at 1", exact=True)).to_be_visible()
        settle(page)
        read = charts(page)
        assert read["sine"][0]["y"] == close_to([math.sin(k) for k in range(8)], abs=1e-6)
        assert read["cosine"][0]["y"] == close_to([math.cos(4 * k) for k in range(8)], abs=1e-6)


def test_reduced_motion_still_plays_when_asked(lab: str, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_animation(page, f"{lab}/losses?{SMALL}")
    assert at(page) == "1"
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("Number(document.querySelector('.lab-value').textContent) > 2")


@pytest.mark.parametrize("by", ["mouse", "key", "touch"])
def test_animation_is_fetched_once_a_hand_reaches_for_it(lab: str, browser: Browser, by: str) -> None:
    page = browser.new_context(has_touch=True).new_page()
    asked = animations_asked(page)
    open_lab(page, f"{lab}/losses?{SMALL}")
    page.wait_for_timeout(500)
    bar, play = page.locator(".lab-scrub"), page.get_by_role("button", name="Play", exact=True)
    expect(bar).to_have_attribute("data-ready", "false")
    assert not asked
    if by == "mouse":
        bar.hover()
    elif by == "key":
        page.get_by_test_id("scrub").focus()
    else:
        play.tap()
    expect(bar).to_have_attribute("data-ready", "true")
    assert len(asked) == 1
    if by == "touch":
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.context.close()


def test_play_waits_for_its_animation_and_can_be_taken_back(lab: str, page: Page) -> None:
    held: list[Route] = []
    page.route("**/lab/animation/**", lambda route: held.append(route))
    open_lab(page, f"{lab}/losses?{SMALL}")
    play = page.locator(".lab-play")
    play.click()
    expect(page.locator(".lab-waiting")).to_be_visible()
    expect(play).to_have_text("Pause")
    play.click()
    expect(play).to_have_text("Play")
    play.click()
    held.pop().continue_()
    page.wait_for_function("() => Number(document.querySelector('.lab-figures').dataset.at) > 1")
    expect(page.locator(".lab-waiting")).to_be_hidden()
    assert not held


def test_animation_of_an_older_state_is_never_shown(lab: str, page: Page) -> None:
    held: list[Route] = []
    page.route("**/lab/animation/**", lambda route: held.append(route))
    open_lab(page, f"{lab}/losses?{SMALL}")
    page.locator(".lab-scrub").dispatch_event("pointerenter")
    expect(page.locator(".lab-waiting")).to_be_visible()
    page.get_by_role("button", name="New draw").click()
    address_has(page, "seed=1")
    settle(page)
    # What was under way has been given up, and nobody is at the bar.
    expect(page.locator(".lab-waiting")).to_be_hidden()
    (old,) = held
    held.clear()
    page.unroute("**/lab/animation/**")
    page.locator(".lab-scrub").dispatch_event("pointerenter")
    expect(page.locator(".lab-scrub")).to_have_attribute("data-ready", "true")
    page.get_by_test_id("scrub").press("End")
    drawn_at(page, "1024")
    expected = l1_at(1024.0, n=32, m=16, trials=8, seed=1)
    assert trace(charts(page), "pairs", "trials")["x"] == close_to(expected, rel=1e-6)
    assert old.request.failure


def test_bar_without_its_animation_still_moves_the_state(lab: str, browser: Browser) -> None:
    page = browser.new_context().new_page()
    page.route("**/lab/animation/**", lambda route: route.fulfill(status=204))
    open_lab(page, f"{lab}/losses?{SMALL}")
    page.get_by_test_id("scrub").press("End")
    address_has(page, "logit_scale=1024")
    settle(page)
    drawn_at(page, "1024")
    page.context.close()
