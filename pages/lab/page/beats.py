"""The beats that all pages share: question, formula, figures, numbers, share, export, code."""

from collections.abc import Callable, Mapping

import streamlit as st

from lab.language.catalogues import _
from lab.web.streamlit_private import ExpanderContainer


def open_page(question: str, lead: str, *formulas: str) -> None:
    """Head a page with its question, what it is about, and its formulas, side by side if they fit."""
    st.title(question, anchor=False)
    st.markdown(lead)
    with st.container(key="formulas"):
        st.markdown("\n\n".join(f"$$\n{formula}\n$$" for formula in formulas))


def phone_hint() -> None:
    """Say where the controls are on a screen too narrow to show them."""
    with st.container(key="phone-hint"):
        # Not a caption, whose colour is too faint for letters of its size.
        st.markdown(_(":small[The controls are behind » at the top left.]"))


def show_notes(notes: list[str]) -> None:
    """Show what to notice in the present state."""
    with st.container(border=True, key="notes"):
        st.header(_("What to notice"), anchor=False)
        st.markdown("".join(f"- {note}\n" for note in notes))


def show_link(address: str) -> None:
    """Show the address of the present state, to be copied."""
    if (drawer := _drawer("link", _("A link to this state"))).open:
        drawer.code(address, language=None, wrap_lines=True)


def show_code(snippet: str, command: str) -> None:
    """Show the Python and the command line that compute what the page shows."""
    if (drawer := _drawer("code", _("The code that computed this"))).open:
        drawer.code(snippet, language="python")
        drawer.code(command, language="bash")


def show_numbers(
    numbers: Callable[[], Mapping[str, float]], csv: Callable[[], str], *, file_name: str
) -> None:
    """Show every number as a table, and offer the data behind the figures as CSV."""
    if (drawer := _drawer("numbers", _("The numbers as a table"))).open:
        shown = numbers()
        drawer.dataframe(
            {
                _("quantity"): list(shown),
                _("value"): [f"{value:.8g}" for value in shown.values()],
            },
            hide_index=True,
            width="content",
        )
        drawer.download_button(
            _("Download the data as CSV"), csv(), file_name=file_name, mime="text/csv"
        )


def _drawer(name: str, label: str) -> ExpanderContainer:
    """Return a part of the page that is filled only while it is open.

    A closed one would be drawn all the same: the highlighter of code alone holds the first chart up
    by a tenth of its time.
    """
    return st.expander(label, key=f"drawer-{name}", on_change="rerun")
