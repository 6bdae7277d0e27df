"""Gradients class by class: of each descent, what they consist of, and the post's check."""

from typing import Any, Final

import numpy as np
from torch import Tensor

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.colours import DTYPE_SYMBOLS
from ce_core.figures.descent import DESCENT_LINES, descent_names
from ce_core.figures.labels import dtype_label, unlabelled
from ce_core.figures.style import (
    DTYPE_COLOURS,
    ENTROPY_COLOUR,
    EXACT_LINE,
    INK,
    L1_COLOUR,
    L2_COLOUR,
    WELL_COLOUR,
    Translate,
    figure_tree,
    spelled,
)
from ce_core.losses.descent import DESCENTS
from ce_core.post.sum_check import SumErrors

# J a is -dH/da: what the entropy, by which the losses differ, adds to the gradient.
RESIDUAL_COLOUR: Final = ENTROPY_COLOUR


@figure_builder
def descent_gradients_figure(
    gradients: Tensor, *, limit: float, translate: Translate = str
) -> FigureTree:
    """Draw the three gradients at one point, class by class, side by side.

    Parameters
    ----------
    gradients
        dL/da, [descents, m], in the order of `DESCENTS`.
    limit
        The axis shows sizes up to this.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        The descents by `uid`.
    """
    names = descent_names(translate)
    classes = _classes(gradients.shape[-1])
    traces: list[dict[str, Any]] = [
        {
            "type": "bar",
            "uid": name,
            "name": names[name],
            "x": classes,
            "y": gradient.numpy(),
            "marker": {"color": DESCENT_LINES[name]["color"]},
            "hovertemplate": translate("class %{x}: %{y:.4g}") + "<extra>%{fullData.name}</extra>",
        }
        for name, gradient in zip(DESCENTS, gradients, strict=True)
    ]
    return _bars(
        traces,
        classes,
        title=translate("The three gradients where L2 in full now stands"),
        x_title=translate("class"),
        y_title=translate("dL/da; descent moves a against it"),
        limit=limit,
        barmode="group",
    )


@figure_builder
def residual_figure(
    pulls: Tensor, residual: Tensor, *, limit: float, translate: Translate = str
) -> FigureTree:
    """Draw the gradient of L2 in full as what it is the sum of, p - q and J a, class by class.

    Parameters
    ----------
    pulls
        p - q, [m].
    residual
        J a, [m].
    limit
        The axis shows sizes up to this.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: `pulls`, `residual`, and `sum`, which is their sum. A last place, Σ, is the sum over
        the classes.
    """
    classes = [*_classes(pulls.shape[-1]), "Σ"]
    parts = [np.append(part.numpy(), part.sum().item()) for part in (pulls, residual)]
    drawn = [("pulls", "p − q", parts[0], L1_COLOUR), ("residual", "J a", parts[1], RESIDUAL_COLOUR)]
    traces: list[dict[str, Any]] = [
        {
            "type": "bar",
            "uid": uid,
            "name": name,
            "x": classes,
            "y": values,
            "marker": {"color": colour},
            "hovertemplate": "%{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
        }
        for uid, name, values, colour in drawn
    ]
    traces.append(
        {
            "type": "scatter",
            "uid": "sum",
            "name": translate("their sum, dL2/da in full"),
            "x": classes,
            "y": parts[0] + parts[1],
            "mode": "markers",
            "marker": {"symbol": "diamond", "size": 12, "color": L2_COLOUR},
            "hovertemplate": "%{x}: %{y:.4g}<extra>%{fullData.name}</extra>",
        }
    )
    return _bars(
        traces,
        classes,
        title=translate("dL2/da in full is (p − q) + J a, class by class"),
        x_title=translate("class; Σ: sum over the classes"),
        y_title=translate("part of dL2/da"),
        limit=limit,
        barmode="relative",
    )


@figure_builder
def check_elements_figure(elements: Tensor, *, translate: Translate = str) -> FigureTree:
    """Draw the elements of the post's check, p (a - b), and their sum.

    Parameters
    ----------
    elements
        One a number of the post, [m].
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        By `uid`: `elements`, and `sum` at the place Σ.
    """
    classes = _classes(len(elements))
    values = elements.numpy()
    total = float(values.sum())
    # The words of the axes name both.
    shared = {"type": "bar", "textposition": "outside", "cliponaxis": False, "meta": unlabelled()}
    traces: list[dict[str, Any]] = [
        {
            **shared,
            "uid": "elements",
            "name": "p (a − b)",
            "x": classes,
            "y": values,
            "text": [f"{value:.4f}".replace("-", "−") for value in values],
            "marker": {"color": RESIDUAL_COLOUR},
            "hovertemplate": "%{x}: %{y:.8f}<extra>%{fullData.name}</extra>",
        },
        {
            **shared,
            "uid": "sum",
            "name": translate("their sum"),
            "x": ["Σ"],
            "y": np.array([total]),
            "text": [spelled(total)],
            "marker": {"color": INK},
            "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
        },
    ]
    return _bars(
        traces,
        [*classes, "Σ"],
        title=translate("The post's check: the sum is 0, the elements are not"),
        x_title=translate("i; Σ: their sum"),
        y_title="p (a − b)",
        limit=1.15 * float(abs(values).max()),
    )


@figure_builder
def check_errors_figure(
    errors: SumErrors, *, published: float, translate: Translate = str
) -> FigureTree:
    """Draw the distribution of the rounding error of the post's sum, in units of eps.

    Parameters
    ----------
    errors
        What `ce_core.sum_errors` drew.
    published
        The sum that the post printed, float64; it is marked.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        The dtypes by `uid`, as steps, and `published`.
    """
    edges = errors.edges.numpy()
    middles = (edges[:-1] + edges[1:]) / 2
    tallest = float(errors.counts.max())
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": dtype,
            "name": dtype,
            "meta": dtype_label(dtype),
            "x": middles,
            "y": counts.numpy(),
            "mode": "lines+markers",
            "line": {"color": DTYPE_COLOURS[dtype], "width": 3, "shape": "hvh", "dash": dash},
            "marker": {"symbol": DTYPE_SYMBOLS[dtype], "size": 9, "maxdisplayed": 12},
            "fill": "tozeroy" if dash == "solid" else "none",
            "fillcolor": WELL_COLOUR,
            "hovertemplate": "%{x:.4f} u: %{y}<extra>%{fullData.name}</extra>",
        }
        for dtype, counts, dash in zip(errors.dtypes, errors.counts, ("solid", "dot"), strict=True)
    ]
    traces.append(
        {
            "type": "scatter",
            "uid": "published",
            "name": translate("the post's {value}").format(value=spelled(published)),
            "x": np.full(2, published / errors.eps[0]),
            "y": np.array([0.0, 1.05 * tallest]),
            "mode": "lines",
            "line": EXACT_LINE,
            "hovertemplate": "%{x:.3f} u<extra>%{fullData.name}</extra>",
        }
    )
    return figure_tree(
        traces,
        title=translate("The rounding error of that sum, draw by draw"),
        x_title=translate("Σ p (a − b) in units of u, the spacing of numbers at 1"),
        y_title=translate("draws"),
        x_range=[float(edges[0]), float(edges[-1])],
        y_range=[0.0, 1.05 * tallest],
    )


def _classes(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def _bars(
    traces: list[dict[str, Any]], places: list[str], *, limit: float, **layout: Any
) -> FigureTree:
    return figure_tree(
        traces,
        x_range=[-0.6, len(places) - 0.4],
        y_range=[-1.18 * limit, 1.18 * limit],
        xaxis={"type": "category", "categoryorder": "array", "categoryarray": places, "nticks": 0},
        **layout,
    )
