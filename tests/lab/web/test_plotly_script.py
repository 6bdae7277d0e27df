"""The plotly.js of a page: of the installed Plotly's version, and enough for what the page draws."""

import re

import pytest

from lab.web.assets import plotly_address
from lab.web.page_names import LABS, SPATIAL
from lab.web.plotly_script import FLAT, SCRIPT_FILES, WHOLE
from tests.lab.conftest import OpenPage
from tests.support.unpacking import frame_of, unpack


def test_both_are_of_one_version() -> None:
    heads = {name: file.read_text(encoding="utf-8")[:100] for name, file in SCRIPT_FILES.items()}
    (version,) = re.findall(r"plotly\.js v([\d.]+)", heads[WHOLE])
    assert f"plotly.js (cartesian - minified) v{version}" in heads[FLAT]
    assert f"plotly-cartesian-{version}.min.js" == FLAT


@pytest.mark.parametrize("page", ["post", *LABS])
def test_a_page_asks_for_what_its_figures_need(open_page: OpenPage, page: str) -> None:
    app = open_page(f"{page}.py")
    sent = [unpack(element.proto.bytes) for element in app.get("bidi_component") if element.proto.bytes]
    grids = [part for part in sent if part["part"] == "grid"]
    assert grids
    assert any(grid["plotly"] == plotly_address(spatial=page in SPATIAL) for grid in grids)
    known = set(re.findall(r'moduleType:"trace",name:"(\w+)"', SCRIPT_FILES[FLAT].read_text("utf-8")))
    for grid in grids:
        figures = [frame_of(card["animation"], 0) for card in grid["cards"]]
        needed = {trace["type"] for figure in figures for trace in figure["data"]}
        assert grid["plotly"] == plotly_address(spatial=not needed <= known)
