"""Any of the values that people pass by mistake, in several arguments of any public function."""

import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.bad_values import BAD_VALUES, NOT_FINITE, faults_of, numbers_of, outcome_of
from tests.support.calls import CALLS, Call

pytestmark = pytest.mark.usefixtures("without_shape_checks")

# Every NaN that these give for finite numbers is a documented one: `tests/core/test_bad_input.py`.
WITHOUT_NAN = ("softmax", "softmax_jacobian", "cross_entropy_grad", "balanced_assignment", "pixel_grid")


@st.composite
def mistaken_calls(draw: Any) -> tuple[Call, dict[str, str]]:
    """Draw a call, and kinds of bad values for one or more of its arguments."""
    call = draw(st.sampled_from(CALLS))
    arguments = draw(st.lists(st.sampled_from(sorted(call.make())), min_size=1, unique=True))
    return call, {argument: draw(st.sampled_from(sorted(BAD_VALUES))) for argument in arguments}


@given(mistaken_calls())
def test_bad_values_work_or_are_refused_in_one_line(mistaken: tuple[Call, dict[str, str]]) -> None:
    call, kinds = mistaken
    assume(not {"function", "class"} & {kinds.get("cost")} or call.name != "sinkhorn_divergence")
    result, message = outcome_of(call, {name: BAD_VALUES[kind]() for name, kind in kinds.items()})
    assert message is None or not faults_of(message, call.names)
    if call.name in WITHOUT_NAN and not NOT_FINITE & set(kinds.values()):
        assert not any(map(math.isnan, numbers_of(result)))


@given(
    st.sampled_from(CALLS),
    st.data(),
    st.one_of(
        st.integers(-(10**30), 10),
        st.floats(),
        st.text(max_size=5),
        st.lists(st.floats(), max_size=4),
        st.lists(st.lists(st.floats(-2, 2), max_size=3), max_size=3),
        st.binary(max_size=3),
        st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    ),
)
def test_any_value_works_or_is_refused_in_one_line(call: Call, data: Any, value: Any) -> None:
    argument = data.draw(st.sampled_from(sorted(call.make())))
    _, message = outcome_of(call, {argument: value})
    assert message is None or not faults_of(message, call.names)
