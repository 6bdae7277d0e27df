"""The table of colours: legible, one to one between the themes, and the only place of a colour."""

import re
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from ce_core import figures
from ce_core.figures.colours import (
    DTYPE_GLYPHS,
    DTYPE_SYMBOLS,
    NEUTRALS,
    QUANTITIES,
    SCALES,
    WIDGET,
    dark_values,
    recolour,
    recolour_tree,
)
from ce_core.figures.style import figure_tree
from tests.support.closeness import close_to

ROOT = Path(__file__).resolve().parents[2]
THEMES = ("light", "dark")
GROUNDS = ("page", "card")

# A colour written as such: as hexadecimal digits, by a function, or by name after a property.
WRITTEN = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\("
    r"|\b(?:color|background|fill|stroke)\"?: *\"?(?:white|black|gr[ae]y|red|blue|green|orange)\b"
)
# Where a colour may be written, and why.
ALLOWED = {
    "ce_core/figures/colours.py": "the table",
    "pages/lab/page/colours.py": "a colour of the table, as Streamlit writes it at a word",
    "pages/lab/live/heatmap.js": "a pixel of a scale that the table made, as the canvas takes it",
}
FILES = sorted(
    file
    for folder, ending in (
        ("ce_core/figures", "py"),
        ("pages", "py"),
        ("pages/lab", "css"),
        ("pages/lab", "js"),
    )
    for file in (ROOT / folder).rglob(f"*.{ending}")
)


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of WCAG 2, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#FFFFFF", "#000000") == close_to(21, rel=1e-12)
    # The faintest grey on white that passes for text, as the standard's own tools have it.
    assert contrast("#767676", "#FFFFFF") == close_to(4.54, abs=0.005)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", QUANTITIES)
def test_quantity_is_seen_and_read_on_page_and_card(name: str, theme: str, ground: str) -> None:
    behind = getattr(NEUTRALS[ground], theme)
    assert contrast(getattr(QUANTITIES[name].mark, theme), behind) >= 3
    assert contrast(getattr(QUANTITIES[name].text, theme), behind) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("name", "grounds", "least"),
    [
        ("ink", ("page", "card", "well", "wash", "washed"), 4.5),
        ("second", ("page", "card", "well", "washed"), 4.5),
        ("axis", GROUNDS, 3),
    ],
)
def test_neutral_is_legible_where_it_lies(
    name: str, grounds: tuple[str, ...], least: float, theme: str
) -> None:
    for ground in grounds:
        colours = (getattr(NEUTRALS[key], theme) for key in (name, ground))
        assert contrast(*colours) >= least, ground


@pytest.mark.parametrize("theme", THEMES)
def test_widgets_are_seen_and_hold_white_ticks(theme: str) -> None:
    shown = getattr(WIDGET, theme)
    assert contrast(shown, getattr(NEUTRALS["page"], theme)) >= 3
    assert contrast(shown, "#FFFFFF") >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_failure_holds_its_word_in_the_colour_of_the_page(theme: str) -> None:
    behind, word = QUANTITIES["failure"].mark, NEUTRALS["page"]
    assert contrast(getattr(behind, theme), getattr(word, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["sequential", "diverging"])
def test_scale_goes_from_the_page_to_strong_in_even_steps(name: str, theme: str) -> None:
    page = getattr(NEUTRALS["page"], theme)
    against = [contrast(getattr(shade, theme), page) for shade in SCALES[name]]
    arms = [against] if name == "sequential" else [against[4::-1], against[5:]]
    for arm in arms:
        assert (np.diff(arm) > 0).all()
        assert arm[0] < 1.75
        assert arm[-1] > 4.5
    if name == "diverging":
        np.testing.assert_allclose(arms[0], arms[1], rtol=0.08)


@pytest.mark.parametrize("theme", THEMES)
def test_ink_is_legible_on_every_step_of_p(theme: str) -> None:
    ink = getattr(NEUTRALS["ink"], theme)
    assert min(contrast(ink, getattr(shade, theme)) for shade in SCALES["p"]) >= 4.5


def test_every_light_value_has_one_dark_one_and_none_is_mapped_twice() -> None:
    pairs = dark_values()
    drawn = [
        *(quantity.mark for quantity in QUANTITIES.values()),
        *(shade for scale in SCALES.values() for shade in scale),
        *NEUTRALS.values(),
    ]
    assert {colour.light: colour.dark for colour in drawn}.items() <= pairs.items()
    for colour in drawn:
        assert pairs[colour.light] == colour.dark
    assert not set(pairs) & set(pairs.values())
    assert all(re.fullmatch("#[0-9A-F]{6}", value) for pair in pairs.items() for value in pair)


@pytest.mark.parametrize("name", QUANTITIES)
def test_text_in_a_figure_is_legible_in_the_dark(name: str) -> None:
    shown = dark_values()[QUANTITIES[name].text.light]
    assert min(contrast(shown, NEUTRALS[ground].dark) for ground in GROUNDS) >= 4.5


def test_each_dtype_has_a_marker_of_its_own() -> None:
    assert len(set(DTYPE_SYMBOLS.values())) == len(set(DTYPE_GLYPHS.values())) == len(DTYPE_SYMBOLS)
    assert DTYPE_SYMBOLS.keys() == DTYPE_GLYPHS.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_colours_are_written_only_in_the_table(file: Path) -> None:
    found = WRITTEN.findall(file.read_text(encoding="utf-8"))
    if str(file.relative_to(ROOT)) in ALLOWED:
        assert found, "nothing is written here any more: take the file off the list"
    else:
        assert found == []


def test_recolour_reaches_lines_scales_lists_and_words_and_leaves_data_alone() -> None:
    l1, page = QUANTITIES["l1"].mark, NEUTRALS["page"]
    values = np.array([1.0, 2.0])
    tree = {
        "x": values,
        "line": {"color": l1.light},
        "marker": {"color": [l1.light, page.light]},
        "colorscale": [(0.0, page.light), (1.0, l1.light)],
        "textfont": {"shadow": f"0 0 2px {l1.light}"},
        "name": "no colour",
    }
    dark = recolour_tree(tree, theme="dark")
    assert dark["x"] is values
    assert dark["line"]["color"] == l1.dark
    assert dark["marker"]["color"] == [l1.dark, page.dark]
    assert dark["colorscale"] == [[0.0, page.dark], [1.0, l1.dark]]
    assert dark["textfont"]["shadow"] == f"0 0 2px {l1.dark}"
    assert dark["name"] == "no colour"
    assert recolour_tree(tree, theme="light") is tree


def test_recolour_returns_the_figure_in_the_theme_and_keeps_the_given_one() -> None:
    light = go.Figure(figure_tree([], title="", x_title="", y_title=""))
    dark = figures.recolour(light, theme="dark")
    for figure, page, ink in (
        (light, NEUTRALS["page"].light, NEUTRALS["ink"].light),
        (dark, NEUTRALS["page"].dark, NEUTRALS["ink"].dark),
    ):
        assert isinstance(figure, go.Figure)
        assert figure.layout.paper_bgcolor == page
        assert figure.layout.font.color == ink
    assert recolour(light, theme="light").layout == light.layout
