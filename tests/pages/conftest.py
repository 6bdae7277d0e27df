"""The pages as Streamlit runs them, without a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROUTER = Path(__file__).resolve().parents[2] / "pages" / "router.py"

OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page() -> OpenPage:
    """Return a function that opens a page by its file, with the query of a link, its drawers open."""

    def open_it(file: str, **query: str | list[str]) -> AppTest:
        app = AppTest.from_file(str(ROUTER), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        for drawer in ("numbers", "link", "code"):
            app.session_state[f"drawer-{drawer}"] = True
        return app.switch_page(file).run()

    return open_it


@pytest.fixture
def served_at_a_path() -> Iterator[None]:
    """Have the lab served below a path of its host."""
    before = st.get_option("server.baseUrlPath")
    st.config.set_option("server.baseUrlPath", "teaching/lab")
    yield
    st.config.set_option("server.baseUrlPath", before)
