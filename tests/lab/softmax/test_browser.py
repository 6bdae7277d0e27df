"""The page `/softmax` in a real browser: dragged by mouse, finger and key, and held to `ce_core`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Locator, Page, expect

from ce_core import cross_entropy, cross_entropy_grad, softmax, softmax_jacobian
from tests.support.browsing import HOME_TITLE, address_has, on_phone, phone_with_finger, query, scrolled
from tests.support.closeness import close_to

pytestmark = pytest.mark.browser

DEFAULT = [2.0, 1.0, 0.5, -0.5, -1.5]

_READ = """() => {
    const bars = document.querySelector('.lab-logits');
    const values = (name) => [...bars.querySelectorAll(name)].map((bar) => Number(bar.dataset.value));
    return {
        logits: [...bars.querySelectorAll('.handle')].map((bar) => Number(bar.ariaValueNow)),
        target: [...bars.querySelectorAll('input[type=radio]')].findIndex((radio) => radio.checked),
        p: values('.probability'),
        gradient: values('.gradient'),
        loss: Number(bars.querySelector('summary output').dataset.value),
        answer: bars.querySelector('.answer').textContent,
        held: [...bars.querySelectorAll('button.class')].findIndex((one) => one.ariaPressed === 'true'),
        entries: [...bars.querySelectorAll('.entry')].map((entry) => entry.textContent),
        sums: [...bars.querySelectorAll('.sum')].map((sum) => sum.textContent).filter(Boolean),
        temperature: Number(bars.querySelector('.temperature output').textContent),
    };
}"""


def open_softmax(page: Page, address: str) -> None:
    """Go to the page and wait for the bars and the server."""
    page.goto(address)
    page.wait_for_selector(".lab-logits .handle")
    wait(page)


def wait(page: Page) -> None:
    """Wait until the server has run."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")


def wait_for_charts(page: Page) -> None:
    """Wait until four charts are drawn."""
    page.wait_for_function("document.querySelectorAll('.lab-card [data-drawn]').length === 4")


def read(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_READ)
    return found


def handle(page: Page, i: int) -> Locator:
    return page.locator(".lab-logits .handle").nth(i)


def place(page: Page, i: int, share: float) -> tuple[float, float]:
    """Return the point at that share of the length of a bar."""
    box = handle(page, i).bounding_box()
    assert box is not None
    return box["x"] + share * box["width"], box["y"] + 0.7 * box["height"]


@contextmanager
def held(page: Page, i: int, share: float) -> Iterator[None]:
    """Drag a bar to that share of its length and hold it there."""
    x, y = place(page, i, 0.5)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(*place(page, i, share), steps=25)
    yield
    page.mouse.up()


def number_of(text: str) -> float:
    """Return the number that a text shows: −0.127, or 4.5·10⁻⁵."""
    mantissa, _times, power = text.replace("−", "-").partition("·10")
    return float(mantissa) * 10.0 ** int(
        power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0
    )


def assert_follows(found: dict[str, Any]) -> None:
    """Hold what the page shows to the core."""
    scores = torch.tensor(found["logits"], dtype=torch.float64) / found["temperature"]
    target = torch.zeros_like(scores)
    target[found["target"]] = 1
    assert found["p"] == close_to(softmax(scores).tolist(), rel=1e-14, abs=1e-300)
    assert found["gradient"] == close_to(cross_entropy_grad(scores, target).tolist(), abs=1e-15)
    assert found["loss"] == close_to(cross_entropy(scores, target).item(), rel=1e-14)
    classes, held = len(found["logits"]), found["held"]
    column = softmax_jacobian(scores)[held]
    for i, pace in enumerate(column.tolist()):
        for place in (held * classes + i, i * classes + held):
            assert number_of(found["entries"][place]) == close_to(pace, abs=5.001e-4, rel=0.06)
    gain = number_of(found["answer"].partition(" gains ")[2].partition(" a unit")[0])
    assert gain == close_to(column[held].item(), abs=5.001e-4, rel=0.06)
    assert found["sums"] == ["sum 0"]


# Dragging


def test_softmax_bar_dragged_by_mouse_moves_all_in_the_same_frame(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax")
    before = read(page)
    assert before["logits"] == DEFAULT
    assert_follows(before)
    with held(page, 0, 0.8):
        found = read(page)
        assert found["logits"] == [close_to(3, abs=0.05), *DEFAULT[1:]]
        assert found["p"] != before["p"]
        assert_follows(found)
        assert (before["held"], found["held"]) == (1, 0)
    # In one event, without a frame between: nothing is left for later.
    same = page.evaluate(
        f"""() => {{
            const bar = document.querySelectorAll('.lab-logits .handle')[2];
            const before = document.querySelector('.lab-logits .answer').textContent;
            bar.dispatchEvent(new KeyboardEvent('keydown', {{key: 'PageUp', bubbles: true}}));
            return [before, ({_READ})()];
        }}"""
    )
    assert same[1]["answer"] != same[0]
    assert_follows(same[1])
    # The axis grows where a bar reaches its end, once it is let go.
    with held(page, 0, 1.2):
        assert read(page)["logits"][0] == 5
        expect(page.locator(".lab-logits .ends")).to_have_text("−505")
    expect(page.locator(".lab-logits .ends")).to_have_text("−10010")


def test_softmax_sends_one_message_a_drag_and_one_a_burst_of_keys(
    lab: str, page: Page, sent: list[object]
) -> None:
    open_softmax(page, f"{lab}/softmax")
    page.wait_for_timeout(500)
    sent.clear()
    with held(page, 1, 0.9):
        page.wait_for_timeout(600)
        assert sent == []
    address_has(page, "a=2,4")
    wait(page)
    page.wait_for_timeout(500)
    assert len(sent) == 1
    sent.clear()
    handle(page, 0).focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    address_has(page, "a=3,4,")
    page.wait_for_timeout(500)
    assert len(sent) == 1


def test_softmax_release_is_in_the_url_and_a_reload_restores_it(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax?temperature=2")
    with held(page, 4, 0.25):
        pass
    address_has(page, "a=2,1,0.5,-0.5,-2.5")
    wait(page)
    found = read(page)
    expect(page.get_by_role("textbox", name="Logits a")).to_have_value("2,1,0.5,-0.5,-2.5")
    page.reload()
    page.wait_for_selector(".lab-logits .handle")
    wait(page)
    assert read(page) == found
    assert [float(text) for text in query(page)["temperature"]] == [2]
    page.get_by_text("A link to this state").click()
    expect(page.locator(".stCode").filter(has_text="/softmax?")).to_contain_text("-2.5&temperature=2")


def test_softmax_bar_moves_by_key_and_says_what_it_is(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax")
    bar = page.get_by_role("slider", name="Logit of class 2")
    assert bar.get_attribute("aria-valuemin") == "-5"
    assert bar.get_attribute("aria-valuemax") == "5"
    assert bar.get_attribute("aria-valuetext") == "1; p 0.216, gains 0.169 a unit as a₂ rises"
    bar.focus()
    page.keyboard.press("ArrowRight")
    assert bar.get_attribute("aria-valuetext") == "1.1; p 0.233, gains 0.179 a unit as a₂ rises"
    page.keyboard.press("ArrowLeft")
    bar = handle(page, 0)
    bar.focus()
    for key, moved in (
        ("ArrowRight", 2.1), ("ArrowLeft", 2), ("ArrowUp", 2.1), ("ArrowDown", 2),
        ("PageUp", 3), ("PageDown", 2), ("Home", -5), ("End", 5),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert float(str(bar.get_attribute("aria-valuenow"))) == moved
        assert_follows(read(page))
    address_has(page, "a=5,1,")
    expect(bar).to_be_focused()
    # The class that the keyboard reaches is held: its row and its column.
    handle(page, 2).focus()
    assert read(page)["answer"].startswith("Raise a₃, and p₃ gains")
    expect(page.locator(".lab-logits .row.touched button")).to_have_text("3")
    expect(page.locator(".lab-logits [role=columnheader].touched")).to_have_text("a₃")


def test_softmax_class_is_held_by_pointer_key_and_finger_and_back_lets_go(
    lab: str, browser: Browser
) -> None:
    with phone_with_finger(browser) as (page, _touch):
        open_softmax(page, f"{lab}/softmax?a=2,1,0.5,-0.5,-1.5&temperature=2")
        page.get_by_role("button", name="Hold class 4").tap()
        address_has(page, "held=4")
        found = read(page)
        assert found["answer"].startswith("Raise a₄/T, and p₄ gains")
        assert_follows(found)
        wait(page)
        page.locator(".lab-logits .entry").nth(2).click()
        address_has(page, "held=3")
        wait(page)
        page.locator(".lab-logits .entry").nth(2).press("ArrowLeft")
        page.keyboard.press("Enter")
        page.wait_for_function("!location.search.includes('held')")
        wait(page)
        assert read(page)["held"] == 1
        page.go_back()
        address_has(page, "held=3")
        third = page.get_by_role("button", name="Hold class 3")
        expect(third).to_have_attribute("aria-pressed", "true")
        # What answers has half of the first screen, and its lever is within reach.
        page.set_viewport_size({"width": 360, "height": 740})
        box = page.locator(".lab-logits .figure").bounding_box()
        lever = page.locator(".lab-logits .temperature").bounding_box()
        assert box is not None
        assert lever is not None
        assert lever["height"] <= 56
        assert lever["y"] + lever["height"] == close_to(740, abs=1)
        assert min(box["y"] + box["height"], lever["y"]) - box["y"] >= 740 / 2


def test_softmax_bar_follows_a_finger_and_leaves_scrolling_alone(lab: str, browser: Browser) -> None:
    with phone_with_finger(browser) as (page, touch):
        open_softmax(page, f"{lab}/softmax")
        handle(page, 1).evaluate("node => node.scrollIntoView({block: 'center'})")
        start = place(page, 0, 0.5)
        touch("touchStart", start)
        for step in range(1, 11):
            touch("touchMove", (start[0] + 2 * step, start[1]))
        # Chromium hands touches on once a frame.
        page.wait_for_timeout(300)
        found = read(page)
        assert found["logits"][0] > 0.5
        assert found["logits"][0] != 2
        assert_follows(found)
        touch("touchEnd")
        address_has(page, f"a={found['logits'][0]:g},1,")
        wait(page)
        settled = read(page)["logits"]
        top = scrolled(page)
        start = place(page, 1, 0.9)
        touch("touchStart", start)
        for step in range(1, 11):
            touch("touchMove", (start[0], start[1] - 20 * step))
            page.wait_for_timeout(16)
        touch("touchEnd")
        page.wait_for_timeout(300)
        assert scrolled(page) > top
        assert read(page)["logits"] == settled


def test_softmax_temperature_and_target_follow_without_the_server(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax")
    slider = page.locator(".lab-logits input[type=range]")
    slider.focus()
    page.keyboard.press("End")
    found = read(page)
    assert found["temperature"] == 100
    assert_follows(found)
    # Played from its end it begins anew at once; where it is paused, the server hears of it.
    page.locator(".lab-logits .lab-disc").click()
    assert read(page)["temperature"] < 100
    page.get_by_role("button", name="Pause").click()
    found = read(page)
    assert_follows(found)
    address_has(page, f"temperature={found['temperature']:g}")
    slider.focus()
    page.keyboard.press("End")
    page.locator(".lab-logits summary").click()
    page.get_by_role("radio", name="Class 4 is the target").check()
    found = read(page)
    assert found["target"] == 3
    assert_follows(found)
    address_has(page, "temperature=100")
    address_has(page, "target=4")
    expect(page.get_by_role("spinbutton", name="Target class")).to_have_value("4")


def test_softmax_entries_are_read_by_pointer_and_key(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax?a=" + ",".join(str(k / 10) for k in range(30)))
    readout = page.locator(".lab-logits .readout")
    page.locator(".lab-logits .entry").nth(31).hover()
    expect(readout).to_contain_text("J(2, 2) = p₂ (1 − p₂)")
    page.locator(".lab-logits .entry").nth(31).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(readout).to_contain_text("J(3, 3)")
    page.keyboard.press("End")
    expect(readout).to_contain_text("J(3, 30) = −p₃ p₃₀")
    jacobian = softmax_jacobian(torch.arange(30).double() / 10)
    value = float(str(readout.get_attribute("data-value")))
    assert value == close_to(jacobian[2, 29].item(), rel=1e-13)


# What comes from elsewhere


def test_softmax_presets_move_the_bars_and_keep_their_nodes(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax")
    handle(page, 0).evaluate("node => { node.same = true; }")
    page.get_by_role("button", name="Saturated").click()
    expect(handle(page, 0)).to_have_attribute("aria-valuenow", "12")
    assert handle(page, 0).evaluate("node => node.same") is True
    assert_follows(read(page))
    page.locator("[data-testid='stSidebar']").get_by_role("button", name="Reset").click()
    expect(handle(page, 0)).to_have_attribute("aria-valuenow", "2")
    page.wait_for_function("location.search === ''")
    naive = page.locator(".lab-logits .naive")
    expect(naive).to_be_hidden()
    before = read(page)
    page.get_by_role("button", name="+800 on every logit").click()
    expect(naive).to_contain_text("e^802 is ∞ in float64")
    assert read(page)["p"] == before["p"]
    expect(page.locator(".lab-logits .ends")).to_have_text("795800805")


def test_softmax_answer_to_an_older_move_does_not_undo_a_newer_one(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax")
    with held(page, 0, 0.9):
        pass
    with held(page, 1, 0.1):
        # The server answers the first move while the second is under way.
        page.wait_for_timeout(1500)
        assert read(page)["logits"][:2] == [4, -4]
    address_has(page, "a=4,-4,")
    wait(page)
    assert read(page)["logits"][:2] == [4, -4]


def test_softmax_keeps_its_state_across_pages(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax?a=3,2,1&temperature=0.5")
    with held(page, 0, 0.9):
        pass
    address_has(page, "a=4,2,1")
    wait(page)
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOME_TITLE)
    page.get_by_role("link", name="Softmax").first.click()
    page.wait_for_selector(".lab-logits .handle")
    wait(page)
    found = read(page)
    assert (found["logits"], found["temperature"]) == ([4, 2, 1], 0.5)
    address_has(page, "a=4,2,1")
    with held(page, 1, 0.1):
        pass
    address_has(page, "a=4,-4,1")


def test_softmax_garbage_in_the_link_is_named_and_harmless(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax?a=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&temperature=nan")
    notice = page.locator(".st-key-ignored-notice")
    expect(notice).to_contain_text("a=<img src=x onerror=alert(1)>")
    expect(notice).to_contain_text("temperature=nan")
    assert page.locator("[data-testid='stMain'] img").count() == 0
    assert read(page)["logits"] == DEFAULT
    with held(page, 0, 0.9):
        pass
    address_has(page, "a=4,1,")


def test_softmax_camera_survives_a_move(lab: str, page: Page) -> None:
    open_softmax(page, f"{lab}/softmax")
    wait_for_charts(page)
    plot = page.locator(".lab-card .js-plotly-plot").nth(2)
    box = plot.bounding_box()
    assert box is not None
    plot.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = plot.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    eye = "node => node._fullLayout.scene._scene.getCamera().eye"
    start = plot.evaluate(eye)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 120, middle[1] + 30, steps=8)
    page.mouse.up()
    turned = plot.evaluate(eye)
    # It turns on for a while after the hand has let go, and all the longer where drawing is slow.
    for _ in range(40):
        page.wait_for_timeout(250)
        before, turned = turned, plot.evaluate(eye)
        if turned == before:
            break
    assert turned != start
    drawn = plot.get_attribute("data-drawn")
    handle(page, 0).focus()
    page.keyboard.press("PageUp")
    page.wait_for_function(
        "before => document.querySelectorAll('.lab-card .js-plotly-plot')[2].dataset.drawn !== before",
        arg=drawn,
    )
    assert plot.evaluate(eye) == close_to(turned)
    moved = plot.evaluate("node => Array.from(node._fullData[1].x)")
    assert moved == close_to([3])
    page.locator("[data-card='surface'] [data-tool='reset']").click()
    page.wait_for_timeout(1500)
    assert plot.evaluate(eye) == close_to(start)


def test_softmax_surface_is_seen_from_afar_where_there_is_little_room(lab: str, page: Page) -> None:
    on_phone(page)
    open_softmax(page, f"{lab}/softmax")
    wait_for_charts(page)
    plot = page.locator(".lab-card .js-plotly-plot").nth(2)
    plot.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => document.querySelectorAll('.lab-card .js-plotly-plot')[2]._fullLayout?.scene"
    )
    eye = plot.evaluate("node => node._fullLayout.scene.camera.eye")
    far = eye["z"] / 0.9
    assert far > 1.15
    assert eye == close_to({"x": -1.47 * far, "y": -1.55 * far, "z": 0.9 * far})


def test_softmax_with_30_classes_has_room_for_a_finger(lab: str, page: Page) -> None:
    on_phone(page)
    open_softmax(page, f"{lab}/softmax?a=" + ",".join(f"-{k / 10}" for k in range(30)))
    for kind in (".handle", "button.class"):
        box = page.locator(f".lab-logits {kind}").first.bounding_box()
        assert box is not None
        assert box["height"] >= 28
