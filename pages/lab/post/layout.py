"""The blocks that the page of the post is built of."""

import streamlit as st

from ce_core.post.derivations import CheckedLine, check_derivation, example
from lab.language.catalogues import _
from lab.post.anchors import ANCHORS
from lab.post.text import STEPS, derivation


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
