"""The beats that all pages share: question, formula, figures, numbers, share, export, code."""

from collections.abc import Mapping

import streamlit as st

from lab.i18n import _


def open_page(question: str, lead: str, *formulas: str) -> None:
    """Head a page with its question, what it is about, and its formulas, side by side if they fit."""
    st.title(question, anchor=False)
    st.markdown(lead)
    with st.container(horizontal=True, horizontal_alignment="center", gap="large", key="formulas"):
        for formula in formulas:
            st.latex(formula, width="content")


def phone_hint() -> None:
    """Say where the controls are on a screen too narrow to show them."""
    with st.container(key="phone-hint"):
        st.caption(_("The controls are behind » at the top left."))


def show_notes(notes: list[str]) -> None:
    """Show what to notice in the present state."""
    with st.container(border=True, key="notes"):
        st.header(_("What to notice"), anchor=False)
        st.markdown("".join(f"- {note}\n" for note in notes))


def show_link(address: str) -> None:
    """Show the address of the present state, to be copied."""
    with st.expander(_("A link to this state")):
        st.code(address, language=None, wrap_lines=True)


def show_code(snippet: str, command: str) -> None:
    """Show the Python and the command line that compute what the page shows."""
    with st.expander(_("The code that computed this")):
        st.code(snippet, language="python")
        st.code(command, language="bash")


def show_numbers(numbers: Mapping[str, float], csv: str, *, file_name: str) -> None:
    """Show every number as a table, and offer the data behind the figures as CSV."""
    with st.expander(_("The numbers as a table")):
        st.dataframe(
            {
                _("quantity"): list(numbers),
                _("value"): [f"{value:.8g}" for value in numbers.values()],
            },
            hide_index=True,
            width="content",
        )
        st.download_button(_("Download the data as CSV"), csv, file_name=file_name, mime="text/csv")
