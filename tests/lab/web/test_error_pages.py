"""What a visitor sees where there is no answer."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.web.error_pages import ErrorPages
from lab.web.index_page import Opening
from lab.web.page_names import PAGES
from lab.web.visit_language import Choose, english
from tests.support.asking import PASSED_ON, Answer, ask_app, passing_on, run_apart

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def visited(
    inner: ASGIApp,
    path: str = "/nowhere",
    *,
    accepts: str = BROWSER,
    choose: Choose = english,
    query: bytes = b"",
    method: str = "GET",
) -> Answer:
    """Ask for a path as a browser does that wants to show what comes."""
    pages = ErrorPages(inner, choose)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["headers"].append((b"accept", accepts.encode()))
        await pages(scope, receive, send)

    return ask_app(app, path, query=query, method=method)


async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("the secret reason")


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (404, "There is no such page"),
        (405, "The lab has no answer to this"),
        (421, "The lab does not answer under this name"),
        (500, "Something went wrong on the server"),
        (503, "The lab is not there just now"),
    ],
)
def test_a_browser_gets_a_page_of_the_lab(status: int, title: str) -> None:
    answer = visited(PlainTextResponse("raw", status))
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    html = answer.body.decode()
    assert f"<h1>{title}</h1>" in html
    assert "raw" not in html
    assert "<script" not in html
    assert "light-dark(" in html
    # Where the lab cannot be reached under this address, nothing leads on.
    assert (html.count("<a ") == 0) == (status in {421, 503})
    assert len(answer.body) < 5000


def test_what_is_raised_goes_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    for accepts, kind in ((BROWSER, "text/html"), ("*/*", "text/plain")):
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            answer = visited(failing, "/losses\nforged", accepts=accepts)
        assert answer.status == 500
        assert answer.headers["content-type"].startswith(kind)
        assert b"secret" not in answer.body
        assert "the secret reason" in caplog.text
        assert "Traceback" in caplog.text
        assert "\nforged" not in caplog.messages[0]


def test_what_is_half_sent_is_not_begun_anew() -> None:
    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("late")

    with pytest.raises(RuntimeError, match="late"):
        visited(half)


@pytest.mark.parametrize(
    ("inner", "accepts"),
    [
        (PlainTextResponse("raw", 404), "*/*"),
        (PlainTextResponse("raw", 404), ""),
        (Response(b"{}", 404, media_type="application/json"), BROWSER),
        (HTMLResponse("raw", 500), BROWSER),
        (PlainTextResponse("raw", 200), BROWSER),
    ],
)
def test_other_answers_are_left_alone(inner: Response, accepts: str) -> None:
    answer = visited(inner, accepts=accepts)
    assert (answer.status, answer.body) == (inner.status_code, inner.body)
    assert visited(passing_on).status == PASSED_ON


def test_what_is_posted_gets_the_plain_answer() -> None:
    assert visited(PlainTextResponse("raw", 405), method="POST").body == b"raw"


def test_a_session_is_passed_on() -> None:
    heard = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        heard.append(scope["type"])

    async def receive() -> Any:
        raise AssertionError("nothing is to be received")

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is to be sent")

    run_apart(ErrorPages(inner)({"type": "websocket", "path": "/"}, receive, send))
    assert heard == ["websocket"]


def test_page_is_in_the_language_of_the_visit_and_keeps_it() -> None:
    def choose(_asked: str | None, _accepted: str | None) -> tuple[str, Callable[[str], str]]:
        return "zh", "⟦{}⟧".format

    answer = visited(PlainTextResponse("raw", 404), choose=choose, query=b'lang=zh"><b>')
    html = answer.body.decode()
    assert '<html lang="zh">' in html
    assert "<h1>⟦There is no such page⟧</h1>" in html
    assert 'href="/losses?lang=zh%22%3E%3Cb%3E"' in html
    assert "<b>" not in html


@pytest.mark.usefixtures("served_at_a_path")
def test_unknown_page_leads_to_the_pages_that_there_are() -> None:
    answer = visited(Opening(HTMLResponse("Streamlit's page")), "/teaching/lab/no-such-page")
    assert answer.status == 404
    for page in PAGES:
        assert f'href="/teaching/lab/{page}"' in answer.body.decode()
