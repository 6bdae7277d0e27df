"""What the lab of the softmax can be asked, without a page."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.softmax.presets import PRESETS
from lab.softmax.state import (
    DEFAULT,
    LARGEST,
    SoftmaxState,
    read_move,
    resized,
    shifted,
)
from lab.state.codec import read, settled, spelled
from tests.support.closeness import close_to

LOGITS = st.lists(st.floats(-LARGEST, LARGEST), min_size=2, max_size=30)


def read_link(**parts: str) -> SoftmaxState:
    state, _taken = read(DEFAULT, {name: [text] for name, text in parts.items()})
    return state


@given(LOGITS, st.floats(0.01, 100), st.integers(1, 2), st.integers(1, 2))
def test_link_reads_what_it_spells(a: list[float], temperature: float, target: int, held: int) -> None:
    again = read_link(**spelled(SoftmaxState(tuple(a), temperature, target, held), DEFAULT))
    assert again.a == close_to(a, rel=1e-11, abs=1e-99)
    assert again.temperature == close_to(temperature, rel=1e-11)
    assert (again.target, again.held) == (target, held)


@pytest.mark.parametrize("slug", PRESETS)
def test_link_reads_every_preset(slug: str) -> None:
    state = PRESETS[slug].of(DEFAULT)
    assert read_link(**spelled(state, DEFAULT)) == state
    assert settled(state) == state


@given(st.dictionaries(st.sampled_from(["a", "temperature", "target", "held"]), st.text()))
def test_link_stays_within_bounds(parts: dict[str, str]) -> None:
    state = read_link(**parts)
    assert 2 <= len(state.a) <= 30
    assert all(abs(logit) <= LARGEST for logit in state.a)
    assert 0.01 <= state.temperature <= 100
    assert 1 <= state.target <= len(state.a)
    assert 1 <= state.held <= len(state.a)


def test_link_refuses_endless_text() -> None:
    assert read_link(a="1," * 10_000_000) == DEFAULT


def test_link_with_a_target_that_is_no_class_keeps_the_rest() -> None:
    state, taken = read(DEFAULT, {"a": ["1,2,3"], "target": ["4"]})
    assert state == SoftmaxState((1.0, 2.0, 3.0))
    assert taken == {"a"}


def test_settled_target_and_held_class_are_classes() -> None:
    settled_state = SoftmaxState((1.0, 2.0), target=5, held=4).settled()
    assert settled_state == SoftmaxState((1.0, 2.0), target=2, held=2)


def test_link_with_a_held_class_that_is_none_keeps_the_rest() -> None:
    state, taken = read(DEFAULT, {"a": ["1,2,3"], "held": ["4"]})
    assert state == SoftmaxState((1.0, 2.0, 3.0))
    assert taken == {"a"}


@given(LOGITS)
def test_window_shows_every_logit_with_room(a: list[float]) -> None:
    low, high = SoftmaxState(tuple(a)).window
    assert -LARGEST <= low <= min(a)
    assert max(a) <= high <= LARGEST


@pytest.mark.parametrize(
    ("a", "window"),
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
def test_window_has_round_ends(a: tuple[float, ...], window: tuple[float, float]) -> None:
    assert SoftmaxState(a).window == window


@pytest.mark.parametrize("a", [(2.0, 1.0), (-700.0, 3.0), (900.0, 850.0), (900.0, -900.0)], ids=str)
def test_shifted_stays_within_bounds_and_always_moves(a: tuple[float, ...]) -> None:
    state = shifted(SoftmaxState(a))
    assert max(map(abs, state.a)) <= LARGEST
    assert state.a != a


def test_preset_of_the_shift_says_which_way_it_goes() -> None:
    shift = PRESETS["shift"]
    up = shift.of(DEFAULT)
    assert (shift.label_at(DEFAULT), shift.label_at(up)) == (
        "+800 on every logit",
        "−800 on every logit",
    )
    assert shift.of(up) == DEFAULT


def test_resized_gives_back_what_was_there() -> None:
    assert resized([7.0, 8.0], 5) == (7, 8, 0.5, -0.5, -1.5)
    assert len(resized([7.0, 8.0], 30)) == 30
    assert resized([7.0, 8.0, 9.0], 2) == (7, 8)


MOVE: dict[str, Any] = {"logits": [1.0, 2], "temperature": 0.5, "target": 1, "held": 0, "serial": 3}


def test_read_move_takes_what_the_bars_send() -> None:
    assert read_move(MOVE, DEFAULT) == SoftmaxState((1.0, 2.0), 0.5, 2, 1)


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
        {"logits": None},
        {"temperature": 0},
        {"temperature": math.nan},
        {"temperature": "1"},
        {"target": 2},
        {"target": -1},
        {"target": 0.5},
        {"target": "1"},
        {"target": 10**400},
        {"held": 2},
        {"held": -1},
        {"held": None},
        {"held": True},
    ],
    ids=lambda change: str(change)[:40],
)
def test_read_move_refuses_what_is_forged(change: dict[str, Any]) -> None:
    assert read_move(MOVE | change, DEFAULT) is None


def test_read_move_refuses_what_is_no_message() -> None:
    assert read_move({}, DEFAULT) is None
