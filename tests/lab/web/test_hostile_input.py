"""Hostile input stays harmless: a short run of what `make fuzz-web` sends, and that it would notice."""

from pathlib import Path

import pytest

from lab.web.page_names import PAGES
from scripts.fuzz_web.served import hostile_visits
from scripts.fuzz_web.verdict import Log, reflected, trouble_in
from scripts.fuzz_web.visit import Report, Size
from scripts.protocol import ForwardMsg

SHORT = Size(requests=3, messages=3, wires=2, bursts=0)


def test_hostile_input_does_no_harm_on_any_page(tmp_path: Path) -> None:
    report = Report()
    hostile_visits(report, 0, 50, limits=True, folder=tmp_path, size=SHORT)
    assert report.visits >= len(PAGES)
    assert report.sent.keys() == {"address", "message", "frame"}
    assert report.sent.total() >= 50
    assert not report.findings, "\n".join(map(str, report.findings))


def delta(kind: str, **said: object) -> ForwardMsg:
    """Return a message that shows an element."""
    message = ForwardMsg()
    element = getattr(message.delta.new_element, kind)
    element.SetInParent()
    for name, value in said.items():
        setattr(element, name, value)
    return message


@pytest.mark.parametrize(
    "message",
    [
        delta("exception", type="ValueError", message="boom"),
        delta("markdown", body="<b><script>hostile()</script></b>", allow_html=True),
        delta("html", body="<img src=x onerror=hostile()>"),
        delta("markdown", body="ignored: [x](javascript:hostile())"),
        delta("alert", body="ignored: $\\href{a}{b}$"),
    ],
    ids=["red box", "script", "handler", "link", "formula"],
)
def test_harm_in_a_message_is_noticed(message: ForwardMsg) -> None:
    assert trouble_in(message)


@pytest.mark.parametrize(
    "message",
    [
        ForwardMsg(),
        delta("markdown", body="ignored: `[x](javascript:hostile())`"),
        delta("markdown", body="<b>bold</b>", allow_html=True),
        delta("slider", id="a"),
    ],
    ids=["nothing", "code", "own markup", "widget"],
)
def test_what_is_harmless_is_not(message: ForwardMsg) -> None:
    assert trouble_in(message) is None


def test_markup_that_comes_back_is_noticed() -> None:
    body = b"<title><script>hostile()</script></title>"
    assert reflected("text/html; charset=utf-8", body)
    assert reflected("text/html", b"&lt;script&gt;hostile()&lt;/script&gt;") is None
    assert reflected("text/plain", body) is None


def test_a_traceback_in_the_log_is_noticed_once(tmp_path: Path) -> None:
    file = tmp_path / "server.log"
    file.write_text("ValueError: from before\n")
    log = Log(file)
    assert log.trouble() is None
    with file.open("a") as stream:
        stream.write("served\nTraceback (most recent call last):\n")
    assert log.trouble()
    assert log.trouble() is None
    assert log.lines == 2
