"""The doors to the labs, each with a drawn sign and the question behind it."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from lab.language.catalogues import N_, _
from lab.page.links import show_page_link

_QUESTIONS: Final[Mapping[str, str]] = {
    "softmax": N_("How does *p* move when I move *a*?"),
    "gradient": N_("Which way does it push?"),
    "stability": N_("Where does NaN come from?"),
    "losses": N_("Are L1 and L2 the same?"),
    "transport": N_("How does Sinkhorn balance a plan?"),
    "tuning": N_("Which parameters give what I need?"),
}
# Drawn in the colours of what they show, by the classes of the style sheet.
_SIGNS: Final[Mapping[str, str]] = {
    "softmax": """
      <path class="p" d="M2 18h7v10H2zM12 5h7v23h-7zM22 22h7v6h-7zM32 25h7v3h-7z"/>""",
    "gradient": """
      <path class="l1" d="M20 7.5h12V3l8 6.5-8 6.5v-4.5H20z"/>
      <path class="l2" d="M22 20.5H10V16l-8 6.5 8 6.5v-4.5h12z"/>""",
    "stability": """
      <path class="second" d="M0 23h20v3H0z"/>
      <path class="failure" d="M23 4h17v24H23z"/>
      <path class="hatch" d="M23 16 35 4M23 28 40 11M33 28l7-7"/>""",
    "losses": """
      <path class="exact" d="M2 27 39 5"/>
      <g class="l2"><circle cx="8" cy="24" r="3.5"/><circle cx="15" cy="23" r="3.5"/>
        <circle cx="25" cy="11" r="3.5"/><circle cx="35" cy="9" r="3.5"/></g>""",
    "transport": """
      <path class="plan-8" d="M4 2h10v10H4z"/><path class="plan-3" d="M15 2h10v10H15z"/>
      <path class="plan-1" d="M4 13h10v10H4z"/><path class="plan-6" d="M15 13h10v10H15z"/>
      <path class="rows" d="M27 2h9v10h-9zM27 13h6v10h-6z"/>
      <path class="columns" d="M4 25h10v5H4zM15 25h10v3H15z"/>""",
    "tuning": """
      <path class="columns" d="M2 16h12v13H2zM14 22h12v7H14z"/>
      <path class="plan-1" d="M26 3h14v26H26z"/>
      <path class="wash" d="M8 3h18v19H14v-6H8z"/><circle class="ink" cx="22" cy="18" r="4.5"/>""",
}


def show_doors() -> None:
    """Show the doors, in the order of the labs."""
    with st.container(key="doors"):
        for slug, question in _QUESTIONS.items():
            with st.container(key=f"door-{slug}"):
                st.markdown(_sign(slug), unsafe_allow_html=True)
                show_page_link(slug, _(question), arrow=False)


def _sign(slug: str) -> str:
    """Return a drawing, which Streamlit's `html` would take out, on one line, as Markdown needs it."""
    drawn = " ".join(_SIGNS[slug].split())
    return f'<svg viewBox="0 0 42 32" aria-hidden="true">{drawn}</svg>'
