"""Serves a page with two films beside each other, with the lab's own scripts."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "pages"), str(ROOT)]

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from lab.kept_files import KeptFiles  # noqa: E402

app = st.App(Path(__file__).with_name("page.py"), middleware=[Middleware(KeptFiles)])
