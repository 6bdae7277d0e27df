"""The charts of the softmax: differences against the Jacobian, its eigenvalues, two classes."""

import math
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Tensor

from ce_core.differences import DifferenceErrors
from ce_core.figures.style import (
    L1_COLOUR,
    L2_COLOUR,
    REFERENCE_COLOUR,
    Translate,
    empty_note,
    make_figure,
)
from ce_core.spectrum import JacobianSpectrum
from ce_core.surface import SoftmaxSurface

# From wide to narrow, and apart in any colour vision.
DTYPE_COLOURS: Final = {
    "float64": "#2b8fd6",
    "float32": "#009E73",
    "bfloat16": "#E69F00",
    "float16": "#CC79A7",
}
P_COLOUR: Final = "#E69F00"
P_COLOURS: Final = (
    (0.0, "#204a87"),
    (0.25, "#2b8fd6"),
    (0.5, "#9fb8c8"),
    (0.75, "#E69F00"),
    (1.0, "#b35c00"),
)
_SMALLEST_DRAWN: Final = 1e-18
_LEVELS: Final = {"start": 0.1, "end": 0.9, "size": 0.1}
_WHITE: Final = "rgba(255, 255, 255, 0.6)"
_SPATIAL_AXIS: Final = {
    "backgroundcolor": "rgba(0, 0, 0, 0)",
    "gridcolor": "rgba(128, 128, 128, 0.35)",
    "zerolinecolor": "rgba(128, 128, 128, 0.35)",
    "showspikes": False,
    "nticks": 5,
}
_POINT_TEXT: Final = "a₁ %{x:.4g}<br>a₂ %{y:.4g}<br>p₁ %{z:.4g}<extra></extra>"


def difference_figure(errors: DifferenceErrors, *, translate: Translate = str) -> go.Figure:
    """Draw the error of central differences over the step, a V a dtype, with autograd's as levels.

    Parameters
    ----------
    errors
        What `ce_core.difference_errors` measured.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: the dtypes, each with `<dtype> best` (unless no step finds a single digit) and
        `<dtype> autograd`. Errors of 0 are drawn at 1e-18; what is not defined leaves a gap.
    """
    steps = errors.steps.numpy()
    traces: list[dict[str, Any]] = []
    for index, dtype in enumerate(errors.dtypes):
        traces += _difference_traces(errors, index, dtype, translate)
    nothing = [empty_note(translate("J is 0 in every entry: no error is relative to it."))]
    return make_figure(
        traces,
        title=translate("The Jacobian by finite differences: error over the step h"),
        x_title=translate("step h of the central difference"),
        y_title=translate("error, relative to the largest |J|"),
        x_range=[math.log10(steps.min()), math.log10(steps.max())],
        y_range=[-18.5, 2.5],
        xaxis={"type": "log"},
        yaxis={"type": "log", "dtick": 3},
        annotations=[] if traces else nothing,
    )


def _difference_traces(
    errors: DifferenceErrors, index: int, dtype: str, translate: Translate
) -> list[dict[str, Any]]:
    found = _drawn(errors.differences[index])
    if np.isnan(found).all():
        return []
    colour = DTYPE_COLOURS[dtype]
    said = translate("error") + " %{y:.2g}"
    steps = errors.steps.numpy()
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": dtype,
            "name": dtype,
            "legendgroup": dtype,
            "x": steps,
            "y": found,
            "mode": "lines",
            "line": {"color": colour, "width": 2},
            "hovertemplate": "h %{x:.2g}<br>" + said + "<extra>%{fullData.name}</extra>",
        },
        {
            "type": "scatter",
            "uid": f"{dtype} autograd",
            "name": translate("{dtype}, autograd").format(dtype=dtype),
            "legendgroup": dtype,
            "showlegend": False,
            "x": np.array([steps.min(), steps.max()]),
            "y": _drawn(errors.autograd[index].repeat(2)),
            "mode": "lines",
            "line": {"color": colour, "width": 1.5, "dash": "dot"},
            "hovertemplate": said + "<extra>%{fullData.name}</extra>",
        },
    ]
    if errors.best_errors[index] < 1:
        best = {
            "uid": f"{dtype} best",
            "name": translate("{dtype}, best step").format(dtype=dtype),
            "showlegend": False,
            "x": errors.best_steps[index : index + 1].numpy(),
            "y": _drawn(errors.best_errors[index : index + 1]),
            "mode": "markers",
            "marker": {"color": colour, "size": 10},
        }
        traces.append(traces[0] | best)
    return traces


def eigenvalue_figure(
    spectrum: JacobianSpectrum, p: Tensor, *, translate: Translate = str
) -> go.Figure:
    """Draw the eigenvalues of the Jacobian in order, between the probabilities in order.

    Parameters
    ----------
    spectrum
        Of one row of logits.
    p
        Their softmax, [m].
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: `p`, the sorted probabilities; `tolerance`; `eigenvalues`, in absolute value, filled
        where they count towards the rank. What is below 1e-18 of the largest is drawn there.
    """
    values = spectrum.eigenvalues.numpy()
    tolerance = spectrum.tolerance.item()
    sorted_p = p.sort(descending=True).values.numpy()
    number = np.arange(1, len(values) + 1)
    floor = max(_SMALLEST_DRAWN * values[0], 1e-300) if values[0] > 0 else _SMALLEST_DRAWN
    drawn = np.maximum(np.abs(values), floor)
    lines = np.maximum(sorted_p, floor)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": "p",
            "name": translate("p, sorted"),
            "x": number - 0.5,
            "y": lines,
            "customdata": sorted_p,
            "mode": "markers",
            "marker": {"color": P_COLOUR, "size": 14, "symbol": "line-ew-open", "line": {"width": 3}},
            "hovertemplate": "p %{customdata:.4g}<extra></extra>",
        },
        {
            "type": "scatter",
            "uid": "tolerance",
            "name": translate("tolerance of the rank"),
            "x": np.array([0.3, len(values) + 0.7]),
            "y": np.full(2, max(tolerance, floor)),
            "mode": "lines",
            "line": {"color": REFERENCE_COLOUR, "width": 1.5, "dash": "dash"},
            "hovertemplate": "%{y:.2g}<extra></extra>",
        },
        {
            "type": "scatter",
            "uid": "eigenvalues",
            "name": translate("|eigenvalue|"),
            "x": number,
            "y": drawn,
            "customdata": values,
            "mode": "markers",
            "marker": {
                "color": L1_COLOUR,
                "size": 10,
                "symbol": ["circle" if value > tolerance else "circle-open" for value in values],
                "line": {"width": 2, "color": L1_COLOUR},
            },
            "hovertemplate": "λ %{customdata:.4g}<extra></extra>",
        },
    ]
    shown = np.concatenate([drawn, lines, [max(tolerance, floor)]])
    return make_figure(
        traces,
        title=translate("Eigenvalues of J: one is always 0"),
        x_title=translate("in descending order"),
        y_title=translate("value"),
        x_range=[0.3, len(values) + 0.7],
        y_range=[math.log10(shown.min()) - 1, math.log10(shown.max()) + 1],
        xaxis={"tick0": 1, "dtick": 1 + len(values) // 12},
        yaxis={"type": "log"},
    )


def surface_figure(
    surface: SoftmaxSurface, point: tuple[float, float, float], *, translate: Translate = str
) -> go.Figure:
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
            "contours": {"z": {"show": True, **_LEVELS, "color": _WHITE, "width": 1}},
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
            "marker": {"color": L2_COLOUR, "size": 7, "line": {"color": "white", "width": 2}},
            "hovertemplate": _POINT_TEXT,
        },
    ]
    sides = {"x": "a₁", "y": "a₂", "z": "p₁"}
    axes = {f"{side}axis": {"title": {"text": title}, **_SPATIAL_AXIS} for side, title in sides.items()}
    axes["zaxis"] |= {"range": [0, 1]}
    return make_figure(
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
                "eye": {"x": -1.35, "y": -1.65, "z": 0.9},
                "center": {"x": 0, "y": 0, "z": -0.12},
            },
            "uirevision": "keep",
        },
    )


def contour_figure(
    surface: SoftmaxSurface, point: tuple[float, float, float], *, translate: Translate = str
) -> go.Figure:
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
            "contours": {**_LEVELS, "showlabels": True, "labelfont": {"color": "white", "size": 11}},
            "line": {"color": _WHITE, "width": 1},
            "hovertemplate": _POINT_TEXT,
        },
        {
            "type": "scatter",
            "uid": "diagonal",
            "name": translate("the same a₁ − a₂"),
            "x": ends,
            "y": ends - point[0] + point[1],
            "mode": "lines",
            "line": {"color": "white", "width": 2, "dash": "dash"},
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
            "marker": {"color": L2_COLOUR, "size": 13, "line": {"color": "white", "width": 2}},
            "hovertemplate": "a₁ %{x:.4g}<br>a₂ %{y:.4g}<br>p₁ %{customdata:.4g}<extra></extra>",
        },
    ]
    return make_figure(
        traces,
        title=translate("The same from above: lines of equal p₁"),
        x_title="a₁",
        y_title="a₂",
        x_range=[float(first[0]), float(first[-1])],
        y_range=[float(second[0]), float(second[-1])],
        showlegend=False,
    )


def _drawn(errors: Tensor) -> np.ndarray:
    """Return errors as a logarithmic axis can show them."""
    drawn: np.ndarray = torch.where(errors.isnan(), math.nan, errors.clamp(min=_SMALLEST_DRAWN)).numpy()
    return drawn
