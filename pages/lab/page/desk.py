"""What a lab draws its controls with: fields, buttons, editors, each of which sets the state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import streamlit as st

from lab.drag.editor import show_editor
from lab.language.catalogues import _
from lab.state.fields import LARGEST_SEED, State
from lab.state.visit import PageVisit, put, token
from lab.state.widgets import Change, Widget, draw, draw_derived

S = TypeVar("S", bound=State)


def say_that_it_has_not_come() -> None:
    """Say what does the same as an editor whose script has not come."""
    st.info(_("What is dragged has not come. The exact values in the sidebar do the same."))


class Desk(Generic[S]):
    """The controls of a page in one run.

    Parameters
    ----------
    page
        What the visitor has set on it.
    """

    def __init__(self, page: PageVisit[S]) -> None:
        self.page = page

    @property
    def state(self) -> S:
        """The present state."""
        return self.page.state

    def fields(self, *names: str) -> None:
        """Draw the widgets of some fields, one below the other."""
        for name in names:
            self.field(name)

    def group(self, title: str, *names: str) -> None:
        """Draw a title, and under it the widgets of some fields."""
        st.subheader(title, anchor=False)
        self.fields(*names)

    def field(self, name: str, *, change: Change[S] | None = None, **options: Any) -> None:
        """Draw the widget of a field; see `Widget`."""
        draw(Widget(self.page, name, change=change, **options))

    def derived(
        self,
        name: str,
        draw_widget: Callable[..., Any],
        value: Any,
        change: Change[S],
        *,
        options: Sequence[Any] = (),
        **arguments: Any,
    ) -> None:
        """Draw a widget that is no field; see `draw_derived`."""
        draw_derived(self.page, name, draw_widget, value, change, options=options, **arguments)

    def button(self, label: str, name: str, act: Callable[[S], S], **options: Any) -> None:
        """Draw a button; `act` returns the next state of the one in which it is pressed."""

        def press() -> None:
            put(self.page, act(self.page.state))

        st.button(label, key=f"{self.page.slug}.{name}", on_click=press, **options)

    def reset(self, label: str) -> None:
        """Draw the button that goes back to the state on which the page opens."""
        self.button(label, "reset", lambda _state: self.page.default, icon=":material/restart_alt:")

    def new_draw(self, *, disabled: bool = False, **changes: Any) -> None:
        """Draw the button that takes the next seed, and what else a new draw changes."""

        def act(state: Any) -> Any:
            return replace(state, seed=(state.seed + 1) % (LARGEST_SEED + 1), **changes)

        self.button(_("New draw"), "new-draw", act, icon=":material/casino:", disabled=disabled)

    def editor(
        self,
        component: Callable[..., Any],
        name: str,
        data: Mapping[str, Any],
        read: Callable[[dict[str, Any], S], S | None],
        *,
        otherwise: Callable[[], None] = say_that_it_has_not_come,
    ) -> None:
        """Draw a component that is moved by hand.

        Parameters
        ----------
        component
            As `register` returns it.
        name
            Of the component on this page.
        data
            What it shows.
        read
            Returns the state after a message; None if the message says none that may be.
        otherwise
            Draws what is there if its script has not come.
        """

        def take(message: dict[str, Any]) -> None:
            state = read(message, self.state)
            if state is not None:
                put(self.page, state)

        key = f"{self.page.slug}.{name}"
        if not show_editor(component, key=key, session=token(), data=data, take=take):
            otherwise()
