"""Links from one page to another, in a state or as the visitor left it."""

from collections.abc import Mapping

import streamlit as st

from lab.state.visit import query_of, query_of_view


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
