"""What the lab of the gradients can be asked, without a page."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.gradient.held_logits import read_held
from lab.gradient.presets import PRESETS
from lab.gradient.results import drawn_steps, frame_steps
from lab.gradient.state import (
    DEFAULT,
    FREE,
    LARGEST,
    SMOOTHED,
    GradientState,
    read_move,
    read_target,
    resized,
)
from lab.state.codec import read, settled, spelled
from tests.support.closeness import close_to


def read_link(**parts: str) -> GradientState:
    state, _taken = read(DEFAULT, {name: [text] for name, text in parts.items()})
    return state


@given(st.lists(st.floats(-LARGEST, LARGEST), min_size=2, max_size=10))
def test_link_reads_what_it_spells(a: list[float]) -> None:
    assert read_link(**spelled(GradientState(tuple(a)), DEFAULT)).a == close_to(a, abs=1e-6)


@pytest.mark.parametrize("slug", PRESETS)
def test_link_reads_every_preset(slug: str) -> None:
    state = PRESETS[slug].of(DEFAULT)
    assert settled(state) == state
    for step in (None, 7):
        asked = replace(state, step=step)
        assert read_link(**spelled(asked, DEFAULT)) == asked


@given(
    st.dictionaries(
        st.sampled_from(["a", "q", "target", "smoothing", "rate", "steps", "step", "seed"]), st.text()
    )
)
def test_link_takes_nothing_out_of_bounds(parts: dict[str, str]) -> None:
    state = read_link(**parts)
    assert 0 <= state.at <= state.steps <= 2000
    assert 1 <= state.target <= len(state.a)
    assert not state.misfits()
    assert read_link(**spelled(state, DEFAULT)) == state


@pytest.mark.parametrize(
    ("parts", "misfit"),
    [
        ({"a": "1,2", "target": "3"}, "target"),
        ({"a": "1,2", "q": "1,1,1"}, "q"),
        ({"steps": "10", "step": "11"}, "step"),
    ],
    ids=["target", "q", "step"],
)
def test_link_drops_what_does_not_fit_and_keeps_the_rest(parts: dict[str, str], misfit: str) -> None:
    state, taken = read(DEFAULT, {name: [text] for name, text in parts.items()})
    assert taken == parts.keys() - {misfit}
    rest = {name: text for name, text in parts.items() if name != misfit}
    assert state == read_link(**rest)


def test_link_refuses_endless_text() -> None:
    assert read_link(a="1," * 10_000_000, q="1," * 10_000_000) == DEFAULT


@given(st.text())
def test_read_target_stays_within_bounds(text: str) -> None:
    q = read_target(text)
    assert q is None or isinstance(q, str) or (min(q) >= 0 and sum(q) > 0)


def test_target_has_a_kind_and_perhaps_weights() -> None:
    assert (DEFAULT.kind, DEFAULT.weights) == ("one-hot", ())
    free = GradientState(q=(1.0, 2.0, 1.0))
    assert (free.kind, free.weights) == (FREE, (1, 2, 1))


def test_settled_target_has_as_many_classes_as_there_are_logits() -> None:
    state = GradientState((1.0, 2.0), q=(0.0, 0.0, 1.0), target=3)
    assert state.settled() == GradientState((1.0, 2.0), q=(1.0, 1.0), target=2)
    more = GradientState((1.0,) * 5, q=(0.0, 0.0, 1.0))
    assert more.settled().weights == (0, 0, 1, 0, 0)


def test_settled_last_step_has_no_name() -> None:
    assert replace(DEFAULT, step=200).settled().step is None
    assert replace(DEFAULT, steps=50, step=90).settled().at == 50
    assert replace(DEFAULT, step=199).settled().step == 199


def test_frame_steps_hold_both_ends_and_the_step_that_is_shown() -> None:
    for steps in (1, 10, 200, 2000):
        frames = frame_steps(replace(DEFAULT, steps=steps))
        assert frames[0] == 0
        assert frames[-1] == steps
        assert len(frames) <= 48
        assert set(frames) <= set(drawn_steps(replace(DEFAULT, steps=steps)))
    assert 123 in frame_steps(replace(DEFAULT, step=123))


def test_resized_keeps_the_first_logits() -> None:
    assert resized((7.0, 8.0, 9.0), 2) == (7, 8)
    assert resized((7.0, 8.0), 4) == (7, 8, 0, 1)
    assert len(resized((7.0, 8.0), 10)) == 10


@pytest.mark.parametrize(
    ("a", "window"), [((2.0, -1.0), (-3, 3)), ((2.5, 0.0), (-5, 5)), ((50.0, 1.0), (-50, 50))]
)
def test_window_has_round_ends_and_room(a: tuple[float, ...], window: tuple[float, float]) -> None:
    assert GradientState(a).window == window


MOVE: dict[str, Any] = {
    "logits": [1.0, 2], "q": [0.25, 0.75], "kind": "free", "target": 1, "serial": 3,
}  # fmt: skip


def test_read_move_takes_what_the_bars_send() -> None:
    moved = read_move(MOVE, replace(DEFAULT, rate=0.5, step=4))
    assert moved == GradientState((1.0, 2.0), q=(0.25, 0.75), target=2, rate=0.5)
    for kind in ("one-hot", SMOOTHED):
        aimed = read_move(MOVE | {"kind": kind}, DEFAULT)
        assert aimed is not None
        assert (aimed.q, aimed.target) == (kind, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"logits": [1.0]}, {"logits": [1.0] * 11}, {"logits": [1.0, 1e4]}, {"logits": [1.0, math.nan]},
        {"logits": [1.0, "2"]}, {"logits": [1.0, 10**400]}, {"logits": None}, {"q": [0.5]},
        {"q": [math.nan, 1]}, {"q": [0, 0]}, {"q": [True, False]}, {"q": [-1, 2]}, {"q": [1, 1, 1]},
        {"kind": "two-hot"}, {"kind": 1}, {"kind": []}, {"target": 2}, {"target": -1},
        {"target": 0.5}, {"target": None},
    ],
    ids=lambda change: str(change)[:40],
)  # fmt: skip
def test_read_move_refuses_what_is_forged(change: dict[str, Any]) -> None:
    assert read_move(MOVE | change, DEFAULT) is None


def test_read_move_refuses_what_is_no_message() -> None:
    assert read_move({}, DEFAULT) is None


def test_read_held_takes_logits_and_a_step_and_leaves_the_rest() -> None:
    state = GradientState(q=(1.0, 2.0, 1.0), rate=0.5, seed=3)
    moved = read_held({"logits": [1, 2, 3.5], "step": 40, "serial": 2}, state)
    assert moved == replace(state, a=(1.0, 2.0, 3.5), step=40)


@pytest.mark.parametrize(
    "message",
    [
        {}, {"logits": [1, 2, 3]}, {"step": 4}, {"logits": [1, 2, 3], "step": 201},
        {"logits": [1, 2, 3], "step": 1.5}, {"logits": [1, 2, 3], "step": -1},
        {"logits": [1, 2, math.nan], "step": 4}, {"logits": [1, 2, 51], "step": 4},
        {"logits": [1, 2], "step": 4}, {"logits": "1,2,3", "step": 4},
    ],
    ids=str,
)  # fmt: skip
def test_read_held_refuses_what_is_forged(message: dict[str, Any]) -> None:
    assert read_held(message, GradientState(target=3)) is None
