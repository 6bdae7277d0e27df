"""Plans: one with its marginals, and one as lines between two clouds of points."""

import math
from typing import Any, Final

import numpy as np
from torch import Tensor

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.colours import QUANTITIES
from ce_core.figures.style import (
    COLUMN_COLOUR,
    INK,
    Q_COLOUR,
    ROW_COLOUR,
    SECOND_COLOUR,
    WASH_COLOUR,
    Translate,
    colour_scale,
    figure_tree,
)

# Colour grows with the root of the mass, so that small entries are seen beside large ones.
_PLAN_COLOURS: Final = colour_scale("sequential", power=2.0)
# Lines between points, from faint to full: the least share of the most that a pair can get.
_SHARES: Final = (0.02, 0.1, 0.3, 0.6)
# So few rows or columns that each has its number.
_FEW: Final = 6


@figure_builder
def plan_figure(plan: Tensor, mu: Tensor, nu: Tensor, *, translate: Translate = str) -> FigureTree:
    """Draw a plan as a heat map, its column sums above and its row sums beside it, with their goals.

    Parameters
    ----------
    plan
        P, [n, m], of mass 1.
    mu, nu
        What its rows and columns ought to sum to, [n] and [m].
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Traces `plan`, the marginals `nu` and `mu` as ticks, and for each side three bars, one over the
        other: `column-asked`, `column-sums` and `column-met`, the less of the two, so that what is
        too much or missing stays in another colour; by `uid`. The colour of the plan does not depend
        on it: full where a pair has all that row and column allow.
    """
    values = plan.numpy()
    rows, columns = np.arange(1, len(values) + 1), np.arange(1, values.shape[1] + 1)
    goals, sums = (mu.numpy(), nu.numpy()), (values.sum(1), values.sum(0))
    most = max(1e-12, min(goals[0].max(), goals[1].max()))
    highest = [1.5 * max(goal.max(), 1e-12) for goal in goals]
    gap = 1 if max(values.shape) <= 32 else 0
    traces: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "uid": "plan",
            "name": translate("plan"),
            "x": columns,
            "y": rows,
            "z": values,
            "zmin": 0,
            "zmax": most,
            "colorscale": _PLAN_COLOURS,
            "showscale": False,
            "xgap": gap,
            "ygap": gap,
            "hovertemplate": translate("row %{y}, column %{x}<br>P %{z:.4g}") + "<extra></extra>",
        },
        *_sums_against(goals[1], sums[1], side="column", translate=translate),
        {
            "type": "scatter",
            "uid": "nu",
            "name": "ν",
            "x": columns,
            "y": goals[1],
            "yaxis": "y2",
            "mode": "markers",
            "marker": _tick("line-ew", len(columns)),
            "hovertemplate": "ν %{y:.4g}<extra></extra>",
        },
        *_sums_against(goals[0], sums[0], side="row", translate=translate),
        {
            "type": "scatter",
            "uid": "mu",
            "name": "μ",
            "x": goals[0],
            "y": rows,
            "xaxis": "x2",
            "mode": "markers",
            "marker": _tick("line-ns", len(rows)),
            "hovertemplate": "μ %{x:.4g}<extra></extra>",
        },
    ]
    hidden = {"showticklabels": False, "zeroline": False, "showgrid": False}
    return figure_tree(
        traces,
        title=translate("The plan and its marginals"),
        x_title=translate("column"),
        y_title=translate("row"),
        height=440,
        margin={"l": 26, "r": 4, "t": 28, "b": 74},
        showlegend=False,
        barmode="overlay",
        annotations=[
            _heading(translate("column sums, and ν"), "columns", x=0.0, anchor="left"),
            _heading(translate("row sums, and μ"), "rows", x=1.0, anchor="right"),
            _key(
                translate("stronger: more mass · line: what is asked"),
                translate("framed: too much, or missing"),
            ),
        ],
        xaxis={
            "domain": [0, 0.85],
            "range": [0.5, len(columns) + 0.5],
            "showgrid": False,
            **_whole(len(columns)),
        },
        yaxis={
            "domain": [0, 0.82],
            "range": [len(rows) + 0.5, 0.5],
            "showgrid": False,
            **_whole(len(rows)),
        },
        xaxis2={"domain": [0.87, 1], "range": [0, highest[0]], "anchor": "y", **hidden},
        yaxis2={"domain": [0.84, 1], "range": [0, highest[1]], "anchor": "x", **hidden},
        bargap=0.15,
    )


def _whole(count: int) -> dict[str, Any]:
    """Return ticks at each of a few; Plotly's own are between them where there are very few."""
    return {"tick0": 1, "dtick": 1} if count < _FEW else {}


def _sums_against(
    goals: np.ndarray, sums: np.ndarray, *, side: str, translate: Translate
) -> list[dict[str, Any]]:
    """Return the bars of a side: what is asked, what there is, and in full what both have."""
    upright = side == "column"
    colour = COLUMN_COLOUR if upright else ROW_COLOUR
    names = (
        (translate("asked of columns"), translate("column sums"), translate("met in columns"))
        if upright
        else (translate("asked of rows"), translate("row sums"), translate("met in rows"))
    )
    said = translate("column %{x}: %{y:.4g}") if upright else translate("row %{y}: %{x:.4g}")
    off = {"color": WASH_COLOUR, "line": {"width": 1, "color": colour}}
    full = {"color": colour, "line": {"width": 0}}
    unsaid = {"hoverinfo": "skip"}
    places = np.arange(1, len(goals) + 1)

    def bars(part: str, name: str, values: np.ndarray, look: dict[str, Any]) -> dict[str, Any]:
        return {"type": "bar", "uid": f"{side}-{part}", "name": name, "marker": look} | (
            {"x": places, "y": values, "yaxis": "y2"}
            if upright
            else {"x": values, "y": places, "xaxis": "x2", "orientation": "h"}
        )

    return [
        bars("asked", names[0], goals, off) | unsaid,
        bars("sums", names[1], sums, off) | {"hovertemplate": said + "<extra></extra>"},
        bars("met", names[2], np.minimum(goals, sums), full) | unsaid,
    ]


def _heading(text: str, side: str, *, x: float, anchor: str) -> dict[str, Any]:
    """Return what stands above the sums of a side, in their colour."""
    colour = QUANTITIES[side].text.light
    place = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "showarrow": False}
    return {"text": text, "x": x, "y": 1, "xanchor": anchor, **place} | {
        "font": {"color": colour, "size": 14, "weight": 600}
    }


def _key(*lines: str) -> dict[str, Any]:
    """Return what the colours mean, below the name of the columns."""
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "align": "left"}
    return {"text": "<br>".join(lines), "x": 0, "y": 0, "yshift": -72, "showarrow": False, **place} | {
        "font": {"size": 12, "color": SECOND_COLOUR}
    }


def share_uid(least: float) -> str:
    """Return the name of the lines from a share on."""
    return f"share-{least:g}".replace(".", "_")


@figure_builder
def clouds_figure(
    x: Tensor, y: Tensor, plan: Tensor, mu: Tensor, nu: Tensor, *, translate: Translate = str
) -> FigureTree:
    """Draw two clouds of points, and the plan as lines between them.

    Parameters
    ----------
    x, y
        Points, [n, 2] and [m, 2].
    plan
        P, [n, m].
    mu, nu
        Weights of the points, [n] and [m].
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Lines by the least share of the most that a pair can get (`share_uid`), from faint to full, then
        the points `x` and `y`, of an area that goes with their weight; by `uid`.
    """
    first, second, values = x.numpy(), y.numpy(), plan.numpy()
    most = max(1e-300, min(float(mu.max()), float(nu.max())))
    shares = values / most
    traces: list[dict[str, Any]] = []
    for place, least in enumerate(_SHARES):
        above = _SHARES[place + 1] if place + 1 < len(_SHARES) else math.inf
        rows, columns = np.nonzero((shares >= least) & (shares < above))
        gap = np.full(len(rows), np.nan)
        traces.append(
            {
                "type": "scatter",
                "uid": share_uid(least),
                "name": translate("from {share} %").format(share=f"{100 * least:g}"),
                "x": np.stack([first[rows, 0], second[columns, 0], gap], 1).ravel(),
                "y": np.stack([first[rows, 1], second[columns, 1], gap], 1).ravel(),
                "mode": "lines",
                "line": {"color": Q_COLOUR, "width": (0.75, 1.5, 2.5, 4)[place]},
                "opacity": (0.35, 0.55, 0.8, 1)[place],
                "hoverinfo": "skip",
            }
        )
    rows_said = translate("row %{text}: (%{x:.3g}, %{y:.3g})")
    columns_said = translate("column %{text}: (%{x:.3g}, %{y:.3g})")
    for uid, name, said, points, weights, colour, symbol in (
        ("x", translate("rows"), rows_said, first, mu.numpy(), ROW_COLOUR, "circle"),
        ("y", translate("columns"), columns_said, second, nu.numpy(), COLUMN_COLOUR, "square"),
    ):
        largest = max(weights.max(), 1e-300)
        traces.append(
            {
                "type": "scatter",
                "uid": uid,
                "name": name,
                "x": points[:, 0],
                "y": points[:, 1],
                "mode": "markers",
                "marker": {
                    "color": colour,
                    "symbol": symbol,
                    "opacity": 1,
                    "size": 2 + 10 * np.sqrt(weights / largest),
                    "line": {"width": 0},
                },
                "text": [str(index) for index in range(1, len(points) + 1)],
                "hovertemplate": said + "<extra></extra>",
            }
        )
    return figure_tree(
        traces,
        title=translate("The plan between the points"),
        x_title="",
        y_title="",
        height=440,
        xaxis={"range": [-0.06, 1.06], "constrain": "domain"},
        yaxis={"range": [-0.06, 1.06], "scaleanchor": "x", "constrain": "domain"},
    )


def _tick(symbol: str, count: int) -> dict[str, Any]:
    size = max(3, min(14, 150 // count))
    return {"symbol": symbol, "size": size, "line": {"width": 2.5, "color": INK}}
