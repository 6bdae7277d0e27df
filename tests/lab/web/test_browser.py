"""What every page shares: reachable first on a fresh server, fits a phone, safe and compressed."""

import re
from html import unescape
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, Response, expect

from scripts.browser import settle
from tests.support.browsing import on_phone, open_lab, violations

pytestmark = pytest.mark.browser

PAGES = {
    "home": "/",
    "post": "/post",
    "losses": "/losses",
    "softmax": "/softmax",
    "gradient": "/gradient",
    "stability": "/stability",
    "transport": "/transport",
    "tuning": "/tuning",
    "claims": "/claims",
}
# The widest that pages get, and what is not on them by default.
EXTREMES = {
    "softmax-of-30": "/softmax?a=" + ",".join(str(-1000 + k / 7)[:9] for k in range(30)),
    "gradient-of-10": "/gradient?a=" + ",".join(f"-{k}" for k in range(10)),
    "stability-of-6": "/stability?a=-900.123456,5,4,3,2,999.5&formula=double_softmax",
    "clouds": "/transport?cost=clouds&along=none",
}
NARROW = PAGES | EXTREMES
BACKGROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
# Of what scripts lay something over.
SIZES = """[...document.querySelectorAll('.lab-logits .picture, .lab-logits .picture *, .lab-plot')]
    .flatMap(({ clientWidth, clientHeight }) => [clientWidth, clientHeight])"""
# Whether the row of pages fades at its beginning, and at its end.
FADES = """['before', 'after'].map(edge => parseFloat(getComputedStyle(
    document.querySelector('.st-key-nav')).getPropertyValue('--' + edge)) > 0)"""
# What may be wider than the phone: what only screen readers or fingers find, and rows that scroll.
WIDER = """() => [...document.querySelectorAll("[data-testid='stMain'] *")]
    .filter(node => node.getBoundingClientRect().right > innerWidth + 1
                    && !node.closest('.katex-mathml, .ways, .draglayer, .st-key-nav, .st-key-presets'))
    .map(node => node.className.toString().slice(0, 60))"""


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_page_stands_and_is_accessible_in_both_themes(lab: str, page: Page, path: str) -> None:
    served = open_lab(page, lab + path)
    assert served is not None
    (title,) = re.findall("<title>(.+?)</title>", served.text())
    expect(page).to_have_title(unescape(title))
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.locator("[data-testid='stException']")).to_have_count(0)
    assert violations(page) == []
    # In the other theme only the colours are others.
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{BACKGROUND} === 'rgb(18, 21, 26)'")
    settle(page)
    assert violations(page, only=["color-contrast"]) == []


@pytest.mark.parametrize("path", NARROW.values(), ids=NARROW)
def test_page_fits_a_phone_and_is_accessible_there(lab: str, page: Page, path: str) -> None:
    on_phone(page)
    open_lab(page, lab + path)
    assert page.evaluate(WIDER) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_every_page_can_be_reached_on_a_phone(lab: str, page: Page) -> None:
    on_phone(page)
    open_lab(page, f"{lab}/losses")
    for name in ("Transport", "Home", "Gradient"):
        page.locator(".st-key-nav").get_by_role("link", name=name).click()
        expect(page).to_have_title(f"{name} · Cross-Entropy Lab")


def test_row_of_pages_shows_the_page_that_is_shown_and_fades_where_it_goes_on(
    lab: str, page: Page
) -> None:
    on_phone(page)
    row = page.locator(".st-key-nav")
    open_lab(page, f"{lab}/tuning")
    expect(row.get_by_role("link", name="Tuning")).to_be_in_viewport(ratio=0.98)
    assert page.evaluate(FADES) == [True, False]
    row.get_by_role("link", name="Gradient").click()
    expect(page).to_have_title("Gradient · Cross-Entropy Lab")
    expect(row.get_by_role("link", name="Gradient")).to_be_in_viewport(ratio=1)
    page.wait_for_function(f"JSON.stringify({FADES}) === '[true,true]'")
    open_lab(page, lab)
    assert page.evaluate(FADES) == [False, True]
    page.set_viewport_size({"width": 1000, "height": 780})
    page.wait_for_function(f"JSON.stringify({FADES}) === '[false,false]'")


def test_link_to_the_main_content_leads_past_the_row_of_pages(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/gradient")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.locator(".st-key-nav a").first.focus()
    page.keyboard.press("Tab")
    expect(page.locator(".st-key-nav a").nth(1)).to_have_css("outline-style", "solid")


@pytest.mark.parametrize(
    ("old", "new"),
    [("transport?rows=4&columns=4", "transport?n=4&m=4"), ("losses?scrub=eps", "losses?along=eps")],
)
def test_an_old_link_shows_its_new_form_and_one_press_leaves_it(
    lab: str, page: Page, old: str, new: str
) -> None:
    before = f"{lab}/_stcore/health"
    page.goto(before)
    open_lab(page, f"{lab}/{old}")
    assert page.url == f"{lab}/{new}"
    page.go_back()
    assert page.url == before


def test_the_hint_shows_exactly_where_the_controls_are_hidden(lab: str, page: Page) -> None:
    hint = page.locator(".st-key-phone-hint")
    show = page.get_by_test_id("stExpandSidebarButton")
    hide = page.get_by_test_id("stSidebarCollapseButton")
    for width in (360, 768, 769, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        open_lab(page, f"{lab}/gradient")
        hidden = width <= 768
        expect(show).to_be_visible(visible=hidden)
        expect(hint).to_be_visible(visible=hidden)
        # By hand too, and back again.
        for opened in (hidden, not hidden):
            if opened:
                show.click()
            else:
                page.locator(".stSidebar").hover()
                hide.get_by_role("button").click()
            expect(show).to_be_visible(visible=not opened)
            expect(hint).to_be_visible(visible=not opened)
        # Streamlit remembers what was done by hand, from one visit to the next.
        page.evaluate("localStorage.clear()")


def test_a_drawer_that_was_opened_on_a_phone_is_shut_at_the_next_load(lab: str, page: Page) -> None:
    show = page.get_by_test_id("stExpandSidebarButton")
    on_phone(page)
    open_lab(page, f"{lab}/gradient")
    show.click()
    expect(show).to_be_hidden()
    open_lab(page, f"{lab}/gradient?step=3")
    expect(show).to_be_visible()


def test_the_hint_comes_and_goes_while_the_window_narrows_and_widens(lab: str, page: Page) -> None:
    open_lab(page, f"{lab}/softmax")
    for width in (1200, 700, 820, 360):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(400)
        shown = page.get_by_test_id("stExpandSidebarButton").is_visible()
        assert page.locator(".st-key-phone-hint").is_visible() == shown
    assert shown
    page.emulate_media(media="print")
    for away in (".st-key-phone-hint", ".stSidebar", ".st-key-nav", ".stAppHeader", ".st-key-presets"):
        expect(page.locator(away)).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    # It is as long as it is, not as long as a screen with a scroller.
    assert page.evaluate("document.documentElement.scrollHeight") > 2 * 800
    page.emulate_media(media="null")
    # On a narrow sheet nothing is laid out anew, so that what is laid over a picture stays on it.
    page.set_viewport_size({"width": 1280, "height": 720})
    settle(page)
    on_screen = page.evaluate(SIZES)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})
    on_paper = page.evaluate(SIZES)
    assert all(abs(ours - theirs) <= 1 for ours, theirs in zip(on_paper, on_screen, strict=True))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(media="null")


def test_every_answer_carries_the_security_headers(lab: str) -> None:
    for path in ("/", "/losses", "/_stcore/health"):
        with urlopen(lab + path) as answer:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"


def test_scripts_are_compressed_kept_and_told_of_with_the_page(lab: str, page: Page) -> None:
    answers: dict[str, Response] = {}
    page.on("response", lambda answer: answers.update({answer.url: answer}))
    open_lab(page, f"{lab}/losses")
    assert {url: answer.status for url, answer in answers.items() if not answer.ok} == {}
    scripts = {url: answer.headers for url, answer in answers.items() if url.endswith(".js")}
    assert any("/static/js/" in url for url in scripts)
    for headers in scripts.values():
        assert headers["content-encoding"] == "gzip"
        assert headers["content-type"].startswith("text/javascript")
        assert "immutable" in headers["cache-control"]
    told = re.findall('<link rel="modulepreload" href="(/lab/.+?)">', answers[f"{lab}/losses"].text())
    assert {f"{lab}{address}" for address in told} == {url for url in scripts if "/lab/" in url}
