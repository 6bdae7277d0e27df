"""The charts of L1 against L2: the post's two, the entropy between them, the true gradients."""

import numpy as np
import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots
from torch import Tensor

from ce_core.comparison import LossComparison, SortedLosses
from ce_core.density import PointDensity
from ce_core.figures.style import (
    DENSITY_COLOURS,
    ENTROPY_COLOUR,
    L1_COLOUR,
    L2_COLOUR,
    POST_COLOUR,
    PUBLISHED_COLOUR,
    REFERENCE_COLOUR,
    Translate,
    arrange,
    note_empty,
)


def loss_pairs_figure(
    losses: SortedLosses,
    comparison: LossComparison,
    *,
    published: SortedLosses | None = None,
    translate: Translate = str,
) -> go.Figure:
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
        Traces `slope 1`, `trials` and, if given, `published`, by `uid`.
    """
    figure = go.Figure()
    if len(losses.l1):
        margin = 0.08 * (losses.l1[-1] - losses.l1[0])
        ends = torch.stack([losses.l1[0] - margin, losses.l1[-1] + margin])
        shift = comparison.l2_mean - comparison.l1_mean
        figure.add_scatter(
            uid="slope 1",
            name=translate("slope 1"),
            x=_array(ends),
            y=_array(ends + shift),
            mode="lines",
            line={"color": REFERENCE_COLOUR, "width": 2, "dash": "dash"},
            hoverinfo="skip",
        )
        figure.add_scatter(
            uid="trials",
            name=translate("trials"),
            x=_array(losses.l1),
            y=_array(losses.l2),
            mode="lines+markers",
            line={"color": POST_COLOUR, "width": 1.5},
            marker={"color": POST_COLOUR, "size": 7},
            hovertemplate="L1 %{x:.6g}<br>L2 %{y:.6g}<extra></extra>",
        )
    else:
        note_empty(figure, translate("No trial has a finite loss."))
    if published is not None:
        _lay_over(figure, published.l1, published.l2, translate)
    return arrange(
        figure,
        title=translate("The post's first chart: L2 over L1"),
        x_title=translate("L1, nats (mean of a trial)"),
        y_title=translate("L2 (mean of a trial)"),
    )


def spacing_figure(
    losses: SortedLosses, *, published: SortedLosses | None = None, translate: Translate = str
) -> go.Figure:
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
        Traces `trials` and, if given, `published`, by `uid`; both spacings times 10⁶.
    """
    figure = go.Figure()
    if len(losses.l1) > 1:
        figure.add_scatter(
            uid="trials",
            name=translate("trials"),
            x=_array(losses.l1_spacing) * 1e6,
            y=_array(losses.l2_spacing) * 1e6,
            mode="markers",
            marker={"color": L1_COLOUR, "size": 7},
            hovertemplate="L1 %{x:.4g}<br>L2 %{y:.4g}<extra></extra>",
        )
    else:
        note_empty(figure, translate("Spacing needs at least two trials."))
    if published is not None:
        _lay_over(figure, published.l1_spacing * 1e6, published.l2_spacing * 1e6, translate)
    return arrange(
        figure,
        title=translate("The post's second chart: spacing of the sorted losses"),
        x_title=translate("spacing of sorted L1, nats × 10⁻⁶"),
        y_title=translate("spacing of L2, × 10⁻⁶"),
    )


def entropy_split_figure(
    l1: Tensor, l2: Tensor, entropy: Tensor, *, translate: Translate = str
) -> go.Figure:
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
        Above, stacked bars `entropy` and `l2`; below, `l1 deviation`, `l2 deviation` and
        `entropy deviation`, each minus its mean over the trials; by `uid`.
    """
    trial = np.arange(1, len(l1) + 1)
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.12)
    series = (
        ("l1", "L1", l1, L1_COLOUR),
        ("l2", "L2", l2, L2_COLOUR),
        ("entropy", "H(p)", entropy, ENTROPY_COLOUR),
    )
    for uid, name, values, colour in (series[2], series[1]):
        figure.add_bar(
            uid=uid,
            name=name,
            legendgroup=uid,
            x=trial,
            y=_array(values),
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{y:.6g}<extra>" + name + "</extra>",
            row=1,
            col=1,
        )
    for uid, name, values, colour in series:
        figure.add_scatter(
            uid=f"{uid} deviation",
            name=name,
            legendgroup=uid,
            showlegend=uid == "l1",
            x=trial,
            y=_array(values - values.nanmean()),
            mode="lines+markers",
            line={"color": colour, "width": 2 if uid != "l2" else 4},
            marker={"size": 5},
            opacity=0.55 if uid == "l2" else 1,
            hovertemplate="%{y:.3e}<extra>" + name + "</extra>",
            row=2,
            col=1,
        )
    arrange(
        figure,
        title=translate("L1 = L2 + H(p), trial by trial"),
        x_title="",
        y_title=translate("nats"),
        barmode="relative",
        bargap=0.15,
    )
    figure.update_xaxes(title_text=translate("trial"), row=2, col=1)
    figure.update_yaxes(title_text=translate("minus mean"), row=2, col=1)
    return figure


def gradient_figure(density: PointDensity, *, translate: Translate = str) -> go.Figure:
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
        constant the two gradients are equal, so those points are the line.
    """
    figure = go.Figure()
    if density.points:
        counts = _array(density.counts)
        with np.errstate(divide="ignore"):
            powers = np.where(counts > 0, np.log10(counts) + 0.3, 0.0)
        figure.add_heatmap(
            uid="density",
            name=translate("p in full, all entries"),
            x=_array(density.x_centres),
            y=_array(density.y_centres),
            z=powers,
            customdata=counts,
            colorscale=DENSITY_COLOURS,
            showscale=False,
            hovertemplate="dL1/da %{x:.3g}<br>dL2/da %{y:.3g}<br>%{customdata:.0f} "
            + translate("entries")
            + "<extra></extra>",
        )
        figure.add_scatter(
            uid="sample",
            name=translate("p in full"),
            x=_array(density.x_sample).astype(np.float32),
            y=_array(density.y_sample).astype(np.float32),
            mode="markers",
            marker={"color": L2_COLOUR, "size": 4, "opacity": 0.7},
            hovertemplate="dL1/da %{x:.3g}<br>dL2/da %{y:.3g}<extra></extra>",
        )
        ends = _array(density.x_centres)[[0, -1]]
        figure.add_scatter(
            uid="held",
            name=translate("p held constant: equal"),
            x=ends,
            y=ends,
            mode="lines",
            line={"color": REFERENCE_COLOUR, "width": 2},
            hoverinfo="skip",
        )
    else:
        note_empty(figure, translate("The first trial has no finite row."))
    return arrange(
        figure,
        title=translate("The true gradients, logit by logit"),
        x_title=translate("dL1/da (first trial)"),
        y_title="dL2/da",
    )


def _lay_over(figure: go.Figure, x: Tensor, y: Tensor, translate: Translate) -> None:
    """Add what the post published."""
    figure.add_scatter(
        uid="published",
        name=translate("the post's 20 pairs"),
        x=_array(x),
        y=_array(y),
        mode="markers",
        marker={"color": PUBLISHED_COLOUR, "size": 9, "symbol": "diamond-open"},
        hovertemplate="L1 %{x:.7g}<br>L2 %{y:.4g}<extra></extra>",
    )


def _array(values: Tensor) -> np.ndarray:
    return values.numpy()
