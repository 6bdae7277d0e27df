"""The HTML of every page: it says where the server is, and what live figures will need."""

import re
from pathlib import Path

import pytest
import streamlit as st
from starlette.responses import HTMLResponse, JSONResponse, Response

from lab.web.assets import plotly_address
from lab.web.index_page import Opening
from lab.web.static_files import KeptFiles
from tests.support.asking import PASSED_ON, Answer, ask_app, passing_on

INDEX = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
OURS = re.compile(r"<script>\s*window\.__streamlit = .+?</script>|<link[^>]+\"/lab/.+?>", re.S)


def opened(address: str) -> Answer:
    """Ask for a page as Streamlit answers it, with what a browser would keep it by."""
    inner = HTMLResponse(
        INDEX, headers={"etag": "kept", "last-modified": "Wed, 25 Nov 2026 00:00:00 GMT"}
    )
    return ask_app(Opening(inner), address)


def told(html: str) -> list[str]:
    return re.findall('<link rel="modulepreload" href="(/.+?)">', html)


@pytest.mark.parametrize("address", ["/", "/losses", "/no-such-page"])
def test_a_page_is_streamlits_own_with_two_insertions(address: str) -> None:
    answer = opened(address)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert int(answer.headers["content-length"]) == len(answer.body)
    # What was kept of Streamlit's page must not be answered for this one.
    assert not {"etag", "last-modified"} & answer.headers.keys()
    html = answer.body.decode()
    assert "".join(OURS.sub("", html).split()) == "".join(INDEX.split())
    # Streamlit reads it when its own script begins.
    assert html.index("BACKEND_BASE_URL") < html.index("/static/js/")


def test_what_live_figures_need_comes_after_streamlits_own_and_is_served() -> None:
    html = opened("/losses").body.decode()
    addresses = told(html)
    # The largest is last.
    assert addresses[-1] == plotly_address()
    assert html.index("/lab/") > html.rindex("./static/")
    for address in addresses:
        assert ask_app(KeptFiles(passing_on), address).status == 200


def test_below_a_path_scripts_are_told_of_there(served_at_a_path: None) -> None:
    html = opened("/teaching/lab/losses").body.decode()
    for address in told(html):
        assert address.startswith("/teaching/lab/lab/")


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
