"""Parameters: the stops of their sliders, and what a URL may say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ce_core import ExperimentConfig
from lab.losses.controls import PARAMETERS
from lab.state.parameters import Parameter, decades, spell, whole_numbers

EVERY = pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=PARAMETERS)


@EVERY
def test_parameter_default_is_the_posts_and_a_stop(parameter: Parameter) -> None:
    assert parameter.default == getattr(ExperimentConfig(), parameter.name)
    assert parameter.default in parameter.grid
    assert list(parameter.grid) == sorted(set(parameter.grid))


@EVERY
def test_parameter_parse_reads_what_spell_writes(parameter: Parameter) -> None:
    assert [parameter.parse(spell(stop)) for stop in parameter.grid] == list(parameter.grid)
    assert len({spell(stop) for stop in parameter.grid}) == len(parameter.grid)


@EVERY
@pytest.mark.parametrize(
    "text", ["", " ", "x", "nan", "inf", "-1", "1e999", "1_0", "٣", "0x10", "1;2", "<b>", "9" * 5000]
)
def test_parameter_parse_refuses_garbage(parameter: Parameter, text: str) -> None:
    assert parameter.parse(text) is None


@EVERY
@given(text=st.text())
def test_parameter_parse_stays_within_bounds(parameter: Parameter, text: str) -> None:
    value = parameter.parse(text)
    assert value is None or parameter.grid[0] <= value <= parameter.grid[-1]


def test_parameter_parse_takes_values_between_the_stops() -> None:
    assert PARAMETERS["n"].parse("100") == 100
    assert PARAMETERS["n"].parse("100.5") is None
    assert PARAMETERS["eps"].parse("0.30") == 0.3


def test_whole_numbers_steps_by_half_a_power_of_two() -> None:
    assert whole_numbers(1, 24) == (1, 2, 3, 4, 6, 8, 12, 16, 24)


def test_decades_is_rounded_as_read() -> None:
    assert decades(0.01, 1) == (0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1)
