"""What ε and the temperature do to scores: underflow, the pace of iterations, a softmax over T."""

import math
from typing import Any

import numpy as np

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.colours import DTYPE_SYMBOLS
from ce_core.figures.labels import dtype_label
from ce_core.figures.style import (
    COLUMN_COLOUR,
    DTYPE_COLOURS,
    ENTROPY_COLOUR,
    HELD_LINE,
    L1_COLOUR,
    P_COLOUR,
    Translate,
    empty_note,
    figure_tree,
)
from ce_core.tuning.grid import TuningMap
from ce_core.tuning.temperatures import TemperatureCurve

# Beyond so many nobody waits for a tenth.
_MOST_STEPS = 1e6


@figure_builder
def underflow_figure(found: TuningMap, *, now: float, translate: Translate = str) -> FigureTree:
    """Draw which share of the kernel exp(-(C - min C)/ε) rounds to 0 in each dtype, over ε.

    Parameters
    ----------
    found
        The map.
    now
        The present ε.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        A line a dtype and `now`, a vertical line, by `uid`.
    """
    eps = found.eps.numpy()
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": dtype,
            "name": dtype,
            "meta": dtype_label(dtype),
            "x": eps,
            "y": 100 * shares.numpy(),
            "mode": "lines+markers",
            "line": {"color": DTYPE_COLOURS[dtype], "width": 3},
            "marker": {"symbol": DTYPE_SYMBOLS[dtype], "size": 9},
            "hovertemplate": "ε %{x:.4g}: %{y:.3g} %<extra>%{fullData.name}</extra>",
        }
        for dtype, shares in found.underflow.items()
    ]
    traces.append(_held(now, 0.0, 100.0, translate))
    return figure_tree(
        traces,
        title=translate("What of the kernel e^(−C/ε) is rounded to 0"),
        x_title="ε",
        y_title=translate("% of the pairs"),
        xaxis=_logarithmic(eps),
        yaxis={"range": [-3, 103]},
    )


@figure_builder
def pace_figure(found: TuningMap, *, now: float, translate: Translate = str) -> FigureTree:
    """Draw how many iterations make a late error a tenth of itself, over ε.

    Parameters
    ----------
    found
        The map.
    now
        The present ε.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        `pace`, log 0.1 / log rate, with gaps where the rate is not known, or 0 or 1, or a tenth takes
        more than a million; and `now`, by `uid`. Where none is known the figure says so.
    """
    eps, rate = found.eps.numpy(), found.rate.numpy()
    steps = np.full(len(rate), np.nan)
    between = (rate > 0) & (rate < 1)
    steps[between] = math.log(0.1) / np.log(rate[between])
    known = steps <= _MOST_STEPS
    steps[~known] = np.nan
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": "pace",
            "name": translate("iterations to a tenth"),
            "meta": {"label": None},
            "x": eps,
            "y": steps,
            "mode": "lines+markers",
            "line": {"color": COLUMN_COLOUR, "width": 3},
            "marker": {"size": 8},
            "hovertemplate": translate("ε %{x:.4g}: a tenth in %{y:.3g}") + "<extra></extra>",
        }
    ]
    shown = steps[known]
    if not len(shown):
        note = empty_note(translate("No converged plan was found in the iterations spent on it."))
        return figure_tree(
            [], title=_pace_title(translate), x_title="ε", y_title="", annotations=[note]
        )
    low, high = math.log10(shown.min()) - 0.2, math.log10(shown.max()) + 0.2
    traces.append(_held(now, 10**low, 10**high, translate))
    return figure_tree(
        traces,
        title=_pace_title(translate),
        x_title="ε",
        y_title=translate("iterations"),
        xaxis=_logarithmic(eps),
        yaxis={"type": "log", "range": [low, high]},
    )


@figure_builder
def temperature_figure(
    curve: TemperatureCurve, *, wanted: float, translate: Translate = str
) -> FigureTree:
    """Draw what softmax(a/T) is like over T: entropy, largest p, and how large its gradient is.

    Parameters
    ----------
    curve
        Of rows of logits, [K, n]; means over the rows are drawn.
    wanted
        The T of a wanted entropy; NaN for none.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        `entropy` in nats, below it `largest` and `gradient`, and `now`, by `uid`.
    """
    temperatures = curve.temperature.numpy()
    entropy, largest, gradient = (
        values.mean(-1).numpy() for values in (curve.entropy, curve.largest, curve.gradient)
    )
    line: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": temperatures}
    said = "T %{x:.3g}: %{y:.3g}<extra>%{fullData.name}</extra>"

    def drawn(uid: str, name: str, y: np.ndarray, colour: str, axes: str) -> dict[str, Any]:
        look = {"color": colour, "width": 3}
        return (
            line
            | {"uid": uid, "name": name, "y": y, "line": look, "hovertemplate": said}
            | ({"xaxis": "x2", "yaxis": axes} if axes else {})
        )

    traces = [
        drawn("entropy", translate("entropy"), entropy, ENTROPY_COLOUR, ""),
        drawn("largest", translate("largest p"), largest, P_COLOUR, "y2"),
        drawn("gradient", translate("gradient, its largest 1"), _scaled(gradient), L1_COLOUR, "y2"),
    ]
    highest = 1.08 * max(float(entropy.max()), 1e-3)
    if math.isfinite(wanted):
        traces.append(_held(wanted, 0.0, highest, translate))
    ends = _logarithmic(temperatures)
    return figure_tree(
        traces,
        title=translate("A softmax of the same scores, over its temperature T"),
        x_title="",
        y_title=translate("entropy, nats"),
        height=440,
        xaxis=ends | {"anchor": "y", "matches": "x2", "showticklabels": False},
        yaxis={"domain": [0.55, 1], "range": [0, highest]},
        xaxis2=ends | {"anchor": "y2", "title": {"text": "T"}},
        yaxis2={"domain": [0, 0.47], "anchor": "x2", "range": [0, 1.08]},
    )


def _scaled(gradient: np.ndarray) -> np.ndarray:
    largest = float(gradient.max(initial=0.0))
    return gradient / largest if largest > 0 else gradient


def _pace_title(translate: Translate) -> str:
    return translate("How many iterations make the error a tenth, in the end")


def _held(at: float, low: float, high: float, translate: Translate) -> dict[str, Any]:
    return {
        "type": "scatter",
        "uid": "now",
        "name": translate("now"),
        "x": np.array([at, at]),
        "y": np.array([low, high]),
        "mode": "lines",
        "line": HELD_LINE,
        "hoverinfo": "skip",
    }


def _logarithmic(values: np.ndarray) -> dict[str, Any]:
    low, high = np.log10(values[[0, -1]])
    room = 0.03 * (high - low)
    return {"type": "log", "range": [float(low - room), float(high + room)]}
