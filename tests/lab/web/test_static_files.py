"""Files that the browser keeps: all of them, as they are, wherever the lab is served."""

import gzip
from pathlib import Path

import pytest
import streamlit as st

from lab.web.assets import (
    ICON,
    SCRIPT_FILES,
    imported_scripts,
    plotly_address,
    script_address,
    script_name,
)
from lab.web.plotly_script import FLAT, WHOLE
from lab.web.plotly_script import SCRIPT_FILES as PLOTLY_FILES
from lab.web.static_files import KeptFiles
from tests.support.asking import PASSED_ON, Answer, ask_app, passing_on

STREAMLIT = Path(st.__file__).parent / "static"


def ask(address: str, *, accepts: str = "gzip, br", method: str = "GET") -> Answer:
    """Ask twice for an address; return the second answer."""
    files = KeptFiles(passing_on)
    ask_app(files, address, accepts=accepts, method=method)
    return ask_app(files, address, accepts=accepts, method=method)


@pytest.mark.parametrize(
    "pattern", ["js/index.*.js", "css/*.css", "media/Source*.woff2", "media/*.svg"]
)
def test_what_streamlit_ships_arrives_as_it_is(pattern: str) -> None:
    files = list((STREAMLIT / "static").glob(pattern))
    assert files
    for file in files:
        address = f"/{file.relative_to(STREAMLIT).as_posix()}"
        for accepts in ("gzip", "br"):
            status, headers, body = ask(address, accepts=accepts)
            assert status == 200
            assert int(headers["content-length"]) == len(body)
            assert headers["vary"] == "Accept-Encoding"
            packed = headers.get("content-encoding") == "gzip"
            assert packed == (accepts == "gzip" and file.suffix != ".woff2")
            assert (gzip.decompress(body) if packed else body) == file.read_bytes()


def test_the_labs_own_files_are_served_where_it_is_served(served_at_a_path: None) -> None:
    for address, file in (
        (plotly_address(spatial=True), PLOTLY_FILES[WHOLE]),
        (plotly_address(spatial=False), PLOTLY_FILES[FLAT]),
        *((script_address(script_name(file)), file) for file in SCRIPT_FILES),
    ):
        assert address.startswith("/teaching/lab/lab/")
        status, _, body = ask(address)
        assert status == 200
        assert gzip.decompress(body) == file.read_bytes()
    assert ask("/static/js/index.js")[0] == PASSED_ON


def test_a_browser_finds_the_icon_beside_what_is_no_page(served_at_a_path: None) -> None:
    status, headers, body = ask("/teaching/lab/favicon.ico", accepts="br")
    assert (status, headers["content-type"]) == (200, "image/svg+xml")
    assert body == ICON.read_bytes()


@pytest.mark.parametrize(
    "address",
    ["/", "/losses", "/lab/", "/static/../index.html", "/static/js/", "/static/js/../../index.html"],
)
def test_all_else_is_left_to_streamlit(address: str) -> None:
    assert ask(address)[0] == PASSED_ON


def test_a_file_is_not_written_to() -> None:
    assert ask(plotly_address(spatial=True), method="POST")[0] == PASSED_ON


def test_imported_scripts_are_found_through_others() -> None:
    assert imported_scripts("drag/softmax.js") == ["drag/softmax.js"]
    assert {"live/live.js", "live/figure_grid.js", "web/dom.js", "live/ticks.js"} <= set(
        imported_scripts("live/live.js")
    )
