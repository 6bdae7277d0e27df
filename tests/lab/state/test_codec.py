"""A state as a URL spells it, and what a stranger's URL can do: nothing."""

import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.losses.state import LossesState
from lab.stability.state import DEFAULT, StabilityState
from lab.state.codec import changed, plain, read, settled, spelled
from lab.state.fields import Stops, records
from lab.transport.state import PRESETS, TransportState

POST = LossesState()


def parts(state: Any, default: Any) -> dict[str, list[str]]:
    return {name: [text] for name, text in spelled(state, default).items()}


def test_default_is_spelled_by_nothing() -> None:
    assert spelled(POST, POST) == {}
    assert read(POST, {}) == (POST, set())


@given(data=st.data())
def test_any_state_survives_its_url(data: st.DataObject) -> None:
    choices = {
        name: st.sampled_from(record.stops)
        for name, record in records(LossesState).items()
        if isinstance(record, Stops)
    }
    changes: dict[str, Any] = data.draw(st.fixed_dictionaries(choices))
    state = replace(POST, **changes)
    assert read(POST, parts(state, POST)) == (state, set(spelled(state, POST)))


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_preset_survives_its_url(preset: Any) -> None:
    default = TransportState()
    state = preset.of(default)
    assert read(default, parts(state, default))[0] == state


def test_what_no_field_takes_stays_at_its_default() -> None:
    state, taken = read(POST, {"n": ["1e9"], "m": ["32"], "what": ["ever"], "eps": ["1", "2"]})
    assert state == replace(POST, m=32)
    assert taken == {"m"}


def test_what_does_not_fit_the_other_fields_is_not_taken() -> None:
    state, taken = read(DEFAULT, {"a": ["1,2"], "target": ["3"]})
    assert (state.a, state.target, taken) == ((1.0, 2.0), 1, {"a"})
    assert read(DEFAULT, {"a": ["1,2,3"], "target": ["3"]})[0].target == 3


def test_an_act_settles_what_fields_demand_of_each_other() -> None:
    assert settled(replace(StabilityState(a=(1.0, 2.0, 3.0), target=3), a=(1.0, 2.0))).target == 2
    assert settled(POST) is POST


def test_unset_is_none() -> None:
    assert read(replace(DEFAULT, step=3), {"step": ["first"]})[0].step is None


def test_changed_names_the_fields() -> None:
    assert changed(POST, replace(POST, n=1, eps=2.0)) == {"n", "eps"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x=\n\n[Sign in](https://evil.test/a)", "x= [Sign in](https://evil.test/a)"),
        ("x=\r\n# Heading\r\n", "x= # Heading"),
        ("x=`$$\\frac{1}{2}$$`", "x=$$\\frac{1}{2}$$"),
        ("x=\u202eevil\u2028\u00a0\t y", "x= evil y"),
        ("x" * 500, "x" * 60),
    ],
)
def test_strangers_text_is_one_short_line(text: str, shown: str) -> None:
    assert plain(text, 60) == shown


@given(text=st.text())
def test_strangers_text_cannot_leave_its_code_span(text: str) -> None:
    clean = plain(text, 60)
    assert "`" not in clean
    assert len(clean) <= 60
    assert not re.search(r"[^\S ]|  ", clean)
    assert all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in clean)
