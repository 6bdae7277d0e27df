"""The Jacobian of the softmax: by finite differences, and its eigenvalues."""

import math
from typing import Any, Final

import numpy as np
from torch import Tensor

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.colours import DTYPE_SYMBOLS
from ce_core.figures.labels import dtype_label, unlabelled
from ce_core.figures.style import (
    DTYPE_COLOURS,
    INK,
    P_COLOUR,
    SECOND_COLOUR,
    Translate,
    empty_note,
    figure_tree,
    on_logarithm,
)
from ce_core.probability.eigenvalues import JacobianSpectrum
from ce_core.probability.finite_differences import DifferenceErrors

_SMALLEST_DRAWN: Final = 1e-18


@figure_builder
def difference_figure(errors: DifferenceErrors, *, translate: Translate = str) -> FigureTree:
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
        By `uid`: the dtypes, each with `<dtype> best` (unless no step finds a single digit, or one is
        exact) and `<dtype> autograd`. What is 0 or not defined leaves a gap.
    """
    steps = errors.steps.numpy()
    traces: list[dict[str, Any]] = []
    for index, dtype in enumerate(errors.dtypes):
        traces += _difference_traces(errors, index, dtype, translate)
    nothing = [empty_note(translate("J is 0 in every entry: no error is relative to it."))]
    return figure_tree(
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
    found = on_logarithm(errors.differences[index].numpy())
    if np.isnan(found).all():
        return []
    colour = DTYPE_COLOURS[dtype]
    steps = errors.steps.numpy()
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": dtype,
            "name": dtype,
            "legendgroup": dtype,
            "meta": dtype_label(dtype),
            "x": steps,
            "y": found,
            "mode": "lines+markers",
            "line": {"color": colour, "width": 3},
            # Which dtype it is, here and there along the line.
            "marker": {"symbol": DTYPE_SYMBOLS[dtype], "size": 9, "maxdisplayed": 9},
            "hovertemplate": translate("h %{x:.2g}<br>error %{y:.2g}")
            + "<extra>%{fullData.name}</extra>",
        },
        {
            "type": "scatter",
            "uid": f"{dtype}-autograd",
            "name": translate("{dtype}, autograd").format(dtype=dtype),
            "legendgroup": dtype,
            "showlegend": False,
            "x": np.array([steps.min(), steps.max()]),
            "y": on_logarithm(errors.autograd[index].repeat(2).numpy()),
            "mode": "lines",
            "line": {"color": colour, "width": 1.5, "dash": "dot"},
            "hovertemplate": translate("error %{y:.2g}") + "<extra>%{fullData.name}</extra>",
        },
    ]
    # Where rounding cancels the error is 0 at more than one step, and none is the best.
    if 0 < errors.best_errors[index] < 1:
        best = {
            "uid": f"{dtype}-best",
            "name": translate("{dtype}, best step").format(dtype=dtype),
            "showlegend": False,
            "meta": unlabelled(),
            "x": errors.best_steps[index : index + 1].numpy(),
            "y": on_logarithm(errors.best_errors[index : index + 1].numpy()),
            "mode": "markers",
            "marker": {"symbol": DTYPE_SYMBOLS[dtype], "color": colour, "size": 14},
        }
        traces.append(traces[0] | best)
    return traces


@figure_builder
def eigenvalue_figure(
    spectrum: JacobianSpectrum, p: Tensor, *, translate: Translate = str
) -> FigureTree:
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
        where they count towards the rank. What is below 1e-18 of the largest is drawn there;
        0 leaves a gap.
    """
    values = spectrum.eigenvalues.numpy()
    tolerance = spectrum.tolerance.item()
    sorted_p = p.sort(descending=True).values.numpy()
    number = np.arange(1, len(values) + 1)
    floor = max(_SMALLEST_DRAWN * values[0], 1e-300) if values[0] > 0 else _SMALLEST_DRAWN
    drawn, lines = (
        np.maximum(on_logarithm(part), floor, where=part > 0, out=np.full(len(part), np.nan))
        for part in (np.abs(values), sorted_p)
    )
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
            "y": on_logarithm(np.full(2, tolerance)),
            "mode": "lines",
            "line": {"color": SECOND_COLOUR, "width": 1.5, "dash": "dash"},
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
                "color": INK,
                "size": 10,
                "symbol": ["circle" if value > tolerance else "circle-open" for value in values],
                "line": {"width": 2, "color": INK},
            },
            "hovertemplate": "λ %{customdata:.4g}<extra></extra>",
        },
    ]
    shown = np.concatenate([drawn, lines, on_logarithm(np.array([tolerance]))])
    least = max(floor, float(np.nanmin(shown)))
    return figure_tree(
        traces,
        title=translate("Eigenvalues of J: one is always 0"),
        x_title=translate("in descending order"),
        y_title=translate("value"),
        x_range=[0.3, len(values) + 0.7],
        y_range=[math.log10(least) - 1, math.log10(np.nanmax(shown)) + 1],
        xaxis={"tick0": 1, "dtick": 1 + len(values) // 12},
        yaxis={"type": "log"},
    )
