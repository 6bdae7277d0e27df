"""The beats that all pages share: question, answer, notes, formulas, numbers, link, code, next page."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from lab.language.catalogues import _, ngettext, spoken
from lab.page.links import show_page_link
from lab.page.notes import Note
from lab.state.visit import PageVisit
from lab.web.page_names import LABS
from lab.web.previews import preview
from lab.web.streamlit_private import DeltaGenerator, ExpanderContainer


def open_page(question: str, answer: str = "") -> DeltaGenerator:
    """Head a page with its question and the answer to it, and return the place of the answer."""
    st.title(question, anchor=False)
    place = st.container(key="answer")
    if answer:
        place.markdown(answer)
    return place


def show_formulas(*formulas: str) -> None:
    """Show the formulas of a page, side by side if they fit."""
    with st.container(key="formulas"):
        st.markdown("\n\n".join(f"$$\n{formula}\n$$" for formula in formulas))


def phone_hint() -> None:
    """Say where the controls are on a screen too narrow to show them."""
    with st.container(key="phone-hint"):
        # Not a caption, whose colour is too faint for letters of its size.
        st.markdown(_(":small[The controls are behind » at the top left.]"))


def show_ignored(page: PageVisit[Any]) -> None:
    """Say which parts of the address were ignored, as long as the visitor stays or until dismissed."""
    ignored = page.ignored
    if not ignored:
        return
    # Of what has no letters nothing is left, and two backticks alone would be no code.
    names = ", ".join(f"`{part}`" if part else _("(empty)") for part in ignored[:5])
    more = len(ignored) - 5
    with st.container(key="ignored-notice", horizontal=True, vertical_alignment="center"):
        said = (
            ngettext(
                "Ignored in the link: {names} and {count} more.",
                "Ignored in the link: {names} and {count} more.",
                more,
            ).format(names=names, count=more)
            if more > 0
            else _("Ignored in the link: {names}.").format(names=names)
        )
        st.warning(said)
        st.button(_("Dismiss"), on_click=ignored.clear)


def show_notes(notes: Sequence[Note]) -> None:
    """Show what to notice in the present state; the key of the list names the notes, for tests."""
    with st.container(border=True, key="notes"):
        st.header(_("What to notice"), anchor=False)
        with st.container(key=" ".join(["noted", *(note.id for note in notes)])):
            st.markdown("".join(f"- {note.text}\n" for note in notes))


def show_link(query: Mapping[str, str]) -> None:
    """Show the address of the present state, to be copied."""
    if (part := drawer("link", _("A link to this state"))).open:
        page = (st.context.url or "").partition("?")[0]
        part.code(f"{page}?{urlencode(query)}" if query else page, language=None, wrap_lines=True)


def show_code(snippet: str, command: str) -> None:
    """Show the Python and the command line that compute what the page shows."""
    if (part := drawer("code", _("The code that computed this"))).open:
        part.code(snippet, language="python")
        part.code(command, language="bash")


def show_numbers(
    numbers: Callable[[], Mapping[str, float]], csv: Callable[[], str], *, file_name: str
) -> None:
    """Show every number as a table, and offer the data behind the figures as CSV."""
    if (part := drawer("numbers", _("The numbers as a table"))).open:
        shown = numbers()
        part.dataframe(
            {
                _("quantity"): list(shown),
                _("value"): [f"{value:.8g}" for value in shown.values()],
            },
            hide_index=True,
            width="content",
        )
        part.download_button(_("Download the data as CSV"), csv(), file_name=file_name, mime="text/csv")


def show_next_page(slug: str) -> None:
    """Lead on to the lab after this one, as the visitor left it; the last leads home."""
    following = dict(zip(LABS, [*LABS[1:], "home"], strict=True))[slug]
    question = preview(following, spoken(), _).question
    show_page_link(following, _("Next: {question}").format(question=question))


def drawer(name: str, label: str) -> ExpanderContainer:
    """Return a part of the page that is filled only while it is open.

    A closed one would be drawn all the same: the highlighter of code alone holds the first chart up
    by a tenth of its time.
    """
    return st.expander(label, key=f"drawer-{name}", on_change="rerun")
