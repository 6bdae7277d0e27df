"""The page `/softmax`, run by Streamlit's test harness."""

import csv
import io
import math

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
from lab.softmax.code import command, snippet
from lab.softmax.notes import notes
from lab.softmax.presets import PRESETS
from lab.softmax.results import data_csv, results
from lab.softmax.state import DEFAULT, SoftmaxState, shifted
from lab.state.codec import spelled
from tests.lab.conftest import OpenPage
from tests.support.closeness import close_to
from tests.support.reading import note_ids, numbers_of, press, sent_to_hands, set_field, shown
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
    assert sent_to_hands(app)["logits"] == list(DEFAULT.a)
    assert note_ids(app) == ["only-differences", "full-rank", "best-step"]
    assert len(figures_of(app)) == 4


def test_softmax_shows_the_numbers_of_the_core(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="3,-1,0.25", temperature="0.5", target="3")
    scores = torch.tensor([3.0, -1.0, 0.25]).double() / 0.5
    target = torch.tensor([0.0, 0.0, 1.0]).double()
    shown = numbers_of(app)
    assert shown["l1"] == close_to(cross_entropy(scores, target).item(), rel=1e-7)
    assert shown["entropy"] == close_to(entropy(softmax(scores)).item(), rel=1e-7)
    for i in range(3):
        assert shown[f"p_{i + 1}"] == close_to(softmax(scores)[i].item(), rel=1e-7)
        expected = cross_entropy_grad(scores, target)[i].item()
        assert shown[f"gradient_{i + 1}"] == close_to(expected, rel=1e-7)
    spectrum = jacobian_spectrum(scores)
    assert shown["eigenvalue_1"] == close_to(spectrum.eigenvalues[0].item(), rel=1e-7)
    assert shown["rank"] == 2
    errors = difference_errors(scores)
    for index, dtype in enumerate(DTYPES):
        assert shown[f"best_step_{dtype}"] == close_to(errors.best_steps[index].item())
    assert "Rank **2** of at most 2" in captions_of(app)


def test_softmax_tells_the_bars_every_word_in_translation(open_page: OpenPage) -> None:
    bars = sent_to_hands(open_page(PAGE))
    assert set(bars) == {
        "logits", "temperature", "temperatures", "target", "held", "window", "words", "session",
        "serial",
    }  # fmt: skip

    assert all(isinstance(word, str) and word for word in bars["words"].values())


def test_softmax_csv_holds_what_the_figures_show() -> None:
    found = results(DEFAULT)
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
    assert str(results(state).p) in printed
    assert "DifferenceErrors" in printed
    start, *lines, end = command(state).splitlines()
    assert (start, end) == ("python - <<'END'", "END")
    exec(compile("\n".join(lines), "command", "exec"), {})
    assert capsys.readouterr().out.strip() == str(results(state).p)


# Links


def test_softmax_link_is_what_the_page_shows(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="1.50, -3,.5,1e1", temperature="20", target="4")
    assert not app.warning
    bars = sent_to_hands(app)
    assert (bars["logits"], bars["temperature"], bars["target"]) == ([1.5, -3, 0.5, 10], 20, 3)
    assert shown(app, "softmax.classes") == 4
    assert link_of(app).partition("?")[2] == "a=1.5%2C-3%2C0.5%2C10&temperature=20&target=4"


def test_softmax_link_to_the_default_is_bare(open_page: OpenPage) -> None:
    assert "?" not in link_of(open_page(PAGE))


@pytest.mark.parametrize(
    "a", ["1", "", "x,1", "1,,2", "nan,1", "1,inf", "1,1000.5", "1,2;3", "<b>`,1", ",".join(["1"] * 31)]
)
def test_softmax_garbage_in_a_link_is_named_and_harmless(open_page: OpenPage, a: str) -> None:
    app = open_page(PAGE, a=a)
    assert not app.exception
    assert sent_to_hands(app)["logits"] == list(DEFAULT.a)
    (notice,) = app.warning
    assert f"`a={a.replace('`', '')}"[:40] in notice.value
    press(app, "Dismiss")
    assert not app.warning
    press(app, "Tie")
    assert sent_to_hands(app)["logits"] == list(PRESETS["tie"].of(DEFAULT).a)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ({"temperature": "0"}, "temperature=0"),
        ({"temperature": "nan"}, "temperature=nan"),
        ({"temperature": "1e9"}, "temperature=1e9"),
        ({"temperature": "1e999"}, "temperature=1e999"),
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
    assert not app.error
    assert f"`{part}`" in app.warning[0].value


# Controls


@pytest.mark.parametrize("slug", PRESETS)
def test_softmax_preset_shows_its_state(open_page: OpenPage, slug: str) -> None:
    opened = SoftmaxState((3.0, 1.0, 2.0, 0.0, 0.0, 0.0), 3.0, 6)
    preset = PRESETS[slug]
    app = open_page(PAGE, **spelled(opened, DEFAULT))
    press(app, preset.label_at(opened))
    state = preset.of(opened)
    assert not app.exception
    bars = sent_to_hands(app)
    assert bars["logits"] == list(state.a)
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
    assert bars["logits"] == list(DEFAULT.a)
    assert (bars["temperature"], bars["target"]) == (1, 1)
    assert "?" not in link_of(app)


def test_softmax_typed_logits_move_the_bars(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    set_field(app, "softmax.a", " 1,  -0 , 2.50")
    assert sent_to_hands(app)["logits"] == [1, 0, 2.5]
    assert shown(app, "softmax.a") == "1,0,2.5"


def test_softmax_typed_garbage_moves_nothing_and_says_so(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="7,8,9")
    set_field(app, "softmax.a", "7,8,`nine`")
    assert "`7,8,nine`" in app.error[0].value
    assert sent_to_hands(app)["logits"] == [7, 8, 9]
    assert shown(app, "softmax.a") == "7,8,9"
    set_field(app, "softmax.temperature", 2.0)
    assert not app.error


def test_softmax_classes_come_and_go_and_the_target_stays_one_of_them(open_page: OpenPage) -> None:
    app = open_page(PAGE, target="5")
    set_field(app, "softmax.classes", 30)
    assert not app.exception
    logits = sent_to_hands(app)["logits"]
    assert len(logits) == 30
    assert logits[:5] == list(DEFAULT.a)
    set_field(app, "softmax.classes", 2)
    assert not app.exception
    assert sent_to_hands(app)["logits"] == [2, 1]
    assert sent_to_hands(app)["target"] == 1
    set_field(app, "softmax.classes", 4)
    assert sent_to_hands(app)["logits"] == list(DEFAULT.a[:4])


@pytest.mark.parametrize("forged", [math.nan, -1.0, 1e300])
def test_softmax_takes_no_temperature_that_no_browser_sends(open_page: OpenPage, forged: float) -> None:
    app = open_page(PAGE)
    set_field(app, "softmax.temperature", forged)
    assert not app.exception
    assert sent_to_hands(app)["temperature"] == 1


# Notes


def said(state: SoftmaxState) -> str:
    return "\n".join(note.text for note in notes(results(state)))


def noted(state: SoftmaxState) -> list[str]:
    return [note.id for note in notes(results(state))]


def test_notes_of_the_default_say_the_ratio_and_the_rank() -> None:
    ratio = number(math.e, digits=4)
    assert f"$p_{{1}}/p_{{2}} = e^{{(a_{{1}} - a_{{2}})/T}}$ = {ratio}" in said(DEFAULT)
    assert "m − 1 = 4" in said(DEFAULT)
    errors = difference_errors(DEFAULT.a)
    assert f"h = {number(errors.best_steps[0].item(), digits=2)}" in said(DEFAULT)
    assert noted(DEFAULT) == ["only-differences", "full-rank", "best-step"]


def test_notes_speak_of_a_best_step_only_where_smaller_ones_are_worse() -> None:
    assert "best-step" not in noted(SoftmaxState((0.0, 0.0, 0.0, 0.0)))
    assert "best-step" not in noted(SoftmaxState((1.0, 1.0), 0.2))


@pytest.mark.parametrize("temperature", [0.01, 0.2, 1.0, 100.0])
def test_notes_of_a_tie_hold_at_every_temperature(temperature: float) -> None:
    state = SoftmaxState((1.5, 1.5, 0.0), temperature, 1)
    p = softmax(torch.tensor(state.a).double() / temperature)
    assert p[0] == p[1]
    now = number(p[0].item(), digits=4)
    assert "tie" in noted(state)
    assert "a₁, a₂" in said(state)
    assert now in said(state)


def test_notes_of_equal_logits_say_uniform() -> None:
    assert noted(SoftmaxState((3.0,) * 4))[0] == "all-equal"
    assert "1/m = 0.25" in said(SoftmaxState((3.0,) * 4))


def test_notes_of_a_wrong_saturated_p_say_that_the_gradient_is_full() -> None:
    state = PRESETS["saturated"].of(DEFAULT)
    found = results(state)
    assert found.jacobian.abs().max() < 1e-4
    assert found.gradient[state.target - 1] < -0.99
    assert "saturated-wrong" in noted(state)
    assert "p − q is −1" in said(state)


def test_notes_of_a_right_saturated_p_say_that_both_are_small() -> None:
    state = SoftmaxState((12.0, 2.0, 0.0), target=1)
    assert results(state).gradient.abs().max() < 1e-3
    assert "saturated-right" in noted(state)


def test_notes_of_the_one_hot_limit_say_what_is_left() -> None:
    state = PRESETS["one-hot"].of(DEFAULT)
    found = results(state)
    assert found.p[0] == 1
    assert found.loss == close_to(math.exp(-100))
    assert noted(state) == ["overflow", "one-hot", "rank-lost", "no-step", "autograd"]
    assert f"L1 = {number(math.exp(-100), digits=2)}" in said(state)


def test_notes_where_the_jacobian_is_zero_say_so() -> None:
    state = SoftmaxState((10.0, 0.0), 0.01, 1)
    assert not results(state).jacobian.any()
    assert "zero-jacobian" in noted(state)
    assert "no-step" not in noted(state)


def test_notes_of_the_uniform_limit_say_how_near() -> None:
    state = PRESETS["uniform"].of(DEFAULT)
    missing = 1 - results(state).entropy / math.log(5)
    assert 0 < missing < 1e-3
    assert noted(state)[0] == "nearly-uniform"
    assert percent(missing, digits=2) in said(state)


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
    largest = torch.tensor(max(state.a)).double()
    overflows = tuple(d for d in DTYPES if largest.to(getattr(torch, d)).exp().isinf())
    assert overflows == dtypes
    assert ("overflow" in noted(state)) == bool(dtypes)
    assert f"in {', '.join(dtypes)}**" in said(state) or not dtypes


def test_notes_say_where_every_power_underflows() -> None:
    state = SoftmaxState((-800.0, -801.0))
    assert noted(state)[0] == "underflow"
    assert "float64" in notes(results(state))[0].text


def test_notes_say_in_which_dtype_no_step_helps() -> None:
    state = SoftmaxState((12.0, 2.0, 0.0, -1.0, -2.0))
    errors = difference_errors(state.a)
    assert [d for d, e in zip(DTYPES, errors.best_errors, strict=True) if not e < 1] == [
        "bfloat16",
        "float16",
    ]
    assert "no-step" in noted(state)
    assert "In bfloat16, float16" in said(state)


@given(
    st.lists(st.floats(-30, 30), min_size=2, max_size=6),
    st.sampled_from([0.01, 0.3, 1.0, 100.0]),
    st.integers(1, 2),
)
def test_notes_exist_for_every_state(logits: list[float], temperature: float, target: int) -> None:
    lines = notes(results(SoftmaxState(tuple(logits), temperature, target)))
    assert 2 <= len(lines) <= 6
    assert len({note.id for note in lines}) == len(lines)
    assert not any("nan" in note.text or "not defined" in note.text for note in lines)


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


def test_number_below_a_thousand_has_no_power_of_ten() -> None:
    assert [number(value, digits=2) for value in (184.0, -184.0, 1840.0)] == ["180", "−180", "1.8·10³"]


def test_indexed_lowers_the_index() -> None:
    assert indexed("p", 12) == "p₁₂"
