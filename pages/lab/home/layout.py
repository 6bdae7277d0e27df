"""The blocks that the home page is built of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from ce_core.post.derivations import CheckedLine, check_derivation, example
from lab.home.text import ANCHORS, STEPS, derivation
from lab.language.catalogues import _

_CSS: Final = Path(__file__).with_name("home.css").read_text(encoding="utf-8")


def apply_home_style() -> None:
    """Lay out derivations and ledger."""
    st.html(f"<style>{_CSS}</style>")


def open_step(index: int) -> None:
    """Head a part of the page, so that the contents can jump to it."""
    st.header(_(STEPS[index]), anchor=ANCHORS[index])


@st.cache_data(show_spinner=False)
def checked(name: str) -> tuple[CheckedLine, ...]:
    """Return the lines of a derivation at the example of the page."""
    return check_derivation(name, *example())


def show_derivation(name: str, *, after: str | None = None, until: str | None = None) -> None:
    """Show a derivation, or its lines after one and until another, with what each is off by."""
    lines = checked(name)
    names = [line.name for line in lines]
    start = names.index(after) + 1 if after else 0
    end = names.index(until) + 1 if until else len(lines)
    with st.container(border=True, key=f"derivation-{name}-{start}"):
        st.markdown(derivation(name, lines[start:end], first=start + 1))


def show_verdict(verdict: str) -> None:
    """Say what a step has shown."""
    with st.container(border=True):
        st.markdown(verdict)


def show_page_link(page: str, label: str) -> None:
    """Link to a page as the visitor left it."""
    st.page_link(page, label=label, icon=":material/arrow_forward:", width="content")


def state_address(page: str, query: Mapping[str, str]) -> str:
    """Return the address of a page in a state, relative to the home page."""
    return f"{page}?{urlencode(query)}" if query else page


def show_state_link(label: str, address: str) -> None:
    """Link to a page in a state.

    It opens a tab, so a session, of its own: in this one a page that has been visited keeps what its
    link does not name.
    """
    st.link_button(label, address, icon=":material/open_in_new:", type="tertiary")
