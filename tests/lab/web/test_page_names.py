"""The names of pages are those of the router, and a path names one or none."""

import pytest

from lab.page.frame import PAGES
from lab.web.page_names import HOME, LABS, page_at


def test_pages_are_those_of_the_router() -> None:
    assert [one.slug for one in PAGES] == ["home", *LABS]


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
