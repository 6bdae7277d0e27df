"""The widget of a field: it shows the state, and reports what a person sets.

What a widget reports is checked here again, since its bounds hold in the browser only. What is not
taken leaves everything as it was; the widget shows the state again, and what was typed is named.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any, Generic, TypeVar

import streamlit as st

from lab.language.catalogues import _
from lab.state.codec import plain
from lab.state.fields import (
    OF_FIELD,
    Choice,
    Number,
    Numbers,
    Record,
    State,
    Stops,
    Switch,
    Text,
    label_of,
    records,
    spell,
)
from lab.state.visit import PageVisit, put, refuse

S = TypeVar("S", bound=State)
V = TypeVar("V")

Change = Callable[[S, Any], S | None]
"""Returns the state after a value was set; None if the value does not fit the state."""


class Widget(Generic[S]):
    """The widget of one field of a page.

    Parameters
    ----------
    page
        The page.
    name
        The field.
    change
        What the state becomes when the field is set; None replaces the field and nothing else.
    label, help
        In place of those of the record, translated.
    shown
        What the widget shows where the field itself says less, as the last where it says None.
    options
        Further keyword arguments for the widget of Streamlit.
    """

    def __init__(
        self,
        page: PageVisit[S],
        name: str,
        *,
        change: Change[S] | None = None,
        label: str | None = None,
        help: str | None = None,
        shown: Any = None,
        **options: Any,
    ) -> None:
        self.page, self.name, self.change = page, name, change
        self.record = records(type(page.state))[name]
        self.value = getattr(page.state, name) if shown is None else shown
        if shown is not None:
            _show_again(page, name, shown)
        if help is None and self.record.help:
            help = _(self.record.help).format(**vars(self.record))
        self.options = {
            "label": _(self.record.label) if label is None else label,
            "help": help,
            "key": page.key(name),
            **options,
        }

    def report(self) -> None:
        """Take what the widget reports, as its callback.

        An act may be sent before the browser has the answer to the last. It brings along the values
        of widgets that the last has replaced, which undo nothing; what a person set there counts.
        """
        reported = st.session_state.get(self.options["key"])
        if isinstance(reported, str):
            value = self.record.parse(reported.strip())
        else:
            value = self.record.checked(reported)
        if value is None:
            refuse(self.page, self.name, reported)
            return
        late = self.options["key"] != self.page.key(self.name)
        if late and value == self.value:
            return
        self.value = value
        change = self.change or (lambda state, value: replace(state, **{self.name: value}))
        state = change(self.page.state, value)
        if state is None:
            refuse(self.page, self.name, reported)
            return
        if self.name in self.page.derived:
            self.page.derived[self.name] = value
        # A list that is typed is shown as it is spelled.
        shown = "" if late or isinstance(self.record, Numbers | Text) else self.name
        put(self.page, state, shown=shown if getattr(state, self.name) == value else "")


def draw(widget: Widget[Any]) -> None:
    """Draw the widget of a field, and under it what was typed there and not taken."""
    _draw(widget.record, widget)
    typed = widget.page.refused.pop(widget.name, None)
    if typed is not None:
        text = plain(typed, 60)
        shown = f"`{text}`" if text else _("(empty)")
        st.error(_("Not understood, so nothing moved: {shown}").format(shown=shown))


@singledispatch
def _draw(record: Record, widget: Widget[Any]) -> None:
    raise TypeError(f"no widget for {type(record).__name__}")


@_draw.register
def _stops(record: Stops, widget: Widget[Any]) -> None:
    # A value between the stops stays one for the visit, so that a step back finds it.
    extra = widget.page.stops.setdefault(widget.name, set())
    if widget.value not in record.stops:
        extra.add(widget.value)
    # As text, since Streamlit takes two numbers for one where they differ by less than 1e-12.
    st.select_slider(
        options=list(map(spell, sorted({*record.stops, *extra}))),
        value=spell(widget.value),
        on_change=widget.report,
        **widget.options,
    )


@_draw.register
def _number(record: Number, widget: Widget[Any]) -> None:
    kind = int if record.integer else float
    bounds = {"min_value": kind(record.low), "max_value": kind(record.high)}
    given = {name: value for name in ("step", "format") if (value := getattr(record, name)) is not None}
    st.number_input(
        on_change=widget.report, **{"value": widget.value, **bounds, **given, **widget.options}
    )


@_draw.register
def _choice(record: Choice, widget: Widget[Any]) -> None:
    options = list(record.options)

    def shown(option: str) -> str:
        text = record.options[option]
        return _(label_of(type(widget.page.state), option) if text == OF_FIELD else text) or option

    if record.as_pills:
        st.pills(
            options=options, default=widget.value, format_func=shown, on_change=widget.report,
            **widget.options,
        )  # fmt: skip
    else:
        st.selectbox(
            options=options,
            index=options.index(widget.value),
            format_func=shown,
            on_change=widget.report,
            **widget.options,
        )


@_draw.register
def _switch(record: Switch, widget: Widget[Any]) -> None:
    st.toggle(value=widget.value, on_change=widget.report, **widget.options)


@_draw.register(Numbers)
@_draw.register(Text)
def _text(record: Record, widget: Widget[Any]) -> None:
    st.text_input(value=record.spell(widget.value), on_change=widget.report, **widget.options)


def draw_derived(
    page: PageVisit[S],
    name: str,
    draw_widget: Callable[..., Any],
    value: V,
    change: Change[S],
    *,
    options: Sequence[V] = (),
    **arguments: Any,
) -> None:
    """Draw a widget that shows what follows from the state, and changes the state when it is set.

    Parameters
    ----------
    page
        The page.
    name
        What the widget shows; no field has this name.
    draw_widget
        One of Streamlit's.
    value
        What it shows now. It is shown again whenever the state moves it.
    change
        Returns the next state; None if the value may not be.
    options
        What may be chosen, if it is a choice; nothing else is taken.
    **arguments
        For the widget.
    """
    _show_again(page, name, value)
    key = page.key(name)

    drawn: Any = value

    def report() -> None:
        nonlocal drawn
        reported = st.session_state.get(key)
        late = key != page.key(name)
        if late and reported == drawn:
            return
        drawn = reported
        known = not options or reported in options
        state = change(page.state, reported) if known and reported is not None else None
        if state is None:
            refuse(page, name, None)
            return
        if not late:
            page.derived[name] = reported
        put(page, state)

    shown: dict[str, Any] = {"value": value}
    if draw_widget in (st.selectbox, st.radio):
        shown = {"index": options.index(value)}
    if options:
        shown["options"] = options
    draw_widget(key=key, on_change=report, **shown, **arguments)


def _show_again(page: PageVisit[Any], name: str, value: Any) -> None:
    """Have a widget that shows what follows from the state show it anew, if the state has moved it."""
    if page.derived.setdefault(name, value) != value:
        page.versions[name] += 1
        page.derived[name] = value
