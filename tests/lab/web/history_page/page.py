"""A page that says whether Back or Forward caused its run, and moves on by a button."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "pages"))

import streamlit as st

from lab.web.streamlit_private import is_history_navigation

if st.button("Move on"):
    st.query_params["at"] = str(int(st.query_params.get("at", "0")) + 1)
st.text(f"at {st.query_params.get('at', '0')}, by the browser's history: {is_history_navigation()}")
