"""The page of claims: a card a claim, with its verdict, picture, numbers and the way to see it."""

import re
from urllib.parse import parse_qsl

import pytest

from ce_core.post.derivations import example
from lab.claims.cards import WORDS, coloured
from lab.claims.ledger import LEDGER, SUBJECTS, measured
from lab.page.frame import PAGES
from tests.lab.conftest import OpenPage
from tests.support.reading import numbers_of, text_of


def test_claims_shows_every_claim_by_subject(open_page: OpenPage) -> None:
    app = open_page("claims.py")
    assert not app.exception
    assert not app.warning
    assert app.title[0].value == "Which of these are true?"
    assert [header.value for header in app.header] == [title for title, _claims in SUBJECTS.values()]
    cards = [element.value for element in app.markdown if "lab-verdict" in element.value]
    for claim, card in zip(LEDGER.values(), cards, strict=True):
        assert f"<strong>{WORDS[claim.verdict]}</strong> {claim.condition}" in card
        assert f'<h3 data-anchor="{claim.anchor}">' in card
        assert claim.claim in card.replace("\u00a0", " ")
        assert coloured(claim.say(claim.sentence, measured(claim.key))) in card
        assert card.count('role="img"><title>') == 1
    assert len({claim.anchor for claim in LEDGER.values()} | set(SUBJECTS)) == len(LEDGER) + len(
        SUBJECTS
    )


def test_claims_counts_its_verdicts(open_page: OpenPage) -> None:
    said = "\n".join(element.value for element in open_page("claims.py").markdown)
    found = re.search(r"(\d+) claims: (\d+) true, (\d+) true under a condition, (\d+) false", said)
    assert found is not None
    total, *parts = map(int, found.groups())
    assert total == sum(parts) == len(LEDGER)


def test_claims_links_to_the_states_that_show_them(open_page: OpenPage) -> None:
    app = open_page("claims.py", charts="plain")
    links = [
        (link.proto.page, dict(parse_qsl(link.proto.query_string))) for link in app.get("page_link")
    ]
    expected = [
        (claim.page, {"charts": "plain", **claim.query}) for claim in LEDGER.values() if claim.page
    ]
    assert links[len(PAGES) :] == expected


LINKED = {key: claim for key, claim in LEDGER.items() if claim.page}


@pytest.mark.parametrize("key", LINKED)
def test_claims_link_to_a_state_that_shows_the_same_numbers(open_page: OpenPage, key: str) -> None:
    claim, numbers = LINKED[key], measured(key)
    card = " ".join(claim.say(text, numbers) for text in (claim.sentence, claim.note))
    app = open_page(f"{claim.page}.py", **claim.query)
    assert not app.exception
    assert not app.error
    assert not [warning.value for warning in app.warning if "Ignored" in warning.value]
    assert claim.shows
    for name in claim.shows:
        # A gradient may stand there by its size.
        shown = claim.spelled(numbers)[name].lstrip("−")
        # In a sentence, or among all numbers of the page.
        table = claim.spelled(
            {f"{name}.{i}": value for i, value in enumerate(numbers_of(app).values())}
        )
        there = " ".join([text_of(app), *table.values()])
        assert re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d⁻·])", card), name
        assert re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d⁻·])", there), name


def test_claims_print_the_example_that_they_speak_of(open_page: OpenPage) -> None:
    text = "\n".join(element.value for element in open_page("claims.py").markdown)
    printed = re.search(r"a = \(([^)]*)\), q = \(([^)]*)\)", text)
    assert printed is not None
    a, q = ([float(x.replace("−", "-")) for x in part.split(", ")] for part in printed.groups())
    assert a == example()[0].tolist()
    assert q == example()[1].tolist()
