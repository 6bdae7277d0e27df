"""The home page: the post's five steps with checked lines, and the ledger of its claims."""

import re
import string
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from ce_core import ExperimentConfig, compare_losses, run_experiment
from ce_core.post.claims import CLAIMS, CONDITIONAL, FALSE, TRUE
from ce_core.post.derivations import DERIVATIONS, check_derivation, example
from lab.home.ledger import LEDGER, spelled, statement
from lab.home.text import ANCHORS, REASONS, STEPS
from lab.language.numerals import number
from lab.page.frame import PAGES
from tests.lab.conftest import OpenPage
from tests.support.unpacking import unpack


def said(app: AppTest) -> str:
    """Return the text of the page."""
    return "\n".join(element.value for element in app.markdown)


def test_home_says_what_the_lab_is_and_heads_its_steps(open_page: OpenPage) -> None:
    app = open_page("home.py")
    assert not app.exception
    assert not app.warning
    assert app.title[0].value == "Cross-Entropy Lab"
    assert [header.value for header in app.header] == list(STEPS)
    for anchor in ANCHORS:
        assert f"](#{anchor})" in said(app)


def test_home_shows_every_line_and_what_it_is_off_by(open_page: OpenPage) -> None:
    text = said(open_page("home.py"))
    for name, lines in DERIVATIONS.items():
        for line, found in zip(lines, check_derivation(name, *example()), strict=True):
            place = text.index(f"$$\n{line.latex}\n$$")
            shown = text[place : text.find("$$", place + len(line.latex) + 6)]
            size = number(found.difference, digits=2)
            if found.difference == 0:
                assert "✓ holds exactly" in shown
            elif found.holds:
                assert f"✓ holds to {size}" in shown
            else:
                assert f"✗ fails: off by {size}" in shown
    assert text.count("✗ fails") == 2


def test_home_gives_a_reason_for_every_line() -> None:
    assert {name: list(reasons) for name, reasons in REASONS.items()} == {
        name: [line.name for line in lines] for name, lines in DERIVATIONS.items()
    }


def test_home_shows_the_five_numbers_of_the_post(open_page: OpenPage) -> None:
    text = said(open_page("home.py"))
    assert "| 2 | 0.08975555 | 0.09509987 | **−0.0478** |" in text
    assert "| sum | | | **6.9·10⁻¹⁸** |" in text


def test_home_draws_the_experiment_straight_and_bent(open_page: OpenPage) -> None:
    app = open_page("home.py")
    grids = [unpack(element.proto.bytes) for element in app.get("bidi_component")]
    cards = {card["key"]: card for grid in grids for card in grid["cards"]}
    assert len(cards) == sum(len(grid["cards"]) for grid in grids) == 8
    titles = [card["title"] for card in cards.values()]
    assert len(set(titles)) == len(titles)
    for key, scale in (("pairs", 1.0), ("bent", 16.0)):
        result = run_experiment(ExperimentConfig(logit_scale=scale, dtype="float64"))
        slope = compare_losses(result.l1, result.l2, result.entropy).slope
        assert f"slope = **{slope:.4g}**" in cards[key]["numbers"]


def test_home_plain_charts_are_there_too(open_page: OpenPage) -> None:
    app = open_page("home.py", charts="plain")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 8


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
    assert states == [("softmax", {}), ("losses", {}), ("losses", {"logit_scale": "16"}), *ledger]


def test_home_links_keep_how_pages_are_shown(open_page: OpenPage) -> None:
    app = open_page("home.py", charts="plain")
    for link in app.get("page_link"):
        assert dict(parse_qsl(link.proto.query_string))["charts"] == "plain"


@pytest.mark.parametrize("key", LEDGER)
def test_ledger_link_opens_a_page_that_ignores_nothing(open_page: OpenPage, key: str) -> None:
    app = open_page(f"{LEDGER[key].page}.py", **LEDGER[key].query)
    assert not app.exception
    assert not app.error
    assert not [warning.value for warning in app.warning if "Ignored" in warning.value]
