"""The blocks that the home page is built of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st

from ce_core.post.derivations import CheckedLine, check_derivation, example
from lab.home.text import ANCHORS, STEPS, derivation
from lab.language.catalogues import _
from lab.state.visit import query_of, query_of_view

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


def show_page_link(slug: str, label: str, *, arrow: bool = True) -> None:
    """Link to a page as the visitor left it."""
    _link(slug, label, query_of(slug), arrow=arrow)


def show_state_link(slug: str, label: str, query: Mapping[str, str], *, arrow: bool = True) -> None:
    """Link to a page in a state, which Back leaves again."""
    _link(slug, label, {**query_of_view(), **query}, arrow=arrow)


def _link(slug: str, label: str, query: Mapping[str, str], *, arrow: bool) -> None:
    st.page_link(
        f"{slug}.py",
        label=label,
        icon=":material/arrow_forward:" if arrow else None,
        width="content",
        query_params=dict(query),
    )
