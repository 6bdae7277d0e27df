"""Serves a page with two films beside each other, with the lab's own scripts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st

from app import SCRIPT_ROUTES

app = st.App(Path(__file__).with_name("page.py"), routes=SCRIPT_ROUTES)
