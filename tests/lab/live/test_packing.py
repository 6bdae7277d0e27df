"""Packed figures are the figures, to the last pixel, and small."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ce_core.figures.style import hold_axes
from lab.live.packing import animation, compact, pack
from tests.support.trees import assert_same
from tests.support.unpacking import frame_of, unpack

Tree = dict[str, Any]


def line(y: Any, **layout: Any) -> Tree:
    trace = {"type": "scatter", "x": np.arange(3), "y": y}
    return {"data": [trace], "layout": layout}


def assert_animation_shows(trees: list[Tree]) -> None:
    sent = unpack(pack(animation(trees)))
    for index, tree in enumerate(trees):
        assert_same(frame_of(sent, index), tree)


def test_animation_shows_the_figures_whose_arrays_move() -> None:
    generator = np.random.default_rng(0)
    assert_animation_shows([line(generator.normal(size=3)) for _ in range(4)])


def test_animation_shows_figures_whose_layout_moves() -> None:
    figures = [line([1, 2, 3], xaxis={"range": [0, k]}, title={"text": f"frame {k}"}) for k in (1, 2)]
    assert_animation_shows(figures)


@pytest.mark.parametrize("order", [1, -1], ids=["appears", "vanishes"])
def test_animation_shows_figures_of_which_one_has_other_traces(order: int) -> None:
    empty: Tree = {"data": [], "layout": {"annotations": [{"text": "nothing to draw"}]}}
    two = line([1.5, 2, 3])
    two["data"].append({"type": "heatmap", "z": np.eye(3)})
    assert_animation_shows([two, empty, line([1, 2, 3])][::order])


def test_animation_shows_figures_where_a_setting_comes_and_goes() -> None:
    assert_animation_shows([line([1, 2, 3]), line([1, 2, 3], barmode="relative"), line([1, 2, 3])])


def test_animation_moves_nothing_but_what_differs() -> None:
    figures = [line(np.array([0.1, 0.2, k]), height=380) for k in (1.5, 2.5)]
    (move,) = animation(figures)["moves"]
    assert move[0] == ["data", 0, "y"]


def test_animation_of_one_frame_moves_nothing() -> None:
    assert animation([line([1.0, 2.0, 3.0])])["moves"] == []


@given(st.lists(st.floats(allow_infinity=True, allow_nan=True), max_size=20))
def test_compact_draws_the_same_picture(values: list[float]) -> None:
    exact = np.array(values, dtype=float)
    sent = compact(exact).astype(float)
    np.testing.assert_array_equal(np.isnan(sent), np.isnan(exact))
    finite = np.isfinite(exact)
    if finite.any():
        with np.errstate(over="ignore"):
            width = np.ptp(exact[finite])
        assert np.isfinite(sent[finite]).all()
        assert (np.abs(sent[finite] - exact[finite]) <= 1e-4 * width).all()


def test_compact_keeps_what_float32_would_draw_at_one_place() -> None:
    values = 4.1588 + np.array([0.0, 1e-9, 2e-9])
    np.testing.assert_array_equal(compact(values), values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 255], "uint8"), ([0, 256], "uint16"), ([0, 1e5], "float32"), ([0.0, math.nan], "float32"),
     ([-1, 1], "float32"), ([-0.0, 1], "float32"), ([1e-300, 1e300], "float64"),
     ([-1e308, 1e308], "float64")],
)  # fmt: skip
def test_compact_takes_the_smallest_type(values: list[float], expected: str) -> None:
    assert compact(np.array(values)).dtype == expected


def test_pack_writes_equal_arrays_once() -> None:
    noise = np.random.default_rng(0).random(10_000)
    once, twice = (pack({"arrays": [noise.copy() for _ in range(count)]}) for count in (1, 2))
    assert len(twice) < 1.01 * len(once)


def test_pack_writes_numbers_that_json_has_not_as_null() -> None:
    assert unpack(pack({"a": math.nan, "b": -math.inf, "c": np.float64(0.5)})) == {
        "a": None,
        "b": None,
        "c": 0.5,
    }


def test_pack_keeps_every_script() -> None:
    words = {"words": "ε, ‖dL₁‖, 中文", "letters": np.array(["α", "β"])}
    assert unpack(pack(words)) == {"words": "ε, ‖dL₁‖, 中文", "letters": ["α", "β"]}


def ranges(trees: list[Tree]) -> list[list[float] | None]:
    return [tree["layout"].get("xaxis", {}).get("range") for tree in trees]


def test_hold_axes_gives_all_frames_one_range() -> None:
    figures = [line([1, 2, 3], xaxis={"range": [0, end]}) for end in (2, 3)]
    hold_axes(figures)
    assert ranges(figures) == [[0, 3], [0, 3]]


def test_hold_axes_leaves_ranges_of_which_one_would_hide() -> None:
    figures = [line([1, 2, 3], xaxis={"range": [0, end]}) for end in (1, 100)]
    hold_axes(figures)
    assert ranges(figures) == [[0, 1], [0, 100]]


def test_hold_axes_leaves_an_axis_that_finds_its_range_itself() -> None:
    figures = [line([1, 2, 3]), line([1, 2, 3], xaxis={"range": [0, 1]})]
    hold_axes(figures)
    assert ranges(figures) == [None, [0, 1]]
