"""The style sheets and Streamlit's theme have their colours from the one table."""

import re
import tomllib
from pathlib import Path

import pytest

from ce_core.figures.colours import NEUTRALS, QUANTITIES, SCALES
from lab.page.colours import COLOURS_CSS, PRINT_CSS, streamlit_theme

ROOT = Path(__file__).resolve().parents[3]
SHEETS = sorted((ROOT / "pages").rglob("*.css"))
DEFINED = dict(re.findall(r"(--lab-[\w-]+): (.+);", COLOURS_CSS))


def test_theme_of_streamlit_is_that_of_the_table() -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    for theme, options in streamlit_theme().items():
        assert config["theme"][theme] == options


def test_every_colour_of_the_table_is_a_property_in_both_themes() -> None:
    for name, quantity in QUANTITIES.items():
        assert DEFINED[f"--lab-{name}"] == f"light-dark({quantity.mark.light}, {quantity.mark.dark})"
        text = quantity.text
        assert DEFINED[f"--lab-{name}-text"] == f"light-dark({text.light}, {text.dark})"
    for name, colour in NEUTRALS.items():
        assert DEFINED[f"--lab-{name}"] == f"light-dark({colour.light}, {colour.dark})"
    assert all(f"--lab-{name}-{len(scale) - 1}" in DEFINED for name, scale in SCALES.items())


def test_words_of_a_dark_page_have_on_paper_the_light_colour_of_what_they_name() -> None:
    printed = dict(re.findall(r'style\*="rgb\((.+?)\)"\] { color: var\((.+?)\)', PRINT_CSS))
    for name, quantity in QUANTITIES.items():
        dark = ", ".join(str(part) for part in bytes.fromhex(quantity.text.dark.removeprefix("#")))
        light = DEFINED[printed[dark]]
        assert light == f"light-dark({quantity.text.light}, {quantity.text.dark})", name


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: str(sheet.name))
def test_style_sheet_uses_only_colours_of_the_table(sheet: Path) -> None:
    css = sheet.read_text(encoding="utf-8")
    assert set(re.findall(r"var\((--lab-[\w-]+)\)", css)) <= DEFINED.keys()
    # Those of Streamlit are the same, under names that say nothing of what they are for.
    assert re.findall(r"--st-[\w-]*color", css) == []


def test_letters_of_formulas_have_the_text_colour_of_their_quantity() -> None:
    rooms = ROOT / "pages/lab"
    rules = re.findall(
        r"::highlight\(lab-(\w+)\) \{ color: var\(--lab-(\w+)-text\); \}",
        (rooms / "page/glossary.css").read_text(encoding="utf-8"),
    )
    script = (rooms / "web/symbols.js").read_text(encoding="utf-8")
    (table,) = re.findall(r"QUANTITIES = \{([^}]*)\}", script)
    (others,) = re.findall(r"COLOURED = \[[^,]*, ([^\]]*)\]", script)
    assert {name for name, _colour in rules} == set(re.findall(r'"(\w+)"(?!:)', table + others))
    assert all(name == colour and name in QUANTITIES for name, colour in rules)
