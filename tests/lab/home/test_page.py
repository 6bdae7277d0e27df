"""The home page: a live figure, the doors, and the ledger of the claims."""

import re
import string
from urllib.parse import parse_qsl

import pytest
import scipy.special
from streamlit.testing.v1 import AppTest

from ce_core import logit_gap_grad
from ce_core.post.claims import CLAIMS, CONDITIONAL, FALSE, TRUE
from ce_core.post.derivations import example
from lab.gradient.state import GradientState
from lab.home.hero import CLASSES, LEAD, LET_GO, hero_data
from lab.home.ledger import LEDGER, spelled, statement
from lab.page.frame import PAGES
from lab.state.codec import read
from lab.web.page_names import LABS
from tests.lab.conftest import OpenPage
from tests.support.reading import text_of


def said(app: AppTest) -> str:
    """Return the text of the page."""
    return "\n".join(element.value for element in app.markdown)


def test_home_opens_on_the_question_and_heads_its_ledger(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert not app.exception
    assert not app.warning
    assert app.title[0].value == "Two losses, one logit, opposite pushes"
    assert [header.value for header in app.header] == ["The ledger: every claim and its verdict"]


def test_home_figure_opens_where_the_losses_push_opposite_ways() -> None:
    state, taken = read(GradientState(), {name: [text] for name, text in LET_GO.items()})
    assert taken == {"a"}
    assert state.a == (LEAD, *[0.0] * (CLASSES - 1))
    push = -logit_gap_grad(list(state.a), [1.0, *[0.0] * (CLASSES - 1)])[0].item()
    assert push < -0.3
    assert (hero_data()["lead"], hero_data()["classes"]) == (LEAD, CLASSES)


def test_home_says_so_where_the_figure_did_not_come(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert "The figure did not load" not in said(app)
    app.session_state["home: the figure did not come"] = True
    assert "The figure did not load" in said(app.run())


def test_ledger_has_every_claim_of_the_core_in_its_order() -> None:
    assert list(LEDGER) == list(CLAIMS)


def test_ledger_shows_claims_verdicts_and_numbers(open_page: OpenPage) -> None:
    app = open_page("home.py")
    badges = {TRUE: "● True]", FALSE: "⊘ False]", CONDITIONAL: "◐ True if]"}
    assert [heading.value for heading in app.subheader] == [e.claim for e in LEDGER.values()]
    cards = [element.value for element in app.markdown[-len(LEDGER) :]]
    for (key, entry), card in zip(LEDGER.items(), cards, strict=True):
        shown = [verdict for verdict, badge in badges.items() if badge in card]
        assert shown == [CLAIMS[key].verdict], key
        names = {name for _, name, _, _ in string.Formatter().parse(entry.statement) if name}
        assert names, key
        assert all(spelled(key)[name] in card for name in names), key
        assert not re.search(r"[{}]|nan|not defined", statement(key)), key


def test_ledger_numbers_are_those_that_the_claim_measures() -> None:
    numbers = CLAIMS["linear_correlation"].measure()
    assert f"slope {numbers['slope_16']:.4g}" in statement("linear_correlation").replace("the ", "")


def test_home_links_to_the_pages_and_to_the_states_that_show_the_claims(open_page: OpenPage) -> None:
    app = open_page("home.py")
    links = [
        (link.proto.page, dict(parse_qsl(link.proto.query_string))) for link in app.get("page_link")
    ]
    pages, states = links[: len(PAGES)], links[len(PAGES) :]
    assert pages == [("" if slug == "home" else slug, {}) for slug in PAGES]
    ledger = [(entry.page, dict(entry.query)) for entry in LEDGER.values()]
    doors: list[tuple[str, dict[str, str]]] = [(slug, {}) for slug in LABS]
    assert states == [("gradient", LET_GO), *doors, *ledger]


def test_home_links_keep_how_pages_are_shown(open_page: OpenPage) -> None:
    app = open_page("home.py", charts="plain")
    for link in app.get("page_link"):
        assert dict(parse_qsl(link.proto.query_string))["charts"] == "plain"


def test_ledger_prints_sums_that_add_up(open_page: OpenPage) -> None:
    shown = statement("losses_equivalent")
    sums = re.findall(r"(\d\.\d+) − (\d\.\d+) = (\d\.\d+)", shown)
    assert len(sums) == 2
    for whole, part, rest in sums:
        assert round(10_000 * float(whole)) - round(10_000 * float(part)) == round(10_000 * float(rest))
    a, q = (values.numpy() for values in example())
    l1 = scipy.special.logsumexp(a) - q @ a
    assert f"{l1:.4f} − " in shown


SHOWN = {key: entry for key, entry in LEDGER.items() if entry.shows}


def test_ledger_of_the_experiment_shows_its_numbers_where_it_leads() -> None:
    assert {key for key, entry in LEDGER.items() if entry.page == "losses"} <= SHOWN.keys()


@pytest.mark.parametrize("key", SHOWN)
def test_ledger_link_opens_a_state_that_shows_the_same_numbers(open_page: OpenPage, key: str) -> None:
    entry, card = SHOWN[key], statement(key)
    there = text_of(open_page(f"{entry.page}.py", **entry.query))
    for name in entry.shows:
        # A gradient may stand there by its size.
        shown = spelled(key)[name].lstrip("−")
        assert re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d⁻·])", card), name
        assert re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d⁻·])", there), name


@pytest.mark.parametrize("key", LEDGER)
def test_ledger_link_opens_a_page_that_ignores_nothing(open_page: OpenPage, key: str) -> None:
    app = open_page(f"{LEDGER[key].page}.py", **LEDGER[key].query)
    assert not app.exception
    assert not app.error
    assert not [warning.value for warning in app.warning if "Ignored" in warning.value]
