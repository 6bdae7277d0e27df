"""Fields: what a URL, a widget and a message may say, and how a value is spelled."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.losses.state import LossesState
from lab.stability.state import StabilityState
from lab.state.fields import (
    OF_FIELD,
    UNSET,
    Choice,
    Number,
    Numbers,
    Record,
    State,
    Stops,
    Switch,
    Text,
    field,
    is_number,
    label_of,
    parse_number,
    records,
    spell,
    stops_of,
)
from lab.state.stops import decades, octaves, whole_numbers
from lab.transport.state import TransportState
from lab.tuning.state import TuningState

STATES: dict[str, type[State]] = {
    "losses": LossesState, "stability": StabilityState, "transport": TransportState,
    "tuning": TuningState,
}  # fmt: skip
EVERY = pytest.mark.parametrize(
    ("state", "name"),
    [(state, name) for state in STATES.values() for name in records(state)],
    ids=[f"{lab}.{name}" for lab, state in STATES.items() for name in records(state)],
)
GARBAGE = [
    " ", "x?", "nan", "-nan", "1e999", "-1e999", "1_0", "٣", "0x10", "1;2", "<b>", "9" * 5000, "1-",
    "1,,2", "\n", "\x00", "true false",
]  # fmt: skip


@EVERY
def test_field_reads_what_it_spells_of_its_default(state: type[State], name: str) -> None:
    record, default = records(state)[name], getattr(state(), name)
    if default is not None:
        assert record.parse(record.spell(default)) == default
        assert record.checked(default) == default


@EVERY
@pytest.mark.parametrize("text", GARBAGE)
def test_field_refuses_garbage(state: type[State], name: str, text: str) -> None:
    record = records(state)[name]
    assert record.parse(text) is None or isinstance(record, Text)


@EVERY
@given(text=st.text())
def test_field_takes_only_what_it_would_take_again(state: type[State], name: str, text: str) -> None:
    record = records(state)[name]
    value = record.parse(text)
    if value is not None and value is not UNSET:
        assert record.parse(record.spell(value)) == value


@EVERY
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 10**400, object(), {}, [], b"1", ["1"], [math.nan, 1.0]]
)
def test_field_takes_nothing_that_no_widget_reports(state: type[State], name: str, value: Any) -> None:
    record = records(state)[name]
    if not isinstance(record, Text):
        assert record.checked(value) is None


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_sliders_stop_at_their_default_and_in_order(state: type[State]) -> None:
    for name, record in records(state).items():
        if isinstance(record, Stops):
            stops = list(stops_of(state, name))
            assert getattr(state(), name) in stops
            assert stops == sorted(set(stops))
            assert [record.parse(spell(stop)) for stop in stops] == stops
            assert len({spell(stop) for stop in stops}) == len(stops)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_choices_by_field_name_fields(state: type[State]) -> None:
    for record in records(state).values():
        if isinstance(record, Choice):
            for option, text in record.options.items():
                assert text != OF_FIELD or label_of(state, option)


def test_stops_take_values_between_them_and_none_beyond() -> None:
    record = Stops(label="", stops=(1, 2, 8), integer=True)
    assert record.parse("5") == 5
    assert isinstance(record.parse("5.0"), int)
    assert record.parse("5.5") is None
    assert record.parse("9") is None
    assert Stops(label="", stops=(0.5, 2.0)).parse("0.70") == 0.7


def test_stops_of_a_field_without_any_is_an_error() -> None:
    with pytest.raises(TypeError, match="dtype must be a field with stops"):
        stops_of(LossesState, "dtype")


def test_number_may_be_unset_where_it_says_how() -> None:
    record = Number(label="", low=1, high=9, unset="first")
    assert record.parse("first") is UNSET
    assert Number(label="", low=1, high=9).parse("first") is None


def test_number_that_is_whole_is_whole() -> None:
    record = Number(label="", low=0, high=9)
    assert record.checked(3.0) == 3
    assert isinstance(record.checked(3.0), int)
    assert record.checked(3.5) is None
    assert record.checked(True) is None


def test_switch_is_true_or_false() -> None:
    record = Switch(label="")
    assert [record.parse(text) for text in ("true", "FALSE", "1", "")] == [True, False, None, None]
    assert record.checked(1) is None
    assert record.spell(True) == "true"


def test_numbers_are_a_bounded_list() -> None:
    record = Numbers(label="", fewest=2, most=3, low=-5, high=5, decimals=2)
    assert record.parse(" 1, -2.345e0 ,.5") == (1.0, -2.35, 0.5)
    assert record.spell((1.0, -2.35, 0.5)) == "1,-2.35,0.5"
    for text in ("1", "1,2,3,4", "1,6", "1,inf", "1,", "1" * 400):
        assert record.parse(text) is None
    assert math.copysign(1, record.parse("-0,1")[0]) == 1  # type: ignore[index]


def test_numbers_may_be_infinite_where_it_is_said() -> None:
    record = Numbers(label="", fewest=1, most=2, low=-5, high=5, infinite=True)
    assert record.parse("-INF,5") == (-math.inf, 5.0)
    assert record.parse("1e999,5") is None
    assert record.spell((-math.inf, 5.0)) == "-inf,5"


@pytest.mark.parametrize("text", ["1", "+1.5", "-.5", "1e3", "1E-3", "0.000000000001"])
def test_parse_number_reads_plain_decimals(text: str) -> None:
    assert parse_number(text) == float(text)


@pytest.mark.parametrize("value", [True, None, "1", math.nan, math.inf, 10**400, [1]])
def test_is_number_tells_what_a_message_may_hold(value: Any) -> None:
    assert not is_number(value)


def test_state_with_a_field_more_needs_one_record_more() -> None:
    @dataclass(frozen=True)
    class Wider(LossesState):
        rows_shown: int = field(5, Number(label="Rows", low=1, high=9))

    assert records(Wider).keys() - records(LossesState).keys() == {"rows_shown"}
    record: Record = records(Wider)["rows_shown"]
    assert record.parse("7") == 7


def test_whole_numbers_steps_by_half_a_power_of_two() -> None:
    assert whole_numbers(1, 24) == (1, 2, 3, 4, 6, 8, 12, 16, 24)


def test_octaves_have_quarters() -> None:
    assert octaves(1, 4) == (1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4)


def test_decades_is_rounded_as_read() -> None:
    assert decades(0.01, 1) == (0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1)
