"""What clipping does: the error of the loss and the gradient that dies, over the gap."""

from typing import Any, Final

import numpy as np

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.labels import label
from ce_core.figures.style import (
    EXACT_LINE,
    HELD_LINE,
    L1_COLOUR,
    Translate,
    figure_tree,
    spelled,
    window,
)
from ce_core.stability.clipping import ClippingCurves

# All lines are of L1; that of the present floor is solid.
_FLOOR_DASHES: Final = ("dot", "dashdot", "6px, 2px", "2px, 6px", "10px, 2px, 2px, 2px, 2px, 2px")


@figure_builder
def clipping_error_figure(
    curves: ClippingCurves, *, floor: float, gap: float | None = None, translate: Translate = str
) -> FigureTree:
    """Draw what clipping loses of the loss over the gap, a line a floor.

    Parameters
    ----------
    curves
        What `ce_core.clipping_curves` computed.
    floor
        The floor of the present state, one of those of the curves.
    gap
        Where the present state lies.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: `truth`; `floor-<floor>`, the error of L1, for each floor, that of the present
        state thicker; `now`. Errors that are not finite leave a gap.
    """
    traces = [_truth_line(curves, np.zeros(len(curves.gaps)), translate)]
    traces += _floor_lines(
        curves, curves.errors.numpy(), floor, translate, said=translate("%{x:.4g}: %{y:.4g} nats")
    )
    shown = window(*(trace["y"] for trace in traces)) or [-1.0, 1.0]
    if gap is not None:
        traces.append(_now_line(gap, shown, translate))
    return figure_tree(
        traces,
        title=translate("What clipping hides: the error of L1"),
        x_title=translate("gap by which the target loses"),
        y_title=translate("computed − true, nats"),
        x_range=[float(curves.gaps[0]), float(curves.gaps[-1])],
        y_range=shown,
    )


@figure_builder
def clipping_gradient_figure(
    curves: ClippingCurves, *, floor: float, gap: float | None = None, translate: Translate = str
) -> FigureTree:
    """Draw the gradient that is left of the loss when p is clipped, over the gap, a line a floor.

    Parameters
    ----------
    curves, floor, gap, translate
        As for `clipping_error_figure`.

    Returns
    -------
    go.Figure
        By `uid`: `truth`; `floor-<floor>`, dL1/da of the target, for each floor; `now`.
    """
    traces = [_truth_line(curves, curves.true_gradients.numpy(), translate)]
    traces += _floor_lines(
        curves, curves.gradients.numpy(), floor, translate, said="%{x:.4g}: %{y:.4g}"
    )
    shown = [-1.12, 0.12]
    if gap is not None:
        traces.append(_now_line(gap, shown, translate))
    return figure_tree(
        traces,
        title=translate("The gradient that dies"),
        x_title=translate("gap by which the target loses"),
        y_title=translate("dL1/da of the target"),
        x_range=[float(curves.gaps[0]), float(curves.gaps[-1])],
        y_range=shown,
    )


def floor_uid(floor: float) -> str:
    """Return the name of the line of a floor; Plotly makes class names of it, so it holds no point."""
    return f"floor-{floor:g}".replace(".", "_")


def _floor_lines(
    curves: ClippingCurves,
    values: np.ndarray,
    floor: float,
    translate: Translate,
    *,
    said: str,
) -> list[dict[str, Any]]:
    lines = []
    for place, (one, row) in enumerate(zip(curves.floors, values, strict=True)):
        now = one == floor
        name = translate("floor {floor}, chosen") if now else translate("floor {floor}")
        lines.append(
            {
                "type": "scatter",
                "uid": floor_uid(one),
                "name": name.format(floor=f"{one:.3g}"),
                "meta": label("key", text=name.format(floor=spelled(one).removeprefix("1·"))),
                "x": curves.gaps.numpy(),
                "y": np.where(np.isfinite(row), row, np.nan),
                "mode": "lines",
                "line": {
                    "color": L1_COLOUR,
                    "width": 4 if now else 1.5,
                    "dash": "solid" if now else _FLOOR_DASHES[place % len(_FLOOR_DASHES)],
                },
                "hovertemplate": said + "<extra>%{fullData.name}</extra>",
            }
        )
    return lines


def _truth_line(curves: ClippingCurves, values: np.ndarray, translate: Translate) -> dict[str, Any]:
    return {
        "type": "scatter",
        "uid": "truth",
        "name": translate("truth"),
        "x": curves.gaps.numpy(),
        "y": values,
        "mode": "lines",
        "line": EXACT_LINE,
        "hovertemplate": "%{x:.4g}: %{y:.4g}<extra>%{fullData.name}</extra>",
    }


def _now_line(gap: float, shown: list[float], translate: Translate) -> dict[str, Any]:
    return {
        "type": "scatter",
        "uid": "now",
        "name": translate("now: gap {gap}").format(gap=f"{gap:.4g}"),
        "x": np.array([gap, gap]),
        "y": np.array(shown),
        "mode": "lines",
        "line": HELD_LINE,
        "hoverinfo": "skip",
    }
