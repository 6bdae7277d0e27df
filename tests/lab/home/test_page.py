"""The home page: a live figure and the doors."""

from urllib.parse import parse_qsl

from ce_core import logit_gap_grad
from lab.gradient.state import GradientState
from lab.home.hero import CLASSES, LEAD, LET_GO, hero_data
from lab.page.frame import PAGES
from lab.state.codec import read
from lab.web.page_names import LABS
from tests.lab.conftest import OpenPage
from tests.support.reading import markdown_of


def test_home_opens_on_the_question(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert not app.exception
    assert not app.warning
    assert app.title[0].value == "Two losses, one logit, opposite pushes"


def test_home_figure_opens_where_the_losses_push_opposite_ways() -> None:
    state, taken = read(GradientState(), {name: [text] for name, text in LET_GO.items()})
    assert taken == {"a"}
    assert state.a == (LEAD, *[0.0] * (CLASSES - 1))
    push = -logit_gap_grad(list(state.a), [1.0, *[0.0] * (CLASSES - 1)])[0].item()
    assert push < -0.3
    assert (hero_data()["lead"], hero_data()["classes"]) == (LEAD, CLASSES)


def test_home_says_so_where_the_figure_did_not_come(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert "The figure did not load" not in markdown_of(app)
    app.session_state["home: the figure did not come"] = True
    assert "The figure did not load" in markdown_of(app.run())


def test_home_links_to_the_pages_and_to_states_of_the_experiment(open_page: OpenPage) -> None:
    app = open_page("home.py")
    links = [
        (link.proto.page, dict(parse_qsl(link.proto.query_string))) for link in app.get("page_link")
    ]
    pages, states = links[: len(PAGES)], links[len(PAGES) :]
    assert pages == [("" if slug == "home" else slug, {}) for slug in PAGES]
    doors: list[tuple[str, dict[str, str]]] = [(slug, {}) for slug in LABS]
    assert states == [("gradient", LET_GO), ("claims", {}), *doors]


def test_home_links_keep_how_pages_are_shown(open_page: OpenPage) -> None:
    app = open_page("home.py", charts="plain")
    for link in app.get("page_link"):
        assert dict(parse_qsl(link.proto.query_string))["charts"] == "plain"
