"""Paths of gradient descent: in the simplex, and step by step."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from torch import Tensor

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.style import (
    AXIS_COLOUR,
    HELD_COLOUR,
    HELD_LINE,
    INK,
    L1_COLOUR,
    L2_COLOUR,
    Q_COLOUR,
    Translate,
    figure_tree,
)
from ce_core.losses.descent import DESCENTS

# L1 lies broad under L2 with p held, since the two coincide.
DESCENT_LINES: Final[dict[str, dict[str, Any]]] = {
    "l1": {"color": L1_COLOUR, "width": 7},
    "l2_held": {"color": HELD_COLOUR, "width": 2.5, "dash": "dash"},
    "l2": {"color": L2_COLOUR, "width": 3},
}
_HEIGHT: Final = np.sqrt(3) / 2
# Where the corners of the triangle lie: the first two classes at the bottom, the rest on top.
_CORNERS: Final = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, _HEIGHT]])
_GRID: Final = (0.2, 0.4, 0.6, 0.8)


def descent_names(translate: Translate) -> dict[str, str]:
    """Return what each descent is called, by its name in `DESCENTS`."""
    return {
        "l1": translate("L1"),
        "l2_held": translate("L2, p held"),
        "l2": translate("L2 in full"),
    }


@figure_builder
def simplex_figure(
    paths: Tensor,
    now: Tensor,
    *,
    target: Tensor,
    stop: Tensor,
    corners: Sequence[str],
    translate: Translate = str,
) -> FigureTree:
    """Draw paths of descent in the triangle of three probabilities.

    Parameters
    ----------
    paths
        The paths so far, [descents, points, 3], in the order of `DESCENTS`; each starts at one place.
    now
        Where each stands, [descents, 3].
    target
        q, [3].
    stop
        Where L2 in full is least, [3].
    corners
        What the three entries are: class names, one at each corner.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: `triangle`, the descents, `target`, `stop`, `start` and `now`. The horizontal place
        of a point is its second entry and half of its third, the vertical one its third times √3/2;
        `customdata` are the three entries.
    """
    names = descent_names(translate)
    hover = "<br>".join(
        f"{corner} %{{customdata[{place}]:.4f}}" for place, corner in enumerate(corners)
    )

    def points(entries: Tensor, **trace: Any) -> dict[str, Any]:
        shares = entries.numpy()
        x, y = (shares @ _CORNERS).T
        said = {"customdata": shares, "hovertemplate": hover + "<extra>%{fullData.name}</extra>"}
        return {"type": "scatter", "x": x, "y": y, **said, **trace}

    colours = [DESCENT_LINES[name]["color"] for name in DESCENTS]
    marks = [
        ("target", "q", target[None], "star", 17, Q_COLOUR),
        ("stop", translate("least L2"), stop[None], "diamond-open", 17, L2_COLOUR),
        ("start", translate("start"), paths[0, :1], "circle-open", 12, INK),
    ]
    traces: list[dict[str, Any]] = [
        _triangle(),
        *(
            points(path, uid=name, name=names[name], mode="lines", line=DESCENT_LINES[name])
            for name, path in zip(DESCENTS, paths, strict=True)
        ),
        *(
            points(
                place,
                uid=uid,
                name=name,
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": size,
                    "color": colour,
                    "line": {"width": 2.5, "color": colour},
                },
            )
            for uid, name, place, symbol, size, colour in marks
        ),
        points(
            now,
            uid="now",
            name=translate("now"),
            mode="markers",
            marker={"size": [15, 9, 11], "color": colours},
            showlegend=False,
        ),
    ]
    hidden = {"visible": False, "fixedrange": False}
    places = (
        {"x": 0, "y": 0, "xanchor": "left", "yanchor": "top", "xshift": -14, "yshift": -12},
        {"x": 1, "y": 0, "xanchor": "right", "yanchor": "top", "xshift": 14, "yshift": -12},
        {"x": 0.5, "y": _HEIGHT, "xanchor": "center", "yanchor": "bottom", "yshift": 12},
    )
    return figure_tree(
        traces,
        title=translate("Three descents from one start, in the simplex of p"),
        x_title=translate("p at the right + half of p at the top"),
        y_title=translate("√3/2 · p at the top"),
        x_range=[-0.06, 1.06],
        y_range=[-0.12, 0.99],
        height=430,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis=hidden,
        yaxis={**hidden, "scaleanchor": "x"},
        annotations=[
            {"text": corner, "showarrow": False, **place}
            for corner, place in zip(corners, places, strict=True)
        ],
    )


def _triangle() -> dict[str, Any]:
    """Return the outline and the lines on which one entry is a multiple of a fifth."""
    entries: list[list[float]] = [*np.eye(3).tolist(), [1.0, 0.0, 0.0]]
    for share in _GRID:
        for place in range(3):
            ends = np.zeros((2, 3))
            ends[:, place] = share
            ends[0, (place + 1) % 3] = ends[1, (place + 2) % 3] = 1 - share
            entries += [[np.nan] * 3, *ends.tolist()]
    x, y = (np.array(entries) @ _CORNERS).T
    return {
        "type": "scatter",
        "uid": "triangle",
        "name": "",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"color": AXIS_COLOUR, "width": 1},
        "opacity": 0.5,
        "hoverinfo": "skip",
        "showlegend": False,
    }


@figure_builder
def approach_figure(
    steps: Tensor,
    shares: Tensor,
    *,
    now: int,
    label: str,
    target: float,
    stop: float,
    translate: Translate = str,
) -> FigureTree:
    """Draw the probability of one class over the steps of each descent.

    Parameters
    ----------
    steps
        Numbers of the steps, ascending, [points].
    shares
        The probability after each, [descents, points], in the order of `DESCENTS`.
    now
        The step that is marked.
    label
        Name of the probability.
    target, stop
        What q says it is, and what it is where L2 in full is least.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: `target`, `stop`, the descents and `now`.
    """
    names = descent_names(translate)
    x, last = steps.numpy(), float(steps[-1])
    ends = np.array([0.0, max(last, 1.0)])
    levels = [
        ("target", "q", target, Q_COLOUR, "dot"),
        ("stop", translate("least L2"), stop, L2_COLOUR, "dash"),
    ]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": uid,
            "name": name,
            "x": ends,
            "y": np.full(2, level),
            "mode": "lines",
            "line": {"color": colour, "width": 1.5, "dash": dash},
            "hovertemplate": "%{y:.6f}<extra>%{fullData.name}</extra>",
        }
        for uid, name, level, colour, dash in levels
    ]
    traces += [
        {
            "type": "scatter",
            "uid": descent,
            "name": names[descent],
            "x": x,
            "y": share.numpy(),
            "mode": "lines",
            "line": DESCENT_LINES[descent],
            "hovertemplate": translate("step %{x}: %{y:.6f}") + "<extra>%{fullData.name}</extra>",
        }
        for descent, share in zip(DESCENTS, shares, strict=True)
    ]
    traces.append(
        {
            "type": "scatter",
            "uid": "now",
            "name": translate("now"),
            "x": np.full(2, float(now)),
            "y": np.array([-0.04, 1.06]),
            "mode": "lines",
            "line": HELD_LINE,
            "hoverinfo": "skip",
            "showlegend": False,
        }
    )
    return figure_tree(
        traces,
        title=translate("How sure each descent becomes"),
        x_title=translate("step"),
        y_title=label,
        x_range=[-0.02 * ends[1], 1.02 * ends[1]],
        y_range=[-0.04, 1.06],
        height=430,
    )
