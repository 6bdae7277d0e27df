"""The records of claims, and what is written from them."""

import ast
import math
import re
import string
from pathlib import Path

import pytest
import scipy.special

from ce_core.post.derivations import example
from lab.claims.claim import CONDITIONAL, VERDICTS
from lab.claims.ledger import LEDGER, SUBJECTS, measured
from scripts.claims import DOCUMENT, document

FOLDER = Path(__file__).parent
# What rounding leaves, which differs from machine to machine.
ROUNDING = re.compile(r"\d(?:\.\d+)?·10⁻(?:[⁷⁸⁹]|¹[⁰¹²³⁴⁵⁶⁷⁸⁹])|(?<=(?:to|by) )0(?![.\d])")


def claims_with_a_test() -> list[str]:
    """Return the tests of this folder that are named for a claim."""
    return [
        node.name.removeprefix("test_claim_")
        for file in sorted(FOLDER.glob("test_*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_claim_")
    ]


def test_every_claim_has_a_test_of_its_name_and_every_such_test_a_claim() -> None:
    assert sorted(claims_with_a_test()) == sorted(LEDGER)
    assert len(LEDGER) == sum(len(claims) for _title, claims in SUBJECTS.values()) == 25


@pytest.mark.parametrize("key", LEDGER)
def test_claims_are_measured_alike_every_time(key: str) -> None:
    numbers = LEDGER[key].measure()
    assert numbers == LEDGER[key].measure()
    assert not any(math.isnan(value) for value in numbers.values())


@pytest.mark.parametrize("key", LEDGER)
def test_claims_say_their_numbers(key: str) -> None:
    claim, numbers = LEDGER[key], measured(key)
    assert claim.verdict in VERDICTS
    assert bool(claim.condition) == (claim.verdict == CONDITIONAL)
    texts = claim.sentence + claim.note
    names = {name for _, name, _, _ in string.Formatter().parse(texts) if name}
    assert names
    said = " ".join(claim.say(text, numbers) for text in (claim.sentence, claim.note))
    assert all(claim.spelled(numbers)[name] in said for name in names)
    assert not re.search(r"[{}]|\bnan\b|not defined", said)


@pytest.mark.parametrize("key", LEDGER)
def test_claims_without_a_lab_say_that_their_numbers_are_computed_here(key: str) -> None:
    claim = LEDGER[key]
    assert claim.page or "computed here" in claim.note


def test_claims_print_sums_that_add_up() -> None:
    claim = LEDGER["losses_equivalent"]
    shown = " ".join(claim.say(text, measured(claim.key)) for text in (claim.sentence, claim.note))
    sums = re.findall(r"(\d\.\d+) − (\d\.\d+) = (\d\.\d+)", shown)
    assert len(sums) == 2
    for whole, part, rest in sums:
        assert round(10_000 * float(whole)) - round(10_000 * float(part)) == round(10_000 * float(rest))
    a, q = (values.numpy() for values in example())
    l1 = scipy.special.logsumexp(a) - q @ a
    assert f"{l1:.4f} − " in shown


def test_document_is_what_the_records_say() -> None:
    written, due = (
        ROUNDING.sub("rounding", text) for text in (DOCUMENT.read_text(encoding="utf-8"), document())
    )
    assert written == due, "run `make claims`"
