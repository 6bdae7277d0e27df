"""The page of claims: what it is, then a card a claim, by subject."""

from typing import Final

import streamlit as st

from lab.claims.cards import cards, contents, opening, reading
from lab.claims.ledger import SUBJECTS
from lab.claims.pictures import HATCH
from lab.language.catalogues import N_, _
from lab.page.links import show_state_link
from lab.web.assets import register

_ANCHOR: Final = register("claims/anchor", styled=False)
_LABELS: Final = {
    "softmax": N_("See it: Softmax"),
    "gradient": N_("See it: Gradient"),
    "stability": N_("See it: Stability"),
    "losses": N_("See it: L1 against L2"),
    "transport": N_("See it: Transport"),
}


def show_top() -> None:
    """Say what the page is, and lead to its subjects."""
    with st.container(key="answer"):
        st.markdown(opening())
    st.markdown(contents())
    st.markdown(HATCH, unsafe_allow_html=True)


def draw_subject(subject: str) -> None:
    """Draw the claims of a subject, each with the way to the state that shows it."""
    title, claims = SUBJECTS[subject]
    st.header(_(title), anchor=subject)
    drawn = cards()
    with st.container(key=f"claims-{subject}"):
        for claim in claims:
            with st.container(border=True, key=f"claim-{claim.anchor}"):
                st.markdown(drawn[claim.key], unsafe_allow_html=True)
                if claim.page:
                    show_state_link(claim.page, _(_LABELS[claim.page]), claim.query)


def hold_anchor() -> None:
    """Keep in view what the address leads to; once all cards are drawn."""
    _ANCHOR(key="claims-anchor")


def show_foot() -> None:
    """Say how the cards are to be read."""
    st.markdown(reading())
