"""L1 = L2 + H(p) at one glance: the three means as bars, and what H(p) moves each trial by."""

from typing import Any

import numpy as np

from ce_core.experiment.statistics import LossComparison, SortedLosses
from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.labels import coloured, label
from ce_core.figures.style import (
    ENTROPY_COLOUR,
    EXACT_LINE,
    INK,
    L1_COLOUR,
    L2_COLOUR,
    Translate,
    empty_note,
    figure_tree,
    square_windows,
    window,
)

_HEIGHT = 340
# The names of the two rows of bars lie at these places of their axis.
_L1_ROW, _SUM_ROW = 1, 0


@figure_builder
def entropy_stem_figure(
    losses: SortedLosses,
    comparison: LossComparison,
    *,
    title: str,
    numbers: str = "",
    translate: Translate = str,
) -> FigureTree:
    """Draw L1 = L2 + H(p): above, the three means; below, how far H(p) moves a trial off slope 1.

    Parameters
    ----------
    losses
        The trials in order of L1.
    comparison
        The same trials' statistics.
    title
        As shown.
    numbers
        What is written in the corner that the trials leave free, <br> between lines.
    translate
        Applied to every other visible string.

    Returns
    -------
    go.Figure
        Above, bars `l1`, `entropy` and `l2`, in nats. Below, each loss minus its mean: `trials`, the
        line `slope-1`, and `stems` from the line to each trial, as long as H(p) differs from its mean
        there, since L2 = L1 - H(p); where rounding decides, their name says that they are rounding
        too; and `numbers`. Both axes below are equally long. By `uid`.
    """
    if not len(losses.l1):
        return figure_tree(
            [],
            title=title,
            x_title="",
            y_title="",
            height=_HEIGHT,
            annotations=[empty_note(translate("No trial has a finite loss."))],
        )
    x, y = losses.l1.numpy() - comparison.l1_mean, losses.l2.numpy() - comparison.l2_mean
    # A stem may stand outside the losses: it starts at the line.
    x_range, y_range = square_windows(x, np.concatenate([x, y]))
    assert x_range is not None
    assert y_range is not None
    ends = np.array([max(x_range[0], y_range[0]), min(x_range[1], y_range[1])])
    gap = np.full(len(x), np.nan)
    traces: list[dict[str, Any]] = [
        *_bars(comparison),
        {
            "type": "scatter",
            "uid": "stems",
            "name": translate("H(p) and rounding") if comparison.rounding_decides else "H(p)",
            "legendgroup": "stems" if comparison.rounding_decides else "entropy",
            "showlegend": comparison.rounding_decides,
            "meta": label("middle"),
            "x": np.stack([x, x, gap], -1).ravel(),
            "y": np.stack([x, y, gap], -1).ravel(),
            "mode": "lines",
            # All of them stay, also those without length.
            "line": {"color": ENTROPY_COLOUR, "width": 3, "simplify": False},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "uid": "slope-1",
            "name": translate("slope 1"),
            "x": ends,
            "y": ends,
            "mode": "lines",
            "line": EXACT_LINE,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "uid": "trials",
            "name": translate("trials"),
            "legendgroup": "l2",
            "showlegend": False,
            "x": x,
            "y": y,
            "mode": "markers",
            "marker": {"color": L2_COLOUR, "size": 9},
            "hovertemplate": "L1 %{x:.3e}<br>L2 %{y:.3e}<extra></extra>",
        },
        {
            "type": "scatter",
            "uid": "numbers",
            "name": numbers.replace("<br>", ", "),
            "showlegend": False,
            "x": np.array([x_range[0] + 0.02 * (x_range[1] - x_range[0])]),
            "y": np.array([y_range[1] - 0.02 * (y_range[1] - y_range[0])]),
            "mode": "text",
            "text": [numbers],
            "textposition": "bottom right",
            "textfont": {"size": 14, "color": INK, "weight": 600},
            "hoverinfo": "skip",
        },
    ]
    return figure_tree(
        traces,
        title=title,
        x_title=translate("L1 minus its mean, nats"),
        y_title=translate("L2 minus its mean"),
        x_range=x_range,
        y_range=y_range,
        height=_HEIGHT,
        yaxis={"domain": [0, 0.7], "anchor": "x"},
        xaxis={"anchor": "y"},
        xaxis2={
            "anchor": "y2",
            "range": _from_zero(comparison),
            "nticks": 5,
            "showgrid": False,
            "zeroline": False,
        },
        yaxis2={
            "anchor": "x2",
            "domain": [0.87, 1],
            "range": [_SUM_ROW - 0.5, _L1_ROW + 0.5],
            "tickvals": [_SUM_ROW, _L1_ROW],
            "ticktext": [
                f"{coloured('entropy', 'H(p)')} + {coloured('l2', 'L2')}",
                coloured("l1", "L1"),
            ],
            "showgrid": False,
            "zeroline": False,
        },
        barmode="relative",
        bargap=0.2,
    )


def _bars(comparison: LossComparison) -> list[dict[str, Any]]:
    rows = (
        ("l1", "L1", comparison.l1_mean, L1_COLOUR, _L1_ROW),
        ("entropy", "H(p)", comparison.entropy_mean, ENTROPY_COLOUR, _SUM_ROW),
        ("l2", "L2", comparison.l2_mean, L2_COLOUR, _SUM_ROW),
    )
    return [
        {
            "type": "bar",
            "uid": uid,
            "name": name,
            "legendgroup": uid,
            # Its row says it.
            "showlegend": False,
            "orientation": "h",
            "x": np.array([mean]),
            "y": np.array([row]),
            "xaxis": "x2",
            "yaxis": "y2",
            "marker": {"color": colour, "line": {"width": 0}},
            "hovertemplate": "%{x:.6g}<extra>" + name + "</extra>",
        }
        for uid, name, mean, colour, row in rows
    ]


def _from_zero(comparison: LossComparison) -> list[float]:
    """Return a range that shows all bars from 0 on."""
    positive = max(0.0, comparison.l2_mean) + comparison.entropy_mean
    shown = np.array([0.0, comparison.l1_mean, positive, min(0.0, comparison.l2_mean)])
    found = window(shown, margin=0.03)
    assert found is not None
    return found
