"""The HTML of every page: where the server is, what live figures will need, what a link previews."""

import re
from collections.abc import Callable, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from starlette.responses import HTMLResponse, JSONResponse, Response

from lab.web import index_page
from lab.web.assets import imported_scripts, plotly_address, script_address
from lab.web.index_page import Opening
from lab.web.page_names import HOME, PAGES, SPATIAL
from lab.web.previews import Preview, picture_address, picture_file, preview
from lab.web.static_files import KeptFiles
from tests.support.asking import PASSED_ON, Answer, ask_app, passing_on

INDEX = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
OURS = re.compile(
    r"<script>\s*window\.__streamlit = .+?</script>|<link[^>]+\"/lab/.+?>"
    r"|<title>.+?</title>|<meta (name=\"(description|twitter:)|property=).+?/>"
    r"|<p id=\"lab-full\".+?</p>|<style>#lab-full.+?</style>"
    r"|<script type=\"module\">import.+?</script>",
    re.S,
)
HOSTILE = [
    (),
    (b"lab.test", b"evil.test"),
    (b"",),
    (b'lab.test"><script>',),
    (b"lab.test/evil",),
    (b"evil.test?x",),
    (b"user@evil.test",),
    (b"lab test",),
    (b"lab.test\r\nx",),
    (b"lab.test:80\n",),
    (b"lab.test:123456",),
    (b"lab.test:",),
    (b"-lab.test",),
    (b"[::1",),
    (b"l\xe4b.test",),
    (b"a" * 300,),
]


class Head(HTMLParser):
    """The head of a page as a browser reads it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.language: str | None = None
        self.title = ""
        self.meta: dict[str, list[str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        said = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = said["lang"]
        name = said.get("property") or said.get("name")
        if tag == "meta" and name:
            self.meta.setdefault(name, []).append(said["content"])

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "title":
            self.title += data.strip()


def head_of(address: str, **asked: Any) -> Head:
    return Head(opened(address, **asked).body.decode())


def opened(address: str, **asked: Any) -> Answer:
    """Ask for a page as Streamlit answers it, with what a browser would keep it by."""
    inner = HTMLResponse(
        INDEX, headers={"etag": "kept", "last-modified": "Wed, 25 Nov 2026 00:00:00 GMT"}
    )
    return ask_app(Opening(inner), address, **asked)


def told(html: str) -> list[str]:
    return re.findall('<link rel="modulepreload" href="(/.+?)">', html)


@pytest.mark.parametrize("address", ["/", "/losses", "/losses/"])
def test_a_page_is_streamlits_own_with_what_the_lab_says(address: str) -> None:
    answer = opened(address)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert int(answer.headers["content-length"]) == len(answer.body)
    # What was kept of Streamlit's page must not be answered for this one.
    assert not {"etag", "last-modified"} & answer.headers.keys()
    html = answer.body.decode()
    plain = INDEX.replace("<title>Streamlit</title>", "")
    assert "".join(OURS.sub("", html).split()) == "".join(plain.split())
    # Streamlit reads it when its own script begins.
    assert html.index("BACKEND_BASE_URL") < html.index("/static/js/")


@pytest.mark.parametrize("page", PAGES)
def test_what_live_figures_need_comes_after_streamlits_own_and_is_served(page: str) -> None:
    html = opened(f"/{page}").body.decode()
    addresses = told(html)
    # Without a chart of Plotly's, nothing of it keeps a page waiting.
    own = {HOME: "home/hero.js", "claims": "claims/anchor.js"}.get(page)
    if own:
        scripts = (*imported_scripts("web/opening.js"), *imported_scripts(own))
        assert addresses == list(map(script_address, scripts))
    else:
        # The largest is last.
        assert addresses[-1] == plotly_address(spatial=page in SPATIAL)
    assert html.index('"modulepreload" href="/lab/') > html.rindex("./static/")
    for address in addresses:
        assert ask_app(KeptFiles(passing_on), address).status == 200


def test_below_a_path_scripts_are_told_of_there(served_at_a_path: None) -> None:
    html = opened("/teaching/lab/losses").body.decode()
    for address in told(html):
        assert address.startswith("/teaching/lab/lab/")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_tells_its_own_title_description_and_picture(page: str) -> None:
    words = preview(page)
    for scheme, host in (
        ("http", "lab.test:8501"),
        ("https", "[2001:db8::1]"),
        ("https", "Lab-1.test"),
    ):
        head = head_of(f"/{page}", scheme=scheme, hosts=(host.encode(),))
        assert head.language == "en"
        assert head.title == words.title
        said = {
            "description": words.description,
            "og:title": words.question,
            "og:description": words.description,
            "og:type": "website",
            "og:site_name": "Cross-Entropy Lab",
            "og:image": f"{scheme}://{host}{picture_address(page)}",
            "og:image:type": "image/png",
            "og:image:width": "1200",
            "og:image:height": "630",
            "og:image:alt": words.picture_alt,
            "twitter:card": "summary_large_image",
        }
        assert {name: head.meta.get(name) for name in said} == {n: [text] for n, text in said.items()}


def test_the_picture_that_a_page_tells_of_is_served(served_at_a_path: None) -> None:
    (address,) = head_of("/teaching/lab/transport").meta["og:image"]
    path = address.removeprefix("http://lab.test")
    assert path.startswith("/teaching/lab/lab/")
    assert ask_app(KeptFiles(passing_on), path).body == picture_file("transport").read_bytes()


@pytest.mark.parametrize(
    "path", ["/no-such-page", "/losses/transport", '/"><script>alert(1)</script>', "/losses//"]
)
def test_a_page_that_is_not_known_is_not_found(path: str) -> None:
    answer = opened(path)
    assert (answer.status, answer.body) == (404, b"Not found")


@pytest.mark.parametrize("hosts", HOSTILE)
def test_without_a_valid_host_there_is_no_picture(hosts: tuple[bytes, ...]) -> None:
    head = head_of("/losses", hosts=hosts)
    assert not [name for name in head.meta if "image" in name or "card" in name]
    assert head.title == preview("losses").title
    usual = head_of("/losses").tags
    assert [tag for tag in head.tags if tag != "meta"] == [tag for tag in usual if tag != "meta"]


def test_a_page_may_begin_before_streamlit() -> None:
    heard = []

    def begin(language: str, query: Mapping[str, Sequence[str]]) -> str:
        heard.append((language, query))
        return "<b>begun</b>"

    opening = Opening(HTMLResponse(INDEX), first={HOME: begin})
    html = ask_app(opening, "/", query=b"k=2&k=3&lead=").body.decode()
    assert heard == [("en", {"k": ["2", "3"], "lead": [""]})]
    assert html.index('<div id="root">') < html.index("<b>begun</b>") < html.index("</body>")
    # What it needs comes before what Streamlit needs.
    assert html.index("BACKEND_BASE_URL") < html.index("/home/hero.js") < html.index("/static/js/")
    assert "begun" not in ask_app(opening, "/losses").body.decode()


def test_a_scheme_that_is_not_of_the_web_gives_no_picture() -> None:
    assert "og:image" not in head_of("/losses", scheme="javascript").meta


def test_words_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = Preview(**{name: f"\"><script>'&amp; {name}" for name in Preview.__dataclass_fields__})
    monkeypatch.setattr(index_page, "preview", lambda *_given: hostile)
    head = head_of("/losses")
    assert head.tags.count("script") == Head(INDEX).tags.count("script") + 2
    assert (head.language, head.title) == (hostile.language, hostile.title)
    assert head.meta["description"] == [hostile.description]
    assert head.meta["og:title"] == [hostile.question]
    assert head.meta["og:image:alt"] == [hostile.picture_alt]


@pytest.mark.parametrize(
    "inner",
    [
        JSONResponse({"said": "<head></head>"}),
        Response("<head></head>", 404, media_type="text/html"),
        Response("<head></head>", media_type="text/plain"),
    ],
)
def test_other_answers_are_left_alone(inner: Response) -> None:
    answer = ask_app(Opening(inner), "/losses")
    assert (answer.status, answer.body) == (inner.status_code, inner.body)
    assert ask_app(Opening(passing_on), "/losses").status == PASSED_ON


def test_page_is_told_of_in_the_language_of_the_visit() -> None:
    heard = []

    def choose(asked: str | None, accepted: str | None) -> tuple[str, Callable[[str], str]]:
        heard.append((asked, accepted))
        return "zh", "⟦{}⟧".format

    inner = HTMLResponse(INDEX)
    html = ask_app(Opening(inner, choose), "/losses", query=b"lang=zh").body.decode()
    assert '<html lang="zh">' in html
    assert '<meta property="og:title" content="⟦Are L1 and L2 the same?⟧" />' in html
    assert heard == [("zh", None)]
    # What only a script shows, where a session is refused.
    assert '<p id="lab-full" role="alert" hidden>⟦The class is full' in html


@pytest.mark.usefixtures("served_at_a_path")
def test_script_of_every_page_is_served() -> None:
    html = opened("/teaching/lab/losses").body.decode()
    (address,) = re.findall(r'<script type="module">import\("(.+?)"\)', html)
    assert address.startswith("/teaching/lab/lab/js-")
    script = ask_app(KeptFiles(passing_on), address, accepts="")
    assert b"export function begin" in script.body


def test_words_of_the_notice_are_escaped() -> None:
    inner = HTMLResponse(INDEX)
    opening = Opening(inner, lambda *_given: ("zh", lambda text: f"</p><script>{text}"))
    html = ask_app(opening, "/losses").body.decode()
    assert Head(html).tags.count("script") == Head(INDEX).tags.count("script") + 2
