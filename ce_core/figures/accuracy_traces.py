"""What the map of accuracy consists of: cells, hatched failures, thresholds, the present state."""

from typing import Any, Final

import numpy as np

from ce_core.figures.labels import label
from ce_core.figures.style import (
    FAILURE_COLOUR,
    HELD_LINE,
    INK,
    PAGE_COLOUR,
    WASH_COLOUR,
    WELL_COLOUR,
    Translate,
)
from ce_core.stability.accuracy_map import AccuracyMap, AccuracyRun
from ce_core.stability.verdicts import VERDICTS

VERDICT_COLOURS: Final = {
    "right": WELL_COLOUR,
    # What to look at: nothing else tells of it.
    "wrong": WASH_COLOUR,
    "inf": FAILURE_COLOUR,
    "nan": FAILURE_COLOUR,
}
# Failure is hatched: at 45 degrees one way, or both.
HATCHES: Final = {"inf": "/", "nan": "x"}
# From this share of the axis on, what is written beside a threshold goes to its left.
_LATE: Final = 0.62
# Between a label and the mark that may stand right of it.
_GAP: Final = "\u00a0\u00a0"


def heat_map(
    cells: np.ndarray, edges: np.ndarray, y_edges: np.ndarray, names: dict[str, str]
) -> dict[str, Any]:
    """Return the cells, each in the colour of its verdict."""
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


def legend_entry(verdict: str, name: str) -> dict[str, Any]:
    """Return what only names a colour."""
    return {
        "type": "scatter",
        "uid": f"legend-{verdict}",
        "meta": label("key"),
        "name": name,
        "x": np.array([np.nan]),
        "y": np.array([np.nan]),
        "mode": "markers",
        "marker": {"color": VERDICT_COLOURS[verdict], "size": 12, "symbol": "square"},
        "hoverinfo": "skip",
    }


def hatched_areas(
    verdict: str,
    name: str,
    judged: AccuracyMap,
    runs: list[AccuracyRun],
    edges: np.ndarray,
    heights: dict[tuple[int, int], float],
) -> dict[str, Any]:
    """Return the runs of a failure as hatched areas, over the cells of their colour."""
    x, y = [np.nan], [np.nan]
    for run in runs:
        if run.verdict == verdict:
            start, end = _ends(run, judged, edges)
            height = heights[judged.formulas.index(run.formula), judged.dtypes.index(run.dtype)]
            x += [start, end, end, start, start, np.nan]
            y += [*(height + side for side in (-0.5, -0.5, 0.5, 0.5, -0.5)), np.nan]
    return {
        "type": "scatter",
        "uid": f"legend-{verdict}",
        "meta": label("key"),
        "name": name,
        "x": np.array(x),
        "y": np.array(y),
        "mode": "none",
        "fill": "toself",
        "fillcolor": VERDICT_COLOURS[verdict],
        "fillpattern": {
            "shape": HATCHES[verdict],
            "bgcolor": VERDICT_COLOURS[verdict],
            "fgcolor": PAGE_COLOUR,
            "size": 12,
            "solidity": 0.12,
        },
        "hoverinfo": "skip",
    }


def _ends(run: AccuracyRun, judged: AccuracyMap, edges: np.ndarray) -> tuple[float, float]:
    """Return from where to where the cells of a run reach."""
    first, last = np.searchsorted(judged.gaps.numpy(), [run.first, run.last])
    return float(edges[first]), float(edges[last + 1])


def _halo(colour: str) -> str:
    return ", ".join([f"0 0 3px {colour}"] * 8)


def thresholds(
    judged: AccuracyMap,
    runs: list[AccuracyRun],
    edges: np.ndarray,
    heights: dict[tuple[int, int], float],
    names: dict[str, str],
    translate: Translate,
) -> dict[str, Any]:
    """Return the words beside the places where a run begins."""
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
    begins, already = translate("{verdict} from {gap}"), translate("{verdict} at {gap} already")
    least = judged.gaps[0].item()
    return {
        "type": "scatter",
        "uid": "thresholds",
        "name": translate("where it begins"),
        "showlegend": False,
        "x": np.array([_ends(run, judged, edges)[0] for run, *_ in found]),
        "y": np.array([height for _, height, *_ in found]),
        "text": [
            (begins if run.first > least else already).format(
                verdict=names[run.verdict], gap=f"{run.first:g}"
            )
            + _GAP * side.endswith("left")
            for run, _, side, _ in found
        ],
        "mode": "text",
        "textposition": [side for _, _, side, _ in found],
        "textfont": {
            "size": 10,
            "color": [PAGE_COLOUR if under in HATCHES else INK for *_, under in found],
            # A halo of what lies under it, so that no hatch crosses a letter.
            "shadow": [_halo(VERDICT_COLOURS[under]) for *_, under in found],
        },
        "customdata": [[run.formula, run.dtype, run.verdict, run.first] for run, *_ in found],
        "hoverinfo": "skip",
    }


def present_state(
    judged: AccuracyMap,
    gap: float,
    chosen: tuple[str, str] | None,
    heights: dict[tuple[int, int], float],
    total: float,
    translate: Translate,
) -> list[dict[str, Any]]:
    """Return where the present state lies."""
    here = [
        {
            "type": "scatter",
            "uid": "now",
            "meta": label("key"),
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
                "meta": label("key"),
                "name": translate("the trace above"),
                "x": np.array([gap]),
                "y": np.array([heights[key]]),
                "mode": "markers",
                "marker": marker | {"line": {"width": 2.5, "color": INK}},
                "hoverinfo": "skip",
            }
        )
    return here
