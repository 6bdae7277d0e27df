"""What surrounds every page: the title of the window, the look, the way to the other pages."""

from typing import Final

import streamlit as st

from lab.language.catalogues import _, speak, spoken
from lab.language.preference import choose_language
from lab.page.style import CONTROLS_WIDTH, apply_style
from lab.state.visit import begin, query_of
from lab.web.assets import ICON
from lab.web.page_names import LABS, READ
from lab.web.previews import preview

PAGES: Final = ("home", *READ, *LABS)
"""Their files, and the keys of what a visitor has set on them."""


def open_frame(page: st.Page) -> None:
    """Begin a run that shows a page, and draw what surrounds it."""
    view = begin(page.url_path or PAGES[0])
    speak(choose_language(view.lang, st.context.headers.get("Accept-Language")))
    st.set_page_config(
        page_title=preview(page.url_path, spoken(), _).title,
        page_icon=str(ICON),
        layout="wide",
        initial_sidebar_state=CONTROLS_WIDTH,
    )
    apply_style(page.url_path or PAGES[0])
    with st.container(key="nav", horizontal=True):
        for slug in PAGES:
            name = preview(slug, spoken(), _).name
            shown = slug == (page.url_path or PAGES[0])
            with st.container(key="nav-here" if shown else None, width="content"):
                st.page_link(f"{slug}.py", label=name, query_params=dict(query_of(slug)))
