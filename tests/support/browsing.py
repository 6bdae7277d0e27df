"""What the browser tests do on a page, and the numbers they read off its charts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Response, TimeoutError, expect

from lab.web.previews import preview
from scripts.browser import settle

HOME_TITLE = preview("").question

_READ_CHARTS = """() => Object.fromEntries(
    [...document.querySelectorAll('.lab-card')].map(card => {
        const plot = card.querySelector('.js-plotly-plot');
        const list = values => values == null ? null : Array.from(values, v =>
            v != null && v.length !== undefined && typeof v !== 'string' ? Array.from(v) : v);
        return [card.dataset.card,
                (plot?._fullData ?? []).map(t => ({name: t.name, x: list(t.x), y: list(t.y)}))];
    }))"""

Charts = dict[str, list[dict[str, Any]]]


def open_lab(page: Page, address: str) -> Response | None:
    """Go to an address and wait until it stands; return what was served."""
    served = page.goto(address)
    page.wait_for_selector(".stApp h1")
    settle(page)
    return served


def violations(page: Page, *, only: Sequence[str] = ()) -> list[str]:
    """Return what axe objects to, with where, by all of its rules or only by some."""
    rules = {"runOnly": list(only)} if only else {}
    found = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
    return [f"{v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"]]


def on_phone(page: Page) -> None:
    """Make the tab as wide as a phone."""
    page.set_viewport_size({"width": 360, "height": 780})


@contextmanager
def phone_with_finger(browser: Browser) -> Iterator[tuple[Page, Callable[..., None]]]:
    """Open a tab as wide as a phone, and what touches it: a kind of event, and where fingers are."""
    with browser.new_context(viewport={"width": 360, "height": 780}, has_touch=True) as context:
        page = context.new_page()
        session = context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            at = [{"x": x, "y": y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        yield page, touch


def scrolled(page: Page) -> float:
    """Return how far the page is scrolled down."""
    top: float = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    return top


def charts(page: Page) -> Charts:
    """Return the data of every chart on the page by the key of its card."""
    read: Charts = page.evaluate(_READ_CHARTS)
    return read


def trace(read: Charts, chart: str, name: str) -> dict[str, Any]:
    """Return the one trace of a chart with that name."""
    (found,) = (trace for trace in read[chart] if trace["name"] == name)
    return found


def after_change(page: Page, before: Charts) -> Charts:
    """Wait until the charts differ from what they were, and the server is done; return them."""
    differ = f"before => JSON.stringify(({_READ_CHARTS})()) !== before"
    page.wait_for_function(differ, arg=_as_json(page, before), timeout=20_000)
    settle(page)
    # What goes from one state to another is read once it has arrived.
    found = ""
    while found != (found := _as_json(page, charts(page))):
        page.wait_for_timeout(250)
    return charts(page)


def query(page: Page) -> dict[str, list[str]]:
    """Return the query of the address bar."""
    return parse_qs(urlsplit(page.url).query)


def address_has(page: Page, part: str) -> None:
    """Wait until the query of the address bar has this in it."""
    page.wait_for_function("part => decodeURIComponent(location.search).includes(part)", arg=part)


def field(page: Page, name: str) -> Locator:
    """Return the widget of a field, as "losses.eps"."""
    return page.locator(f"[class*='st-key-{name.replace('.', '-')}-']")


def press_key(page: Page, name: str, key: str) -> None:
    """Move the slider of a field with the keyboard."""
    field(page, name).get_by_role("slider").focus()
    page.keyboard.press(key)


def _as_json(page: Page, value: object) -> str:
    text: str = page.evaluate("value => JSON.stringify(value)", value)
    return text


def reach(page: Page, *, within: str = "") -> None:
    """Reach for the timeline, as a pointer that comes over it does, and wait for its animation."""
    bar = page.locator(f"{within} .lab-scrub")
    bar.dispatch_event("pointerenter")
    expect(bar).to_have_attribute("data-ready", "true", timeout=60_000)


def double_click_until(plot: Locator, shown: str, arg: object) -> None:
    """Double-click a chart until a condition in JavaScript holds.

    On a busy machine the clicks may come too far apart to be a double one.
    """
    for _ in range(5):
        plot.locator(".nsewdrag").first.dblclick(position={"x": 100, "y": 100}, force=True)
        with suppress(TimeoutError):
            plot.page.wait_for_function(shown, arg=arg, timeout=3_000)
            return
    plot.page.wait_for_function(shown, arg=arg)
