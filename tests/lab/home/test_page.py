"""The home page: a live figure and the doors."""

import json
import re
from gettext import NullTranslations
from typing import Any
from urllib.parse import parse_qsl

import pytest

from ce_core import logit_gap_grad
from lab.gradient.state import GradientState
from lab.home.figure import hero_data
from lab.home.hero import gradient_query
from lab.home.opening import opening
from lab.home.state import DEFAULT, HIGH, LOW, HomeState, read_move
from lab.language.catalogues import CATALOGUES, spoken
from lab.page.frame import PAGES
from lab.state.codec import read
from lab.web.page_names import LABS
from scripts.browser import ROOT
from tests.lab.conftest import OpenPage
from tests.support.reading import markdown_of

DATA = re.compile(r'<script type="application/json">(.+?)</script>')


def test_home_opens_on_the_question(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert not app.exception
    assert not app.warning
    assert app.title[0].value == "Two losses, one logit, opposite pushes"


def test_home_figure_opens_where_the_losses_push_opposite_ways() -> None:
    a = [DEFAULT.lead, *[0.0] * (DEFAULT.k - 1)]
    push = -logit_gap_grad(a, [1.0, *[0.0] * (DEFAULT.k - 1)])[0].item()
    assert push < -0.3
    data = hero_data(DEFAULT)
    assert (data["lead"], data["k"], data["moves"]) == (3.4, 10, True)


@pytest.mark.parametrize(("lead", "k"), [(3.4, 10), (-1.25, 2), (0.0, 5), (8.0, 64)])
def test_home_lets_l2_pull_where_the_figure_is_held(lead: float, k: int) -> None:
    query = gradient_query(HomeState(lead, k))
    state, taken = read(GradientState(), {name: [text] for name, text in query.items()})
    assert taken == {"a"}
    assert state.a == (lead, *[0.0] * (k - 1))


def test_home_shows_the_state_of_its_address(open_page: OpenPage) -> None:
    app = open_page("home.py", lead="-1.5", k="64")
    assert not app.warning
    link = app.get("page_link")[len(PAGES)]
    assert dict(parse_qsl(link.proto.query_string)) == gradient_query(HomeState(-1.5, 64))
    assert open_page("home.py", lead="9", k="1").warning


@pytest.mark.parametrize(
    "message",
    [{}, {"lead": 1.0}, {"lead": HIGH + 0.01, "k": 3}, {"lead": LOW, "k": 2.5}, {"lead": "1", "k": 3}],
)
def test_a_forged_move_of_the_figure_is_none(message: dict[str, Any]) -> None:
    assert read_move(message, DEFAULT) is None
    assert read_move({"lead": LOW, "k": 64.0, "more": 1}, DEFAULT) == HomeState(LOW, 64)


class Hostile(NullTranslations):
    """A language whose words would be markup."""

    def gettext(self, message: str) -> str:
        return f"</script><b>{message}"


def test_home_opens_with_its_figure_in_the_html(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUES, "xx", Hostile())
    html = opening("en", {"lead": ["-1.5"], "k": ["64"]})
    assert "<h1>Two losses, one logit, opposite pushes</h1>" in html
    assert json.loads(DATA.findall(html)[0]) == hero_data(HomeState(-1.5, 64))
    other = opening("xx", {"lead": ["</script>"], "k": ["2", "3"]})
    assert "<b>" not in other
    data = json.loads(DATA.findall(other)[0])
    assert (data["lead"], data["k"]) == (DEFAULT.lead, DEFAULT.k)
    assert data["words"]["less"] == "</script><b>less sure"
    # A language is that of its visit.
    assert spoken() == "en"


def test_html_of_home_has_the_style_of_all_that_its_figure_is_made_of() -> None:
    drawn = (ROOT / "pages/lab/home/hero_view.js").read_text(encoding="utf-8")
    styled = set(re.findall(r"\.(lab-[\w-]+)", opening("en", {})))
    assert set(re.findall(r"lab-[\w-]+", drawn)) <= styled


def test_home_says_so_where_the_figure_did_not_come(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert "The figure did not load" not in markdown_of(app)
    app.session_state["home.hero: failed"] = True
    assert "The figure did not load" in markdown_of(app.run())


def test_home_links_to_the_pages_and_to_states_of_the_experiment(open_page: OpenPage) -> None:
    app = open_page("home.py")
    links = [
        (link.proto.page, dict(parse_qsl(link.proto.query_string))) for link in app.get("page_link")
    ]
    pages, states = links[: len(PAGES)], links[len(PAGES) :]
    assert pages == [("" if slug == "home" else slug, {}) for slug in PAGES]
    doors: list[tuple[str, dict[str, str]]] = [(slug, {}) for slug in LABS]
    assert states == [("gradient", gradient_query(DEFAULT)), ("claims", {}), *doors]


def test_home_links_keep_how_pages_are_shown(open_page: OpenPage) -> None:
    app = open_page("home.py", charts="plain")
    for link in app.get("page_link"):
        assert dict(parse_qsl(link.proto.query_string))["charts"] == "plain"
