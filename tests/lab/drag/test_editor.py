"""What a component that is moved by hand may tell the server, and what is not believed."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lab.drag.editor import is_next

NEXT = {"session": "a1", "serial": 4, "logits": [1, 2]}


def test_message_of_this_visit_is_read_once() -> None:
    assert is_next(NEXT, "a1", 3)
    assert not is_next(NEXT, "a1", 4)


def test_message_of_another_visit_is_not_read() -> None:
    assert not is_next(NEXT, "b2", 0)
    assert not is_next({"serial": 1}, "b2", 0)


@pytest.mark.parametrize("message", [None, 16, "16", [], {}, b"1"])
def test_what_is_no_message_is_not_read(message: Any) -> None:
    assert not is_next(message, "a1", 0)


@pytest.mark.parametrize("serial", [None, "1", True, 1.0, -1, 0, 2**53, 2**70, 10**400, [1]])
def test_message_without_a_number_of_its_own_is_not_read(serial: Any) -> None:
    assert not is_next(NEXT | {"serial": serial}, "a1", 0)


def test_message_of_a_component_that_sent_nothing_readable_is_none() -> None:
    def script() -> None:
        from lab.drag.editor import receive

        assert receive("never.shown", "moved", "visit") is None

    assert not AppTest.from_function(script).run().exception
