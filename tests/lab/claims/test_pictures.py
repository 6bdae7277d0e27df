"""The pictures of claims: what they draw is what they are given, and none runs over its frame."""

import math
import re
from xml.etree import ElementTree

import pytest

from ce_core.figures.colours import NEUTRALS, QUANTITIES
from lab.claims.ledger import LEDGER, measured
from lab.claims.pictures import WIDTH, Mark, Reference, arrows, bars, curves, scatter, squares, whiskers

Tree = ElementTree.Element


def drawn(picture: str) -> Tree:
    """Return the SVG of a picture."""
    assert "\n" not in picture
    return ElementTree.fromstring(picture)[0]


def lengths(tree: Tree) -> list[float]:
    """Return how long bars are."""
    return [float(rect.attrib["width"]) for rect in tree.iter("rect") if "style" in rect.attrib]


def texts(tree: Tree) -> list[str]:
    """Return what is written."""
    return [text.text or "" for text in tree.iter("text")]


def test_bars_are_as_long_as_their_values() -> None:
    tree = drawn(bars("title", [Mark("a", 1.0, "1", "l1"), Mark("b", 4.0, "4", "l2", more=(4.0, "p"))]))
    one, first, second = lengths(tree)
    assert first == second
    assert abs(first - 4 * one) < 0.5
    assert texts(tree) == ["title", "a", "1", "b", "4"]
    assert tree[0].text == "title; a: 1; b: 4"


def test_bars_by_powers_of_ten_grow_by_the_same_for_each() -> None:
    marks = [Mark(str(k), 10.0**k, "") for k in (-8, -4, 0)] + [Mark("none", 0.0, "0")]
    low, middle, high, none = lengths(drawn(bars("title", marks, log=True)))
    assert abs((high - middle) - (middle - low)) < 0.2
    assert none <= 1 < low


def test_bars_hatch_what_is_infinite_and_cross_at_the_reference() -> None:
    marks = [Mark("a", 1.0, "1"), Mark("b", math.inf, "∞"), Mark("c", math.nan, "NaN")]
    tree = drawn(bars("title", marks, reference=Reference(1.0, "one")))
    assert len([rect for rect in tree.iter("rect") if rect.get("fill") == "url(#lab-hatch)"]) == 2
    (line,) = (path for path in tree.iter("path") if path.get("class") == "exact")
    x = float(re.findall(r"M([\d.]+)", line.attrib["d"])[0])
    assert abs(x - lengths(tree)[0]) < 0.2


def test_arrows_point_by_sign_and_0_is_a_dot() -> None:
    marks = [Mark("up", 2.0, "2"), Mark("down", -1.0, "−1", dashed=True), Mark("none", 0.0, "0")]
    tree = drawn(arrows("title", marks))
    shafts = [path.attrib for path in tree.iter("path") if "H" in path.attrib["d"]]
    ends = [float(path["d"].split("H")[1]) for path in shafts]
    assert ends[0] > WIDTH / 2 > ends[1]
    assert ["dasharray" in path["style"] for path in shafts] == [False, True]
    assert len(list(tree.iter("circle"))) == 1


def test_whiskers_lie_around_their_dots() -> None:
    tree = drawn(whiskers("title", [Mark("a", 2.0, "2", width=0.5)], Reference(1.0, "slope 1")))
    (interval,) = (path.attrib["d"] for path in tree.iter("path") if "H" in path.attrib["d"])
    low, high = (float(x) for x in re.findall(r"[MH]([\d.]+)", interval))
    (dot,) = tree.iter("circle")
    assert abs((low + high) / 2 - float(dot.attrib["cx"])) < 0.2


def test_scatter_shows_all_dots_within_its_panels() -> None:
    x, y = [0.0, 1.0, 2.0], [0.0, -1.0, -2.0]
    tree = drawn(scatter("title", [("one", x, y, 1.2), ("two", x, x, 1.2)]))
    frames = [float(rect.attrib["x"]) for rect in tree.iter("rect")]
    dots = [float(dot.attrib["cx"]) for dot in tree.iter("circle")]
    assert len(dots) == 6
    assert all(left <= dot <= left + 130 for left, dot in zip(sorted(frames * 3), dots, strict=True))


def test_squares_are_filled_above_0_and_as_large_as_their_entries() -> None:
    tree = drawn(squares("title", [[4.0, -1.0]], ["sum 3"], ["said"]))
    full, hollow = tree.iter("rect")
    assert (full.get("class"), hollow.get("class")) == ("plus", "minus")
    assert abs(float(full.attrib["width"]) - 2 * float(hollow.attrib["width"])) < 0.2


def test_curves_begin_and_end_at_their_points() -> None:
    tree = drawn(
        curves("title", "x", [(Mark("a", 1.0, "1"), [(1.0, 1.0), (10.0, 0.1), (100.0, 0.01)])])
    )
    (path,) = (path.attrib["d"] for path in tree.iter("path") if "style" in path.attrib)
    (x0, y0), (x1, y1), (x2, y2) = [map(float, point.split()) for point in path[1:].split("L")]
    assert abs((x2 - x1) - (x1 - x0)) < 0.2
    assert abs((y2 - y1) - (y1 - y0)) < 0.2


@pytest.mark.parametrize("key", LEDGER)
def test_pictures_of_claims_stay_in_their_frame_and_in_the_table_of_colours(key: str) -> None:
    picture = LEDGER[key].draw(measured(key))
    tree = drawn(picture)
    _x, _y, width, height = map(float, tree.attrib["viewBox"].split())
    for text in tree.iter("text"):
        # Sans at 13 px; letters are half as wide as they are high, and seldom more.
        room = 6.3 * len(text.text or "")
        x, side = float(text.attrib["x"]), text.attrib["text-anchor"]
        assert (x - room if side == "end" else x) >= -8, text.text
        assert (x + room if side == "start" else x) <= width + 10, text.text
        assert 0 < float(text.attrib["y"]) <= height
    assert set(re.findall(r"--lab-([\w-]+)", picture)) <= QUANTITIES.keys() | NEUTRALS.keys()
    assert not re.search(r"#[0-9A-Fa-f]{3}|nan", picture)
