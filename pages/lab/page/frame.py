"""What surrounds every page: the title of the window, the look, the way to the other pages."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from lab.language.catalogues import N_, _, speak
from lab.language.preference import choose_language
from lab.page.style import ICON, apply_style
from lab.state.visit import begin, query_of


@dataclass(frozen=True)
class Place:
    """A page in the navigation: its name in the URL, and its title, before translation."""

    slug: str
    title: str


PAGES: Final = (
    Place("home", N_("Home")),
    Place("softmax", N_("Softmax")),
    Place("gradient", N_("Gradient")),
    Place("stability", N_("Stability")),
    Place("losses", N_("L1 against L2")),
    Place("transport", N_("Transport")),
)


def open_frame(page: st.Page) -> None:
    """Begin a run that shows a page, and draw what surrounds it."""
    slug = page.url_path or PAGES[0].slug
    view = begin(slug)
    speak(choose_language(view.lang, st.context.headers.get("Accept-Language")))
    title = next(_(one.title) for one in PAGES if one.slug == slug)
    st.set_page_config(
        page_title=_("{page} · Cross-Entropy Lab").format(page=title),
        page_icon=str(ICON),
        layout="wide",
    )
    apply_style()
    with st.container(key="nav", horizontal=True):
        for one in PAGES:
            st.page_link(f"{one.slug}.py", label=_(one.title), query_params=dict(query_of(one.slug)))
