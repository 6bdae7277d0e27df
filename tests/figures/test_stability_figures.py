"""The figures of stability show the data they are given, and every word passes the translator."""

import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from ce_core import DTYPES, FORMULAS, accuracy_map, clipping_curves
from ce_core.figures import accuracy_map_figure, clipping_error_figure, clipping_gradient_figure
from ce_core.figures.clipping import floor_uid
from ce_core.figures.colours import DTYPE_GLYPHS, QUANTITIES
from ce_core.stability.verdicts import VERDICTS

JUDGED = accuracy_map(range(1, 1001))
LABELS = {name: f"label of {name}" for name in FORMULAS}
CURVES = clipping_curves(range(0, 120, 2), (1e-4, 1e-12), dtype="float32")
UNDERFLOW = {"float16": 18, "bfloat16": 93, "float32": 104, "float64": 746}


def trace(figure: go.Figure, uid: str) -> Any:
    """Return the one trace of that name."""
    (found,) = (trace for trace in figure.data if trace.uid == uid)
    return found


@pytest.mark.parametrize("of", ["values", "gradients"])
def test_verdict_figure_draws_every_verdict(of: str) -> None:
    drawn = trace(accuracy_map_figure(JUDGED, of=of, labels=LABELS), "verdicts")
    cells = drawn.z[~np.isnan(drawn.z).all(-1)].reshape(len(FORMULAS), len(DTYPES), -1)
    np.testing.assert_array_equal(cells, getattr(JUDGED, of).numpy())
    assert len(drawn.x) == len(JUDGED.gaps) + 1
    assert len(drawn.y) == len(drawn.z) + 1


def test_verdict_figure_colours_each_verdict_as_its_legend() -> None:
    figure = accuracy_map_figure(JUDGED, of="values", labels=LABELS)
    drawn = trace(figure, "verdicts")
    assert (drawn.zmin, drawn.zmax) == (-0.5, len(VERDICTS) - 0.5)
    for place, verdict in enumerate(VERDICTS):
        ends = drawn.colorscale[2 * place : 2 * place + 2]
        assert [edge for edge, _ in ends] == [place / 4, (place + 1) / 4]
        entry = trace(figure, f"legend-{verdict}")
        assert {colour for _, colour in ends} == {entry.fillcolor or entry.marker.color}


@pytest.mark.parametrize("verdict", ["inf", "nan"])
@pytest.mark.parametrize("of", ["values", "gradients"])
def test_verdict_figure_hatches_every_failure(of: str, verdict: str) -> None:
    figure = accuracy_map_figure(JUDGED, of=of, labels=LABELS)
    hatch, cells = trace(figure, f"legend-{verdict}"), trace(figure, "verdicts")
    assert hatch.fillcolor == hatch.fillpattern.bgcolor == QUANTITIES["failure"].mark.light
    assert hatch.fillpattern.shape != ""
    codes = np.nan_to_num(cells.z, nan=-1)
    middles = (np.array(cells.x[:-1]) + np.array(cells.x[1:])) / 2
    heights = (np.array(cells.y[:-1]) + np.array(cells.y[1:])) / 2
    covered = np.zeros(codes.shape, dtype=bool)
    # Five corners and a gap each, after a first gap.
    corners = np.stack([hatch.x[1:], hatch.y[1:]], -1).reshape(-1, 6, 2)[:, :5]
    for (start, top), (end, bottom) in corners[:, [0, 2]]:
        rows = (heights > top) & (heights < bottom)
        assert rows.sum() == 1
        covered[rows] |= (middles > start) & (middles < end)
    np.testing.assert_array_equal(covered, codes == VERDICTS.index(verdict))


def test_verdict_figure_writes_on_a_failure_in_the_colour_of_the_page() -> None:
    drawn = trace(accuracy_map_figure(JUDGED, of="values", labels=LABELS), "thresholds")
    failure = QUANTITIES["failure"].mark.light
    for (_, _, verdict, _), side, shadow in zip(
        drawn.customdata, drawn.textposition, drawn.textfont.shadow, strict=True
    ):
        if side == "middle right":
            assert (failure in shadow) == (verdict in ("inf", "nan"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_verdict_figure_writes_the_thresholds(dtype: str) -> None:
    figure = accuracy_map_figure(JUDGED, of="values", labels=LABELS)
    drawn = trace(figure, "thresholds")
    ((text, side, x, y),) = [
        (text, side, x, y)
        for (formula, name, _, _), text, side, x, y in zip(
            drawn.customdata, drawn.text, drawn.textposition, drawn.x, drawn.y, strict=True
        )
        if (formula, name) == ("max_shifted", dtype)
    ]
    # Left of its place it keeps off a mark that stands there.
    assert text == f"NaN from {UNDERFLOW[dtype]}" + "\u00a0\u00a0" * (side == "middle left")
    assert x == UNDERFLOW[dtype] - 0.5
    axis = figure.layout.yaxis
    place = axis.tickvals.index(y)
    assert axis.ticktext[place] == f"{dtype} {DTYPE_GLYPHS[dtype]}"


def test_verdict_figure_marks_the_present_state_only_where_it_is_on_the_line() -> None:
    figure = accuracy_map_figure(
        JUDGED, of="values", labels=LABELS, gap=120.0, chosen=("clipped", "bfloat16")
    )
    assert set(trace(figure, "now").x) == {120.0}
    chosen = trace(figure, "chosen")
    place = figure.layout.yaxis.tickvals.index(chosen.y[0])
    assert figure.layout.yaxis.ticktext[place] == "bfloat16 ■"
    assert place // len(DTYPES) == list(FORMULAS).index("clipped")
    bare = accuracy_map_figure(JUDGED, of="values", labels=LABELS)
    assert not {"now", "chosen"} & {t.uid for t in bare.data}


def test_verdict_figure_names_every_formula() -> None:
    figure = accuracy_map_figure(JUDGED, of="gradients", labels=LABELS)
    *names, axis = (a.text for a in figure.layout.annotations)
    assert names == list(LABELS.values())
    assert axis == figure.layout.meta["xaxis"]


def test_clipping_error_figure_draws_computed_minus_true() -> None:
    figure = clipping_error_figure(CURVES, floor=1e-12, gap=40.0)
    for floor, errors in zip(CURVES.floors, CURVES.errors, strict=True):
        np.testing.assert_array_equal(trace(figure, floor_uid(floor)).y, errors)
    assert trace(figure, "floor-1e-12").line.width > trace(figure, "floor-0_0001").line.width
    assert not trace(figure, "truth").y.any()
    assert set(trace(figure, "now").x) == {40.0}


def test_clipping_gradient_figure_draws_what_is_left() -> None:
    figure = clipping_gradient_figure(CURVES, floor=1e-4)
    for floor, gradients in zip(CURVES.floors, CURVES.gradients, strict=True):
        np.testing.assert_array_equal(trace(figure, floor_uid(floor)).y, gradients)
    np.testing.assert_array_equal(trace(figure, "truth").y, CURVES.true_gradients)


def test_clipping_figures_leave_a_gap_where_nothing_is_finite() -> None:
    half = clipping_curves(torch.arange(10.0, 40.0).double(), (1e-12,), dtype="float16")
    errors = trace(clipping_error_figure(half, floor=1e-12), "floor-1e-12").y
    assert np.isnan(errors[-1])
    assert np.isfinite(errors[0])


FIGURES = [
    lambda t: accuracy_map_figure(JUDGED, of="values", labels=LABELS, translate=t),
    lambda t: accuracy_map_figure(
        JUDGED, of="gradients", labels=LABELS, gap=2.0, chosen=("naive", "float64"), translate=t
    ),
    lambda t: clipping_error_figure(CURVES, floor=1e-4, gap=20.0, translate=t),
    lambda t: clipping_gradient_figure(CURVES, floor=1e-4, gap=20.0, translate=t),
]


@pytest.mark.parametrize("build", FIGURES)
def test_stability_figures_have_uids_that_are_class_names(build: Any) -> None:
    uids = [trace.uid for trace in build(str).data]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[a-z][\w-]*", uid, re.ASCII) for uid in uids)


@pytest.mark.parametrize("build", FIGURES)
def test_stability_figures_are_valid_to_plotly(build: Any) -> None:
    go.Figure(build(str).to_plotly_json())


@pytest.mark.parametrize("build", FIGURES)
def test_stability_figures_translate_every_word(build: Any) -> None:
    symbols = {"", "∞", "NaN", *LABELS.values()}
    figure = build(lambda text: f"«{text}»")
    layout = figure.layout
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    shown = [layout.title.text, *(a.text for a in layout.annotations)]
    shown += [axis.title.text for axis in axes if axis.title.text is not None]
    shown += [trace.name for trace in figure.data]
    shown += [text for trace in figure.data for text in trace.text or ()]
    assert [t for t in shown if t not in symbols and not t.startswith(("«", "0 = «"))] == []
