"""The security headers: on every response, in the place of what it said itself."""

from starlette.responses import Response

from lab.web.security import SECURITY_HEADERS, Headers
from tests.support.asking import PASSED_ON, ask_app, passing_on


def test_every_response_carries_the_headers_once() -> None:
    loose = Response("said", headers={"referrer-policy": "unsafe-url", "x-own": "kept"})
    for inner, status in ((passing_on, PASSED_ON), (loose, 200)):
        answer = ask_app(Headers(inner), "/losses")
        assert answer.status == status
        assert {name: answer.headers[name.lower()] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["x-own"] == "kept"
    assert answer.body == b"said"
