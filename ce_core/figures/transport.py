"""The charts of Sinkhorn: a plan with its marginals, errors and rates, eps, and the post's variant."""

import math
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from torch import Tensor

from ce_core.convergence import ConvergenceTrace
from ce_core.figures.style import (
    ENTROPY_COLOUR,
    L1_COLOUR,
    L2_COLOUR,
    POST_COLOUR,
    REFERENCE_COLOUR,
    Translate,
    empty_note,
    make_figure,
    window,
)
from ce_core.plans import PlanFrames
from ce_core.post_variant import VariantDifferences

_SMALLEST_DRAWN: Final = 1e-18
_LOWEST_ERROR: Final = 1e-17
# Colour grows with the root of the mass, so that small entries are seen beside large ones.
_PLAN_COLOURS: Final = tuple(
    (share**2, f"rgba(43, 143, 214, {0.04 + 0.96 * share:.3f})") for share in np.linspace(0, 1, 9)
)
_COLUMN_COLOUR: Final = "#E69F00"
_ROW_COLOUR: Final = "#009E73"
_NOW: Final = {"color": POST_COLOUR, "width": 1.5, "dash": "dot"}
# Lines between points, from faint to full: the least share of the most that a pair can get.
_SHARES: Final = (0.02, 0.1, 0.3, 0.6)


def plan_figure(plan: Tensor, mu: Tensor, nu: Tensor, *, translate: Translate = str) -> go.Figure:
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
        Traces `plan`, `column-sums`, `row-sums`, and the marginals `nu` and `mu` as ticks, by `uid`.
        The colour does not depend on the plan: full where a pair has all that row and column allow.
    """
    values = _array(plan)
    rows, columns = np.arange(1, len(values) + 1), np.arange(1, values.shape[1] + 1)
    goals, sums = (_array(mu), _array(nu)), (values.sum(1), values.sum(0))
    most = max(1e-12, min(goals[0].max(), goals[1].max()))
    highest = [1.5 * max(goal.max(), 1e-12) for goal in goals]
    colours = {"column": _COLUMN_COLOUR, "row": _ROW_COLOUR}
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
            "xgap": 1 if max(values.shape) <= 32 else 0,
            "ygap": 1 if max(values.shape) <= 32 else 0,
            "hovertemplate": translate("row")
            + " %{y}, "
            + translate("column")
            + " %{x}<br>P %{z:.4g}<extra></extra>",
        },
        {
            "type": "bar",
            "uid": "column-sums",
            "name": translate("column sums"),
            "x": columns,
            "y": sums[1],
            "yaxis": "y2",
            "marker": {"color": colours["column"], "line": {"width": 0}},
            "hovertemplate": translate("column") + " %{x}: %{y:.4g}<extra></extra>",
        },
        {
            "type": "scatter",
            "uid": "nu",
            "name": "ν, μ",
            "x": columns,
            "y": goals[1],
            "yaxis": "y2",
            "mode": "markers",
            "marker": _tick("line-ew", len(columns)),
            "hovertemplate": "ν %{y:.4g}<extra></extra>",
        },
        {
            "type": "bar",
            "uid": "row-sums",
            "name": translate("row sums"),
            "orientation": "h",
            "x": sums[0],
            "y": rows,
            "xaxis": "x2",
            "marker": {"color": colours["row"], "line": {"width": 0}},
            "hovertemplate": translate("row") + " %{y}: %{x:.4g}<extra></extra>",
        },
        {
            "type": "scatter",
            "uid": "mu",
            "name": "μ",
            "showlegend": False,
            "x": goals[0],
            "y": rows,
            "xaxis": "x2",
            "mode": "markers",
            "marker": _tick("line-ns", len(rows)),
            "hovertemplate": "μ %{x:.4g}<extra></extra>",
        },
    ]
    hidden = {"showticklabels": False, "zeroline": False, "showgrid": False}
    return make_figure(
        traces,
        title=translate("The plan and its marginals"),
        x_title=translate("column"),
        y_title=translate("row"),
        height=440,
        xaxis={"domain": [0, 0.8], "range": [0.5, len(columns) + 0.5], "showgrid": False},
        yaxis={"domain": [0, 0.78], "range": [len(rows) + 0.5, 0.5], "showgrid": False},
        xaxis2={"domain": [0.83, 1], "range": [0, highest[0]], "anchor": "y", **hidden},
        yaxis2={"domain": [0.82, 1], "range": [0, highest[1]], "anchor": "x", **hidden},
        bargap=0.15,
    )


def convergence_figure(
    trace: ConvergenceTrace, *, at: int, error: float, translate: Translate = str
) -> go.Figure:
    """Draw the marginal error over the iterations, on a logarithm, with both rates.

    Parameters
    ----------
    trace
        The errors and the rates.
    at, error
        The present iteration, and its marginal error.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Traces `bound`, `asymptote` (where known), `plain`, `accelerated` and `now`, by `uid`. An
        error of 0 is drawn at 1e-17.
    """
    steps = np.arange(1, len(trace.plain) + 1)
    said = translate("iteration") + " %{x}: %{y:.3g}<extra>%{fullData.name}</extra>"
    line: dict[str, Any] = {"type": "scatter", "mode": "lines", "hovertemplate": said}
    plain = _raised(_array(trace.plain))
    traces: list[dict[str, Any]] = [
        line
        | {
            "uid": "bound",
            "name": translate("Birkhoff's bound"),
            "x": steps,
            "y": _raised(_array(trace.bound)),
            "line": {"color": REFERENCE_COLOUR, "width": 2, "dash": "dash"},
        }
    ]
    accelerated = _raised(_array(trace.accelerated))
    traces += [
        line
        | {
            "uid": "plain",
            "name": translate("plain"),
            "x": steps,
            "y": plain,
            "line": {"color": L1_COLOUR, "width": 4},
        },
    ]
    if trace.asymptote.isfinite().any():
        traces.append(
            line
            | {
                "uid": "asymptote",
                "name": translate("true rate σ₂²"),
                "x": steps,
                "y": _raised(_array(trace.asymptote)),
                "line": {"color": ENTROPY_COLOUR, "width": 2, "dash": "dash"},
            }
        )
    traces += [
        line
        | {
            "uid": "accelerated",
            "name": translate("accelerated"),
            "x": np.arange(1, len(accelerated) + 1),
            "y": accelerated,
            "mode": "lines+markers",
            "line": {"color": L2_COLOUR, "width": 2},
            "marker": {"size": 4},
        },
        line
        | {
            "uid": "now",
            "name": translate("now"),
            "x": np.array([at]),
            "y": np.array([max(error, _LOWEST_ERROR)]),
            "mode": "markers",
            "marker": {"color": POST_COLOUR, "size": 11, "symbol": "circle-open", "line": {"width": 3}},
        },
    ]
    shown = np.concatenate([plain, accelerated, [max(error, _LOWEST_ERROR)]])
    lowest = math.floor(math.log10(shown.min()))
    last = max(len(steps), at)
    return make_figure(
        traces,
        title=translate("Marginal error, iteration by iteration"),
        x_title=translate("iteration"),
        y_title=translate("marginal error, Σ |column sum − ν|"),
        x_range=[-0.03 * last, 1.03 * last],
        y_range=[lowest - 0.3, 0.6],
        yaxis={"type": "log"},
        height=440,
    )


def eps_path_figure(
    path: PlanFrames,
    *,
    eps: float,
    entropy: float,
    transport_cost: float,
    entropic_value: float,
    limits: tuple[float, float],
    translate: Translate = str,
) -> go.Figure:
    """Draw what becomes of the plan over eps: its entropy, its transport cost, the entropic value.

    Parameters
    ----------
    path
        Converged plans over eps.
    eps, entropy, transport_cost, entropic_value
        Where the present plan is, which lies on the lines once it has converged.
    limits
        Entropy of a plan that is an assignment, and of independence, in nats.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Above `assignment`, `independence`, `entropy` and `now-entropy`; below `transport-cost`,
        `entropic-value` and their `now-…`, by `uid`.
    """
    x = _array(path.eps)
    ends = np.array([x[0], x[-1]])

    def line(uid: str, name: str, y: np.ndarray, colour: str, below: bool = False) -> dict[str, Any]:
        return {
            "type": "scatter",
            "uid": uid,
            "name": name,
            "x": x,
            "y": y,
            "mode": "lines",
            "line": {"color": colour, "width": 2.5},
            "hovertemplate": "ε %{x:.3g}: %{y:.4g}<extra>%{fullData.name}</extra>",
        } | ({"xaxis": "x2", "yaxis": "y2"} if below else {})

    def limit(uid: str, name: str, y: float) -> dict[str, Any]:
        return line(uid, name, np.array([y, y]), REFERENCE_COLOUR) | {
            "x": ends,
            # Each where the line of the entropy is far away; the marks, unseen, keep it off its own.
            "mode": "lines+markers+text",
            "marker": {"size": 7, "opacity": 0},
            "text": [name, ""] if uid == "independence" else ["", name],
            "textposition": "bottom right" if uid == "independence" else "top left",
            "line": {"color": REFERENCE_COLOUR, "width": 1.5, "dash": "dash"},
            "showlegend": False,
        }

    def now(uid: str, y: float, colour: str, below: bool = False) -> dict[str, Any]:
        return line(f"now-{uid}", translate("now"), np.array([y]), colour, below) | {
            "x": np.array([eps]),
            "mode": "markers",
            "marker": {"color": POST_COLOUR, "size": 11, "symbol": "circle-open", "line": {"width": 3}},
            "showlegend": not below,
        }

    entropies = _array(path.entropy)
    costs, values = _array(path.transport_cost), _array(path.entropic_value)
    traces = [
        limit("assignment", translate("assignment"), limits[0]),
        limit("independence", translate("independence"), limits[1]),
        line("entropy", translate("entropy of the plan"), entropies, ENTROPY_COLOUR),
        now("entropy", entropy, ENTROPY_COLOUR),
        line("transport-cost", translate("transport cost ⟨P, C⟩"), costs, L1_COLOUR, below=True),
        line("entropic-value", translate("entropic value"), values, L2_COLOUR, below=True),
        now("transport-cost", transport_cost, L1_COLOUR, below=True),
        now("entropic-value", entropic_value, L2_COLOUR, below=True),
    ]
    shown = [math.log10(min(x[0], eps)), math.log10(max(x[-1], eps))]
    below = window(costs, values, np.array([transport_cost, entropic_value]))
    return make_figure(
        traces,
        title=translate("From assignment to independence: the plan over ε"),
        x_title="",
        y_title=translate("H(P), nats"),
        height=440,
        xaxis={"type": "log", "range": shown, "anchor": "y", "matches": "x2", "showticklabels": False},
        yaxis={"domain": [0.55, 1], "range": window(entropies, np.array([entropy, *limits]))},
        xaxis2={"type": "log", "range": shown, "anchor": "y2", "title": {"text": "ε"}},
        yaxis2={"domain": [0, 0.47], "anchor": "x2", "title": {"text": translate("cost")}}
        | ({"range": below} if below else {}),
    )


def variant_figure(
    found: VariantDifferences | None, *, now: float, translate: Translate = str
) -> go.Figure:
    """Draw how far the post's variant is off, over the range of C/eps, in both dtypes.

    Parameters
    ----------
    found
        What `ce_core.variant_differences` measured; None where the costs do not differ.
    now
        The present range of C/eps.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        A line a dtype and `now`, a vertical line, by `uid`. Differences of 0 are drawn at 1e-18.
    """
    title = translate("The post's variant: how wrong, over the range of C/ε")
    x_title, y_title = translate("range of C/ε"), translate("largest difference of an entry of Q")
    if found is None:
        note = empty_note(translate("All costs are equal: nothing can underflow."))
        return make_figure(
            [], title=title, x_title=x_title, y_title=y_title, height=440, annotations=[note]
        )
    ranges = _array(found.ranges)
    colours = {"float32": _COLUMN_COLOUR, "float64": L1_COLOUR}
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": dtype,
            "name": dtype,
            "x": ranges,
            "y": np.maximum(_array(differences), _SMALLEST_DRAWN),
            "mode": "lines+markers",
            "line": {"color": colours[dtype], "width": 2.5},
            "marker": {"size": 5},
            "hovertemplate": translate("range") + " %{x:.4g}: %{y:.3g}<extra>%{fullData.name}</extra>",
        }
        for dtype, differences in zip(found.dtypes, found.differences, strict=True)
    ]
    traces.append(
        {
            "type": "scatter",
            "uid": "now",
            "name": translate("now"),
            "x": np.array([now, now]),
            "y": np.array([_SMALLEST_DRAWN, 1.0]),
            "mode": "lines",
            "line": _NOW,
            "hovertemplate": translate("range") + " %{x:.4g}<extra>%{fullData.name}</extra>",
        }
    )
    return make_figure(
        traces,
        title=title,
        x_title=x_title,
        y_title=y_title,
        height=440,
        xaxis={
            "type": "log",
            "range": [math.log10(min(ranges[0], now)), math.log10(max(ranges[-1], now))],
        },
        yaxis={"type": "log", "range": [-18.3, 0.5], "dtick": 3},
    )


def clouds_figure(
    x: Tensor, y: Tensor, plan: Tensor, mu: Tensor, nu: Tensor, *, translate: Translate = str
) -> go.Figure:
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
        Lines `share-…` by the least share of the most that a pair can get, from faint to full, then
        the points `x` and `y`, of an area that goes with their weight; by `uid`.
    """
    first, second, values = _array(x), _array(y), _array(plan)
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
                "uid": f"share-{least}",
                "name": translate("from {share} %").format(share=f"{100 * least:g}"),
                "x": np.stack([first[rows, 0], second[columns, 0], gap], 1).ravel(),
                "y": np.stack([first[rows, 1], second[columns, 1], gap], 1).ravel(),
                "mode": "lines",
                "line": {"color": REFERENCE_COLOUR, "width": (0.75, 1.5, 2.5, 4)[place]},
                "opacity": (0.35, 0.55, 0.8, 1)[place],
                "hoverinfo": "skip",
            }
        )
    for uid, points, weights, colour, symbol in (
        ("x", first, _array(mu), _ROW_COLOUR, "circle"),
        ("y", second, _array(nu), _COLUMN_COLOUR, "square"),
    ):
        largest = max(weights.max(), 1e-300)
        traces.append(
            {
                "type": "scatter",
                "uid": uid,
                "name": translate("rows") if uid == "x" else translate("columns"),
                "x": points[:, 0],
                "y": points[:, 1],
                "mode": "markers",
                "marker": {
                    "color": colour,
                    "symbol": symbol,
                    "size": 2 + 10 * np.sqrt(weights / largest),
                    "line": {"width": 0},
                },
                "text": [str(index) for index in range(1, len(points) + 1)],
                "hovertemplate": "%{fullData.name} %{text}: (%{x:.3g}, %{y:.3g})<extra></extra>",
            }
        )
    return make_figure(
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
    return {"symbol": symbol, "size": size, "line": {"width": 2.5, "color": REFERENCE_COLOUR}}


def _raised(values: np.ndarray) -> np.ndarray:
    """Return values for a logarithmic axis: 0 becomes the lowest that is drawn; NaN stays."""
    drawn: np.ndarray = np.where(np.isnan(values), np.nan, np.maximum(values, _LOWEST_ERROR))
    return drawn


def _array(values: Tensor) -> np.ndarray:
    array: np.ndarray = values.numpy()
    return array
