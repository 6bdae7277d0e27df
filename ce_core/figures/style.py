"""What all figures share: colours that hold in light and dark, margins, the legend's place."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import plotly.graph_objects as go

Translate: TypeAlias = Callable[[str], str]

# One quantity, one colour, on every page: near Okabe and Ito's palette, which any colour vision
# tells apart, and legible on white and on near-black.
POST_COLOUR: Final = "#d62728"
L1_COLOUR: Final = "#2b8fd6"
L2_COLOUR: Final = "#D55E00"
ENTROPY_COLOUR: Final = "#009E73"
REFERENCE_COLOUR: Final = "#8a8a8a"
PUBLISHED_COLOUR: Final = "#CC79A7"

DENSITY_COLOURS: Final = (
    (0.0, "rgba(60, 150, 220, 0)"),
    (0.001, "rgba(60, 150, 220, 0.3)"),
    (0.5, "rgba(60, 150, 220, 0.7)"),
    (1.0, "rgba(60, 150, 220, 1)"),
)


def arrange(
    figure: go.Figure, *, title: str, x_title: str, y_title: str, height: int = 380, **layout: Any
) -> go.Figure:
    """Give a figure the common layout; zoom survives new data by the constant `uirevision`."""
    figure.update_layout(
        title={"text": title, "x": 0, "xref": "container", "font": {"size": 16}},
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        uirevision="keep",
        hovermode="closest",
        **layout,
    )
    axis = {"automargin": True, "exponentformat": "power", "minexponent": 3}
    figure.update_xaxes(title_text=x_title, **axis)
    figure.update_yaxes(title_text=y_title, **axis)
    return figure


def note_empty(figure: go.Figure, text: str) -> go.Figure:
    """Write a sentence in the middle of a figure that has nothing to draw."""
    figure.add_annotation(
        text=text, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, align="center"
    )
    return figure
