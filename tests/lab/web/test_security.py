"""The security headers: on every response, in the place of what it said itself."""

import pytest
from starlette.responses import Response

from lab.web.security import SECURITY_HEADERS, Headers, sites_of_environment
from tests.support.asking import PASSED_ON, ask_app, passing_on

SITES = ("https://moodle.school.example", "https://*.uni.example:8443", "http://localhost:8000")


def test_every_response_carries_the_headers_once() -> None:
    loose = Response("said", headers={"referrer-policy": "unsafe-url", "x-own": "kept"})
    for inner, status in ((passing_on, PASSED_ON), (loose, 200)):
        answer = ask_app(Headers(inner), "/losses")
        assert answer.status == status
        assert {name: answer.headers[name.lower()] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["x-own"] == "kept"
    assert answer.body == b"said"


def ancestors(headers: dict[str, str]) -> list[str]:
    (found,) = [
        directive.split()[1:]
        for directive in headers["content-security-policy"].split("; ")
        if directive.startswith("frame-ancestors")
    ]
    return found


def test_only_the_labs_own_site_frames_it_by_default() -> None:
    headers = ask_app(Headers(passing_on), "/losses").headers
    assert ancestors(headers) == ["'self'"]
    assert headers["x-frame-options"] == "SAMEORIGIN"


def test_sites_that_are_named_frame_the_lab_and_nothing_contradicts() -> None:
    headers = ask_app(Headers(passing_on, framed_by=SITES), "/losses").headers
    assert ancestors(headers) == ["'self'", *SITES]
    assert "x-frame-options" not in headers
    assert headers.keys() >= {name.lower() for name in SECURITY_HEADERS} - {"x-frame-options"}


def test_sites_are_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sites_of_environment() == ()
    monkeypatch.setenv("LAB_FRAMED_BY", "  ".join(SITES))
    assert sites_of_environment() == SITES


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "'none'",
        "school.example",
        "https://school.example/course",
        "https://school.example;script-src",
        "https://school.example,https://b.example",
        "javascript:alert(1)",
        "https://*",
        "https://-school.example",
        "https://schöol.example",
        "https://b.example " + "x" * 10_000,
        "https://a.example " * 51,
    ],
)
def test_sites_that_are_none_are_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("LAB_FRAMED_BY", text)
    with pytest.raises(ValueError, match=r"^LAB_FRAMED_BY must .{1,90}, got .{1,50}$"):
        sites_of_environment()
