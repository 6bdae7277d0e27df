"""The home page says what the lab is and opens the experiment."""

from tests.pages.conftest import OpenPage


def test_home_says_what_the_lab_is_and_links_to_the_experiment(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert not app.exception
    assert app.title[0].value == "Cross-Entropy Lab"
    links = app.get("page_link")
    assert [link.proto.page for link in links] == ["losses", "losses"]
