"""The page `/stability` in a real browser: stepping, presets, links, and the numbers on the screen."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ce_core import PITFALLS, run_pitfall, trace_formula
from lab.stability.results import results
from lab.stability.state import CASE_LABELS, CASES, DTYPE_NAMES
from lab.stability.table import followed_class
from lab.stability.text import entry
from scripts.browser import settle
from tests.support.browsing import (
    address_has,
    after_change,
    charts,
    field,
    open_lab,
    phone_with_finger,
    query,
    trace,
)
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser

_READ = """() => {
    const root = document.querySelector('.lab-trace');
    const cells = (row, kind) => [...row.querySelectorAll(`td.${kind}`)];
    return {
        step: Number(root.dataset.step),
        said: root.querySelector('.trace-said').textContent,
        columns: [...root.querySelectorAll('thead .long')].map(node => node.textContent),
        rows: [...root.querySelectorAll('tbody tr')].map(row => ({
            text: row.querySelector('th span').textContent,
            values: cells(row, 'value').map(cell => cell.title),
            slopes: cells(row, 'slope').map(cell => cell.title),
            born: [...row.querySelectorAll('td')].map(
                cell => cell.querySelector('.mark')?.textContent ?? ''),
            way: row.getAttribute('aria-current') === 'step' ? row.dataset.way : '',
        })),
    };
}"""


def open_stability(page: Page, address: str) -> None:
    open_lab(page, address)
    page.wait_for_selector(".lab-trace tbody")
    settle(page)


def read(page: Page) -> dict[str, Any]:
    """Return what the table shows."""
    found: dict[str, Any] = page.evaluate(_READ)
    assert len([row for row in found["rows"] if row["way"]]) == 1
    return found


def steps_to(page: Page, step: int) -> None:
    page.wait_for_function(
        "step => Number(document.querySelector('.lab-trace').dataset.step) === step", arg=step
    )


def wait(page: Page) -> None:
    page.wait_for_timeout(300)
    settle(page)


# The table


def test_stability_table_shows_the_numbers_of_the_core(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability?a=95,40,0&target=3&formula=max_shifted")
    found = read(page)
    assert found["columns"] == list(DTYPE_NAMES)
    expect(page.locator(".trace-classes [aria-pressed=true]")).to_have_text("3the right one")
    page.locator(".trace-classes button").nth(1).click()
    for followed, shown in ((2, found), (1, read(page))):
        for place, dtype in enumerate(DTYPE_NAMES):
            trace = trace_formula("max_shifted", [95.0, 40.0, 0.0], [0.0, 0.0, 1.0], dtype=dtype)
            for row, step in zip(shown["rows"], trace.steps, strict=True):
                values = step.value.reshape(-1).tolist()
                assert row["values"][place] == entry(values[followed if len(values) > 1 else 0])
            assert shown["rows"][0]["slopes"][place] == entry(trace.gradient[followed].item())


def test_stability_opens_at_the_first_nan_and_marks_it_in_words(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability")
    found = read(page)
    assert found["step"] == 9
    assert found["rows"][8]["way"] == "forward"
    assert "0 · (−∞) = NaN" in found["said"]
    assert found["said"].endswith("In exact arithmetic: −7.668·10⁻⁵³, 0.")
    assert found["rows"][7]["born"] == ["first ∞", ""] * 3 + ["", ""]
    assert found["rows"][8]["born"] == ["first NaN", ""] * 3 + ["", ""]
    assert found["rows"][6]["born"] == ["", "first NaN"] * 3 + ["", ""]
    # The same is read from the map below.
    card = page.locator("[data-card='values']")
    for gap in (18, 93, 104, 746):
        assert card.locator(".textpoint", has_text=f"NaN from {gap}").count() >= 1
    assert trace(charts(page), "values", "now: gap 120")["x"] == [120, 120]


def test_stability_steps_without_the_server_and_tells_it_once(
    lab: str, page: Page, sent: list[object]
) -> None:
    open_stability(page, f"{lab}/stability")
    page.wait_for_timeout(500)
    sent.clear()
    # In one go: a slow machine would rest between two clicks.
    page.get_by_role("button", name="One step forward").evaluate(
        "node => [0, 1, 2].map(() => node.click())"
    )
    assert read(page)["step"] == 12
    page.get_by_role("button", name="One step back").evaluate("node => node.click()")
    assert read(page)["step"] == 11
    address_has(page, "step=11")
    wait(page)
    assert len(sent) == 1
    assert read(page)["step"] == 11


def test_stability_steps_by_keyboard_and_by_a_click_on_a_row(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability")
    bar = page.get_by_test_id("trace-step")
    bar.focus()
    page.keyboard.press("Home")
    assert read(page)["step"] == 1
    expect(page.get_by_role("button", name="One step back")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    assert read(page)["step"] == 2
    page.keyboard.press("End")
    assert read(page)["step"] == 20
    assert bar.get_attribute("aria-valuetext") == "20 of 20"
    address_has(page, "step=20")
    wait(page)
    expect(bar).to_be_focused()
    page.locator(".lab-trace tbody tr").nth(4).locator("td.value").first.click()
    assert read(page)["step"] == 5
    assert "exp(−120) = 0" in read(page)["said"]
    address_has(page, "step=5")


def test_stability_plays_to_the_end_and_stays(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability?step=17")
    page.locator(".lab-trace .trace-play").click()
    expect(page.locator(".lab-trace .trace-play")).to_have_text("Pause")
    steps_to(page, 20)
    expect(page.locator(".lab-trace .trace-play")).to_have_text("Play")
    address_has(page, "step=20")


def test_stability_play_is_paused_and_resumed_by_the_space_bar(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability?step=1")
    page.get_by_test_id("trace-step").focus()
    page.keyboard.press("Space")
    steps_to(page, 3)
    page.keyboard.press("Space")
    step = read(page)["step"]
    page.wait_for_timeout(1500)
    assert read(page)["step"] == step
    address_has(page, f"step={step}")


def test_stability_step_and_state_survive_a_reload(lab: str, page: Page) -> None:
    address = "a=20,0,1&target=1&formula=where_masked&dtype=float16&step=15"
    open_stability(page, f"{lab}/stability?{address}")
    found, drawn = read(page), charts(page)
    assert found["step"] == 15
    page.get_by_role("button", name="One step forward").click()
    address_has(page, "step=16")
    wait(page)
    page.reload()
    page.wait_for_selector(".lab-trace tbody")
    settle(page)
    again = read(page)
    assert again["step"] == 16
    assert [row["values"] for row in again["rows"]] == [row["values"] for row in found["rows"]]
    assert charts(page) == drawn
    assert query(page)["formula"] == ["where_masked"]


def test_stability_fits_the_first_screen_of_a_phone(lab: str, browser: Browser) -> None:
    with phone_with_finger(browser) as (page, touch):
        page.set_viewport_size({"width": 360, "height": 740})
        open_stability(page, f"{lab}/stability")
        bar, table = page.locator(".trace-deck").bounding_box(), page.locator(".lab-trace table")
        assert bar is not None
        assert bar["height"] <= 56
        assert bar["y"] + bar["height"] == close_to(740, abs=1)
        assert table.evaluate("node => node.scrollWidth <= node.clientWidth")
        picture = table.bounding_box()
        assert picture is not None
        assert min(picture["y"] + picture["height"], bar["y"]) - picture["y"] >= 370
        # The lever under a finger.
        knob = page.get_by_test_id("trace-gap").bounding_box()
        assert knob is not None
        at = knob["x"] + 0.3 * knob["width"], knob["y"] + knob["height"] / 2
        touch("touchStart", at)
        # The table is of the gap before, and says so, until the server has computed it.
        page.wait_for_selector(".lab-trace[data-moved=true]")
        touch("touchEnd")
        page.wait_for_function("decodeURIComponent(location.search).includes('a=')")
        settle(page)
        page.wait_for_selector(".lab-trace[data-moved=false]")
        gap = page.locator(".lever-value").inner_text()
        assert read(page)["rows"][2]["values"] == [gap] * 4
        # It leaves with the table.
        page.locator(".trace-cure").scroll_into_view_if_needed()
        page.locator("[data-testid=stMain]").evaluate("node => node.scrollBy(0, 900)")
        page.wait_for_timeout(300)
        bar = page.locator(".trace-deck").bounding_box()
        assert bar is not None
        assert bar["y"] < 0


# Presets


@pytest.mark.long
def test_stability_presets_break_and_cure(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability?a=3,2")
    for name, case in PITFALLS.items():
        page.get_by_role("button", name=CASE_LABELS[name], exact=True).click()
        for key, cured in (("broken", False), ("cured", True)):
            result = run_pitfall(case, cured=cured)
            card = page.locator(f".st-key-case-{key}")
            expect(card).to_contain_text(result.code)
            expect(card).to_contain_text(f"Value {entry(result.value)}, gradient")
        wait(page)
        found = read(page)
        state = CASES[name]
        followed = followed_class(results(state))
        expected = trace_formula(case.formula, case.a, case.q, dtype=case.dtype, floor=case.floor)
        place = DTYPE_NAMES.index(case.dtype)
        assert found["rows"][0]["values"][place] == entry(expected.steps[0].value[followed].item())
        assert found["rows"][-1]["values"][place] == entry(expected.value)
        assert state.target == 1
    page.reload()
    page.wait_for_selector(".lab-trace tbody")
    settle(page)
    assert read(page) == found
    expect(page.locator(".st-key-case-cured")).to_be_visible()


# The figures


def test_stability_gap_moves_logits_table_and_map_together(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability")
    before = charts(page)
    field(page, "stability.gap").get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    address_has(page, "a=104,0")
    after_change(page, before)
    assert read(page)["rows"][3]["values"] == ["−104"] * 4
    page.wait_for_function(
        """() => document.querySelector("[data-card='values'] .js-plotly-plot")
            ._fullData.some(one => one.uid === 'now' && one.x[0] === 104)"""
    )
    field(page, "stability.gap").get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    address_has(page, "a=103,0")
    wait(page)
    expect(page.get_by_text("Right, forward and backward")).to_be_visible()
    assert read(page)["rows"][6]["values"][2].startswith("1.4")


def test_stability_garbage_in_the_link_is_named_and_harmless(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability?a=%3Cimg%20src%3Dx%3E&formula=exact&step=-1")
    notice = page.locator(".st-key-ignored-notice")
    for part in ("a=<img src=x>", "formula=exact", "step=-1"):
        expect(notice).to_contain_text(part)
    assert page.locator("[data-testid='stMain'] img").count() == 0
    assert read(page)["step"] == 9


def test_stability_reset_comes_back_to_the_default(lab: str, page: Page) -> None:
    open_stability(page, f"{lab}/stability?a=1,2,3&formula=naive&step=2&dtype=float16")
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function("location.search === ''")
    wait(page)
    assert read(page)["step"] == 9
