"""The table of colours as the style sheet's own properties, which all CSS and scripts read."""

import json
from collections.abc import Iterator
from typing import Final

from ce_core.figures.colours import (
    NEUTRALS,
    QUANTITIES,
    SCALES,
    WIDGET,
    Colour,
    dark_values,
    text_values,
)


def _properties() -> Iterator[tuple[str, Colour]]:
    """Yield each property with its colour: `l1`, `l1-text`, `diverging-0`, `page`."""
    yield from NEUTRALS.items()
    for name, quantity in QUANTITIES.items():
        yield name, quantity.mark
        yield f"{name}-text", quantity.text
    for name, scale in SCALES.items():
        for step, shade in enumerate(scale):
            yield f"{name}-{step}", shade


# Streamlit sets `color-scheme` on .stApp, which decides of the two colours of `light-dark`; the other
# stands there before it.
COLOURS_CSS: Final = (
    ".stApp, #lab-opening {\n"
    + "".join(
        f"  --lab-{name}: light-dark({colour.light}, {colour.dark});\n"
        for name, colour in _properties()
    )
    + "}\n"
)


def _of_charts() -> str:
    """Return for each light value of a chart the dark one, for that of a mark that of words, ink."""
    said = {"dark": dark_values(), "textColours": text_values(), "ink": NEUTRALS["ink"].light}
    return f":root {{ --lab-charts: '{json.dumps(said, separators=(',', ':'))}'; }}\n"


CHARTS_CSS: Final = _of_charts()


def _printed() -> Iterator[str]:
    """Yield what paper has for the dark colour of a word, which Streamlit writes at the word."""
    for name, quantity in QUANTITIES.items():
        red, green, blue = bytes.fromhex(quantity.text.dark[1:])
        words = f'.stMarkdownColoredText[style*="rgb({red}, {green}, {blue})"]'
        yield f"  {words} {{ color: var(--lab-{name}-text) !important; }}\n"


PRINT_CSS: Final = "@media print {\n" + "".join(_printed()) + "}\n"


def streamlit_theme() -> dict[str, dict[str, str]]:
    """Return what `.streamlit/config.toml` has to say of colours, by section of the theme.

    Streamlit's names of colours, as in `:blue[L1]`, are those of the quantities that look like them.
    """
    named = {
        "blue": QUANTITIES["l1"],
        "orange": QUANTITIES["l2"],
        "green": QUANTITIES["entropy"],
        "violet": QUANTITIES["held"],
        "red": QUANTITIES["failure"],
        "yellow": QUANTITIES["rows"],
    }
    options = {
        "primaryColor": WIDGET,
        "backgroundColor": NEUTRALS["page"],
        "secondaryBackgroundColor": NEUTRALS["well"],
        "textColor": NEUTRALS["ink"],
        "linkColor": NEUTRALS["ink"],
        "borderColor": NEUTRALS["grid"],
        "codeTextColor": NEUTRALS["ink"],
        "codeBackgroundColor": NEUTRALS["well"],
        "grayColor": NEUTRALS["second"],
        "grayTextColor": NEUTRALS["second"],
    }
    for name, quantity in named.items():
        options[f"{name}Color"] = quantity.mark
        options[f"{name}TextColor"] = quantity.text
    return {
        "light": {name: colour.light for name, colour in options.items()},
        "dark": {name: colour.dark for name, colour in options.items()},
    }
