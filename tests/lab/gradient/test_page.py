"""The page `/gradient`, run by Streamlit's test harness."""

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from ce_core import (
    cross_entropy,
    cross_entropy_grad,
    descent_paths,
    logit_gap_grad,
    logit_gap_minimum,
    logit_gap_residual,
    sum_errors,
)
from ce_core.post.published import CHECK_SUM
from lab.gradient.captions import corners
from lab.gradient.code import command, snippet
from lab.gradient.notes import notes
from lab.gradient.presets import PRESETS
from lab.gradient.results import data_csv, drawn_steps, frame_steps, results, target_of
from lab.gradient.state import DEFAULT, FREE, SMOOTHED, GradientState
from lab.language.numerals import number
from tests.lab.conftest import OpenPage
from tests.support.closeness import close_to
from tests.support.reading import note_ids, numbers_of, press, sent_to_hands, set_field, shown, text_of
from tests.support.unpacking import animation_of, captions_of, figures_of, frame_of, parts_of

PAGE = "gradient.py"


def sent_to_bars(app: AppTest) -> Any:
    """Return what the page sends to the bars on which the target is dragged."""
    return sent_to_hands(app, with_part="kind")


def sent_to_figure(app: AppTest) -> Any:
    """Return what the page sends to the first figure."""
    return sent_to_hands(app, with_part="stops")


def link_of(app: AppTest) -> str:
    address: str = app.code[0].value
    return address.partition("?")[2]


def drawn(app: AppTest, card: str, uid: str) -> Any:
    """Return a trace of a figure by its uid."""
    (figure,) = (
        frame_of(sent["animation"], 0) for sent in parts_of(app)["grid"]["cards"] if sent["key"] == card
    )
    (found,) = (trace for trace in figure["data"] if trace["uid"] == uid)
    return found


# What the page shows


def test_gradient_opens_on_a_state_that_shows_the_answer(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert not app.warning
    said = text_of(app)
    assert note_ids(app) == [
        "opposite-ways", "never-sure", "arrived", "one-path", "parts-cancel", "check",
    ]  # fmt: skip
    assert "p₁ = 0.6835" in said
    assert len(figures_of(app)) == 6
    assert parts_of(app).keys() == {"timeline", "grid"}
    assert link_of(app) == ""
    assert not app.query_params


def test_gradient_shows_the_numbers_of_the_core(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="1,-0.5,2,0", q="0.5,0.25,0.25,0", rate="0.5", steps="30", step="12")
    assert not app.warning
    a = torch.tensor([1.0, -0.5, 2.0, 0.0], dtype=torch.float64)
    q = torch.tensor([0.5, 0.25, 0.25, 0.0], dtype=torch.float64)
    shown = numbers_of(app)
    assert shown["l1"] == close_to(cross_entropy(a, q).item(), rel=1e-7)
    columns = {
        "p_minus_q": cross_entropy_grad(a, q),
        "residual": logit_gap_residual(a),
        "l2_gradient": logit_gap_grad(a, q),
        "minimum_p": logit_gap_minimum(q).p,
        "l2_p": descent_paths(a, q, learning_rate=0.5, steps=12).p[2, -1],
    }
    for name, values in columns.items():
        for i, value in enumerate(values.tolist(), start=1):
            assert shown[f"{name}_{i}"] == close_to(value, rel=1e-7)
    assert shown["residual_sum"] == close_to(0, abs=1e-15)
    end = descent_paths(a, q, learning_rate=0.5, steps=30).p[2, -1]
    gap = (end - logit_gap_minimum(q).p).abs().max().item()
    assert shown["l2_end_to_minimum"] == close_to(gap, rel=1e-6)


def test_gradient_board_shows_the_step_of_the_link(open_page: OpenPage) -> None:
    app = open_page(PAGE, step="9")
    found = results(replace(DEFAULT, step=9))
    assert parts_of(app)["grid"]["at"] == parts_of(app)["timeline"]["at"] == 9
    path = drawn(app, "simplex", "l2")["customdata"]
    torch.testing.assert_close(torch.tensor(path).double(), found.paths.p[2, :10], rtol=0, atol=1e-6)
    sums = drawn(app, "residual", "sum")["y"]
    assert sums[:3] == close_to(found.gradients[2, 9].tolist(), abs=1e-6)
    assert "After step **9**" in captions_of(app)


def test_gradient_animation_has_the_frames_of_the_bar_and_ends_at_the_minimum(
    open_page: OpenPage,
) -> None:
    app = open_page(PAGE)
    frames, bar = animation_of(app, "gradient"), parts_of(app)["timeline"]
    assert frames["values"] == bar["values"] == list(frame_steps(DEFAULT))
    assert frames["values"][0] == 0
    assert frames["values"][-1] == 200
    assert frames["token"] == bar["token"]
    animation = frames["cards"]["simplex"]
    first, last = frame_of(animation, 0), frame_of(animation, len(frames["values"]) - 1)

    def mark(figure: Any, uid: str) -> Any:
        (found,) = (trace for trace in figure["data"] if trace["uid"] == uid)
        return found

    start = mark(first, "start")["customdata"][0]
    assert mark(first, "now")["customdata"] == close_to(np.stack([start] * 3))
    stop = mark(last, "stop")["customdata"][0]
    assert mark(last, "now")["customdata"][2] == close_to(stop, abs=1e-6)
    l1, held, _full = mark(last, "now")["customdata"]
    assert l1 == close_to(held)
    # The post's check does not move.
    assert frames["cards"]["errors"]["moves"] == frames["cards"]["elements"]["moves"] == []


def test_gradient_tells_the_bars_every_word_in_translation(open_page: OpenPage) -> None:
    bars = sent_to_bars(open_page(PAGE))
    assert all(isinstance(word, str) and word for word in bars["words"].values())
    assert bars["logits"] == list(DEFAULT.a)
    assert bars["q"] == [1, 0, 0]


def test_gradient_tells_the_figure_where_l2_rests_and_what_to_say(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="1,0.5,-1", q="1,0,2", steps="30", step="7")
    figure = sent_to_figure(app)
    assert all(isinstance(word, str) and word for word in figure["words"].values())
    assert (figure["logits"], figure["step"], figure["watched"]) == ([1, 0.5, -1], 7, 2)
    assert (figure["rate"], figure["steps"]) == (1, 30)
    rest = logit_gap_minimum(torch.tensor([1 / 3, 0, 2 / 3], dtype=torch.float64)).p
    assert figure["rest"] == close_to(rest.tolist())
    assert figure["stops"][0] == 0
    assert {7, 30} < set(figure["stops"])


def test_gradient_answer_has_the_numbers_of_the_state(open_page: OpenPage) -> None:
    assert ":orange[**L2 in full**] pulls it back to **0.684** and rests there." in text_of(
        open_page(PAGE)
    )
    assert "lifts it only to **0.782**" in text_of(open_page(PAGE, a="-1,1"))


def test_gradient_shows_the_posts_check_with_its_own_numbers(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    said, shown = captions_of(app), numbers_of(app)
    assert "the sum is **6.9·10⁻¹⁸**; with b as printed, **3.8·10⁻¹⁰**" in said
    assert f"The post prints {number(CHECK_SUM, digits=2)}" in said
    assert "The elements go up to **0.0478**" in said
    errors = sum_errors()
    assert shown["check_rms_eps_float32"] == close_to(errors.rms[1].item(), rel=1e-7)
    assert list(drawn(app, "errors", "float64")["y"]) == errors.counts[0].tolist()


def test_gradient_csv_holds_what_the_figures_show() -> None:
    found = results(DEFAULT)
    rows = list(csv.DictReader(io.StringIO(data_csv(found))))
    path = [float(r["value"]) for r in rows if (r["quantity"], r["of"]) == ("p", "l2")]
    assert path == found.paths.p[2, list(drawn_steps(DEFAULT))].flatten().tolist()
    draws = [int(r["value"]) for r in rows if (r["quantity"], r["of"]) == ("check_draws", "float32")]
    assert sum(draws) == 10_000
    quantities = {"q", "minimum_p", "a", "p", "p_minus_q", "residual", "check_element", "check_draws"}
    assert {row["quantity"] for row in rows} == quantities


@pytest.mark.parametrize("slug", ["opposite", "truth", "uniform"])
def test_gradient_code_computes_what_is_shown(slug: str, capsys: pytest.CaptureFixture[str]) -> None:
    state = replace(PRESETS[slug].of(DEFAULT), steps=20)
    exec(compile(snippet(state), "snippet", "exec"), {})
    printed = capsys.readouterr().out
    found = results(state)
    assert str(found.paths.p[:, -1]) in printed
    assert str(found.minimum) in printed
    _start, *lines, _end = command(state).splitlines()
    exec(compile("\n".join(lines), "command", "exec"), {})
    assert capsys.readouterr().out.strip() == str(found.minimum.p)


def test_gradient_code_fits_a_phone() -> None:
    ten = replace(PRESETS["ten"].of(DEFAULT), q=(0.123456,) * 10)
    for state in (DEFAULT, ten):
        assert max(map(len, snippet(state).splitlines())) <= 36


# Links


def test_gradient_link_is_what_the_page_shows(open_page: OpenPage) -> None:
    query = {
        "a": "1,2,3", "q": "smoothed", "target": "3", "smoothing": "0.15", "rate": "0.25",
        "steps": "70", "step": "11", "seed": "5",
    }  # fmt: skip
    app = open_page(PAGE, **query)
    assert not app.warning
    assert not app.exception
    bars = sent_to_bars(app)
    assert (bars["logits"], bars["kind"], bars["target"]) == ([1, 2, 3], "smoothed", 2)
    assert bars["q"] == close_to([0.05, 0.05, 0.9])
    assert shown(app, "gradient.rate") == 0.25
    assert shown(app, "gradient.steps") == 70
    assert shown(app, "gradient.step") == 11
    assert shown(app, "gradient.seed") == 5
    assert link_of(app).replace("%2C", ",") == "&".join(f"{k}={v}" for k, v in query.items())
    assert query == dict(app.query_params)


def test_gradient_link_may_spell_numbers_its_own_way(open_page: OpenPage) -> None:
    app = open_page(PAGE, a=" 1.50, -3,.5", q="2,1,1.0", rate="5e-1")
    assert not app.warning
    assert sent_to_bars(app)["logits"] == [1.5, -3, 0.5]
    assert sent_to_bars(app)["q"] == [0.5, 0.25, 0.25]
    assert link_of(app).replace("%2C", ",") == "a=1.5,-3,0.5&q=2,1,1&rate=0.5"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a", "x"), ("a", "1"), ("a", "1,51"), ("a", "nan,1"), ("a", "<b>`,1"),
        ("a", ",".join(["1"] * 65)), ("q", "0.5,0.5"), ("q", "0,0,0"), ("q", "1,-1,1"),
        ("q", "two-hot"), ("target", "0"), ("target", "4"), ("target", "x"), ("rate", "0"),
        ("rate", "9"), ("rate", "nan"), ("steps", "0"), ("steps", "2001"), ("steps", "1.5"),
        ("step", "201"),
        ("step", "-1"), ("seed", "-1"), ("seed", str(2**31)), ("smoothing", "1.1"), ("what", "ever"),
    ],
)  # fmt: skip
def test_gradient_garbage_in_a_link_is_named_and_harmless(
    open_page: OpenPage, name: str, text: str
) -> None:
    app = open_page(PAGE, **{name: text})
    assert not app.exception
    (notice,) = app.warning
    assert f"`{name}={text.replace('`', '')}"[:40] in notice.value
    assert sent_to_bars(app)["logits"] == list(DEFAULT.a)
    assert sent_to_bars(app)["kind"] == "one-hot"
    press(app, "Dismiss")
    assert not app.warning


def test_gradient_link_that_repeats_itself_is_noticed(open_page: OpenPage) -> None:
    app = open_page(PAGE, steps=["50", "20"])
    assert shown(app, "gradient.steps") == 200
    assert "`steps=50`, `steps=20`" in app.warning[0].value


def test_gradient_plain_charts_are_streamlits_own(open_page: OpenPage) -> None:
    app = open_page(PAGE, charts="plain", step="7")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 6
    assert link_of(app) == "charts=plain&step=7"


# Controls


@pytest.mark.parametrize("slug", PRESETS)
def test_gradient_preset_shows_its_state(open_page: OpenPage, slug: str) -> None:
    preset = PRESETS[slug]
    state = preset.of(DEFAULT)
    app = open_page(PAGE, a="3,1,2,0,0,0", q="1,1,0,0,0,0", rate="0.5", steps="10", step="3")
    press(app, preset.label_at(DEFAULT))
    assert not app.exception
    bars = sent_to_bars(app)
    assert bars["logits"] == list(state.a)
    assert bars["q"] == target_of(state).tolist()
    assert len(figures_of(app)) == 6
    assert parts_of(app)["timeline"]["at"] == state.steps


def test_gradient_reset_restores_the_default(open_page: OpenPage) -> None:
    app = open_page(PAGE, a="3,1", q="1,3", rate="2", steps="10", step="3", seed="4")
    press(app, "Reset")
    assert not app.exception
    assert sent_to_bars(app)["logits"] == list(DEFAULT.a)
    assert link_of(app) == ""
    assert not app.query_params


def test_gradient_typed_numbers_move_the_bars(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    set_field(app, "gradient.a", " 1,  -0 , 2.50, 3")
    assert sent_to_bars(app)["logits"] == [1, 0, 2.5, 3]
    assert shown(app, "gradient.classes") == 4
    assert app.query_params["a"] == "1,0,2.5,3"


@pytest.mark.parametrize("name", ["a", "q"])
def test_gradient_typed_garbage_moves_nothing_and_says_so(open_page: OpenPage, name: str) -> None:
    app = open_page(PAGE, q="1,2,1")
    set_field(app, f"gradient.{name}", "7,8,`nine`")
    assert "`7,8,nine`" in app.error[0].value
    assert sent_to_bars(app)["logits"] == list(DEFAULT.a)
    assert sent_to_bars(app)["q"] == [0.25, 0.5, 0.25]
    set_field(app, "gradient.rate", 2.0)
    assert not app.error


def test_gradient_classes_come_and_go(open_page: OpenPage) -> None:
    app = open_page(PAGE, target="3")
    set_field(app, "gradient.classes", 10)
    assert not app.exception
    assert sent_to_bars(app)["logits"][:3] == list(DEFAULT.a)
    assert len(sent_to_bars(app)["q"]) == 10
    set_field(app, "gradient.classes", 2)
    assert not app.exception
    assert sent_to_bars(app)["logits"] == list(DEFAULT.a[:2])
    assert sent_to_bars(app)["q"] == [0, 1]


def choose_kind(app: AppTest, kind: str) -> None:
    set_field(app, "gradient.kind", kind)


def test_gradient_kind_of_target_brings_its_own_controls(open_page: OpenPage) -> None:
    app = open_page(PAGE, target="2")

    def names() -> set[str]:
        kinds = (app.text_input, app.number_input, app.select_slider)
        return {str(one.key).split(".")[1] for kind in kinds for one in kind}

    assert "target" in names()
    assert not names() & {"smoothing", "q"}
    choose_kind(app, "smoothed")
    assert sent_to_bars(app)["q"] == close_to([1 / 30, 14 / 15, 1 / 30])
    assert names() >= {"target", "smoothing"}
    set_field(app, "gradient.smoothing", 1.0)
    assert sent_to_bars(app)["q"] == close_to([1 / 3] * 3)
    choose_kind(app, "free")
    assert "q" in names()
    assert not names() & {"smoothing", "target"}
    assert sent_to_bars(app)["q"] == close_to([1 / 3] * 3, abs=1e-6)
    set_field(app, "gradient.q", "1,0,3")
    assert sent_to_bars(app)["q"] == [0.25, 0, 0.75]
    # Class and smoothing stay what they were, for when the target is one class again.
    assert link_of(app).replace("%2C", ",") == "q=1,0,3&target=2&smoothing=1"


def test_gradient_shown_step_moves_the_charts_and_follows_more_steps(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    set_field(app, "gradient.step", 5)
    assert parts_of(app)["grid"]["at"] == 5
    assert app.query_params["step"] == "5"
    set_field(app, "gradient.step", 200)
    assert "step" not in app.query_params
    set_field(app, "gradient.steps", 500)
    assert parts_of(app)["grid"]["at"] == 500
    assert shown(app, "gradient.step") == 500
    set_field(app, "gradient.step", 300)
    set_field(app, "gradient.steps", 50)
    assert not app.exception
    assert parts_of(app)["grid"]["at"] == 50
    assert shown(app, "gradient.step") == 50


@pytest.mark.parametrize(
    ("name", "forged"),
    [("step", 5000), ("step", -3), ("seed", -1), ("target", 7), ("target", 0)],
)
def test_gradient_takes_no_number_that_no_browser_sends(
    open_page: OpenPage, name: str, forged: int
) -> None:
    app = open_page(PAGE)
    set_field(app, f"gradient.{name}", forged)
    assert not app.exception
    assert parts_of(app)["grid"]["at"] == 200
    assert shown(app, "gradient.seed") == 0
    assert sent_to_bars(app)["q"] == [1, 0, 0]


def test_gradient_new_seed_changes_the_draws_only(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    before = {name: drawn(app, *name)["y"] for name in (("errors", "float64"), ("approach", "l2"))}
    set_field(app, "gradient.seed", 1)
    expected = sum_errors(seed=1).counts[0].tolist()
    assert list(drawn(app, "errors", "float64")["y"]) == expected
    assert expected != list(before["errors", "float64"])
    assert list(drawn(app, "approach", "l2")["y"]) == list(before["approach", "l2"])


# Notes


def said(state: GradientState) -> str:
    return "\n".join(note.text for note in notes(results(state)))


def noted(state: GradientState) -> list[str]:
    return [note.id for note in notes(results(state))]


def test_notes_of_opposite_ways_hold() -> None:
    a, q = torch.tensor(DEFAULT.a).double(), target_of(DEFAULT)
    l1, full = cross_entropy_grad(a, q)[0].item(), logit_gap_grad(a, q)[0].item()
    assert l1 < 0 < full
    assert noted(DEFAULT)[0] == "opposite-ways"
    assert f"L1 pushes a₁ up by {number(-l1)}" in said(DEFAULT)
    assert f"down by {number(full)}" in said(DEFAULT)


def test_notes_of_the_same_way_hold() -> None:
    state = GradientState((-1.5, 1.5, 0.5))
    found = results(state)
    assert (found.gradients[0, 0] * found.gradients[2, 0] > 0).all()
    assert noted(state)[0] == "same-way"


def test_notes_of_a_start_at_the_target_say_that_only_l1_rests() -> None:
    state = PRESETS["truth"].of(DEFAULT)
    found = results(state)
    assert found.gradients[0, 0].abs().max() < 1e-5
    assert found.gradients[2, 0].abs().max() > 0.05
    assert noted(state)[0] == "l1-rests"
    assert f"{number(found.residual[0].abs().max().item())}" in said(state).replace("−", "")


def test_notes_of_equal_logits_say_that_all_gradients_agree() -> None:
    state = GradientState((1.0, 1.0, 1.0, 1.0))
    assert results(state).residual[0].abs().max() < 1e-15
    assert noted(state)[0] == "all-agree"


def test_notes_of_a_sure_start_do_not_say_that_its_logits_are_equal() -> None:
    state = GradientState((50.0, -50.0), rate=4.0)
    assert results(state).residual.abs().max() < 1e-9
    assert "all-agree" not in noted(state)
    assert "zero-residual" not in noted(state)


def test_notes_of_the_uniform_target_say_that_it_is_not_missed() -> None:
    state = PRESETS["uniform"].of(DEFAULT)
    found = results(state)
    torch.testing.assert_close(found.minimum.p, found.q)
    assert "uniform-target" in noted(state)
    assert "p = q = 1/m = 0.3333" in said(state)


@pytest.mark.parametrize(("slug", "stop"), [("two", "0.7822"), ("ten", "0.476"), ("wrong", "0.6835")])
def test_notes_of_one_hot_targets_say_where_l2_stops(slug: str, stop: str) -> None:
    state = PRESETS[slug].of(DEFAULT)
    assert noted(state)[1:3] == ["never-sure", "arrived"]
    assert f"p₁ = {stop}" in said(state)
    gap = results(state).gap
    assert gap < 1e-6
    assert number(gap, digits=2) in said(state) or not gap


def test_notes_of_other_targets_say_what_q_says() -> None:
    state = GradientState((1.0, 0.0, 0.0), q=(0.1, 0.8, 0.1))
    found = results(state)
    stop = number(found.minimum.p[1].item(), digits=4)
    assert "misses-target" in noted(state)
    assert f"p₂ = {stop}, where q says 0.8" in said(state)
    assert number(1 + -(found.minimum.p * found.minimum.p.log()).sum().item(), digits=4) in said(state)


def test_notes_far_out_say_that_nothing_pushes() -> None:
    state = PRESETS["far"].of(DEFAULT)
    found = results(state)
    assert found.gradients[2, 0].abs().max() < 1e-5
    assert found.losses[1] > found.minimum.loss + 0.3
    assert noted(state)[0] == "far-out"
    assert "not-arrived" in noted(state)


def test_notes_say_when_the_path_is_not_there_yet_or_jumps() -> None:
    slow = replace(DEFAULT, rate=0.01, steps=5)
    assert results(slow).gap > 0.1
    assert "not-arrived" in noted(slow)
    wild = GradientState((1.0, 0.0), q=(0.7, 0.3), rate=4.0)
    found = results(wild)
    assert (found.paths.p[2, -1] - found.paths.p[2, -2]).abs().max() > 1e-3
    assert "restless" in noted(wild)


def test_notes_say_at_which_step_the_two_parts_cancel() -> None:
    assert "parts-cancel" in noted(DEFAULT)
    assert "only-the-sum" in noted(replace(DEFAULT, step=3))
    assert "After step 3" in said(replace(DEFAULT, step=3))


def test_notes_put_counts_into_words() -> None:
    assert "After 1 step " in said(replace(DEFAULT, steps=1)).replace("after", "After")
    assert "After 2 steps " in said(replace(DEFAULT, steps=2)).replace("after", "After")


@settings(max_examples=40)
@given(
    st.lists(st.floats(-20, 20), min_size=2, max_size=6),
    st.sampled_from(["one-hot", SMOOTHED, FREE]),
    st.sampled_from([0.1, 1.0, 4.0]),
    st.sampled_from([0, 3, None]),
)
def test_notes_exist_and_hold_for_every_state(
    logits: list[float], kind: str, rate: float, step: int | None
) -> None:
    q = tuple(float(1 + k) for k in range(len(logits))) if kind == FREE else kind
    state = GradientState(tuple(logits), q=q, rate=rate, steps=20, step=step)
    found, lines = results(state), notes(results(state))
    ids = {note.id for note in lines}
    assert len(ids) == len(lines) == 6
    for part in ("nan", "not defined", "{"):
        assert not any(part in note.text for note in lines)
    if "opposite-ways" in ids:
        assert (found.gradients[0, 0] * found.gradients[2, 0] < 0).any()
    if "same-way" in ids:
        assert (found.gradients[0, 0] * found.gradients[2, 0] > -2e-6).all()
    if "one-path" in ids:
        assert found.apart <= 1e-6
    if "parts-cancel" in ids:
        pulls, residual = found.gradients[0, state.at], found.residual[state.at]
        assert (pulls + residual).abs().max() < 1e-6


def test_corners_name_the_classes_of_the_triangle() -> None:
    assert corners(results(DEFAULT)) == ("class 1", "class 2", "class 3")
    assert corners(results(PRESETS["two"].of(DEFAULT)))[2] == "no third class"
    ten = results(replace(PRESETS["ten"].of(DEFAULT), target=4, steps=1))
    assert corners(ten) == ("class 4", "class 2", "all others")
    assert ten.target.tolist() == [1, 0, 0]
