"""A chart's tools, and what a finger does to a chart, in a real browser."""

import re
import struct
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from scripts.browser import settle
from tests.support.browsing import on_phone, open_lab, phone_with_finger, scrolled, violations

pytestmark = pytest.mark.browser

_RANGES = "plot => ['xaxis', 'yaxis'].map(axis => Array.from(plot._fullLayout[axis].range))"
# Plotly gives what it clips a name of its own, each time another.
_NUMBERED = re.compile(r"(?:clip|legend|topdefs-|defs-|g)?[0-9a-f]{6}(?=[-_a-z\"'&)])")
_EYE = "plot => plot._fullLayout.scene._scene.getCamera().eye"
# What a card holds, and whether its tools lie on the chart, on the heading or on each other.
_COVERED = """() => {
    const box = node => node.getBoundingClientRect();
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const text = node => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return box(range);
    };
    return [...document.querySelectorAll('.lab-card')].flatMap(card => {
        const tools = [...card.querySelectorAll('.lab-tools button')].map(box);
        const others = [box(card.querySelector('.lab-plot')), text(card.querySelector('h2'))];
        return tools.map((tool, k) =>
            [...others, ...tools.slice(k + 1)].some(other => meet(tool, other)));
    });
}"""


# The names at the curves of each chart, and whether one lies on another or leaves the chart.
_NAMED = """() => [...document.querySelectorAll('.lab-figure')].map(figure => {
    const box = node => node.getBoundingClientRect(), frame = box(figure);
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const texts = [...figure.querySelectorAll('.lab-labels text')];
    return texts.map((text, k) => {
        const place = box(text);
        const out = place.left < frame.left || place.right > frame.right;
        const lies = out || texts.slice(k + 1).some(other => meet(place, box(other)));
        return {name: text.textContent, lies};
    });
})"""


def chart(page: Page, card: str) -> Locator:
    """Return the chart of a card, brought to the middle of the screen."""
    plot = page.locator(f"[data-card='{card}'] .js-plotly-plot")
    plot.evaluate("node => node.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(300)
    return plot


def tool(page: Page, card: str, name: str) -> Locator:
    return page.locator(f"[data-card='{card}'] [data-tool='{name}']")


def inside(plot: Locator, across: float, down: float) -> tuple[float, float]:
    """Return a point of a chart by its shares of width and height."""
    box = plot.bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def ranges(plot: Locator) -> Any:
    return plot.evaluate(_RANGES)


def test_tools_lie_on_nothing_wide_and_on_a_phone(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses")
    for narrow in (False, True):
        if narrow:
            on_phone(page)
            page.wait_for_timeout(500)
        covered = page.evaluate(_COVERED)
        assert len(covered) >= 6
        assert not any(covered)
        named = page.evaluate(_NAMED)
        assert sum(map(len, named)) >= 6
        assert [name for names in named for name in names if name["lies"]] == []
    assert page.locator(".legend").count() == 0
    assert page.locator(".modebar-btn").count() == 0


def test_tools_are_named_and_reached_by_key(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses")
    card = page.locator(".lab-card").first
    zoom = card.get_by_role("button", name="Zoom by dragging")
    expect(zoom).to_have_attribute("aria-pressed", "true")
    zoom.focus()
    page.keyboard.press("Enter")
    expect(zoom).to_have_attribute("aria-pressed", "false")
    for name in ("Reset axes", "Save as a picture"):
        page.keyboard.press("Tab")
        expect(card.get_by_role("button", name=name)).to_be_focused()
    # Next is the chart, along whose points arrow keys go.
    page.keyboard.press("Tab")
    ring, said = card.locator(".lab-ring"), page.locator(".lab-figures + .lab-unseen").first
    for key in ("ArrowRight", "ArrowDown", "End"):
        page.keyboard.press(key)
    expect(ring).to_have_attribute("visibility", "visible")
    expect(said).to_have_text(re.compile(r"^.+: .*\d.*; (\d+) of \1$"))
    assert (
        violations(page, only=["aria-allowed-attr", "aria-valid-attr", "scrollable-region-focusable"])
        == []
    )
    page.keyboard.press("Escape")
    expect(ring).to_have_attribute("visibility", "hidden")


def test_mouse_zooms_until_it_is_told_not_to_and_no_toast_comes(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/losses")
    card = str(page.locator(".lab-card").first.get_attribute("data-card"))
    plot = chart(page, card)
    before = ranges(plot)

    def drag() -> None:
        page.mouse.move(*inside(plot, 0.4, 0.4))
        page.mouse.down()
        page.mouse.move(*inside(plot, 0.7, 0.7), steps=6)
        page.mouse.up()
        page.wait_for_timeout(600)

    drag()
    assert ranges(plot) != before
    assert page.locator(".plotly-notifier .notifier-note").count() == 0
    tool(page, card, "reset").click()
    page.wait_for_timeout(600)
    assert ranges(plot) == before
    tool(page, card, "drag").click()
    page.wait_for_timeout(600)
    drag()
    assert ranges(plot) == before


def test_finger_that_swipes_over_a_chart_scrolls_the_page(lab: str, browser: Browser) -> None:
    with phone_with_finger(browser) as (page, touch):
        open_lab(page, f"{lab}/losses")
        card = str(page.locator(".lab-card").first.get_attribute("data-card"))
        plot = chart(page, card)
        before = ranges(plot)

        def swipe(across: float, down: float) -> None:
            start, end = inside(plot, 0.5, 0.6), inside(plot, 0.5 + across, 0.6 + down)
            touch("touchStart", start)
            for step in range(1, 11):
                point = [a + (b - a) * step / 10 for a, b in zip(start, end, strict=True)]
                touch("touchMove", (point[0], point[1]))
                page.wait_for_timeout(16)
            touch("touchEnd")
            page.wait_for_timeout(600)

        top = scrolled(page)
        swipe(0, -0.4)
        assert scrolled(page) > top
        assert ranges(plot) == before
        swipe(0.3, 0)
        assert ranges(plot) == before
        # To zoom is an act of its own.
        zoom = tool(page, card, "drag")
        box = zoom.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40
        expect(zoom).to_have_attribute("aria-pressed", "false")
        zoom.click()
        expect(zoom).to_have_attribute("aria-pressed", "true")
        plot = chart(page, card)
        page.wait_for_timeout(600)
        top = scrolled(page)
        swipe(0.25, -0.3)
        assert scrolled(page) == top
        assert ranges(plot) != before
        assert page.locator(".plotly-notifier .notifier-note").count() == 0


def test_finger_turns_a_surface_only_after_the_deliberate_act(lab: str, browser: Browser) -> None:
    with phone_with_finger(browser) as (page, touch):
        page.goto(f"{lab}/softmax")
        page.wait_for_selector(".lab-logits .handle")
        settle(page)
        card = "surface"
        plot = chart(page, card)
        before = plot.evaluate(_EYE)
        start = inside(plot, 0.5, 0.5)
        touch("touchStart", start)
        for step in range(1, 11):
            touch("touchMove", (start[0] + 6 * step, start[1]))
            page.wait_for_timeout(16)
        touch("touchEnd")
        page.wait_for_timeout(500)
        assert plot.evaluate(_EYE) == before
        turn = page.locator(f"[data-card='{card}']").get_by_role("button", name="Turn by dragging")
        turn.click()
        page.wait_for_timeout(800)
        assert plot.evaluate("plot => plot._fullLayout.scene.dragmode") == "turntable"


def test_saved_picture_is_white_twice_as_large_and_titled(lab: str, page: Page, tmp_path: Path) -> None:
    page.emulate_media(color_scheme="dark")
    open_lab(page, f"{lab}/losses?logit_scale=16")
    card = str(page.locator(".lab-card").first.get_attribute("data-card"))
    width = chart(page, card).evaluate("plot => plot._fullLayout.width")
    with page.expect_download() as download:
        tool(page, card, "save").click()
    assert download.value.suggested_filename == f"{card}.png"
    file = tmp_path / "picture.png"
    download.value.save_as(file)
    content = file.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">I", content[16:20]) == (2 * width,)
    # The corner is white, whatever the theme.
    pixel = page.evaluate(
        """async bytes => {
            const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
            const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
            context.drawImage(bitmap, 0, 0);
            return Array.from(context.getImageData(2, 2, 1, 1).data);
        }""",
        list(content),
    )
    assert pixel == [255, 255, 255, 255]

    def drawing() -> str:
        with page.expect_download() as download:
            tool(page, card, "svg").click()
        assert download.value.suggested_filename == f"{card}.svg"
        download.value.save_as(tmp_path / "drawing.svg")
        return (tmp_path / "drawing.svg").read_text()

    page.locator(f"[data-card='{card}'] .lab-data summary").click()
    dark = drawing()
    assert "<title>The present logits</title>" in dark
    assert f"{lab}/losses?logit_scale=16</text>" in dark
    assert ">slope 1</text>" in dark
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(900)
    assert _NUMBERED.sub("", drawing()) == _NUMBERED.sub("", dark)
