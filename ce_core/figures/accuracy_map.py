"""Which formula survives, in which dtype and from which gap on."""

from typing import Final

import numpy as np

from ce_core.figures.accuracy_traces import (
    HATCHES,
    hatched_areas,
    heat_map,
    legend_entry,
    present_state,
    thresholds,
)
from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.colours import DTYPE_GLYPHS
from ce_core.figures.style import SECOND_COLOUR, Translate, figure_tree
from ce_core.stability.accuracy_map import AccuracyMap
from ce_core.stability.verdicts import VERDICTS

# A row for the name of a formula, then one a dtype.
_HEAD: Final = 1.35
_ROW_PIXELS: Final = 15


@figure_builder
def accuracy_map_figure(
    judged: AccuracyMap,
    *,
    of: str,
    labels: dict[str, str],
    gap: float | None = None,
    chosen: tuple[str, str] | None = None,
    translate: Translate = str,
) -> FigureTree:
    """Draw for every formula and dtype where along the gap it is right, wrong, infinite or NaN.

    Parameters
    ----------
    judged
        What `ce_core.accuracy_map` found; its gaps are > 0.
    of
        "values" or "gradients".
    labels
        What each formula is called.
    gap
        Where the present state lies, if it is on this line of logits.
    chosen
        Formula and dtype of the present state.
    translate
        Applied to every visible string but the labels.

    Returns
    -------
    go.Figure
        Trace `verdicts`, a heat map of indices into `VERDICTS` whose rows are separated by one a
        formula for its name; `legend-right` and `legend-wrong`, which only name a colour;
        `legend-inf` and `legend-nan`, which hatch the runs that fail; `thresholds`, the gap from
        which each bad run holds, written beside it; `now`, the present gap as a line, and `chosen`
        on it; by `uid`.
    """
    codes = getattr(judged, of)
    gaps = judged.gaps.numpy()
    edges = np.concatenate([[gaps[0] - 0.5], (gaps[:-1] + gaps[1:]) / 2, [gaps[-1] + 0.5]])
    heights, y_edges, rows = _rows(judged)
    total = float(y_edges[-1])
    cells = np.full((len(y_edges) - 1, len(gaps)), np.nan)
    for (i, j), row in rows.items():
        cells[row] = codes[i, j].numpy()
    names = {verdict: _verdict_name(verdict, translate) for verdict in VERDICTS}
    traces = [heat_map(cells, edges, y_edges, names)]
    runs = list(judged.runs(codes))
    for verdict in VERDICTS:
        if verdict in HATCHES:
            traces.append(hatched_areas(verdict, names[verdict], judged, runs, edges, heights))
        else:
            traces.append(legend_entry(verdict, names[verdict]))
    here = [] if gap is None else present_state(judged, gap, chosen, heights, total, translate)
    written = thresholds(judged, runs, edges, heights, names, translate)
    # The line of the present gap passes under what is written, its mark lies on it.
    traces += [*here[:1], written, *here[1:]]
    titles = {
        "values": translate("Which loss survives, at which gap"),
        "gradients": translate("Which gradient survives, at which gap"),
    }
    return figure_tree(
        traces,
        title=titles[of],
        x_title=translate("gap between the logits"),
        y_title="",
        x_range=[float(np.log10(edges[0])), float(np.log10(edges[-1]))],
        y_range=[total, 0.0],
        height=int(total * _ROW_PIXELS) + 96,
        xaxis={"type": "log", "tickvals": [1, 3, 10, 30, 100, 300, 1000], "showgrid": False},
        yaxis={
            "tickvals": [heights[key] for key in heights],
            "ticktext": [f"{judged.dtypes[j]} {DTYPE_GLYPHS[judged.dtypes[j]]}" for _, j in heights],
            "tickfont": {"size": 10, "color": SECOND_COLOUR},
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
        annotations=[
            {
                "text": labels[formula],
                "x": 0.005,
                "xref": "paper",
                "xanchor": "left",
                "y": heights[i, 0] - 0.5 - _HEAD / 2,
                "showarrow": False,
                "font": {"size": 12},
            }
            for i, formula in enumerate(judged.formulas)
        ],
    )


def _rows(
    judged: AccuracyMap,
) -> tuple[dict[tuple[int, int], float], np.ndarray, dict[tuple[int, int], int]]:
    """Return the middle of each (formula, dtype) on the axis, the edges of rows, and which is its."""
    heights, rows = {}, {}
    edges = [0.0]
    for i in range(len(judged.formulas)):
        edges.append(edges[-1] + _HEAD)
        for j in range(len(judged.dtypes)):
            heights[i, j] = edges[-1] + 0.5
            rows[i, j] = len(edges) - 1
            edges.append(edges[-1] + 1)
    return heights, np.array(edges), rows


def _verdict_name(verdict: str, translate: Translate) -> str:
    return {
        "right": translate("right"),
        "wrong": translate("wrong"),
        "inf": "∞",
        "nan": "NaN",
    }[verdict]
