"""The charts of the gradients: paths of descent, what the gradients consist of, the post's check."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from torch import Tensor

from ce_core.centring import CentringErrors
from ce_core.descent import DESCENTS
from ce_core.figures.style import (
    L1_COLOUR,
    L2_COLOUR,
    POST_COLOUR,
    REFERENCE_COLOUR,
    Translate,
    make_figure,
)

HELD_COLOUR: Final = "#E69F00"
RESIDUAL_COLOUR: Final = "#CC79A7"
DTYPE_COLOURS: Final = {"float64": "#2b8fd6", "float32": "#009E73"}

# L1 lies broad under L2 with p held, since the two coincide.
_LINES: Final[dict[str, dict[str, Any]]] = {
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


def simplex_figure(
    paths: Tensor,
    now: Tensor,
    *,
    target: Tensor,
    stop: Tensor,
    corners: Sequence[str],
    translate: Translate = str,
) -> go.Figure:
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

    colours = [_LINES[name]["color"] for name in DESCENTS]
    marks = [
        ("target", "q", target[None], "star", 17, REFERENCE_COLOUR),
        ("stop", translate("least L2"), stop[None], "diamond-open", 17, L2_COLOUR),
        ("start", translate("start"), paths[0, :1], "circle-open", 12, REFERENCE_COLOUR),
    ]
    traces: list[dict[str, Any]] = [
        _triangle(),
        *(
            points(path, uid=name, name=names[name], mode="lines", line=_LINES[name])
            for name, path in zip(DESCENTS, paths, strict=True)
        ),
        *(
            points(
                place,
                uid=uid,
                name=name,
                mode="markers",
                marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": 2.5}},
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
    return make_figure(
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
        "line": {"color": "rgba(128, 128, 128, 0.45)", "width": 1},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def approach_figure(
    steps: Tensor,
    shares: Tensor,
    *,
    now: int,
    label: str,
    target: float,
    stop: float,
    translate: Translate = str,
) -> go.Figure:
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
        ("target", "q", target, REFERENCE_COLOUR, "dot"),
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
            "line": _LINES[descent],
            "hovertemplate": translate("step") + " %{x}: %{y:.6f}<extra>%{fullData.name}</extra>",
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
            "line": {"color": REFERENCE_COLOUR, "width": 1.5},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    )
    return make_figure(
        traces,
        title=translate("How sure each descent becomes"),
        x_title=translate("step"),
        y_title=label,
        x_range=[-0.02 * ends[1], 1.02 * ends[1]],
        y_range=[-0.04, 1.06],
        height=430,
    )


def descent_gradients_figure(
    gradients: Tensor, *, limit: float, translate: Translate = str
) -> go.Figure:
    """Draw the three gradients at one point, class by class, side by side.

    Parameters
    ----------
    gradients
        dL/da, [descents, m], in the order of `DESCENTS`.
    limit
        The axis shows sizes up to this.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        The descents by `uid`.
    """
    names = descent_names(translate)
    classes = _classes(gradients.shape[-1])
    traces: list[dict[str, Any]] = [
        {
            "type": "bar",
            "uid": name,
            "name": names[name],
            "x": classes,
            "y": gradient.numpy(),
            "marker": {"color": _LINES[name]["color"]},
            "hovertemplate": translate("class") + " %{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
        }
        for name, gradient in zip(DESCENTS, gradients, strict=True)
    ]
    return _bars(
        traces,
        classes,
        title=translate("The three gradients where L2 in full now stands"),
        x_title=translate("class"),
        y_title=translate("dL/da; descent moves a against it"),
        limit=limit,
        barmode="group",
    )


def residual_figure(
    pulls: Tensor, residual: Tensor, *, limit: float, translate: Translate = str
) -> go.Figure:
    """Draw the gradient of L2 in full as what it is the sum of, p - q and J a, class by class.

    Parameters
    ----------
    pulls
        p - q, [m].
    residual
        J a, [m].
    limit
        The axis shows sizes up to this.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: `pulls`, `residual`, and `sum`, which is their sum. A last place, Σ, is the sum over
        the classes.
    """
    classes = [*_classes(pulls.shape[-1]), "Σ"]
    parts = [np.append(part.numpy(), part.sum().item()) for part in (pulls, residual)]
    drawn = [("pulls", "p − q", parts[0], L1_COLOUR), ("residual", "J a", parts[1], RESIDUAL_COLOUR)]
    traces: list[dict[str, Any]] = [
        {
            "type": "bar",
            "uid": uid,
            "name": name,
            "x": classes,
            "y": values,
            "marker": {"color": colour},
            "hovertemplate": "%{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
        }
        for uid, name, values, colour in drawn
    ]
    traces.append(
        {
            "type": "scatter",
            "uid": "sum",
            "name": translate("their sum, dL2/da in full"),
            "x": classes,
            "y": parts[0] + parts[1],
            "mode": "markers",
            "marker": {"symbol": "diamond", "size": 12, "color": L2_COLOUR},
            "hovertemplate": "%{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
        }
    )
    return _bars(
        traces,
        classes,
        title=translate("dL2/da in full is (p − q) + J a, class by class"),
        x_title=translate("class; Σ: sum over the classes"),
        y_title=translate("part of dL2/da"),
        limit=limit,
        barmode="relative",
    )


def check_elements_figure(elements: Tensor, *, translate: Translate = str) -> go.Figure:
    """Draw the elements of the post's check, p (a - b), and their sum.

    Parameters
    ----------
    elements
        One a number of the post, [m].
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: `elements`, and `sum` at the place Σ.
    """
    classes = _classes(len(elements))
    values = elements.numpy()
    total = float(values.sum())
    shared = {"type": "bar", "textposition": "outside", "cliponaxis": False}
    traces: list[dict[str, Any]] = [
        {
            **shared,
            "uid": "elements",
            "name": "p (a − b)",
            "x": classes,
            "y": values,
            "text": [f"{value:.4f}".replace("-", "−") for value in values],
            "marker": {"color": RESIDUAL_COLOUR},
            "hovertemplate": "%{x}: %{y:.8f}<extra>%{fullData.name}</extra>",
        },
        {
            **shared,
            "uid": "sum",
            "name": translate("their sum"),
            "x": ["Σ"],
            "y": np.array([total]),
            "text": [f"{total:.1e}".replace("-", "−")],
            "marker": {"color": POST_COLOUR},
            "hovertemplate": "%{y:.4g}<extra>%{fullData.name}</extra>",
        },
    ]
    return _bars(
        traces,
        [*classes, "Σ"],
        title=translate("The post's check: the sum is 0, the elements are not"),
        x_title=translate("i; Σ: their sum"),
        y_title="p (a − b)",
        limit=1.15 * float(abs(values).max()),
    )


def check_errors_figure(
    errors: CentringErrors, *, published: float, translate: Translate = str
) -> go.Figure:
    """Draw the distribution of the rounding error of the post's sum, in units of eps.

    Parameters
    ----------
    errors
        What `ce_core.centring_errors` drew.
    published
        The sum that the post printed, float64; it is marked.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        The dtypes by `uid`, as steps, and `published`.
    """
    edges = errors.edges.numpy()
    middles = (edges[:-1] + edges[1:]) / 2
    tallest = float(errors.counts.max())
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": dtype,
            "name": dtype,
            "x": middles,
            "y": counts.numpy(),
            "mode": "lines",
            "line": {"color": DTYPE_COLOURS[dtype], "width": 2, "shape": "hvh", "dash": dash},
            "fill": "tozeroy" if dash == "solid" else "none",
            "hovertemplate": "%{x:.4f} eps: %{y}<extra>%{fullData.name}</extra>",
        }
        for dtype, counts, dash in zip(errors.dtypes, errors.counts, ("solid", "dot"), strict=True)
    ]
    traces.append(
        {
            "type": "scatter",
            "uid": "published",
            "name": translate("the post's {value}").format(value=f"{published:.1e}"),
            "x": np.full(2, published / errors.eps[0]),
            "y": np.array([0.0, 1.05 * tallest]),
            "mode": "lines",
            "line": {"color": POST_COLOUR, "width": 2, "dash": "dash"},
            "hovertemplate": "%{x:.3f} eps<extra>%{fullData.name}</extra>",
        }
    )
    return make_figure(
        traces,
        title=translate("The rounding error of that sum, draw by draw"),
        x_title=translate("Σ p (a − b) in units of eps of the dtype"),
        y_title=translate("draws"),
        x_range=[float(edges[0]), float(edges[-1])],
        y_range=[0.0, 1.05 * tallest],
    )


def _classes(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def _bars(traces: list[dict[str, Any]], places: list[str], *, limit: float, **layout: Any) -> go.Figure:
    return make_figure(
        traces,
        x_range=[-0.6, len(places) - 0.4],
        y_range=[-1.08 * limit, 1.08 * limit],
        xaxis={"type": "category", "categoryorder": "array", "categoryarray": places, "nticks": 0},
        **layout,
    )
