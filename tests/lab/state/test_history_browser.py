"""Back and Forward in a real browser, on every lab: one act is one entry, restored whole."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lab.web import page_names
from lab.web.previews import preview
from scripts.browser import settle
from tests.support.browsing import HOME_TITLE, field, open_lab, press_key, reach

pytestmark = pytest.mark.browser

TITLES = {
    "softmax": "How does p move when I move a?",
    "gradient": "Which way does the loss push each logit?",
    "stability": "Where does NaN come from?",
    "losses": "Are L1 and L2 the same?",
    "transport": "How does Sinkhorn balance a plan?",
    "tuning": "Which parameters give what I need?",
}
LINKS = {slug: preview(slug).name for slug in page_names.LABS}
# Two buttons of each lab that set a state.
BUTTONS = {
    "softmax": ("preset-saturated", "preset-spread"),
    "gradient": ("preset-two", "preset-truth"),
    "stability": ("preset-overflow", "preset-masked_row"),
    "losses": ("new-draw", "new-draw"),
    "transport": ("preset-two", "preset-clouds"),
    "tuning": ("preset-mhc", "preset-post"),
}
_LONG = {"gradient", "stability", "transport", "tuning"}
LABS = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in _LONG)) for name in TITLES]
)

# What the page shows of its state: every widget, what stands beside each figure, and what editors say.
_SHOWN = """() => {
    const texts = selector => [...document.querySelectorAll(selector)].map(node => node.innerText);
    const values = selector => [...document.querySelectorAll(selector)].map(node => node.value);
    return JSON.stringify([
        texts("[data-testid='stSliderThumbValue']"), values("[data-testid='stSidebar'] input"),
        texts("[data-testid='stSidebar'] [data-baseweb='select']"), texts(".lab-caption"),
        texts(".lab-scrub output"), texts(".lab-trace .trace-place"),
        texts(".st-key-notes li"),
    ]);
}"""


def shown(page: Page) -> str:
    """Return what the page shows of its state, once it rests."""
    settle(page)
    text: str = page.evaluate(_SHOWN)
    return text


def wait_for(page: Page, url: str, expected: str) -> None:
    """Wait until the page is at an address and shows what it showed there."""
    page.wait_for_url(url)
    page.wait_for_function(f"expected => ({_SHOWN})() === expected", arg=expected, timeout=30_000)


def entries(page: Page) -> int:
    count: int = page.evaluate("history.length")
    return count


@pytest.fixture(scope="module")
def tabs() -> Iterator[list[Page]]:
    """Return a list of tabs that are closed in the end."""
    opened: list[Page] = []
    yield opened
    for one in opened:
        one.close()


@pytest.fixture
def roomy_tab(lab: str, page: Page, tabs: list[Page]) -> Iterator[Page]:
    """Return a tab whose history has room, since the browser keeps fifty entries."""
    if not tabs or entries(tabs[-1]) > 35:
        tabs.append(page.context.new_page())
        tabs[-1].set_viewport_size({"width": 1440, "height": 1000})
    yield tabs[-1]
    tabs[-1].goto(f"{lab}/_stcore/health")
    tabs[-1].evaluate("sessionStorage.clear()")


def press(page: Page, lab: str, button: str) -> None:
    page.locator(f".st-key-{lab}-{button} button").click()


def act_and_note(page: Page, act: Callable[[], Any]) -> tuple[str, str]:
    """Do something that changes the address, and return where it led and what is shown there."""
    before = page.url
    act()
    page.wait_for_function("before => location.href !== before", arg=before)
    # The address is new before the answer has come.
    page.wait_for_timeout(300)
    settle(page)
    return page.url, shown(page)


@LABS
def test_two_buttons_are_two_entries_restored_whole_one_by_one_and_in_one_go(
    lab: str, roomy_tab: Page, name: str
) -> None:
    page = roomy_tab
    open_lab(page, f"{lab}/{name}")
    states, count = [(page.url, shown(page))], entries(page)
    for button in BUTTONS[name]:
        states.append(act_and_note(page, lambda button=button: press(page, name, button)))  # type: ignore[misc]
        count += 1
        assert entries(page) == count
    for url, text in reversed(states[:-1]):
        page.go_back()
        wait_for(page, url, text)
    for url, text in states[1:]:
        page.go_forward()
        wait_for(page, url, text)
    page.reload()
    wait_for(page, *states[-1])
    assert entries(page) == count
    for url, text in reversed(states[:-1]):
        page.go_back()
        wait_for(page, url, text)
    # Both in one go: the second before the first is answered, without a look at the page.
    page.evaluate(
        """selectors => selectors.forEach(selector => document.querySelector(selector).click())""",
        [f".st-key-{name}-{button} button" for button in BUTTONS[name]],
    )
    page.wait_for_timeout(500)
    settle(page)
    # Two draws in one go may be answered as one.
    if name == "losses":
        assert page.url in {url for url, _ in states[1:]}
    else:
        wait_for(page, *states[-1])


@LABS
def test_a_state_that_was_left_comes_back_whole(lab: str, roomy_tab: Page, name: str) -> None:
    page, title = roomy_tab, TITLES[name]
    open_lab(page, f"{lab}/{name}")
    start = page.url, shown(page)
    # Left by Back while the server still answers.
    press(page, name, BUTTONS[name][0])
    page.wait_for_function("before => location.href !== before", arg=start[0])
    page.go_back()
    wait_for(page, *start)
    page.wait_for_timeout(500)
    wait_for(page, *start)
    # Left for another page.
    left = act_and_note(page, lambda: press(page, name, BUTTONS[name][0]))
    count = entries(page)
    page.locator(".st-key-nav").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOME_TITLE)
    assert entries(page) == count + 1
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    wait_for(page, *left)
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOME_TITLE)
    # The link to the page opens it as it was left.
    page.locator(".st-key-nav").get_by_role("link", name=LINKS[name]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    wait_for(page, *left)


@pytest.mark.parametrize(
    ("name", "slider"),
    [("losses", "logit_scale"), ("transport", "eps"), ("stability", "floor"), ("gradient", "rate")],
)
def test_each_key_on_a_native_slider_is_an_entry(
    lab: str, roomy_tab: Page, name: str, slider: str
) -> None:
    page = roomy_tab
    open_lab(page, f"{lab}/{name}")
    states, count = [(page.url, shown(page))], entries(page)
    for _ in range(2):
        states.append(act_and_note(page, lambda: press_key(page, f"{name}.{slider}", "ArrowRight")))
    assert entries(page) == count + 2
    for url, text in reversed(states[:-1]):
        page.go_back()
        wait_for(page, url, text)
    # The widget is there to be moved again, from where it now stands.
    press_key(page, f"{name}.{slider}", "ArrowRight")
    page.wait_for_url(states[1][0])


def test_dragging_the_timeline_is_one_entry(lab: str, roomy_tab: Page) -> None:
    page = roomy_tab
    open_lab(page, f"{lab}/losses?n=32&m=16&trials=8")
    reach(page)
    start, count = (page.url, shown(page)), entries(page)
    box = page.locator(".lab-scrub input[type=range]").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2

    def drag() -> None:
        page.mouse.move(box["x"] + 8, y)
        page.mouse.down()
        for share in (0.2, 0.4, 0.6):
            page.mouse.move(box["x"] + share * box["width"], y)
        page.mouse.up()

    moved = act_and_note(page, drag)
    assert entries(page) == count + 1
    page.go_back()
    wait_for(page, *start)
    page.go_forward()
    wait_for(page, *moved)


def test_typing_is_one_entry_and_what_is_not_taken_is_none(lab: str, roomy_tab: Page) -> None:
    page = roomy_tab
    open_lab(page, f"{lab}/stability")
    start, count = (page.url, shown(page)), entries(page)
    box = field(page, "stability.a").get_by_role("textbox")

    def write(text: str) -> None:
        box.fill(text)
        box.press("Enter")

    write("what ever")
    expect(page.get_by_text("Not understood, so nothing moved")).to_be_visible()
    expect(box).to_have_value("120,0")
    assert (page.url, entries(page)) == (start[0], count)
    typed = act_and_note(page, lambda: write("3,2,1"))
    assert entries(page) == count + 1
    page.go_back()
    wait_for(page, *start)
    page.go_forward()
    wait_for(page, *typed)
