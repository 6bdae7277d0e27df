"""Serves a page with two animations beside each other, with the lab's own scripts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4]))
sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "pages"))

import streamlit as st
from starlette.middleware import Middleware

from lab.live.animations import animation_route
from lab.web.static_files import KeptFiles

app = st.App(
    Path(__file__).with_name("page.py"),
    routes=[animation_route()],
    middleware=[Middleware(KeptFiles)],
)
