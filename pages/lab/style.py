"""The little that the theme cannot say."""

import streamlit as st

_CSS = """
<style>
  .stMainBlockContainer { padding-top: 4rem; padding-bottom: 3rem; }
  [class*="st-key-figure-"] h3 { font-size: 1.2rem; padding: 0; }
  @media (max-width: 640px) {
    .stMainBlockContainer { padding-left: 0.75rem; padding-right: 0.75rem; }
    .stMainBlockContainer h1 { font-size: 1.6rem; }
    [class*="st-key-figure-"] { padding: 0.5rem; }
    .stMainBlockContainer h3 { font-size: 1.1rem; }
  }
  @media (min-width: 641px) { .st-key-phone-hint { display: none; } }
</style>
"""


def apply_style() -> None:
    """Set margins for wide and narrow screens. Call once a run, from the router."""
    st.html(_CSS)
