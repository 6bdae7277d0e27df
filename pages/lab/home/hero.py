"""The first screen of the home page: one figure to take hold of, a sentence, and the ways on."""

from typing import Final

import streamlit as st

from lab.home.figure import hero_data, question
from lab.home.state import HomeState, read_move
from lab.language.catalogues import _
from lab.page.desk import Desk
from lab.page.links import show_page_link, show_state_link
from lab.state.fields import spell
from lab.state.visit import PageVisit
from lab.web.assets import register

HERO: Final = register("home/hero")
_IDENTITY: Final = ":blue[$L_1$] $=$ :orange[$L_2$] $+$ :green[$H(p)$]"


def show_hero(page: PageVisit[HomeState]) -> None:
    """Show the question, the figure that answers it, and the ways on."""
    with st.container(key="hero"):
        with st.container(key="hero-title"):
            st.title(question(), anchor=False)
        with st.container(key="hero-figure"):
            Desk(page).editor(
                HERO, "hero", hero_data(page.state), read_move, otherwise=_say_that_it_has_not_come
            )
        with st.container(key="hero-words"):
            with st.container(key="hero-ways", horizontal=True):
                with st.container(key="hero-first", width="content"):
                    show_state_link(
                        "gradient", _("Let L2 pull"), gradient_query(page.state), arrow=False
                    )
                show_page_link("claims", _("Is the post right?"), arrow=False)
            st.markdown(
                _(
                    "A blog post of 2023 replaces cross-entropy :blue[**L1**] by :orange[**L2**], a "
                    "loss without a logarithm, and finds them the same. Drag past the dashed line: "
                    ":blue[**L1**] keeps lifting the right class, :orange[**L2**] turns and takes it "
                    "back."
                )
            )
            st.markdown(_IDENTITY)
            st.markdown(
                _(
                    ":small[Height is loss, in nats. The *lead* is the right logit minus the others, "
                    "which are equal. :green[H(p)] is the entropy of p: 0 when all is on one class, "
                    "most when the classes are alike.]"
                )
            )


def gradient_query(state: HomeState) -> dict[str, str]:
    """Return the state of the gradient's page with the same logits."""
    return {"a": ",".join([spell(state.lead), *["0"] * (state.k - 1)])}


def _say_that_it_has_not_come() -> None:
    st.markdown(_("The figure did not load. The labs below show the same, step by step."))
