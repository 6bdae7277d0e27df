"""A path names one page or none."""

import pytest

from lab.web.page_names import HOME, page_at


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/", HOME),
        ("", HOME),
        ("/losses", "losses"),
        ("/losses/", "losses"),
        ("/claims", "claims"),
        ("//losses", None),
        ("/losses//", None),
        ("//evil.test/losses", None),
        ("//", None),
        ("/post", "post"),
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
