"""The page `/softmax`, run by Streamlit's test harness."""

import csv
import io
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from ce_core import (
    DTYPES,
    cross_entropy,
    cross_entropy_grad,
    difference_errors,
    entropy,
    jacobian_spectrum,
    softmax,
    softmax_jacobian,
)
from lab.language.numerals import indexed, number, percent
from lab.softmax.results import answer, data_csv
from lab.softmax.state import (
    DEFAULT,
    LARGEST,
    PRESETS,
    SoftmaxState,
    parse_logits,
    read_move,
    resized,
    shifted,
    spell_logits,
)
from lab.softmax.text import command, notes, snippet
from tests.lab.conftest import OpenPage
from tests.support.reading import numbers_of, press, sent_to_hands, text_of
from tests.support.unpacking import captions_of, figures_of

PAGE = "softmax.py"


def link_of(app: AppTest) -> str:
    address: str = app.code[0].value
    return address


# What the page shows


def test_softmax_opens_on_a_state_that_teaches(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert not app.warning
    assert sent_to_hands(app)["logits"] == list(DEFAULT.logits)
    assert "Only differences count" in text_of(app)
    assert len(figures_of(app)) == 4


def test_softmax_shows_the_numbers_of_the_core(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="3,-1,0.25", temperature="0.5", target="3")
    scores = torch.tensor([3.0, -1.0, 0.25]).double() / 0.5
    target = torch.tensor([0.0, 0.0, 1.0]).double()
    shown = numbers_of(app)
    assert shown["l1"] == pytest.approx(cross_entropy(scores, target).item(), rel=1e-7)
    assert shown["entropy"] == pytest.approx(entropy(softmax(scores)).item(), rel=1e-7)
    for i in range(3):
        assert shown[f"p_{i + 1}"] == pytest.approx(softmax(scores)[i].item(), rel=1e-7)
        expected = cross_entropy_grad(scores, target)[i].item()
        assert shown[f"gradient_{i + 1}"] == pytest.approx(expected, rel=1e-7)
    spectrum = jacobian_spectrum(scores)
    assert shown["eigenvalue_1"] == pytest.approx(spectrum.eigenvalues[0].item(), rel=1e-7)
    assert shown["rank"] == 2
    errors = difference_errors(scores)
    for index, dtype in enumerate(DTYPES):
        assert shown[f"best_step_{dtype}"] == pytest.approx(errors.best_steps[index].item())
    assert "Rank **2** of at most 2" in captions_of(app)


def test_softmax_tells_the_bars_every_word_in_translation(open_page: OpenPage) -> None:
    bars = sent_to_hands(open_page(PAGE))
    told = {"logits", "temperature", "temperatures", "target", "window", "serial", "words"}
    assert set(bars) == told
    assert all(isinstance(word, str) and word for word in bars["words"].values())


def test_softmax_csv_holds_what_the_figures_show() -> None:
    found = answer(DEFAULT)
    rows = list(csv.DictReader(io.StringIO(data_csv(found))))
    jacobian = [float(row["value"]) for row in rows if row["quantity"] == "jacobian"]
    assert jacobian == softmax_jacobian(found.scores).flatten().tolist()
    errors = [
        float(r["value"]) for r in rows if (r["quantity"], r["row"]) == ("difference_error", "float64")
    ]
    assert errors == found.differences.differences[0].tolist()
    assert {row["quantity"] for row in rows} >= {"a", "p", "gradient", "eigenvalue"}


@pytest.mark.parametrize(
    "state", [DEFAULT, SoftmaxState((-1.0, 0.5), 0.01, 2)], ids=["default", "cold"]
)
def test_softmax_code_computes_what_is_shown(
    state: SoftmaxState, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(compile(snippet(state), "snippet", "exec"), {})
    printed = capsys.readouterr().out
    assert str(answer(state).p) in printed
    assert "DifferenceErrors" in printed
    start, *lines, end = command(state).splitlines()
    assert (start, end) == ("python - <<'END'", "END")
    exec(compile("\n".join(lines), "command", "exec"), {})
    assert capsys.readouterr().out.strip() == str(answer(state).p)


# Links


def test_softmax_link_is_what_the_page_shows(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="1.50, -3,.5,1e1", temperature="20", target="4")
    assert not app.warning
    bars = sent_to_hands(app)
    assert (bars["logits"], bars["temperature"], bars["target"]) == ([1.5, -3, 0.5, 10], 20, 3)
    assert app.slider(key="classes").value == 4
    assert link_of(app).partition("?")[2] == "a=1.50%2C+-3%2C.5%2C1e1&temperature=20&target=4"


def test_softmax_link_to_the_default_is_bare(open_page: OpenPage) -> None:
    assert "?" not in link_of(open_page(PAGE))


@pytest.mark.parametrize(
    "a", ["1", "", "x,1", "1,,2", "nan,1", "1,inf", "1,1000.5", "1,2;3", "<b>`,1", ",".join(["1"] * 31)]
)
def test_softmax_garbage_in_a_link_is_named_and_harmless(open_page: OpenPage, a: str) -> None:
    app = open_page(PAGE, a=a)
    assert not app.exception
    assert sent_to_hands(app)["logits"] == list(DEFAULT.logits)
    (notice,) = app.warning
    assert f"`a={a.replace('`', '')}"[:40] in notice.value
    press(app, "Dismiss")
    assert not app.warning
    press(app, "Tie")
    assert sent_to_hands(app)["logits"] == list(PRESETS["tie"][1].logits)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ({"temperature": "0"}, "temperature=0"),
        ({"temperature": "nan"}, "temperature=nan"),
        ({"temperature": "1e9"}, "temperature=1e9"),
        ({"target": "6"}, "target=6"),
        ({"target": "0"}, "target=0"),
        ({"target": "x"}, "target=x"),
        ({"what": "ever"}, "what=ever"),
    ],
    ids=str,
)
def test_softmax_out_of_bounds_in_a_link_is_named(
    open_page: OpenPage, query: dict[str, str], part: str
) -> None:
    app = open_page(PAGE, a="2,1,0", **query)
    assert not app.exception
    bars = sent_to_hands(app)
    assert (bars["logits"], bars["temperature"], bars["target"]) == ([2, 1, 0], 1, 1)
    assert f"`{part}`" in app.warning[0].value


# Controls


@pytest.mark.parametrize("slug", PRESETS)
def test_softmax_preset_shows_its_state(open_page: OpenPage, slug: str) -> None:
    label, state = PRESETS[slug]
    app = open_page(PAGE, a="3,1,2,0,0,0", temperature="3", target="6")
    press(app, label)
    assert not app.exception
    bars = sent_to_hands(app)
    assert bars["logits"] == list(state.logits)
    assert (bars["temperature"], bars["target"]) == (state.temperature, state.target - 1)
    assert len(figures_of(app)) == 4


def test_softmax_shift_goes_up_and_down_and_leaves_p(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="3.1,1,2")
    before = numbers_of(app)
    press(app, "+800 on every logit")
    assert sent_to_hands(app)["logits"] == [803.1, 801, 802]
    assert sent_to_hands(app)["window"] == [795, 805]
    after = numbers_of(app)
    assert [after[f"p_{i}"] for i in (1, 2, 3)] == [before[f"p_{i}"] for i in (1, 2, 3)]
    press(app, "−800 on every logit")
    assert sent_to_hands(app)["logits"] == [3.1, 1, 2]


def test_softmax_reset_restores_the_default(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="3,1", temperature="3", target="1")
    press(app, "Reset")
    bars = sent_to_hands(app)
    assert bars["logits"] == list(DEFAULT.logits)
    assert (bars["temperature"], bars["target"]) == (1, 1)
    assert "?" not in link_of(app)


def test_softmax_typed_logits_move_the_bars(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    app.text_input(key="a").set_value(" 1,  -0 , 2.50").run()
    assert sent_to_hands(app)["logits"] == [1, 0, 2.5]
    assert app.text_input(key="a").value == "1,0,2.5"


def test_softmax_typed_garbage_moves_nothing_and_says_so(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="7,8,9")
    app.text_input(key="a").set_value("7,8,`nine`").run()
    assert "`7,8,nine`" in app.error[0].value
    assert sent_to_hands(app)["logits"] == [7, 8, 9]
    assert app.text_input(key="a").value == "7,8,9"
    app.number_input(key="temperature").set_value(2.0).run()
    assert not app.error


def test_softmax_classes_come_and_go_and_the_target_stays_one_of_them(open_page: OpenPage) -> None:
    app = open_page(PAGE, target="5")
    app.slider(key="classes").set_value(30).run()
    assert not app.exception
    logits = sent_to_hands(app)["logits"]
    assert len(logits) == 30
    assert logits[:5] == list(DEFAULT.logits)
    app.slider(key="classes").set_value(2).run()
    assert not app.exception
    assert sent_to_hands(app)["logits"] == [2, 1]
    assert sent_to_hands(app)["target"] == 1
    app.slider(key="classes").set_value(4).run()
    assert sent_to_hands(app)["logits"] == list(DEFAULT.logits[:4])


@pytest.mark.parametrize("forged", [math.nan, -1.0, 1e300])
def test_softmax_takes_no_temperature_that_no_browser_sends(open_page: OpenPage, forged: float) -> None:
    app = open_page(PAGE)
    app.number_input(key="temperature").set_value(forged).run()
    assert not app.exception
    assert sent_to_hands(app)["temperature"] == 1


# Notes


def said(state: SoftmaxState) -> str:
    return "\n".join(notes(answer(state)))


def test_notes_of_the_default_say_the_ratio_and_the_rank() -> None:
    ratio = number(math.e, digits=4)
    assert f"$p_{{1}}/p_{{2}} = e^{{(a_{{1}} - a_{{2}})/T}}$ = {ratio}" in said(DEFAULT)
    assert "The rank is K − 1 = 4." in said(DEFAULT)
    errors = difference_errors(DEFAULT.logits)
    assert f"h = {number(errors.best_steps[0].item(), digits=2)}" in said(DEFAULT)
    assert "no step finds" not in said(DEFAULT)
    assert "Autograd loses" not in said(DEFAULT)


@pytest.mark.parametrize("temperature", [0.01, 0.2, 1.0, 100.0])
def test_notes_of_a_tie_hold_at_every_temperature(temperature: float) -> None:
    state = SoftmaxState((1.5, 1.5, 0.0), temperature)
    p = softmax(torch.tensor(state.logits).double() / temperature)
    assert p[0] == p[1]
    now = number(p[0].item(), digits=4)
    assert f"a₁, a₂ share the largest logit, so they have the same p at every T, now {now}." in said(
        state
    )


def test_notes_of_equal_logits_say_uniform() -> None:
    assert "p is 1/K = 0.25" in said(SoftmaxState((3.0,) * 4))


def test_notes_of_a_wrong_saturated_p_say_that_the_gradient_is_full() -> None:
    state = PRESETS["saturated"][1]
    found = answer(state)
    assert found.jacobian.abs().max() < 1e-4
    assert found.gradient[state.target - 1] < -0.99
    assert "p is saturated, the loss is not" in said(state)
    assert "p − q is −1 at the target" in said(state)


def test_notes_of_a_right_saturated_p_say_that_both_are_small() -> None:
    state = SoftmaxState((12.0, 2.0, 0.0), target=1)
    assert answer(state).gradient.abs().max() < 1e-3
    assert "Saturated, and right" in said(state)


def test_notes_of_the_one_hot_limit_say_what_is_left() -> None:
    state = PRESETS["one-hot"][1]
    found = answer(state)
    assert found.p[0] == 1
    assert found.loss == pytest.approx(math.exp(-100))
    assert "One-hot, to the last digit" in said(state)
    assert f"L1 = {number(math.exp(-100), digits=2)}" in said(state)
    assert "Here it is 1: the smallest p is" in said(state)
    assert "Autograd loses digits here too" in said(state)
    assert "no step finds a single digit" in said(state)


def test_notes_where_the_jacobian_is_zero_say_so() -> None:
    state = SoftmaxState((10.0, 0.0), 0.01, 1)
    assert not answer(state).jacobian.any()
    assert "Here J is 0 throughout" in said(state)
    assert "no step" not in said(state)


def test_notes_of_the_uniform_limit_say_how_near() -> None:
    state = PRESETS["uniform"][1]
    missing = 1 - answer(state).entropy / math.log(5)
    assert 0 < missing < 1e-3
    assert f"only {percent(missing, digits=2)} below log K" in said(state)


@pytest.mark.parametrize(
    ("state", "dtypes"),
    [
        (DEFAULT, ()),
        (SoftmaxState((12.0, 0.0)), ("float16",)),
        (SoftmaxState((100.0, 99.0)), ("float32", "bfloat16", "float16")),
        (shifted(DEFAULT), DTYPES),
    ],
    ids=["none", "float16", "all but float64", "all"],
)
def test_notes_name_the_dtypes_in_which_the_textbook_formula_overflows(
    state: SoftmaxState, dtypes: tuple[str, ...]
) -> None:
    largest = torch.tensor(max(state.logits)).double()
    overflows = tuple(d for d in DTYPES if largest.to(getattr(torch, d)).exp().isinf())
    assert overflows == dtypes
    assert (f"is ∞ in {', '.join(dtypes)}**" in said(state)) == bool(dtypes)


def test_notes_say_where_every_power_underflows() -> None:
    assert "Every power $e^a$ is 0 in float64" in said(SoftmaxState((-800.0, -801.0)))


def test_notes_say_in_which_dtype_no_step_helps() -> None:
    state = SoftmaxState((12.0, 2.0, 0.0, -1.0, -2.0))
    errors = difference_errors(state.logits)
    assert [d for d, e in zip(DTYPES, errors.best_errors, strict=True) if not e < 1] == [
        "bfloat16",
        "float16",
    ]
    assert "**In bfloat16, float16 no step finds" in said(state)


@given(
    st.lists(st.floats(-30, 30), min_size=2, max_size=6),
    st.sampled_from([0.01, 0.3, 1.0, 100.0]),
    st.integers(1, 2),
)
def test_notes_exist_for_every_state(logits: list[float], temperature: float, target: int) -> None:
    lines = notes(answer(SoftmaxState(tuple(logits), temperature, target)))
    assert 2 <= len(lines) <= 5
    assert not any("nan" in line or "not defined" in line for line in lines)


# State


@given(st.lists(st.floats(-LARGEST, LARGEST), min_size=2, max_size=30))
def test_parse_logits_reads_what_spell_writes(logits: list[float]) -> None:
    parsed = parse_logits(spell_logits(logits))
    assert parsed == pytest.approx(logits, rel=1e-11, abs=1e-99)


@given(st.text())
def test_parse_logits_stays_within_bounds(text: str) -> None:
    parsed = parse_logits(text)
    assert parsed is None or all(abs(logit) <= LARGEST for logit in parsed)


def test_parse_logits_refuses_endless_text() -> None:
    assert parse_logits("1," * 10_000_000) is None


@given(st.lists(st.floats(-LARGEST, LARGEST), min_size=2, max_size=30))
def test_window_shows_every_logit_with_room(logits: list[float]) -> None:
    low, high = SoftmaxState(tuple(logits)).window
    assert -LARGEST <= low <= min(logits)
    assert max(logits) <= high <= LARGEST


@pytest.mark.parametrize(
    ("logits", "window"),
    [
        ((2.0, -1.0), (-5, 5)),
        ((4.9, 0.0), (-10, 10)),
        ((802.0, 798.5), (795, 805)),
        ((-802.0, -798.5), (-805, -795)),
        ((1000.0, 999.0), (995, 1000)),
        ((1000.0, -1000.0), (-1000, 1000)),
    ],
    ids=str,
)
def test_window_has_round_ends(logits: tuple[float, ...], window: tuple[float, float]) -> None:
    assert SoftmaxState(logits).window == window


@pytest.mark.parametrize(
    "logits", [(2.0, 1.0), (-700.0, 3.0), (900.0, 850.0), (900.0, -900.0)], ids=str
)
def test_shifted_stays_within_bounds_and_always_moves(logits: tuple[float, ...]) -> None:
    state = shifted(SoftmaxState(logits))
    assert max(map(abs, state.logits)) <= LARGEST
    assert state.logits != logits


def test_resized_gives_back_what_was_there() -> None:
    assert resized([7.0, 8.0], 5) == [7, 8, 0.5, -0.5, -1.5]
    assert len(resized([7.0, 8.0], 30)) == 30
    assert resized([7.0, 8.0, 9.0], 2) == [7, 8]


MOVE: dict[str, Any] = {"logits": [1.0, 2], "temperature": 0.5, "target": 1, "serial": 3}


def test_read_move_takes_what_the_bars_send() -> None:
    assert read_move(MOVE) == (SoftmaxState((1.0, 2.0), 0.5, 2), 3)


@pytest.mark.parametrize(
    "change",
    [
        {"logits": [1.0]},
        {"logits": [1.0] * 31},
        {"logits": [1.0, 1e4]},
        {"logits": [1.0, 10**400]},
        {"logits": [1.0, math.nan]},
        {"logits": [1.0, "2"]},
        {"logits": [1.0, None]},
        {"logits": "1,2"},
        {"temperature": 0},
        {"temperature": math.nan},
        {"temperature": "1"},
        {"target": 2},
        {"target": -1},
        {"target": 0.5},
        {"serial": -1},
        {"serial": 2**53},
        {"serial": None},
    ],
    ids=lambda change: str(change)[:40],
)
def test_read_move_refuses_what_is_forged(change: dict[str, Any]) -> None:
    assert read_move(MOVE | change) is None


@pytest.mark.parametrize("message", [None, [], "x", 1, {}])
def test_read_move_refuses_what_is_no_message(message: object) -> None:
    assert read_move(message) is None


# Numbers as people read them


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.25, "−0.25"), (1234567.0, "1.23·10⁶"), (-1.5e-12, "−1.5·10⁻¹²"),
        (math.nan, "not defined"), (2.0, "2"),
    ],
)  # fmt: skip
def test_number_raises_the_power_of_ten(value: float, text: str) -> None:
    assert number(value) == text


def test_indexed_lowers_the_index() -> None:
    assert indexed("p", 12) == "p₁₂"
