"""The names of pages are those of the router, and a path names one or none."""

import ast

import pytest

from lab.web.page_names import HOME, LABS, page_at
from scripts.browser import ROOT


def test_pages_are_those_of_the_router() -> None:
    tree = ast.parse((ROOT / "pages" / "router.py").read_text(encoding="utf-8"))
    calls = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and call.args]
    routed = {
        ast.literal_eval(call.args[0]).removesuffix(".py")
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "Page"
    }
    assert routed == {"home", *LABS}


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", HOME),
        ("", HOME),
        ("/losses", "losses"),
        ("/losses/", "losses"),
        ("//losses", None),
        ("/losses//", None),
        ("//evil.test/losses", None),
        ("//", None),
        ("/home", None),
        ("/losses/transport", None),
        ("/teaching/lab/losses", None),
        ("/Losses", None),
    ],
)
def test_page_at(path: str, page: str | None) -> None:
    assert page_at(path) == page


def test_page_at_below_a_path(served_at_a_path: None) -> None:
    assert page_at("/teaching/lab/losses/") == "losses"
    assert page_at("/teaching/lab") == page_at("/teaching/lab/") == HOME
    assert [page_at(path) for path in ("/losses", "/", "/teaching/lablosses")] == [None] * 3
