"""Sinkhorn's curves: errors and rates, what eps does, and how far the post's variant is off."""

import math
from typing import Any, Final

import numpy as np

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.colours import DTYPE_SYMBOLS
from ce_core.figures.labels import dtype_label
from ce_core.figures.style import (
    COLUMN_COLOUR,
    DTYPE_COLOURS,
    ENTROPY_COLOUR,
    EXACT_LINE,
    HELD_LINE,
    HELD_POINT,
    PAGE_COLOUR,
    Q_COLOUR,
    SECOND_COLOUR,
    Translate,
    empty_note,
    figure_tree,
    on_logarithm,
    window,
)
from ce_core.post.plan_variant import VariantDifferences
from ce_core.transport.convergence import ConvergenceTrace
from ce_core.transport.plan_paths import PlanFrames

_LOWEST: Final = 1e-18
_LOWEST_ERROR: Final = 1e-17
# The logarithm of the highest error that is shown.
_HIGHEST: Final = 0.6


@figure_builder
def convergence_figure(
    trace: ConvergenceTrace, *, at: int, error: float, translate: Translate = str
) -> FigureTree:
    """Draw the marginal error over the iterations, on a logarithm, with both rates.

    Parameters
    ----------
    trace
        The errors and the rates.
    at, error
        The present iteration, and its marginal error.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Traces `bound`, `asymptote` (where known), `plain`, `accelerated` and `now`, by `uid`. An
        error of 0 leaves a gap; the mark of the present is then near the foot and says 0. Where every
        error is 0 the figure says so.
    """
    steps = np.arange(1, len(trace.plain) + 1)
    said = translate("iteration %{x}: %{y:.3g}") + "<extra>%{fullData.name}</extra>"
    line: dict[str, Any] = {"type": "scatter", "mode": "lines", "hovertemplate": said}
    plain = on_logarithm(trace.plain.numpy())
    traces: list[dict[str, Any]] = [
        line
        | {
            "uid": "bound",
            "name": translate("Birkhoff's bound"),
            "x": steps,
            "y": on_logarithm(trace.bound.numpy()),
            "line": {"color": SECOND_COLOUR, "width": 2, "dash": "dot"},
        }
    ]
    accelerated = on_logarithm(trace.accelerated.numpy())
    if trace.asymptote.isfinite().any():
        traces.append(
            line
            | {
                "uid": "asymptote",
                "name": translate("true rate σ₂²"),
                "x": steps,
                "y": on_logarithm(trace.asymptote.numpy()),
                # Broad, since it lies under the line that comes to have it.
                "line": EXACT_LINE | {"width": 7, "dash": "6px, 6px"},
            }
        )
    traces += [
        line
        | {
            "uid": "plain",
            "name": translate("plain"),
            "x": steps,
            "y": plain,
            "line": {"color": COLUMN_COLOUR, "width": 3},
        },
    ]
    shown = np.concatenate([plain, accelerated, on_logarithm(np.array([error]))])
    least = max(_LOWEST_ERROR, float(np.nanmin(shown, initial=1.0)))
    lowest = math.floor(math.log10(least)) - 0.3
    # The ring of an error of 0 is whole: it stands above the frame.
    foot = 10 ** (lowest + 0.05 * (_HIGHEST - lowest))
    none = empty_note(translate("The error is 0, up to rounding: nothing to draw on a logarithm."))
    traces += [
        line
        | {
            "uid": "accelerated",
            "name": translate("accelerated"),
            "x": np.arange(1, len(accelerated) + 1),
            "y": accelerated,
            "mode": "lines+markers",
            # The same error, reached in another way.
            "line": {"color": COLUMN_COLOUR, "width": 1.5},
            "marker": {"size": 6, "color": PAGE_COLOUR, "line": {"color": COLUMN_COLOUR, "width": 1.5}},
        },
        line
        | {
            "uid": "now",
            "name": translate("now"),
            "x": np.array([at]),
            "y": np.array([error or foot]),
            "customdata": np.array([error]),
            "mode": "markers",
            "marker": HELD_POINT,
            "hovertemplate": said.replace("%{y", "%{customdata"),
        },
    ]
    last = max(len(steps), at)
    return figure_tree(
        traces,
        title=translate("Marginal error, iteration by iteration"),
        x_title=translate("iteration"),
        y_title=translate("marginal error, Σ |column sum − ν|"),
        x_range=[-0.03 * last, 1.03 * last],
        y_range=[lowest, _HIGHEST],
        yaxis={"type": "log"},
        height=440,
        annotations=[none] if np.isnan(shown).all() else [],
    )


@figure_builder
def eps_path_figure(
    path: PlanFrames,
    *,
    eps: float,
    entropy: float,
    transport_cost: float,
    entropic_value: float,
    limits: tuple[float, float],
    least: str = "assignment",
    translate: Translate = str,
) -> FigureTree:
    """Draw what becomes of the plan over eps: its entropy, its transport cost, the entropic value.

    Parameters
    ----------
    path
        Converged plans over eps.
    eps, entropy, transport_cost, entropic_value
        Where the present plan is, which lies on the lines once it has converged.
    limits
        The least entropy, and that of independence, in nats.
    least
        What the first is: that of an "assignment", the "limit" as eps goes to 0, or a "bound".
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Above `assignment`, `independence`, `entropy` and `now-entropy`; below `transport-cost`,
        `entropic-value` and their `now-…`, by `uid`.
    """
    x = path.eps.numpy()
    ends = np.array([x[0], x[-1]])

    def line(uid: str, name: str, y: np.ndarray, *, below: bool = False, **look: Any) -> dict[str, Any]:
        return {
            "type": "scatter",
            "uid": uid,
            "name": name,
            "x": x,
            "y": y,
            "mode": "lines",
            "line": {"width": 3, **look},
            "hovertemplate": "ε %{x:.3g}: %{y:.4g}<extra>%{fullData.name}</extra>",
        } | ({"xaxis": "x2", "yaxis": "y2"} if below else {})

    def limit(uid: str, name: str, y: float) -> dict[str, Any]:
        return line(uid, name, np.array([y, y]), **EXACT_LINE) | {
            "x": ends,
            # Each where the line of the entropy is far away; the marks, unseen, keep it off its own.
            "mode": "lines+markers+text",
            "marker": {"size": 7, "opacity": 0},
            "text": [name, ""] if uid == "independence" else ["", name],
            "textposition": "bottom right" if uid == "independence" else "top left",
            "showlegend": False,
        }

    def now(uid: str, y: float, below: bool = False) -> dict[str, Any]:
        return line(f"now-{uid}", translate("now"), np.array([y]), below=below) | {
            "x": np.array([eps]),
            "mode": "markers",
            "marker": HELD_POINT,
            "showlegend": not below,
        }

    names = {
        "assignment": translate("assignment"),
        "limit": translate("limit, ε → 0"),
        "bound": translate("max(H(μ), H(ν))"),
    }
    entropies = path.entropy.numpy()
    costs, values = path.transport_cost.numpy(), path.entropic_value.numpy()
    # Both costs are of the plan, and wear its colour.
    traces = [
        limit("assignment", names[least], limits[0]),
        limit("independence", translate("independence"), limits[1]),
        line("entropy", translate("entropy of the plan"), entropies, color=ENTROPY_COLOUR),
        now("entropy", entropy),
        line("transport-cost", translate("transport cost ⟨P, C⟩"), costs, below=True, color=Q_COLOUR),
        line(
            "entropic-value",
            translate("entropic value"),
            values,
            below=True,
            color=Q_COLOUR,
            dash="dot",
        ),
        now("transport-cost", transport_cost, below=True),
        now("entropic-value", entropic_value, below=True),
    ]
    # With room for the whole ring at either end.
    shown = window(np.log10([x[0], x[-1], eps]), margin=0.03)
    # Where nothing changes with eps, the axes show that rather than its rounding.
    below = window(
        costs,
        values,
        np.array([transport_cost, entropic_value]),
        least=1e-3 * max(float(np.abs(costs).max()), 1e-6),
    )
    return figure_tree(
        traces,
        title=translate("From assignment to independence: the plan over ε"),
        x_title="",
        y_title=translate("H(P), nats"),
        height=440,
        xaxis={"type": "log", "range": shown, "anchor": "y", "matches": "x2", "showticklabels": False},
        yaxis={
            "domain": [0.55, 1],
            "range": window(entropies, np.array([entropy, *limits]), least=0.01),
        },
        xaxis2={"type": "log", "range": shown, "anchor": "y2", "title": {"text": "ε"}},
        yaxis2={"domain": [0, 0.47], "anchor": "x2", "title": {"text": translate("cost")}}
        | ({"range": below} if below else {}),
    )


@figure_builder
def variant_figure(
    found: VariantDifferences | None, *, now: float, translate: Translate = str
) -> FigureTree:
    """Draw how far the post's variant is off, over the range of C/eps, in both dtypes.

    Parameters
    ----------
    found
        What `ce_core.variant_differences` measured; None where no two finite costs differ.
    now
        The present range of C/eps.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        A line a dtype and `now`, a vertical line, by `uid`. Differences of 0 leave a gap.
    """
    title = translate("The post's variant: how wrong, over the range of C/ε")
    x_title, y_title = translate("range of C/ε"), translate("largest difference of an entry of Q")
    if found is None:
        note = empty_note(translate("No two finite costs differ: C/ε has no range."))
        return figure_tree(
            [], title=title, x_title=x_title, y_title=y_title, height=440, annotations=[note]
        )
    ranges = found.ranges.numpy()
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "uid": dtype,
            "name": dtype,
            "meta": dtype_label(dtype),
            "x": ranges,
            "y": on_logarithm(differences.numpy()),
            "mode": "lines+markers",
            "line": {"color": DTYPE_COLOURS[dtype], "width": 3},
            "marker": {"symbol": DTYPE_SYMBOLS[dtype], "size": 9},
            "hovertemplate": translate("range %{x:.4g}: %{y:.3g}") + "<extra>%{fullData.name}</extra>",
        }
        for dtype, differences in zip(found.dtypes, found.differences, strict=True)
    ]
    traces.append(
        {
            "type": "scatter",
            "uid": "now",
            "name": translate("now"),
            "x": np.array([now, now]),
            "y": np.array([_LOWEST, 1.0]),
            "mode": "lines",
            "line": HELD_LINE,
            "hovertemplate": translate("range %{x:.4g}") + "<extra>%{fullData.name}</extra>",
        }
    )
    return figure_tree(
        traces,
        title=title,
        x_title=x_title,
        y_title=y_title,
        height=440,
        xaxis={
            "type": "log",
            "range": [math.log10(min(ranges[0], now)), math.log10(max(ranges[-1], now))],
        },
        yaxis={"type": "log", "range": [-18.3, 0.5], "dtick": 3},
    )
