"""The charts of L1 against L2: the post's two, the entropy between them, the true gradients."""

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ce_core.experiment.point_density import PointDensity
from ce_core.experiment.statistics import LossComparison, SortedLosses
from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.labels import Place, label
from ce_core.figures.style import (
    ENTROPY_COLOUR,
    EXACT_LINE,
    HELD_COLOUR,
    INK,
    L1_COLOUR,
    L2_COLOUR,
    Translate,
    colour_scale,
    empty_note,
    figure_tree,
    square_windows,
    window,
)

# A spacing up to here is the rounding of float64; where there is no other, a range is so long, in nats.
_NO_SPACING = 1e-14
_NO_SPACING_RANGE = 1e-6
# Where they coincide, each has its name elsewhere.
_DEVIATION_PLACES: Final[dict[str, Place]] = {"l2": "start", "l1": "end", "entropy": "middle"}


@figure_builder
def loss_pairs_figure(
    losses: SortedLosses,
    comparison: LossComparison,
    *,
    published: SortedLosses | None = None,
    translate: Translate = str,
) -> FigureTree:
    """Draw the post's first chart: L2 over L1, trial by trial, with the line of slope 1.

    Parameters
    ----------
    losses
        The trials in order of L1.
    comparison
        The same trials' statistics; its means are where the line of slope 1 passes.
    published
        The post's own pairs, laid over.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Traces `slope-1`, `trials` and, if given, `published`, by `uid`. Both axes are equally long,
        so that the line of slope 1 is the diagonal whatever the losses are.
    """
    traces: list[dict[str, Any]] = []
    shown = [losses] if published is None else [losses, published]
    x_range, y_range = square_windows(
        torch.cat([pairs.l1 for pairs in shown]).numpy(),
        torch.cat([pairs.l2 for pairs in shown]).numpy(),
    )
    if len(losses.l1) and x_range is not None:
        ends = np.array(x_range)
        traces += [
            {
                "type": "scatter",
                "uid": "slope-1",
                "name": translate("slope 1"),
                "x": ends,
                "y": ends + (comparison.l2_mean - comparison.l1_mean),
                "mode": "lines",
                "line": EXACT_LINE,
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "uid": "trials",
                "name": translate("trials"),
                "x": losses.l1.numpy(),
                "y": losses.l2.numpy(),
                "mode": "lines+markers",
                "line": {"color": L2_COLOUR, "width": 1.5},
                "marker": {"color": L2_COLOUR, "size": 9},
                "hovertemplate": "L1 %{x:.6g}<br>L2 %{y:.6g}<extra></extra>",
            },
        ]
    if published is not None:
        traces.append(_published(published.l1, published.l2, translate))
    return figure_tree(
        traces,
        title=translate("The post's first chart: L2 over L1"),
        x_title=translate("L1, nats (mean of a trial)"),
        y_title=translate("L2 (mean of a trial)"),
        x_range=x_range,
        y_range=y_range,
        annotations=_note_unless(len(losses.l1) > 0, translate("No trial has a finite loss.")),
    )


@figure_builder
def spacing_figure(
    losses: SortedLosses, *, published: SortedLosses | None = None, translate: Translate = str
) -> FigureTree:
    """Draw the post's second chart, named for what it is: the spacing of the sorted losses.

    Parameters
    ----------
    losses
        The trials in order of L1.
    published
        The post's own pairs, laid over.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Traces `trials` and, if given, `published`, by `uid`; both spacings in nats.
    """
    traces: list[dict[str, Any]] = []
    if len(losses.l1) > 1:
        traces.append(
            {
                "type": "scatter",
                "uid": "trials",
                "name": translate("trials"),
                "x": losses.l1_spacing.numpy(),
                "y": losses.l2_spacing.numpy(),
                "mode": "markers",
                "marker": {"color": L2_COLOUR, "size": 9},
                "hovertemplate": "L1 %{x:.4g}<br>L2 %{y:.4g}<extra></extra>",
            }
        )
    if published is not None:
        traces.append(_published(published.l1_spacing, published.l2_spacing, translate))
    x_range, y_range = (_spacing_window([trace[axis] for trace in traces]) for axis in "xy")
    return figure_tree(
        traces,
        title=translate("The post's second chart: spacing of the sorted losses"),
        x_title=translate("spacing of sorted L1, nats"),
        y_title=translate("spacing of L2, nats"),
        x_range=x_range,
        y_range=y_range,
        annotations=_note_unless(len(losses.l1) > 1, translate("Spacing needs at least two trials.")),
    )


@figure_builder
def entropy_split_figure(
    l1: Tensor, l2: Tensor, entropy: Tensor, *, translate: Translate = str
) -> FigureTree:
    """Draw L1 of each trial as L2 and H(p) stacked, and what varies in each.

    Parameters
    ----------
    l1, l2, entropy
        Per trial, [trials], in trial order. Trials that are not finite leave a gap.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Above, stacked bars `entropy` and `l2`; below, `l1-deviation`, `l2-deviation` and
        `entropy-deviation`, each minus its mean over the trials; by `uid`.
    """
    trial = np.arange(1, len(l1) + 1)
    series = (
        ("l1", "L1", l1, L1_COLOUR),
        ("l2", "L2", l2, L2_COLOUR),
        ("entropy", "H(p)", entropy, ENTROPY_COLOUR),
    )
    bars: list[dict[str, Any]] = [
        {
            "type": "bar",
            "uid": uid,
            "name": name,
            "legendgroup": uid,
            "x": trial,
            "y": values.numpy(),
            "marker": {"color": colour, "line": {"width": 0}},
            "hovertemplate": "%{y:.6g}<extra>" + name + "</extra>",
        }
        for uid, name, values, colour in (series[2], series[1])
    ]
    # Where a trial may stand alone, it needs a dot; elsewhere dots would only slow an animation down.
    joined = len(l1) > 1 and all(np.isfinite(values.numpy()).all() for values in (l1, l2, entropy))
    deviations: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": f"{uid}-deviation",
            "name": name,
            "legendgroup": uid,
            "showlegend": uid == "l1",
            "meta": label(_DEVIATION_PLACES[uid]),
            "x": trial,
            "y": _minus_mean(values.numpy()),
            "xaxis": "x2",
            "yaxis": "y2",
            "mode": "lines" if joined else "lines+markers",
            # L2 lies broad under L1, since the two move together where the entropy stands still.
            "line": {"color": colour, "width": 3 if uid != "l2" else 8},
            "marker": {"size": 5},
            "hovertemplate": "%{y:.3e}<extra>" + name + "</extra>",
        }
        for uid, name, values, colour in (series[1], series[0], series[2])
    ]
    parts = np.stack([bar["y"] for bar in bars])
    parts[~np.isfinite(parts)] = 0.0
    stacked = [np.maximum(parts, 0).sum(0), np.minimum(parts, 0).sum(0), np.zeros(1)]
    varied = np.concatenate([trace["y"] for trace in deviations])
    apart = window(varied, -varied)
    trials = [0.5, len(l1) + 0.5]
    return figure_tree(
        [*bars, *deviations],
        title=translate("L1 = L2 + H(p), trial by trial"),
        x_title="",
        y_title=translate("nats"),
        xaxis={"anchor": "y", "matches": "x2", "showticklabels": False, "range": trials},
        yaxis={"anchor": "x", "domain": [0.56, 1], "range": _from_zero(stacked)},
        xaxis2={"anchor": "y2", "title": {"text": translate("trial")}, "range": trials},
        yaxis2={"anchor": "x2", "domain": [0, 0.46], "title": {"text": translate("minus mean")}}
        | ({"range": apart} if apart else {}),
        barmode="relative",
        bargap=0.15,
    )


@figure_builder
def gradient_figure(density: PointDensity, *, translate: Translate = str) -> FigureTree:
    """Draw dL2/da over dL1/da, entry by entry, with and without p held constant.

    Parameters
    ----------
    density
        The entries of the two gradients, dL1/da as x and dL2/da in full as y.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Traces `density` (its colours are powers of ten), `sample` and `held` by `uid`. With p held
        constant the two gradients are equal, so those points are the line: the diagonal, since both
        axes have the same range.
    """
    traces: list[dict[str, Any]] = []
    shown = None
    if density.points:
        counts = density.counts.numpy()
        # Where there is no entry, the page shows.
        powers = np.full(counts.shape, np.nan)
        np.log10(counts, out=powers, where=counts > 0)
        shown = window(*(axis.numpy()[[0, -1]] for axis in (density.x_centres, density.y_centres)))
        traces += [
            {
                "type": "heatmap",
                "uid": "density",
                "name": translate("p in full, all entries"),
                "x": density.x_centres.numpy(),
                "y": density.y_centres.numpy(),
                "z": powers,
                "customdata": counts,
                "colorscale": colour_scale("sequential", first=2),
                "showscale": False,
                "hovertemplate": translate(
                    "dL1/da %{x:.3g}<br>dL2/da %{y:.3g}<br>entries: %{customdata:.0f}"
                )
                + "<extra></extra>",
            },
            {
                "type": "scatter",
                "uid": "sample",
                "name": translate("p in full"),
                "x": density.x_sample.numpy().astype(np.float32),
                "y": density.y_sample.numpy().astype(np.float32),
                "mode": "markers",
                "marker": {"color": L2_COLOUR, "size": 4, "opacity": 0.7},
                "hovertemplate": "dL1/da %{x:.3g}<br>dL2/da %{y:.3g}<extra></extra>",
            },
            {
                "type": "scatter",
                "uid": "held",
                "name": translate("p held constant: equal"),
                "x": np.array(shown),
                "y": np.array(shown),
                "mode": "lines",
                "line": {"color": HELD_COLOUR, "width": 3, "dash": "dash"},
                "hoverinfo": "skip",
            },
        ]
    return figure_tree(
        traces,
        title=translate("The true gradients, logit by logit"),
        x_title=translate("dL1/da (first trial)"),
        y_title="dL2/da",
        x_range=shown,
        y_range=shown,
        annotations=_note_unless(density.points > 0, translate("The first trial has no finite row.")),
    )


def _published(x: Tensor, y: Tensor, translate: Translate) -> dict[str, Any]:
    """Return the trace of what the post published."""
    return {
        "type": "scatter",
        "uid": "published",
        "name": translate("the post's 20 pairs"),
        "x": x.numpy(),
        "y": y.numpy(),
        "mode": "markers",
        "marker": {"color": INK, "size": 9, "symbol": "diamond-open", "line": {"width": 1.5}},
        "hovertemplate": "L1 %{x:.7g}<br>L2 %{y:.4g}<extra></extra>",
    }


def _spacing_window(shown: list[np.ndarray]) -> list[float] | None:
    """Return a range that shows the spacings, about as long as they are where all are equal."""
    largest = max((np.nanmax(np.abs(values), initial=0.0) for values in shown), default=0.0)
    least = largest / 2 if largest > _NO_SPACING else _NO_SPACING_RANGE
    return window(*shown, least=float(least))


def _note_unless(drawn: bool, text: str) -> list[dict[str, Any]]:
    return [] if drawn else [empty_note(text)]


def _minus_mean(values: np.ndarray) -> np.ndarray:
    """Return values minus the mean of those that are finite."""
    known = values[np.isfinite(values)]
    return values - (known.mean() if known.size else np.nan)


def _from_zero(values: list[np.ndarray]) -> list[float]:
    """Return a range from 0, which bars start at, to a little over the values."""
    low, high = min(part.min() for part in values), max(part.max() for part in values)
    return [float(1.06 * low), float(1.06 * high) or 1.0]
