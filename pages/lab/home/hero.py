"""The first screen of the home page: one figure to take hold of, a sentence, and the ways on."""

from typing import Any, Final

import streamlit as st

from lab.language.catalogues import _
from lab.page.links import show_page_link, show_state_link
from lab.post.text import ANCHORS
from lab.web.assets import register

HERO: Final = register("home/hero")
LEAD, CLASSES = 3.4, 10
"""Where it opens: the losses push opposite ways."""

# The same state, to be let go.
LET_GO: Final = {"a": ",".join([f"{LEAD:g}", *["0"] * (CLASSES - 1)])}
_IDENTITY: Final = ":blue[$L_1$] $=$ :orange[$L_2$] $+$ :green[$H(p)$]"
_FAILED: Final = "home: the figure did not come"


def show_hero() -> None:
    """Show the question, the figure that answers it, and the ways on."""
    with st.container(key="hero"):
        with st.container(key="hero-title"):
            st.title(_("Two losses, one logit, opposite pushes"), anchor=False)
        with st.container(key="hero-figure"):
            HERO(key="home.hero", data=hero_data(), on_failed_change=_note_failure)
            if _FAILED in st.session_state:
                st.markdown(_("The figure did not load. The labs below show the same, step by step."))
        with st.container(key="hero-words"):
            with st.container(key="hero-ways", horizontal=True):
                with st.container(key="hero-first", width="content"):
                    show_state_link("gradient", _("Let L2 pull"), LET_GO, arrow=False)
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


def _note_failure() -> None:
    st.session_state[_FAILED] = True


def hero_data() -> dict[str, Any]:
    """Return what the figure opens on, and what it says, by the name that its script uses."""
    return {
        "lead": LEAD,
        "classes": CLASSES,
        # Links from before the steps had a page of their own.
        "moved": {anchor: f"post#{anchor}" for anchor in ANCHORS},
        "words": {
            "lead": _("Lead of the right logit over the others"),
            "axis": _("lead of the right logit"),
            "axisShort": _("lead"),
            "zero": _("loss 0"),
            "l1": _("cross-entropy"),
            "l2": _("without the logarithm"),
            "l2Short": _("no logarithm"),
            "region": _("here they push opposite ways"),
            "regionShort": _("opposite ways"),
            "rest": _("L2 comes to rest at"),
            "restShort": _("rests at"),
            "more": _("more sure"),
            "less": _("less sure"),
            "drag": _("drag me"),
            "chance": _("probability of the right class: p = {p}"),
            "chanceShort": _("p = {p}"),
            "classes": _("{k} classes"),
            "same": _("{lead}, p is {p}: L1 and L2 both push towards more sure"),
            "opposite": _("{lead}, p is {p}: L1 pushes towards more sure, L2 towards less sure"),
            "rests": _("{lead}, p is {p}: L1 pushes towards more sure, L2 rests"),
        },
    }
