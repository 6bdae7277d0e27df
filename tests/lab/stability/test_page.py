"""The page `/stability`, run by Streamlit's test harness."""

import csv
import io
import math
from dataclasses import replace
from typing import Any

import mpmath
import pytest
import torch
from streamlit.testing.v1 import AppTest

from ce_core import DTYPES, FORMULAS, PITFALLS, clipping_gap, run_pitfall, trace_formula
from ce_core.figures.clipping import floor_uid
from lab.stability.notes import notes
from lab.stability.pitfall_case import CASE_CAUSES
from lab.stability.results import data_csv, results
from lab.stability.state import (
    CASE_LABELS,
    CASES,
    DEFAULT,
    DTYPE_NAMES,
    FLOORS,
    FORMULA_LABELS,
    GAPS,
    StabilityState,
    case_of,
    read_moved,
)
from lab.stability.table import rows
from lab.stability.text import command, entry, snippet
from lab.state.fields import records, spell
from tests.lab.conftest import OpenPage
from tests.support.closeness import close_to
from tests.support.reading import note_ids, numbers_of, press, sent_to_hands, set_field, shown, text_of
from tests.support.unpacking import figures_of

PAGE = "stability.py"
LOGITS = records(StabilityState)["a"]
INF = math.inf
UNDERFLOW = {"float16": 18, "bfloat16": 93, "float32": 104, "float64": 746}


def link_of(app: AppTest) -> str:
    address: str = app.code[-3].value
    return address


def trace(figure: Any, uid: str) -> Any:
    (found,) = (trace for trace in figure["data"] if trace["uid"] == uid)
    return found


# What the page shows


def test_stability_opens_on_the_results(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert not app.warning
    table = sent_to_hands(app)
    assert table["columns"] == [*DTYPE_NAMES, "exact"]
    assert table["columns"][table["chosen"]] == "float32"
    row = table["rows"][table["at"] - 1]
    assert row["text"] == "tᵢ = qᵢ lᵢ"
    assert "0 · (−∞) = NaN" in row["said"]
    assert row["cells"][table["chosen"]] == {
        "entries": ["0", "NaN"], "short": ["0", "NaN"], "bad": [1], "mark": "first NaN"
    }  # fmt: skip
    assert table["followed"] == 1
    assert table["gap"]["marks"] == UNDERFLOW
    assert row["cells"][-1]["entries"] == ["−7.668·10⁻⁵³", "0"]
    assert "The loss is NaN; in truth it is 7.668·10⁻⁵³" in text_of(app)
    assert len(figures_of(app)) == 4


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_stability_table_is_the_trace_of_the_core(formula: str, dtype: str) -> None:
    state = StabilityState((95.0, 40.0, 0.0), 3, formula, dtype, 1e-8)
    found = results(state)
    expected = trace_formula(formula, state.a, state.q, dtype=dtype, floor=state.clip)
    place = DTYPE_NAMES.index(dtype)
    forward = [stage for stage in found.stages if stage.phase == "forward"]
    backward = [stage for stage in found.stages if stage.phase == "backward"]
    assert [stage.name for stage in forward] == [step.name for step in expected.steps]
    for stage, step in zip(forward, expected.steps, strict=True):
        torch.testing.assert_close(
            torch.tensor(stage.columns[place].entries, dtype=torch.float64),
            step.value.reshape(-1).double(), rtol=0, atol=0, equal_nan=True,
        )  # fmt: skip
    arrived = [step for step in reversed(expected.steps) if step.gradient is not None]
    assert [stage.name for stage in backward] == [step.name for step in arrived]
    for stage, step in zip(backward, arrived, strict=True):
        assert step.gradient is not None
        torch.testing.assert_close(
            torch.tensor(stage.columns[place].entries, dtype=torch.float64),
            step.gradient.reshape(-1).double(), rtol=0, atol=0, equal_nan=True,
        )  # fmt: skip
    assert len(backward[-1].columns[-1].entries) == 3


def test_stability_marks_the_first_of_each_kind_once_a_column_and_way() -> None:
    for formula in FORMULAS:
        found = results(StabilityState(formula=formula))
        for place in range(len(DTYPE_NAMES)):
            for phase in ("forward", "backward"):
                column = [s.columns[place] for s in found.stages if s.phase == phase]
                begins = [one.begins for one in column if one.begins]
                assert len(set(begins)) == len(begins)
                bad = [any(not math.isfinite(x) for x in one.entries) for one in column]
                assert any(bad) == bool(begins)
                if begins:
                    assert column[bad.index(True)].begins


def test_stability_shows_the_numbers_of_the_core(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="30,0", target="2", formula="clipped", floor="1e-08")
    numbers = numbers_of(app)
    assert numbers["true_value"] == close_to(30)
    for dtype in DTYPES:
        found = trace_formula("clipped", [30.0, 0.0], [0.0, 1.0], dtype=dtype, floor=1e-8)
        assert numbers[f"value_{dtype}"] == close_to(found.value, rel=1e-7)
        assert numbers[f"gradient_2_{dtype}"] == close_to(found.gradient[1].item(), nan_ok=True)
    assert note_ids(app)[0] == "loss-wrong"
    # In the table of float16 the floor is 0, and what comes is infinite.
    assert numbers["value_float16"] == INF


@pytest.mark.parametrize("dtype", DTYPES)
def test_stability_map_shows_the_thresholds(open_page: OpenPage, dtype: str) -> None:
    figures = figures_of(open_page(PAGE))
    for figure in figures[:2]:
        written = trace(figure, "thresholds")
        ((text, side),) = [
            (text, side)
            for (formula, name, *_), text, side in zip(
                written["customdata"], written["text"], written["textposition"], strict=True
            )
            if (formula, name) == ("max_shifted", dtype)
        ]
        # Left of its place it keeps off a mark that stands there.
        assert text == f"NaN from {UNDERFLOW[dtype]}" + "\u00a0\u00a0" * (side == "middle left")
    assert set(trace(figures[0], "now")["x"]) == {120}


def test_stability_map_follows_the_logits(open_page: OpenPage) -> None:
    # An offset of 100 on every logit changes nothing but the formula that subtracts no maximum.
    figure = figures_of(open_page(PAGE, a="102,100"))[0]
    written = trace(figure, "thresholds")
    found = {(f, d): first for f, d, _, first in written["customdata"]}
    assert found["naive", "float32"] == 1
    assert found["max_shifted", "float32"] == 104


@pytest.mark.parametrize("logits", ["inf,0", "-inf,-inf", "5,5"])
def test_stability_marks_no_gap_where_there_is_none(open_page: OpenPage, logits: str) -> None:
    app = open_page(PAGE, a=logits)
    assert not app.exception
    assert "now" not in [t["uid"] for t in figures_of(app)[0]["data"]]


def test_stability_csv_holds_trace_and_map() -> None:
    found = results(DEFAULT)
    lines = list(csv.DictReader(io.StringIO(data_csv(found))))
    loss = [
        line["value"]
        for line in lines
        if (line["table"], line["operation"], line["arithmetic"]) == ("forward", "loss", "float64")
    ]
    assert float(loss[0]) == found.traces["float64"].value
    exact = [line for line in lines if line["arithmetic"] == "exact" and line["operation"] == "loss"]
    assert float(exact[0]["value"]) == close_to(math.exp(-120))
    thresholds = {
        line["arithmetic"]: float(line["entry"])
        for line in lines
        if (line["table"], line["row"], line["operation"]) == ("map of the loss", "max_shifted", "nan")
    }
    assert thresholds == UNDERFLOW


@pytest.mark.parametrize("state", [DEFAULT, *CASES.values()], ids=["default", *CASES])
def test_stability_code_computes_what_is_shown(
    state: StabilityState, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(compile(snippet(state), "snippet", "exec"), {})
    printed = capsys.readouterr().out
    found = results(state).trace
    assert f"{found.value} {found.true_value}" in printed
    assert f"{found.left_forward} {found.left_backward}" in printed
    start, *lines, end = command(state).splitlines()
    assert (start, end) == ("python - <<'END'", "END")
    exec(compile("\n".join(lines), "command", "exec"), {})
    assert capsys.readouterr().out == printed


# Break it


@pytest.mark.parametrize("name", PITFALLS)
def test_stability_preset_shows_line_and_cure_as_they_ran(open_page: OpenPage, name: str) -> None:
    app = open_page(PAGE, a="1,2,3", formula="logit_gap", target="3")
    press(app, CASE_LABELS[name])
    assert not app.exception
    case = PITFALLS[name]
    codes = [block.value for block in app.code]
    text = text_of(app)
    for cured in (False, True):
        result = run_pitfall(case, cured=cured)
        assert result.code in codes
        gradient = ", ".join(map(entry, result.gradient.tolist()))
        assert f"Value **{entry(result.value)}**, gradient **{gradient}**" in text
    table = sent_to_hands(app)
    assert table["columns"][table["chosen"]] == case.dtype
    assert table["title"].endswith(FORMULA_LABELS[case.formula])
    assert table["rows"][0]["cells"][-1]["entries"] == [entry(x) for x in case.a]


def test_stability_cases_have_labels_causes_and_states() -> None:
    assert PITFALLS.keys() == CASES.keys() == CASE_LABELS.keys() == CASE_CAUSES.keys()
    assert FORMULAS.keys() == FORMULA_LABELS.keys()
    assert case_of(DEFAULT) == "log_of_softmax"
    assert case_of(StabilityState(formula="naive")) is None


def test_stability_shows_no_case_where_the_state_is_none(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="3,1")
    assert "**The cure**" not in text_of(app)


# Links


def test_stability_link_is_what_the_page_shows(open_page: OpenPage) -> None:
    query = {
        "a": "3.50, -1,.5", "target": "3", "formula": "where_masked",
        "dtype": "float16", "floor": "1e-08", "step": "7",
    }  # fmt: skip
    app = open_page(PAGE, **query)
    assert not app.warning
    table = sent_to_hands(app)
    assert table["at"] == 7
    assert table["columns"][table["chosen"]] == "float16"
    assert table["rows"][0]["cells"][-1]["entries"] == ["3.5", "−1", "0.5"]
    said = link_of(app).partition("?")[2]
    for part in ("a=3.5%2C-1%2C0.5", "target=3", "formula=where_masked", "step=7"):
        assert part in said
    assert "dtype=float16" in said
    assert "floor=1e-08" in said


def test_stability_link_to_the_default_is_bare(open_page: OpenPage) -> None:
    assert "?" not in link_of(open_page(PAGE))


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ({"a": "1"}, "a=1"),
        ({"a": "nan,1"}, "a=nan,1"),
        ({"a": "1,2,3,4,5,6,7"}, "a=1,2,3,4,5,6,7"),
        ({"a": "1,1001"}, "a=1,1001"),
        ({"a": "infe3,1"}, "a=infe3,1"),
        ({"target": "3"}, "target=3"),
        ({"formula": "exact"}, "formula=exact"),
        ({"dtype": "float8"}, "dtype=float8"),
        ({"floor": "0"}, "floor=0"),
        ({"floor": "nan"}, "floor=nan"),
        ({"step": "0"}, "step=0"),
        ({"step": "999"}, "step=999"),
        ({"what": "ever"}, "what=ever"),
    ],
    ids=str,
)
def test_stability_out_of_bounds_in_a_link_is_named_and_ignored(
    open_page: OpenPage, query: dict[str, str], part: str
) -> None:
    app = open_page(PAGE, **query)
    assert not app.exception
    assert f"`{part}`" in app.warning[0].value
    assert sent_to_hands(app)["at"] == 9
    assert sent_to_hands(app)["rows"][0]["cells"][-1]["entries"] == ["120", "0"]
    press(app, "Dismiss")
    assert not app.warning


# Controls


def test_stability_gap_stretches_the_logits(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="4,2,0")
    set_field(app, "stability.gap", 200)
    assert not app.exception
    assert shown(app, "stability.a") == "200,100,0"
    set_field(app, "stability.gap", 12)
    assert shown(app, "stability.a") == "12,6,0"


@pytest.mark.parametrize("floor", [spell(floor) for floor in FLOORS])
def test_stability_floor_is_that_of_the_clipping(open_page: OpenPage, floor: str) -> None:
    app = open_page(PAGE, floor=floor, dtype="float64")
    figure = figures_of(app)[2]
    assert trace(figure, floor_uid(float(floor)))["line"]["width"] == 4
    assert "clipping" in note_ids(app)
    assert f"the gap {clipping_gap(float(floor)):.3g} on" in text_of(app)


def test_stability_formula_changes_the_table_and_the_link(open_page: OpenPage) -> None:
    app = open_page(PAGE, step="3")
    set_field(app, "stability.formula", "log_softmax")
    table = sent_to_hands(app)
    assert table["title"].endswith("log-softmax")
    assert app.query_params["formula"] == "log_softmax"
    assert "step" not in app.query_params
    assert note_ids(app)[0] == "right"


def test_stability_dtype_changes_what_is_said(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    set_field(app, "stability.dtype", "float64")
    assert note_ids(app)[0] == "right"
    assert sent_to_hands(app)["at"] == 11


def test_stability_target_is_one_of_the_classes(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="1,2,3", target="3")
    set_field(app, "stability.a", "1,2")
    assert not app.exception
    assert shown(app, "stability.target") == 2


def test_stability_typed_garbage_moves_nothing_and_says_so(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="7,8")
    set_field(app, "stability.a", "7,`x`")
    assert "`7,x`" in app.error[0].value
    assert shown(app, "stability.a") == "7,8"


def test_stability_reset_restores_the_default(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="3,1,2", formula="naive", dtype="float16", floor="0.1", step="2")
    press(app, "Reset")
    assert not app.exception
    assert sent_to_hands(app)["at"] == 9
    assert shown(app, "stability.a") == "120,0"
    assert shown(app, "stability.floor") == 1e-12
    assert "formula" not in app.query_params


def test_stability_takes_no_step_that_no_table_sends() -> None:
    assert read_moved({"step": 3}, DEFAULT) == replace(DEFAULT, step=3)
    stretched = read_moved({"step": 3, "gap": 104}, DEFAULT)
    assert stretched == replace(DEFAULT, a=(104.0, 0.0))
    forged: list[Any] = [{}, *({"step": step} for step in (0, 100, 3.5, True, "3", None, 10**400))]
    forged += [{"step": 3, "gap": gap} for gap in (0, 101, True, "104", INF, math.nan, [104], 10**400)]
    assert read_moved({"step": 3, "gap": 104}, StabilityState(a=(INF, 0.0))) is None
    for message in forged:
        assert read_moved(message, DEFAULT) is None


# States


@pytest.mark.parametrize("text", ["1,2", " 1 , -2.5e1", "inf,0", "-inf,-INF", "+1,.5", "1000,-1000"])
def test_parse_logits_reads_what_it_spells(text: str) -> None:
    logits = LOGITS.parse(text)
    assert logits is not None
    assert LOGITS.parse(LOGITS.spell(logits)) == logits


@pytest.mark.parametrize("text", ["", "1", "1,,2", "nan,1", "infinity,1", "1;2", "1e999,0", "1" * 300])
def test_parse_logits_takes_nothing_else(text: str) -> None:
    assert LOGITS.parse(text) is None


@pytest.mark.parametrize(
    "logits", [(4.0, 2.0, 0.0), (-3.0, 1.0), (5.0, -INF, 1.0), (2.0, 2.0)], ids=str
)
@pytest.mark.parametrize("gap", [1, 104, 1000])
def test_state_at_a_gap_has_that_gap(logits: tuple[float, ...], gap: int) -> None:
    state = StabilityState(logits).at_gap(gap)
    assert state.gap == close_to(gap)
    assert [math.isinf(x) for x in state.a] == [math.isinf(x) for x in logits]
    assert LOGITS.parse(LOGITS.spell(state.a)) is not None


def test_gaps_hold_every_threshold_and_its_neighbour() -> None:
    for threshold in UNDERFLOW.values():
        assert {threshold - 1, threshold} <= set(GAPS)


# What is said


def said(**fields: Any) -> str:
    return "\n".join(note.text for note in notes(results(StabilityState(**fields))))


def noted(**fields: Any) -> list[str]:
    return [note.id for note in notes(results(StabilityState(**fields)))]


@pytest.mark.parametrize("dtype", DTYPES)
def test_notes_change_at_the_threshold(dtype: str) -> None:
    gap = UNDERFLOW[dtype]
    before = {"a": (gap - 1.0, 0.0), "dtype": dtype}
    assert noted(**before)[0] == "right"
    assert noted(a=(float(gap), 0.0), dtype=dtype)[0] == "loss-nan"
    assert f"{dtype} from {gap} (NaN) / from {gap} (NaN)" in said(**before)


def test_notes_say_that_only_the_gradient_is_nan() -> None:
    text = said(formula="where_masked")
    assert noted(formula="where_masked")[0] == "gradient-nan"
    assert "lᵢ = log pᵢ" in text


def test_notes_say_infinite() -> None:
    assert noted(a=(110.0, 0.0), target=2)[0] == "loss-infinite"
    assert "110" in said(a=(110.0, 0.0), target=2)


def test_notes_say_that_a_gradient_is_wrong_in_silence() -> None:
    text = said(a=(60.0, 0.0), target=2, formula="naive")
    found = trace_formula("naive", [60.0, 0.0], [0.0, 1.0], dtype="float32")
    assert found.left_backward is None
    assert noted(a=(60.0, 0.0), target=2, formula="naive")[0] == "gradient-wrong"
    assert ", ".join(entry(x) for x in found.gradient.tolist()) in text


def test_notes_say_that_a_floor_is_zero_in_float16() -> None:
    assert torch.tensor(1e-12, dtype=torch.float16) == 0
    assert "clips-nothing" in noted(dtype="float16")
    assert "clipping" in noted(dtype="bfloat16")


@pytest.mark.parametrize("logits", [(INF, 0.0), (-INF, -INF)], ids=str)
def test_notes_say_that_there_is_no_softmax(logits: tuple[float, ...]) -> None:
    assert noted(a=logits) == ["no-softmax"]


def test_notes_show_what_log_softmax_gives() -> None:
    found = trace_formula("log_softmax", [30.0, 0.0], [0.0, 1.0], dtype="float32")
    assert "log-softmax" in noted(a=(30.0, 0.0), target=2)
    assert entry(found.value) in notes(results(StabilityState((30.0, 0.0), target=2)))[-1].text


def test_rows_say_the_arithmetic_that_breaks() -> None:
    def sentence(**fields: Any) -> str:
        found = results(StabilityState(**fields))
        return rows(found)[found.first_failure - 1].said

    assert "0 · (−∞) = NaN" in sentence()
    assert "∞ / ∞ = NaN" in sentence(formula="naive")
    assert "∞ − ∞ = NaN" in sentence(a=(INF, 0.0))
    assert "(−∞) − (−∞) = NaN" in sentence(a=(-INF, -INF))
    backward = sentence(formula="where_masked", a=(120.0, 0.0))
    assert "0 · (−∞) = NaN" in backward
    stages = rows(results(StabilityState(formula="where_masked")))
    assert any("0 / 0 = NaN" in row.said for row in stages if row.phase == "backward")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (-0.0, "0"), (math.nan, "NaN"), (-INF, "−∞"), (1.5, "1.5"), (-120.0, "−120"),
     (7.667648e-53, "7.668·10⁻⁵³"), (mpmath.mpf("3.66787e-348"), "3.668·10⁻³⁴⁸"), (mpmath.mpf(2), "2"),
     (mpmath.mpf("-1.5e400"), "−1.5·10⁴⁰⁰"), (mpmath.mpf("nan"), "NaN"), (mpmath.mpf("-inf"), "−∞")],
)  # fmt: skip
def test_entry_writes_a_number_of_any_arithmetic(value: Any, shown: str) -> None:
    assert entry(value) == shown
