"""The one table of colours: each quantity has one, on every page, in figures, CSS and JavaScript.

The rule. What is held is ink; what answers has a colour. A sign is a direction (right or left, up or
down, filled or hollow), never a hue; where a matrix must show it, the diverging scale goes with the
minus sign. A verdict is a shape. Failure is hatched and says its word.

Values are measured: a mark has a contrast of 3:1 or more on the page and on a card of its theme, a
text 4.5:1, and quantities that appear together stay apart in any colour vision.

A figure is built once, in the light values. `recolour` maps each to its dark one, and so does the
browser, to which `dark_values()` is sent.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import plotly.graph_objects as go

Theme: TypeAlias = Literal["light", "dark"]


class Colour(NamedTuple):
    """A colour in both themes, as `#RRGGBB` in capitals."""

    light: str
    dark: str


class Quantity(NamedTuple):
    """The colours of a quantity: of what is drawn, and of words in its colour."""

    mark: Colour
    text: Colour


def _alike(light: str, dark: str) -> Quantity:
    """Return a quantity whose marks are strong enough for words."""
    return Quantity(Colour(light, dark), Colour(light, dark))


_DTYPE_TEXT: Final = Colour("#55606E", "#A9B2BE")

QUANTITIES: Final[Mapping[str, Quantity]] = {
    # What is held, and what is exact: the latter dashed.
    "logits": _alike("#1D2530", "#ECEFF3"),
    "p": Quantity(Colour("#C0408F", "#FF71B4"), Colour("#BC3C8B", "#FF71B4")),
    # Also the plan, which is a target where the post uses it. p - q has no colour of its own: it is
    # the push of a loss, or the gap between the two.
    "q": Quantity(Colour("#015856", "#559794"), Colour("#015856", "#599B98")),
    "l1": Quantity(Colour("#1F74EB", "#86BCFF"), Colour("#116AE0", "#86BCFF")),
    "l2": Quantity(Colour("#DB5A00", "#FFAE4D"), Colour("#BC4C01", "#FFAE4D")),
    # L2 with p held, dashed.
    "held": Quantity(Colour("#5B1A94", "#9A74F8"), Colour("#5B1A94", "#9E78FC")),
    "entropy": Quantity(Colour("#3A9A6A", "#74EDA4"), Colour("#157F51", "#74EDA4")),
    "rows": Quantity(Colour("#A87B00", "#E1CA39"), Colour("#8F6800", "#E1CA39")),
    "columns": _alike("#5D3208", "#BC977A"),
    # From narrow to wide, ever stronger; too near each other without the marker of each.
    "float16": Quantity(Colour("#868F9D", "#6A7482"), _DTYPE_TEXT),
    "bfloat16": Quantity(Colour("#667182", "#8F99A7"), _DTYPE_TEXT),
    "float32": Quantity(Colour("#434E60", "#B9C1CD"), _DTYPE_TEXT),
    "float64": Quantity(Colour("#1D2530", "#ECEFF3"), _DTYPE_TEXT),
    # NaN and inf: hatched, with the word.
    "failure": Quantity(Colour("#B0243A", "#FF453D"), Colour("#B0243A", "#FF5147")),
}

NEUTRALS: Final[Mapping[str, Colour]] = {
    "page": Colour("#FBFAF7", "#12151A"),
    "card": Colour("#FFFFFF", "#1B2028"),
    # Where controls lie, and cells in which all is well.
    "well": Colour("#F1EFE9", "#1B2028"),
    "ink": Colour("#1D2530", "#ECEFF3"),
    # Second text, and ticks.
    "second": Colour("#55606E", "#A9B2BE"),
    "axis": Colour("#7F8791", "#78828F"),
    # Hairlines: decoration, which need not be seen.
    "grid": Colour("#E4E2DB", "#2E3641"),
    # Behind ink only: what to look at; as a region, the fainter one.
    "wash": Colour("#FFE98F", "#5C4C00"),
    "washed": Colour("#FCF4D2", "#2D2911"),
}

# Of Streamlit's widgets, whose ticks are white in either theme: ink would hide them in the dark.
WIDGET: Final = Colour("#1D2530", "#74808E")

DTYPE_SYMBOLS: Final[Mapping[str, str]] = {
    "float16": "triangle-up",
    "bfloat16": "square",
    "float32": "diamond",
    "float64": "circle",
}
DTYPE_GLYPHS: Final[Mapping[str, str]] = {
    "float16": "▲",
    "bfloat16": "■",
    "float32": "◆",
    "float64": "●",
}


def _scale(light: str, dark: str) -> tuple[Colour, ...]:
    return tuple(Colour(*pair) for pair in zip(light.split(), dark.split(), strict=True))


SCALES: Final[Mapping[str, tuple[Colour, ...]]] = {
    # The plan, costs, counts: the hue of q, from the page on, in steps of even lightness.
    "sequential": _scale(
        "#F2F8F8 #D1E1E1 #B1CACA #91B4B3 #709E9D #508888 #2B7373 #045D5D #004646 #013030",
        "#1B1F1F #253435 #2D4B4C #356364 #3D7B7D #449598 #4AB0B3 #5CCACD #77E3E6 #96FCFF",
    ),
    # Signed matrices: slate below zero, gold above, of equal lightness at equal distance.
    "diverging": _scale(
        "#4C638E #6B7FA3 #8C9CB9 #AEBACE #D1D8E4 #E1D6C5 #CAB697 #B39669 #9D783A #835A01",
        "#A4BFEE #889DC2 #6D7C97 #535D6F #3A3F49 #473E30 #6C593D #93764A #BB9557 #E6B464",
    ),
    # p over a plane, from the page towards its own colour as far as ink can be read on it.
    "p": _scale(
        "#F8F1F2 #F1DAE5 #EAC3D8 #E2ADCC #DB96BF #D47FB2",
        "#1E1A22 #342230 #4A2B3F #61344D #773C5C #8D456A",
    ),
}


def dark_values() -> dict[str, str]:
    """Return for each light value that a figure can hold the dark one.

    Where mark and text are one colour in the light and two in the dark, it is that of the mark, which
    is legible too on page and card.
    """
    marks = [quantity.mark for quantity in QUANTITIES.values()]
    texts = [quantity.text for quantity in QUANTITIES.values()]
    shades = [shade for scale in SCALES.values() for shade in scale]
    return dict([*texts, *shades, *NEUTRALS.values(), *marks])


def text_values() -> dict[str, str]:
    """Return for the light value of each mark that of words in its colour, where they differ.

    The words of a dtype are those of ink, as its strongest mark is.
    """
    return {
        quantity.mark.light: quantity.text.light
        for name, quantity in QUANTITIES.items()
        if quantity.mark != quantity.text and name not in DTYPE_SYMBOLS
    } | {QUANTITIES[name].mark.light: _DTYPE_TEXT.light for name in ("float16", "bfloat16")}


_DARK: Final = dark_values()
_VALUE: Final = re.compile("#[0-9A-F]{6}")


def recolour_tree(tree: Any, *, theme: Theme) -> Any:
    """Return a tree of dicts, lists and strings with the light values as those of a theme.

    Arrays hold no colours and are kept as they are.
    """
    if theme == "light":
        return tree
    if isinstance(tree, str):
        return _VALUE.sub(lambda found: _DARK.get(found[0], found[0]), tree)
    if isinstance(tree, Mapping):
        return {name: recolour_tree(child, theme=theme) for name, child in tree.items()}
    if isinstance(tree, list | tuple):
        return [recolour_tree(child, theme=theme) for child in tree]
    return tree


def recolour(figure: go.Figure, *, theme: Theme) -> go.Figure:
    """Return a figure of this package in the colours of a theme.

    Parameters
    ----------
    figure
        As a builder made it, which is in the light values.
    theme
        "light" or "dark".

    Returns
    -------
    go.Figure
        A new figure; the given one stays as it is.

    Examples
    --------
    >>> from ce_core.figures.style import L1_COLOUR
    >>> light = go.Figure(go.Scatter(line={"color": L1_COLOUR}))
    >>> recolour(light, theme="dark").data[0].line.color
    '#86BCFF'
    """
    tree = recolour_tree(figure.to_plotly_json(), theme=theme)
    return go.Figure({"data": tree["data"], "layout": tree["layout"]}, _validate=False)
