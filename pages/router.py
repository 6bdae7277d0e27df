"""Navigation and frame: every run of the lab starts here, whatever page it shows."""

import streamlit as st

from lab.live.animations import RUNS
from lab.page.frame import PAGES, open_frame

# Links of our own open a page as the visitor left it; Streamlit's would open it without its state.
page = st.navigation(
    [st.Page(f"{slug}.py", title=slug, default=slug == PAGES[0]) for slug in PAGES],
    position="hidden",
)
with RUNS.one():
    open_frame(page)
    page.run()
