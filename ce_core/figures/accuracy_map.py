"""Which formula survives, in which dtype and from which gap on."""

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from ce_core.figures.colours import DTYPE_GLYPHS
from ce_core.figures.style import (
    FAILURE_COLOUR,
    HELD_LINE,
    INK,
    PAGE_COLOUR,
    SECOND_COLOUR,
    WASH_COLOUR,
    WELL_COLOUR,
    Translate,
    make_figure,
)
from ce_core.stability.accuracy_map import VERDICTS, AccuracyMap, AccuracyRun

VERDICT_COLOURS: Final = {
    "right": WELL_COLOUR,
    # What to look at: nothing else tells of it.
    "wrong": WASH_COLOUR,
    "inf": FAILURE_COLOUR,
    "nan": FAILURE_COLOUR,
}
# Failure is hatched: at 45 degrees one way, or both.
_HATCHES: Final = {"inf": "/", "nan": "x"}
# A row for the name of a formula, then one a dtype.
_HEAD: Final = 1.35
_ROW_PIXELS: Final = 15
# From this share of the axis on, what is written beside a threshold goes to its left.
_LATE: Final = 0.62
# Between a label and the mark that may stand right of it.
_GAP: Final = "\u00a0\u00a0"


def accuracy_map_figure(
    judged: AccuracyMap,
    *,
    of: str,
    labels: dict[str, str],
    gap: float | None = None,
    chosen: tuple[str, str] | None = None,
    translate: Translate = str,
) -> go.Figure:
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
        formula for its name; `legend-right` and `legend-wrong`, which only name a colour; bars
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
    traces = [_heat_map(cells, edges, y_edges, names)]
    runs = list(judged.runs(codes))
    for verdict in VERDICTS:
        if verdict in _HATCHES:
            found = [run for run in runs if run.verdict == verdict]
            traces.append(_hatch(verdict, names[verdict], found, judged, edges, heights))
        else:
            traces.append(_legend_entry(verdict, names[verdict]))
    traces.append(_thresholds(judged, runs, edges, heights, names, translate))
    if gap is not None:
        traces += _present(judged, gap, chosen, heights, total, translate)
    titles = {
        "values": translate("Which loss survives, at which gap"),
        "gradients": translate("Which gradient survives, at which gap"),
    }
    return make_figure(
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
        barmode="overlay",
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


def _heat_map(
    cells: np.ndarray, edges: np.ndarray, y_edges: np.ndarray, names: dict[str, str]
) -> dict[str, Any]:
    count = len(VERDICTS)
    colours = [
        (edge, VERDICT_COLOURS[verdict])
        for place, verdict in enumerate(VERDICTS)
        for edge in (place / count, (place + 1) / count)
    ]
    return {
        "type": "heatmap",
        "uid": "verdicts",
        "name": ", ".join(f"{place} = {names[verdict]}" for place, verdict in enumerate(VERDICTS)),
        "x": edges,
        "y": y_edges,
        "z": cells,
        "zmin": -0.5,
        "zmax": count - 0.5,
        "colorscale": colours,
        "showscale": False,
        "hoverinfo": "skip",
    }


def _legend_entry(verdict: str, name: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "uid": f"legend-{verdict}",
        "name": name,
        "x": np.array([np.nan]),
        "y": np.array([np.nan]),
        "mode": "markers",
        "marker": {"color": VERDICT_COLOURS[verdict], "size": 12, "symbol": "square"},
        "hoverinfo": "skip",
    }


def _hatch(
    verdict: str,
    name: str,
    found: list[AccuracyRun],
    judged: AccuracyMap,
    edges: np.ndarray,
    heights: dict[tuple[int, int], float],
) -> dict[str, Any]:
    """Return the runs of a failure as hatched bars, over the cells of their colour."""
    starts = np.array([max(run.first - 0.5, edges[0]) for run in found])
    ends = np.array([min(run.last + 0.5, edges[-1]) for run in found])
    keys = [(judged.formulas.index(run.formula), judged.dtypes.index(run.dtype)) for run in found]
    return {
        "type": "bar",
        "uid": f"legend-{verdict}",
        "name": name,
        "orientation": "h",
        "base": starts,
        "x": ends - starts,
        "y": np.array([heights[key] for key in keys]),
        "width": 1.0,
        "marker": {
            "color": VERDICT_COLOURS[verdict],
            "line": {"width": 0},
            "pattern": {
                "shape": _HATCHES[verdict],
                "bgcolor": VERDICT_COLOURS[verdict],
                "fgcolor": PAGE_COLOUR,
                "size": 12,
                "solidity": 0.12,
            },
        },
        "hoverinfo": "skip",
    }


def _halo(colour: str) -> str:
    return ", ".join([f"0 0 2px {colour}"] * 4)


def _thresholds(
    judged: AccuracyMap,
    runs: list[AccuracyRun],
    edges: np.ndarray,
    heights: dict[tuple[int, int], float],
    names: dict[str, str],
    translate: Translate,
) -> dict[str, Any]:
    span = np.log10(edges[-1] / edges[0])
    found: list[tuple[AccuracyRun, float, str, str]] = []
    for place, run in enumerate(runs):
        # A run that lasts a gap or two between others has no room for its number.
        brief = run.last - run.first < 0.12 * run.first and run.last < edges[-1] - 1
        if run.verdict == "right" or brief:
            continue
        key = judged.formulas.index(run.formula), judged.dtypes.index(run.dtype)
        late = np.log10(max(run.first, 1) / edges[0]) > _LATE * span
        before = runs[place - 1]
        crowded = (before.formula, before.dtype) == (run.formula, run.dtype) and (
            before.verdict != "right"
        )
        side = "middle left" if late and not crowded else "middle right"
        if late and crowded and run.first > 0.5 * edges[-1]:
            continue
        # What is written left of its run lies on the one before.
        found.append(
            (run, heights[key], side, run.verdict if side.endswith("right") else before.verdict)
        )
    text = translate("{verdict} from {gap}")
    return {
        "type": "scatter",
        "uid": "thresholds",
        "name": translate("where it begins"),
        "showlegend": False,
        "x": np.array([max(run.first - 0.5, edges[0]) for run, *_ in found]),
        "y": np.array([height for _, height, *_ in found]),
        "text": [
            text.format(verdict=names[run.verdict], gap=f"{run.first:g}") + _GAP * side.endswith("left")
            for run, _, side, _ in found
        ],
        "mode": "text",
        "textposition": [side for _, _, side, _ in found],
        "textfont": {
            "size": 10,
            "color": [PAGE_COLOUR if under in _HATCHES else INK for *_, under in found],
            # A halo of what lies under it, so that no hatch crosses a letter.
            "shadow": [_halo(VERDICT_COLOURS[under]) for *_, under in found],
        },
        "customdata": [[run.formula, run.dtype, run.verdict, run.first] for run, *_ in found],
        "hoverinfo": "skip",
    }


def _present(
    judged: AccuracyMap,
    gap: float,
    chosen: tuple[str, str] | None,
    heights: dict[tuple[int, int], float],
    total: float,
    translate: Translate,
) -> list[dict[str, Any]]:
    here = [
        {
            "type": "scatter",
            "uid": "now",
            "name": translate("now: gap {gap}").format(gap=f"{gap:.4g}"),
            "x": np.array([gap, gap]),
            "y": np.array([0.0, total]),
            "mode": "lines",
            "line": HELD_LINE,
            "hoverinfo": "skip",
        }
    ]
    if chosen is not None:
        key = judged.formulas.index(chosen[0]), judged.dtypes.index(chosen[1])
        marker = {"color": PAGE_COLOUR, "size": 11, "symbol": "diamond"}
        here.append(
            {
                "type": "scatter",
                "uid": "chosen",
                "name": translate("the trace above"),
                "x": np.array([gap]),
                "y": np.array([heights[key]]),
                "mode": "markers",
                "marker": marker | {"line": {"width": 2.5, "color": INK}},
                "hoverinfo": "skip",
            }
        )
    return here


def _verdict_name(verdict: str, translate: Translate) -> str:
    return {
        "right": translate("right"),
        "wrong": translate("wrong"),
        "inf": "∞",
        "nan": "NaN",
    }[verdict]
