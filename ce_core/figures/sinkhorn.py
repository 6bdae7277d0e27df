"""Sinkhorn's curves: misplaced mass and rates, what eps does, how far the post's variant is off."""

import math
from typing import Any, Final

import numpy as np

from ce_core.figures.builder import FigureTree, figure_builder
from ce_core.figures.colours import DTYPE_SYMBOLS
from ce_core.figures.labels import dtype_label, label, unlabelled
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
    spelled,
    window,
)
from ce_core.post.plan_variant import VariantDifferences
from ce_core.transport.convergence import ConvergenceTrace
from ce_core.transport.plan_paths import PlanFrames

_LOWEST: Final = 1e-18
_LOWEST_ERROR: Final = 1e-17
# The logarithm of the highest share that is shown, with room for the ring.
_HIGHEST: Final = 0.3
_NEAR_ONE: Final = 0.999


@figure_builder
def convergence_figure(
    trace: ConvergenceTrace,
    *,
    at: int,
    error: float,
    accelerated: bool = True,
    translate: Translate = str,
) -> FigureTree:
    """Draw the misplaced mass over the iterations, on a logarithm, with both rates.

    Half the marginal error of the columns, Σ_j |Σ_i P_ij - nu_j|: so much mass lies in columns that
    have too much, and as much lacks in the others.

    Parameters
    ----------
    trace
        The errors and the rates.
    at, error
        The present iteration, and the marginal error of its columns.
    accelerated
        Whether to draw the accelerated method too.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        Traces `bound`, `asymptote` (where known), `plain`, `accelerated` (if asked for) and `now`, by
        `uid`. What is 0 leaves a gap; the mark of the present is then near the foot and says 0. Where
        all is 0 the figure says so.
    """
    steps = np.arange(1, len(trace.plain) + 1)
    said = translate("iteration %{x}: %{y:.3g}") + "<extra>%{fullData.name}</extra>"
    line: dict[str, Any] = {"type": "scatter", "mode": "lines", "hovertemplate": said}
    plain, faster, bound, asymptote = (
        on_logarithm(errors.numpy() / 2)
        for errors in (trace.plain, trace.accelerated, trace.bound, trace.asymptote)
    )
    traces: list[dict[str, Any]] = [
        line
        | {
            "uid": "bound",
            "name": translate("Birkhoff's bound"),
            "x": steps,
            "y": bound,
            "line": {"color": SECOND_COLOUR, "width": 2, "dash": "dot"},
        }
    ]
    if trace.asymptote.isfinite().any():
        traces.append(
            line
            | {
                "uid": "asymptote",
                "name": _rate_name(trace.asymptotic, translate),
                "x": steps,
                "y": asymptote,
                # Broad, since it lies under the line that comes to have it.
                "line": EXACT_LINE | {"width": 6, "dash": "5px, 6px"},
            }
        )
    traces += [
        line
        | {
            "uid": "plain",
            "name": translate("plain"),
            # Alone, it is the title.
            "meta": label() if accelerated else unlabelled(),
            "x": steps,
            "y": plain,
            "line": {"color": COLUMN_COLOUR, "width": 3},
        },
    ]
    misplaced = error / 2
    drawn = [plain, faster] if accelerated else [plain]
    shown = np.concatenate([*drawn, on_logarithm(np.array([misplaced]))])
    least = max(_LOWEST_ERROR, float(np.nanmin(shown, initial=1.0)))
    lowest = math.floor(math.log10(least)) - 0.3
    # The ring of 0 is whole: it stands above the frame.
    foot = 10 ** (lowest + 0.05 * (_HIGHEST - lowest))
    none = empty_note(translate("Nothing is misplaced, up to rounding, and a logarithm has no 0."))
    if accelerated:
        # The same, reached in another way.
        ring = {"color": COLUMN_COLOUR, "width": 1.5}
        traces.append(
            line
            | {
                "uid": "accelerated",
                "name": translate("accelerated"),
                "x": np.arange(1, len(faster) + 1),
                "y": faster,
                "mode": "lines+markers",
                "line": ring,
                "marker": {"size": 6, "color": PAGE_COLOUR, "line": ring},
            }
        )
    traces.append(
        line
        | {
            "uid": "now",
            "name": translate("now"),
            "meta": unlabelled(),
            "x": np.array([at]),
            "y": np.array([misplaced or foot]),
            "customdata": np.array([misplaced]),
            "mode": "markers",
            "marker": HELD_POINT,
            "hovertemplate": said.replace("%{y", "%{customdata"),
        }
    )
    last = max(len(steps), at)
    return figure_tree(
        traces,
        title=translate("Misplaced mass by iteration"),
        x_title=translate("iteration"),
        y_title=translate("misplaced: ½ Σ |column sum − ν|"),
        x_range=[-0.03 * last, 1.03 * last],
        y_range=[lowest, _HIGHEST],
        # Few enough for a low figure.
        yaxis={"type": "log", "dtick": math.ceil((_HIGHEST - lowest) / 4)},
        height=440,
        annotations=[none] if np.isnan(shown).all() else [],
    )


def _rate_name(rate: float, translate: Translate) -> str:
    """Return the name of the line of the true rate, with the rate where three digits tell it from 1."""
    if rate > _NEAR_ONE:
        return translate("true rate σ₂²")
    return translate("true rate σ₂²: × {rate}").format(rate=spelled(rate, digits=3))


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
        What `ce_core.variant_differences` measured; None where no two finite costs differ. Where it
        found nothing to compare, the figure says so.
    now
        The present range of C/eps.
    translate
        Applied to every visible string.

    Returns
    -------
    go.Figure
        A line a dtype and `now`, a vertical line, by `uid`. Differences below 1e-18 leave a gap.
    """
    title = translate("The post's variant: how wrong, over the range of C/ε")
    x_title, y_title = translate("range of C/ε"), translate("largest difference of an entry of Q")
    if found is None or found.differences.isnan().all():
        note = empty_note(
            translate("No two finite costs differ: C/ε has no range.")
            if found is None
            else translate("There is no plan to compare the variant's with.")
        )
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
            "y": on_logarithm(np.where(differences < _LOWEST, 0.0, differences)),
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
