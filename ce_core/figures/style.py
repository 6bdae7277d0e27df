"""What all figures share: the names of colours, margins, the legend's place."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from ce_core.figures.builder import FigureTree
from ce_core.figures.colours import DTYPE_SYMBOLS, NEUTRALS, QUANTITIES, SCALES

Translate: TypeAlias = Callable[[str], str]

# The light values of the table, by which figures name quantities; `recolour` knows the dark ones.
INK: Final = NEUTRALS["ink"].light
PAGE_COLOUR: Final = NEUTRALS["page"].light
WELL_COLOUR: Final = NEUTRALS["well"].light
WASH_COLOUR: Final = NEUTRALS["wash"].light
AXIS_COLOUR: Final = NEUTRALS["axis"].light
SECOND_COLOUR: Final = NEUTRALS["second"].light
P_COLOUR: Final = QUANTITIES["p"].mark.light
Q_COLOUR: Final = QUANTITIES["q"].mark.light
L1_COLOUR: Final = QUANTITIES["l1"].mark.light
L2_COLOUR: Final = QUANTITIES["l2"].mark.light
HELD_COLOUR: Final = QUANTITIES["held"].mark.light
ENTROPY_COLOUR: Final = QUANTITIES["entropy"].mark.light
ROW_COLOUR: Final = QUANTITIES["rows"].mark.light
COLUMN_COLOUR: Final = QUANTITIES["columns"].mark.light
FAILURE_COLOUR: Final = QUANTITIES["failure"].mark.light
DTYPE_COLOURS: Final = {dtype: QUANTITIES[dtype].mark.light for dtype in DTYPE_SYMBOLS}

# What is exact, or the truth, or held by hand.
EXACT_LINE: Final[dict[str, Any]] = {"color": INK, "width": 2, "dash": "dash"}
HELD_LINE: Final[dict[str, Any]] = {"color": INK, "width": 1.5}
HELD_POINT: Final[dict[str, Any]] = {
    "color": INK,
    "size": 11,
    "symbol": "circle-open",
    "line": {"width": 3},
}


_NAME: Final = re.compile(r"[A-Za-z0-9_-]*")
# Room for tick labels that does not follow their width, so that nothing jumps while the numbers on
# the axes change; above, for the words of the vertical axis.
_MARGIN: Final = {"l": 60, "r": 12, "t": 28, "b": 44}
# How far below the figure the words of its horizontal axis begin, under the tick labels.
_WORDS_BELOW: Final = 22
# To look for labels that leave the figure would take Plotly a quarter of the time of a frame.
_AXIS: Final = {
    "exponentformat": "power",
    "minexponent": 3,
    "nticks": 6,
    "ticklabeloverflow": "allow",
    "gridcolor": NEUTRALS["grid"].light,
    "zerolinecolor": AXIS_COLOUR,
    "linecolor": AXIS_COLOUR,
    "tickfont": {"color": SECOND_COLOUR},
}
_LOOK: Final[dict[str, Any]] = {
    "font": {"color": INK},
    "paper_bgcolor": PAGE_COLOUR,
    "plot_bgcolor": PAGE_COLOUR,
    "hoverlabel": {
        "bgcolor": NEUTRALS["card"].light,
        "bordercolor": AXIS_COLOUR,
        "font": {"color": INK},
    },
    "modebar": {"bgcolor": PAGE_COLOUR, "color": AXIS_COLOUR, "activecolor": INK},
}

# Values that differ by no more are one, and are shown in a range so long.
_ONE_POINT = 1e-14
_POINT_SPAN = 0.02


def figure_tree(
    traces: list[dict[str, Any]],
    *,
    title: str,
    x_title: str,
    y_title: str,
    x_range: list[float] | None = None,
    y_range: list[float] | None = None,
    height: int = 380,
    **layout: Any,
) -> FigureTree:
    """Return a figure of the common look, as plain data.

    It has no template, which Plotly would copy three times into each figure:
    `figure.update_layout(template="plotly_dark")` gives it one. Its colours are the light ones, and
    `recolour` returns it in the dark ones. Zoom survives new data by the constant `uirevision`.

    Parameters
    ----------
    traces
        Each with its `type`.
    title, x_title, y_title
        As shown: what an axis measures stands at its end, upright. `layout.meta` has it by axis.
    x_range, y_range
        What the axes show at first. None where there is nothing to show.
    height
        In pixels.
    **layout
        Merged into the layout; an axis given here is merged into the common one.

    Raises
    ------
    ValueError
        If a `uid` holds anything but letters, digits, - and _: Plotly makes selectors of it, and
        with a point in one it can no longer clear the figure away.
    """
    for trace in traces:
        uid = trace.get("uid", "")
        if not _NAME.fullmatch(uid):
            raise ValueError(f"uid must hold only letters, digits, - and _, got {uid!r}")
    axes: dict[str, dict[str, Any]] = {
        "xaxis": {"title": {"text": x_title}} | ({"range": x_range} if x_range else {}),
        "yaxis": {"title": {"text": y_title}} | ({"range": y_range} if y_range else {}),
    }
    for name in [name for name in layout if name.startswith(("xaxis", "yaxis"))]:
        axes[name] = axes.get(name, {}) | layout.pop(name)
    titles = {name: axis.pop("title", {}).get("text", "") for name, axis in axes.items()}
    margin = layout.get("margin", _MARGIN)
    words = [
        _axis_words(name, titles[name], axis, margin)
        for name, axis in axes.items()
        if titles[name] and axis.get("visible", True)
    ]
    common = {
        "template": {},
        **_LOOK,
        "title": {"text": title, "x": 0, "xref": "container", "font": {"size": 16}},
        "height": height,
        "margin": dict(_MARGIN),
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "uirevision": "keep",
        "hovermode": "closest",
        "meta": titles,
        **{name: {**_AXIS, **axis} for name, axis in axes.items()},
    }
    annotations = [*layout.pop("annotations", []), *words]
    return {"data": traces, "layout": {**common, **layout, "annotations": annotations}}


def _axis_words(name: str, title: str, axis: dict[str, Any], margin: dict[str, int]) -> dict[str, Any]:
    """Return what says at the end of an axis what it measures: no one has to turn their head."""
    place: dict[str, Any]
    if name.startswith("x"):
        place = {"x": axis.get("domain", (0, 1))[1], "xanchor": "right", "xshift": margin["r"] - 2}
        place |= {"y": 0, "yanchor": "top", "yshift": 2 - _WORDS_BELOW}
    else:
        place = {"x": 0, "xanchor": "left", "xshift": 2 - margin["l"]}
        place |= {"y": axis.get("domain", (0, 1))[1], "yanchor": "bottom", "yshift": 5}
    return {
        "text": title,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "font": {"size": 12, "color": SECOND_COLOUR},
        **place,
    }


def colour_scale(name: str, *, first: int = 0, power: float = 1.0) -> list[tuple[float, str]]:
    """Return a scale of the table as Plotly takes it, in the light values.

    Parameters
    ----------
    name
        "sequential", "diverging" or "p".
    first
        The first step that is used.
    power
        Where the steps lie: at share^power. 2 has the strength go with the root of what is drawn.
    """
    shades = SCALES[name][first:]
    return [((k / (len(shades) - 1)) ** power, shade.light) for k, shade in enumerate(shades)]


def empty_note(text: str) -> dict[str, Any]:
    """Return the annotation that says, in the middle of a figure, why there is nothing to draw."""
    return {
        "text": text,
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "align": "center",
    }


def window(*values: np.ndarray, margin: float = 0.06, least: float = 0.0) -> list[float] | None:
    """Return the range of an axis that shows all finite values with a margin; None without any.

    It is at least so long: then values that differ by rounding only are seen as one.
    """
    joined = np.concatenate([np.ravel(part) for part in values]) if values else np.empty(0)
    finite = joined[np.isfinite(joined)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    # All values equal: the axis shows them in the middle of a few of their last digits.
    room = margin * (high - low) or 1e-6 * max(abs(low), 1e-6)
    room = max(room, (least - (high - low)) / 2)
    return [low - room, high + room]


def spelled(value: float, *, digits: int = 2) -> str:
    """Write a number as captions do, its power of ten raised: 5.2·10⁻¹⁷."""
    mantissa, _e, exponent = f"{value:.{digits}g}".replace("-", "−").partition("e")
    if not exponent:
        return mantissa
    power = str(int(exponent.replace("−", "-")))
    return f"{mantissa}·10{power.translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def on_logarithm(values: np.ndarray) -> np.ndarray:
    """Return values for a logarithmic axis: 0 has no place there, and leaves a gap."""
    drawn: np.ndarray = np.where(values > 0, values, np.nan)
    return drawn


def square_windows(
    x: np.ndarray, y: np.ndarray, margin: float = 0.06
) -> tuple[list[float] | None, list[float] | None]:
    """Return ranges of one length for both axes, so that a line of slope 1 keeps its place.

    Of values that are one point but for rounding they are so long that no tick is the rounding's.
    """
    least = _POINT_SPAN if _is_one(x) and _is_one(y) else 0.0
    x_range, y_range = (window(values, margin=margin, least=least) for values in (x, y))
    if x_range is None or y_range is None:
        return x_range, y_range
    half = max(x_range[1] - x_range[0], y_range[1] - y_range[0]) / 2
    x_middle, y_middle = sum(x_range) / 2, sum(y_range) / 2
    return [x_middle - half, x_middle + half], [y_middle - half, y_middle + half]


def _is_one(values: np.ndarray) -> bool:
    """Return whether all finite values are one but for rounding."""
    finite = values[np.isfinite(values)]
    largest = np.abs(finite).max(initial=1.0)
    return bool(not finite.size or np.ptp(finite) <= _ONE_POINT * largest)


def hold_axes(trees: Sequence[FigureTree], *, factor: float = 4.0) -> None:
    """Give the frames of an animation one range an axis, where that hides none of them.

    An axis is held if its ranges in all frames together are at most `factor` times as long as the
    shortest of them. Otherwise each frame keeps its own, as the builder chose it.

    Parameters
    ----------
    trees
        The frames. Each has a layout of its own, of which axes are replaced.
    """
    layouts = [tree["layout"] for tree in trees]
    names = {name for layout in layouts for name in layout if name.startswith(("xaxis", "yaxis"))}
    for name in names:
        ranges = [layout.get(name, {}).get("range") for layout in layouts]
        if any(shown is None for shown in ranges):
            continue
        low, high = min(shown[0] for shown in ranges), max(shown[1] for shown in ranges)
        if high - low <= factor * min(shown[1] - shown[0] for shown in ranges):
            for layout in layouts:
                layout[name] = layout[name] | {"range": [low, high]}
