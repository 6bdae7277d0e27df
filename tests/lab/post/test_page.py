"""The page of the post: its five steps with checked lines."""

import math
import re
from urllib.parse import parse_qsl

import numpy as np
import pytest
import scipy.special

from ce_core import ExperimentConfig, compare_losses, run_experiment
from ce_core.post.derivations import DERIVATIONS, check_derivation, example
from lab.language.numerals import number
from lab.page.frame import PAGES
from lab.post.anchors import ANCHORS
from lab.post.text import REASONS, STEPS
from tests.lab.conftest import OpenPage
from tests.support.closeness import close_to
from tests.support.reading import markdown_of, text_of
from tests.support.unpacking import unpack


def test_post_names_its_author_and_heads_its_steps(open_page: OpenPage) -> None:
    app = open_page("post.py")
    assert not app.exception
    assert not app.warning
    assert app.title[0].value == "The post, line by line"
    assert "[凯鲁嘎吉](https://www.cnblogs.com/kailugaji/)" in markdown_of(app)
    assert [header.value for header in app.header] == list(STEPS)
    for anchor in ANCHORS:
        assert f"](#{anchor})" in markdown_of(app)


def test_post_links_to_the_labs_and_to_the_ledger(open_page: OpenPage) -> None:
    app = open_page("post.py")
    links = [
        (link.proto.page, dict(parse_qsl(link.proto.query_string))) for link in app.get("page_link")
    ]
    ledger = "claims" if "claims" in PAGES else ""
    assert links[len(PAGES) :] == [
        ("softmax", {}),
        ("losses", {}),
        ("losses", {"logit_scale": "16"}),
        (ledger, {}),
    ]


def test_post_shows_every_line_and_what_it_is_off_by(open_page: OpenPage) -> None:
    text = markdown_of(open_page("post.py"))
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


def test_post_gives_a_reason_for_every_line() -> None:
    assert {name: list(reasons) for name, reasons in REASONS.items()} == {
        name: [line.name for line in lines] for name, lines in DERIVATIONS.items()
    }


def test_post_shows_the_five_numbers_of_the_post(open_page: OpenPage) -> None:
    text = markdown_of(open_page("post.py"))
    assert "| 2 | 0.08975555 | 0.09509987 | **−0.0478** |" in text
    assert "| sum | | | **6.9·10⁻¹⁸** |" in text


def test_post_draws_the_experiment_straight_and_bent(open_page: OpenPage) -> None:
    app = open_page("post.py")
    grids = [unpack(element.proto.bytes) for element in app.get("bidi_component")]
    cards = {card["key"]: card for grid in grids for card in grid["cards"]}
    assert len(cards) == sum(len(grid["cards"]) for grid in grids) == 8
    titles = [card["title"] for card in cards.values()]
    assert len(set(titles)) == len(titles)
    for key, scale in (("pairs", 1.0), ("bent", 16.0)):
        result = run_experiment(ExperimentConfig(logit_scale=scale, dtype="float64"))
        slope = compare_losses(result.l1, result.l2, result.entropy).slope
        assert f"slope = **{slope:.4g}**" in cards[key]["numbers"]


def test_post_plain_charts_are_there_too(open_page: OpenPage) -> None:
    app = open_page("post.py", charts="plain")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 8


def read_numbers(text: str) -> list[float]:
    """Return the numbers of a text."""
    return [float(word.replace("−", "-")) for word in re.findall(r"[−]?\d+(?:\.\d+)?", text)]


def test_post_prints_an_example_that_sums_to_1_and_is_what_the_lines_use(open_page: OpenPage) -> None:
    text = markdown_of(open_page("post.py"))
    printed = re.search(r"a = \(([^)]*)\), q = \(([^)]*)\)", text)
    assert printed is not None
    a, q = (read_numbers(part) for part in printed.groups())
    assert a == example()[0].tolist()
    assert q == example()[1].tolist()
    assert math.fsum(q) == close_to(1, abs=1e-15)
    # What the failing line is off by, from what is printed alone.
    p = scipy.special.softmax(a)
    assert f"✗ fails: off by {np.abs(p * (a - p @ a)).max():.2g}" in text


def test_post_shows_the_eigenvalues_of_its_example(open_page: OpenPage) -> None:
    grids = [unpack(e.proto.bytes) for e in open_page("post.py").get("bidi_component")]
    (said,) = (c["numbers"] for grid in grids for c in grid["cards"] if c["key"] == "eigenvalues")
    p = scipy.special.softmax(example()[0].numpy())
    values = np.linalg.eigvalsh(np.diag(p) - np.outer(p, p))
    assert f"Σλ = 1 − Σp² = {values.sum():.3g}" in said
    assert f"Rank **{(values > 1e-12).sum()}** of at most 4" in said


@pytest.mark.parametrize("scale", [1, 16])
def test_post_figures_say_what_the_linked_experiment_says(open_page: OpenPage, scale: int) -> None:
    card = {1: "pairs", 16: "bent"}[scale]
    grids = [unpack(e.proto.bytes) for e in open_page("post.py").get("bidi_component")]
    (here,) = (c["numbers"] for grid in grids for c in grid["cards"] if c["key"] == card)
    there = text_of(open_page("losses.py", logit_scale=str(scale)))
    for name in ("r", "slope"):
        (number_here,) = re.findall(rf"\b{name} = \*\*([\d.]+)\*\*", here)
        assert f"{name} = **{number_here}**" in there
