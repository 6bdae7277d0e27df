"""The page `/tuning`, run by Streamlit's test harness."""

import csv
import io
import pickle
import re
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

import ce_core as ce
from ce_core.tuning.score_sets import score_set
from lab.tuning import own, scores
from lab.tuning.map_data import map_data, read_cell
from lab.tuning.own import read_own
from lab.tuning.results import results
from lab.tuning.scores import MOST_ENTRIES, own_scores
from lab.tuning.state import ANY_SPREAD, DEFAULT, OWN, PRESETS, TuningState
from lab.tuning.tables import data_csv
from lab.tuning.text import snippet
from tests.lab.conftest import OpenPage
from tests.support.closeness import close_to
from tests.support.reading import note_ids, numbers_of, press, sent_to_hands, set_field, text_of, widget

PAGE = "tuning.py"
PASTED = "0.9,0.1,0.2\n0.8,0.3,0.1\n0.7,0.2,0.4\n0.1,0.6,0.3"


def paste(app: AppTest, text: str) -> None:
    """Open the drawer of own scores, and paste."""
    app.session_state["drawer-own"] = True
    app.run()
    (field,) = app.text_area
    field.set_value(text).run()


def sent(app: AppTest) -> dict[str, Any]:
    """Return what the page sends to the map."""
    return sent_to_hands(app, with_part="pictures")


def test_tuning_opens_on_a_state_that_shows_the_answer(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert not app.warning
    assert app.title[0].value == "Which parameters give what I need?"
    assert "For these scores: **ε = " in text_of(app)
    table = numbers_of(app)
    assert table["needs_met"] == 1
    assert table["column_error"] <= 0.02
    assert table["perplexity"] <= 3
    assert {"practice", "ln-k"} <= {*note_ids(app)}


def test_tuning_shows_the_numbers_of_the_core(open_page: OpenPage) -> None:
    app = open_page(PAGE, scores="products", seed="3", eps="5", n_iter="6", eps_from="1", eps_to="50")
    table = numbers_of(app)
    cost = -torch.from_numpy(score_set("products", seed=3).scores)
    q = ce.balanced_assignment(cost, eps=table["eps"], n_iter=6)
    n, m = cost.shape
    assert table["column_error"] == close_to((q.sum(0) - n / m).abs().sum().item() / n, rel=1e-6)
    assert table["perplexity"] == close_to(ce.entropy(q).mean().exp().item(), rel=1e-6)
    assert table["columns_used"] == len(set(q.argmax(1).tolist()))
    assert abs(np.log(table["eps"] / 5)) < np.log(50) / 26


def test_the_code_of_the_page_computes_what_it_shows() -> None:
    found = results(PRESETS["mhc"].of(DEFAULT))
    scope: dict[str, Any] = {}
    exec(snippet(found), scope)  # What the page shows, to be run.
    assert (scope["best"].eps, scope["best"].n_iter) == (found.best.eps, found.best.n_iter)
    pasted: dict[str, Any] = {"scores": -found.cost}
    exec(map_data(found)["code"], pasted)
    assert torch.equal(pasted["q"], found.plans[1])


def test_the_csv_holds_every_cell() -> None:
    found = results(DEFAULT)
    rows = list(csv.DictReader(io.StringIO(data_csv(found))))
    assert len(rows) == found.map.column_error.numel()
    assert float(rows[5]["column_error"]) == found.map.column_error.flatten()[5].item()


def test_another_set_brings_its_reading_and_no_cell(open_page: OpenPage) -> None:
    app = open_page(PAGE, eps="0.1", n_iter="3")
    set_field(app, "tuning.scores", "pixels")
    assert not app.exception
    assert widget(app, "tuning.near").value is False
    assert "eps" not in app.query_params
    assert "seems-far" not in note_ids(app)
    set_field(app, "tuning.near", True)
    assert "seems-far" in note_ids(app)


def test_a_need_that_cannot_be_met_is_named_with_the_nearest(open_page: OpenPage) -> None:
    app = open_page(PAGE, misplaced="0.0001", spread="1.5", max_iter="6")
    said = text_of(app)
    assert "**No cell of the map meets all needs**" in said or "**No ε of the map" in said
    assert "Nearest is ε = " in said


def test_needs_that_ask_nothing_are_none(open_page: OpenPage) -> None:
    app = open_page(PAGE, misplaced="1", spread=f"{ANY_SPREAD:g}")
    assert numbers_of(app)["recommended_iterations"] == 1
    assert numbers_of(app)["recommended_eps"] == 1


def test_what_is_pasted_is_mapped(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    paste(app, PASTED)
    assert not app.exception
    assert (numbers_of(app)["rows"], numbers_of(app)["columns"]) == (4, 3)
    assert app.query_params["scores"] == OWN
    assert sent(app)["texts"]["title"] == "Your scores"
    press(app, "Reset")
    assert numbers_of(app)["rows"] == 64


def test_what_cannot_be_read_is_named_and_the_last_scores_stay(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    paste(app, PASTED)
    paste(app, "1,2\n3,x")
    assert not app.exception
    assert "line 2, column 2" in app.error[0].value
    assert numbers_of(app)["rows"] == 4
    paste(app, PASTED + "\n")
    assert not app.error


def test_own_scores_that_are_not_here_are_said_to_be_missing(open_page: OpenPage) -> None:
    app = open_page(PAGE, scores=OWN)
    assert not app.exception
    assert "own-missing" in note_ids(app)
    assert numbers_of(app)["rows"] == 64


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "1,2,3",
        "1\n2\n3",
        "0,0\n0,0",
        "-inf,1\n1,-inf",
        "-inf,-inf\n1,2",
        "1e300,0\n0,1",
        "5e-324,0\n0,0",
    ],
    ids=["one", "one row", "one column", "equal", "forbidden", "empty row", "huge", "tiny"],
)
def test_scores_of_any_kind_have_a_page(open_page: OpenPage, text: str) -> None:
    app = open_page(PAGE)
    paste(app, text)
    assert not app.exception
    set_field(app, "tuning.near", False)
    assert not app.exception
    assert "{" not in text_of(app).replace("{ij", "").split("$$")[0]


def npy(shape: str, body: bytes, descr: str = "<f8") -> bytes:
    """Return a file that says so of itself."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header = header.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


HOSTILE = {
    "pickle": ("x.npy", pickle.dumps([1, 2])),
    "object NPY": ("x.npy", npy("(2, 2)", pickle.dumps([1, 2, 3, 4]), "|O")),
    "header that lies": ("x.npy", npy("(100000, 100000)", bytes(32))),
    "negative shape": ("x.npy", npy("(-2, -2)", bytes(32))),
    "three dimensions": ("x.npy", npy("(2, 2, 1)", bytes(32))),
    "too large": ("x.csv", b"1," * (3 * 2**20)),
    "ragged": ("x.csv", b"1,2\n3"),
    "NaN": ("x.csv", b"1,nan\n2,3"),
    "the other infinity": ("x.csv", b"1,inf\n2,3"),
    "text": ("x.csv", b"hello world"),
    "zeros": ("x.npy", bytes(100)),
    "empty": ("x.csv", b""),
    "half a Parquet": ("x.parquet", b"PAR1" + bytes(60) + b"PAR1"),
    "no UTF-8": ("x.csv", b"\xff\xfe\x00\xd8\x00"),
    "name that is markup": ("<b>`x`</b>.csv", b"a,b\nc,d"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_a_line(name: str) -> None:
    file, data = HOSTILE[name]
    with pytest.raises(ValueError, match=r"\S") as caught:
        read_own(data, file, near=True)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 300


def test_a_file_has_at_most_what_the_server_takes() -> None:
    data = b"1," * 2**19 + b"1"
    before = st.get_option("server.maxUploadSize")
    try:
        for most in (1, 2):
            st.config.set_option("server.maxUploadSize", most)
            with pytest.raises(ValueError, match=r"\S") as caught:
                read_own(data * most, "x.csv", near=True)
            assert f"must have at most {most * 2**20} bytes" in str(caught.value)
    finally:
        st.config.set_option("server.maxUploadSize", before)


def test_a_parquet_of_a_visitor_is_not_opened() -> None:
    stream = io.BytesIO()
    table = pytest.importorskip("pyarrow").table({"a": [1.0, 2.0]})
    pytest.importorskip("pyarrow.parquet").write_table(table, stream)
    with pytest.raises(ValueError, match="must be CSV or NPY, got Parquet"):
        read_own(stream.getvalue(), "x.parquet", near=True)


def test_much_is_read_when_no_other_heavy_work_is_done(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def admitted(*, heavy: bool) -> AbstractContextManager[None]:
        asked.append(heavy)
        return nullcontext()

    app = open_page(PAGE)
    monkeypatch.setattr(own, "admitted", admitted)
    paste(app, PASTED)
    paste(app, "\n".join(["0.25,0.5"] * 2**14))
    assert not app.exception
    assert asked == [False, True]


def test_more_scores_than_a_page_maps_are_cut_to_their_first_rows() -> None:
    found = own_scores(np.zeros((3, MOST_ENTRIES // 2 + 1), dtype=np.float16), "x.npy")
    assert found.matrix.shape == (1, MOST_ENTRIES // 2 + 1)
    assert found.is_cut
    with pytest.raises(ValueError, match="a row must have at most"):
        own_scores(np.zeros((1, MOST_ENTRIES + 1), dtype=np.float16), "x.npy")


def test_scores_of_all_visitors_have_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = own_scores(np.zeros((10, 10)), "x.npy")
    scores._HELD.add(first)
    now = sum(one.matrix.nbytes for one in scores._HELD)
    monkeypatch.setattr(scores, "_most_bytes", lambda: now + 799)
    with pytest.raises(ValueError, match="no room"):
        own_scores(np.zeros((10, 10)), "x.npy")
    # What no session has any more counts no more.
    del first
    own_scores(np.zeros((10, 10)), "x.npy")


def test_a_call_is_measured_when_asked_for(open_page: OpenPage) -> None:
    app = open_page(PAGE, scores="cbm")
    assert "of one core of this server" not in text_of(app)
    press(app, "Measure a call here")
    assert not app.exception
    (said,) = re.findall(r"\*\*([\d.]+) ms\*\* of one core .* and \*\*([\d.]+) MB\*\*", text_of(app))
    # A kernel of 128 by 128, or a few of it.
    assert 0.12 < float(said[1]) < 1
    assert 0 < float(said[0]) < 1000


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"spread": 6, "cell": None}, (6, None, None)),
        ({"spread": 3, "cell": [0.1, 8]}, (3, 0.1, 8)),
        ({"spread": 3, "cell": [0.1, 8.5]}, None),
        ({"spread": 3, "cell": [-1, 8]}, None),
        ({"spread": 3, "cell": [float("nan"), 8]}, None),
        ({"spread": "3", "cell": None}, None),
        ({"spread": 3, "cell": "best"}, None),
        ({"spread": 3, "cell": [True, 1]}, None),
        ({"cell": None}, None),
        ({}, None),
    ],
)
def test_a_message_of_the_map_says_a_cell_or_nothing(
    message: dict[str, Any], expected: tuple[float, float | None, int | None] | None
) -> None:
    state = read_cell(message, DEFAULT)
    assert (state and (state.spread, state.eps, state.n_iter)) == expected


def test_half_a_cell_and_a_range_the_wrong_way_are_none() -> None:
    assert TuningState(eps=0.1).settled() == DEFAULT
    assert TuningState(eps_from=2.0, eps_to=1.0).settled() == DEFAULT
