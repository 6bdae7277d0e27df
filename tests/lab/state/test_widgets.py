"""What a widget reports late, after code has set its field: no undoing, but no loss."""

from dataclasses import replace
from typing import Any

import pytest
import streamlit as st

from lab.losses.state import LossesState
from lab.state.visit import PageVisit, put
from lab.state.widgets import Widget, draw_derived

START = LossesState(eps=0.1, seed=3)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what stands for the session of Streamlit."""
    values: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", values)
    return values


@pytest.fixture
def page() -> PageVisit[LossesState]:
    return PageVisit("losses", LossesState(), START, [], {})


@pytest.mark.parametrize(("name", "drawn"), [("eps", "0.1"), ("seed", 3)])
def test_late_report_of_what_was_drawn_undoes_nothing(
    session: dict[str, Any], page: PageVisit[LossesState], name: str, drawn: Any
) -> None:
    widget = Widget(page, name)
    put(page, LossesState())
    key = page.key(name)
    session[widget.options["key"]] = drawn
    widget.report()
    assert page.state == LossesState()
    assert page.key(name) == key


def test_late_report_of_what_a_person_set_counts_and_is_shown(
    session: dict[str, Any], page: PageVisit[LossesState]
) -> None:
    widget = Widget(page, "eps")
    put(page, LossesState())
    key = page.key("eps")
    session[widget.options["key"]] = "0.2"
    widget.report()
    assert page.state == LossesState(eps=0.2)
    assert page.key("eps") != key
    put(page, LossesState())
    widget.report()
    assert page.state == LossesState()


def test_report_in_time_is_taken_and_keeps_its_widget(
    session: dict[str, Any], page: PageVisit[LossesState]
) -> None:
    widget = Widget(page, "eps")
    key = page.key("eps")
    session[key] = "0.2"
    widget.report()
    assert page.state == replace(START, eps=0.2)
    assert page.key("eps") == key
    session[key] = "0.1"
    widget.report()
    assert page.state == START


def test_late_report_of_a_derived_widget_undoes_nothing(
    session: dict[str, Any], page: PageVisit[LossesState]
) -> None:
    drawn: dict[str, Any] = {}

    def draw(value: int) -> None:
        draw_derived(
            page,
            "rows",
            lambda **arguments: drawn.update(arguments),
            value,
            lambda state, rows: replace(state, n=rows),
        )

    draw(page.state.n)
    old, report = drawn["key"], drawn["on_change"]
    put(page, replace(START, n=7))
    draw(page.state.n)
    assert drawn["key"] != old
    session[old] = START.n
    report()
    assert page.state.n == 7
    session[old] = 9
    report()
    assert page.state.n == 9
