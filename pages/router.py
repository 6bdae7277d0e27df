"""Navigation and frame: every run of the lab starts here, whatever page it shows."""

import streamlit as st

from lab.language.catalogues import _, speak
from lab.language.preference import choose_language
from lab.page.style import ICON, apply_style

speak(choose_language(st.query_params.get("lang"), st.context.headers.get("Accept-Language")))
page = st.navigation(
    [
        st.Page("home.py", title=_("Home"), default=True),
        st.Page("softmax.py", title=_("Softmax")),
        st.Page("gradient.py", title=_("Gradient")),
        st.Page("stability.py", title=_("Stability")),
        st.Page("losses.py", title=_("L1 against L2")),
        st.Page("transport.py", title=_("Transport")),
    ],
    position="top",
)
st.set_page_config(
    page_title=_("{page} · Cross-Entropy Lab").format(page=page.title),
    page_icon=str(ICON),
    layout="wide",
)
apply_style()
page.run()
