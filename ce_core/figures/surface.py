"""p over two logits: as a surface, and from above."""

from typing import Any, Final

import numpy as np

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.style import (
    AXIS_COLOUR,
    EXACT_LINE,
    INK,
    PAGE_COLOUR,
    Translate,
    colour_scale,
    figure_tree,
)
from ce_core.probability.surface import SoftmaxSurface

_LEVELS: Final = {"start": 0.1, "end": 0.9, "size": 0.1}
_SPATIAL_AXIS: Final = {
    "showbackground": False,
    # WebGL draws lines fainter.
    "gridcolor": AXIS_COLOUR,
    "zerolinecolor": AXIS_COLOUR,
    "showspikes": False,
    "nticks": 5,
}
_POINT_TEXT: Final = "a₁ %{x:.4g}<br>a₂ %{y:.4g}<br>p₁ %{z:.4g}<extra></extra>"
P_COLOURS: Final = colour_scale("p")
# The logits are what is held: ink, with a halo of the page.
_POINT: Final = {"color": INK, "line": {"color": PAGE_COLOUR, "width": 2}}


@figure_builder
def surface_figure(
    surface: SoftmaxSurface, point: tuple[float, float, float], *, translate: Translate = str
) -> FigureTree:
    """Draw p_1 over the first two logits as a surface, with the present point on it.

    Parameters
    ----------
    surface
        What `ce_core.softmax_surface` computed.
    point
        a_1, a_2 and p_1 at present.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Traces `surface` and `point` by `uid`. The camera survives new data by `uirevision`.
    """
    traces: list[dict[str, Any]] = [
        {
            "type": "surface",
            "uid": "surface",
            "name": "p₁",
            "x": surface.first.numpy(),
            "y": surface.second.numpy(),
            "z": surface.p.numpy(),
            "cmin": 0,
            "cmax": 1,
            "colorscale": P_COLOURS,
            "showscale": False,
            "contours": {"z": {"show": True, **_LEVELS, "color": AXIS_COLOUR, "width": 1}},
            "hovertemplate": _POINT_TEXT,
        },
        {
            "type": "scatter3d",
            "uid": "point",
            "name": translate("now"),
            "x": np.array(point[:1]),
            "y": np.array(point[1:2]),
            "z": np.array(point[2:]),
            "mode": "markers",
            "marker": _POINT | {"size": 7},
            "hovertemplate": _POINT_TEXT,
        },
    ]
    sides = {"x": "a₁", "y": "a₂", "z": "p₁"}
    axes = {f"{side}axis": {"title": {"text": title}, **_SPATIAL_AXIS} for side, title in sides.items()}
    axes["zaxis"] |= {"range": [0, 1]}
    # Away from the corners, where the numbers of two axes would meet on a small screen.
    for side, values in (("x", surface.first), ("y", surface.second)):
        low, high = values[0].item(), values[-1].item()
        ticks = [low + share * (high - low) for share in (0.25, 0.5, 0.75)]
        axes[f"{side}axis"] |= {"tickvals": ticks}
    return figure_tree(
        traces,
        title=translate("p₁ over the first two logits"),
        x_title="",
        y_title="",
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=False,
        scene={
            **axes,
            "aspectmode": "manual",
            "aspectratio": {"x": 1, "y": 1, "z": 0.7},
            "camera": {
                "eye": {"x": -1.47, "y": -1.55, "z": 0.9},
                # To the left of the middle, so that the name of the upright axis is within a phone.
                "center": {"x": -0.12, "y": 0.1, "z": -0.12},
            },
        },
    )


@figure_builder
def contour_figure(
    surface: SoftmaxSurface, point: tuple[float, float, float], *, translate: Translate = str
) -> FigureTree:
    """Draw the same as `surface_figure` from above, as lines of equal p_1.

    Parameters
    ----------
    surface, point, translate
        As for `surface_figure`.

    Returns
    -------
    go.Figure
        By `uid`: `contour`; `diagonal`, along which p_1 / p_2 stays as it is; `point`.
    """
    first, second = surface.first.numpy(), surface.second.numpy()
    ends = np.array([max(first[0], second[0] + point[0] - point[1]),
                     min(first[-1], second[-1] + point[0] - point[1])])  # fmt: skip
    traces: list[dict[str, Any]] = [
        {
            "type": "contour",
            "uid": "contour",
            "name": "p₁",
            "x": first,
            "y": second,
            "z": surface.p.numpy(),
            "zmin": 0,
            "zmax": 1,
            "colorscale": P_COLOURS,
            "showscale": False,
            "contours": {**_LEVELS, "showlabels": True, "labelfont": {"color": INK, "size": 11}},
            "line": {"color": AXIS_COLOUR, "width": 1},
            "hovertemplate": _POINT_TEXT,
        },
        {
            "type": "scatter",
            "uid": "diagonal",
            "name": translate("the same a₁ − a₂"),
            "x": ends,
            "y": ends - point[0] + point[1],
            "mode": "lines",
            "line": EXACT_LINE,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "uid": "point",
            "name": translate("now"),
            "x": np.array(point[:1]),
            "y": np.array(point[1:2]),
            "customdata": np.array(point[2:]),
            "mode": "markers",
            "marker": _POINT | {"size": 13},
            "hovertemplate": "a₁ %{x:.4g}<br>a₂ %{y:.4g}<br>p₁ %{customdata:.4g}<extra></extra>",
        },
    ]
    return figure_tree(
        traces,
        title=translate("The same from above: lines of equal p₁"),
        x_title="a₁",
        y_title="a₂",
        x_range=[float(first[0]), float(first[-1])],
        y_range=[float(second[0]), float(second[-1])],
        showlegend=False,
    )
