"""What every page shares: reachable first on a fresh server, fits a phone, safe and compressed."""

from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.browser import settle
from tests.browser.helpers import open_lab

pytestmark = pytest.mark.browser

PAGES = {"home": "/", "softmax": "/softmax", "stability": "/stability", "losses": "/losses"}
EACH_PAGE = pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)


@EACH_PAGE
def test_page_is_reached_by_its_link(lab: str, page: Page, path: str) -> None:
    open_lab(page, lab + path)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.locator("[data-testid='stException']")).to_have_count(0)


def test_home_opens_the_losses_where_the_line_bends(lab: str, page: Page) -> None:
    open_lab(page, lab)
    page.get_by_role("link", name="Open it where the line bends").click()
    expect(page.get_by_text("Not slope 1")).to_be_visible()
    assert "logit_scale=16" in page.url


@EACH_PAGE
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_fits_a_phone_in_both_themes(lab: str, browser: Browser, path: str, theme: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780}, color_scheme=theme)  # type: ignore[arg-type]
    tab = context.new_page()
    open_lab(tab, lab + path)
    settle(tab)
    wider = tab.evaluate(
        """() => [...document.querySelectorAll("[data-testid='stMain'] *")]
            .filter(node => node.getBoundingClientRect().right > innerWidth + 1
                            && !node.closest('.katex-mathml, .trace-scroller'))
            .map(node => node.className.toString().slice(0, 60))"""
    )
    assert wider == []
    background = tab.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if theme == "light" else "rgb(16, 21, 28)")
    context.close()


def test_every_answer_carries_the_security_headers(lab: str) -> None:
    for path in ("/", "/losses", "/_stcore/health"):
        with urlopen(lab + path) as answer:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"


def test_scripts_are_compressed(lab: str, page: Page) -> None:
    encodings: dict[str, str] = {}
    page.on("response", lambda r: encodings.update({r.url: r.headers.get("content-encoding", "")}))
    open_lab(page, f"{lab}/losses")
    scripts = {url: encoding for url, encoding in encodings.items() if url.endswith(".js")}
    assert len(scripts) > 5
    large = [url for url in scripts if len(urlopen(Request(url)).read()) > 1000]
    assert {scripts[url] for url in large} == {"gzip"}
