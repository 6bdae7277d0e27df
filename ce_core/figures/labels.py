"""Direct labels: what a page writes at a curve rather than in a legend.

A page names each curve that a legend would name, at its end, in the shade of its words. A record says
otherwise. Whoever draws a figure elsewhere gets Plotly's legend.
"""

from typing import Any, Literal

from ce_core.figures.colours import DTYPE_GLYPHS, QUANTITIES

Place = Literal["end", "start", "middle", "key"]


def label(at: Place = "end", *, text: str | None = None) -> dict[str, Any]:
    """Return the `meta` of a trace that has a label whether or not a legend names it.

    Parameters
    ----------
    at
        Where along the curve it stands best; "key" is the row above the figure, where the names stand
        for which there is no room.
    text
        What it says; the name of the trace by default.
    """
    return {"label": {"at": at} | ({} if text is None else {"text": text})}


def dtype_label(dtype: str) -> dict[str, Any]:
    """Return the `meta` of a trace of a dtype: its marker stands before its name."""
    return label(text=f"{DTYPE_GLYPHS[dtype]} {dtype}")


def unlabelled() -> dict[str, Any]:
    """Return the `meta` of a trace that only a legend names: the page says it in another way."""
    return {"label": None}


def coloured(quantity: str, text: str) -> str:
    """Return a text, in a tick or a note, in the colour of a quantity."""
    return f'<b style="color:{QUANTITIES[quantity].text.light}">{text}</b>'
