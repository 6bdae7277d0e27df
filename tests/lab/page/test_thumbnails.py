"""The picture of a preset shows the result of its state."""

import importlib
import math
import re
from dataclasses import replace
from typing import Any

import pytest
import torch

from ce_core import PITFALLS, run_pitfall
from lab.page.thumbnails import bars, cells, descents, dots
from lab.web.page_names import LABS
from tests.support.closeness import close_to

BOX = re.compile(r"M([\d.-]+) ([\d.-]+)h([\d.]+)v([\d.]+)h-[\d.]+z")


def lab_of(slug: str) -> Any:
    return importlib.import_module(f"lab.{slug}.lab").LAB


def paths(svg: str, name: str) -> list[str]:
    """Return what the paths of a class draw."""
    return re.findall(rf'<path class="{name}" d="([^"]*)"', svg)


@pytest.mark.parametrize("slug", LABS)
def test_every_preset_has_a_picture_on_one_line(slug: str) -> None:
    lab = lab_of(slug)
    drawn = [lab.thumbnail(preset.of(lab.default)) for preset in lab.presets.values()]
    assert all(svg.startswith("<svg ") and "\n" not in svg and "nan" not in svg for svg in drawn)
    # Of two cases of NaN the dtypes may break alike, and p is the same whatever is added to all logits.
    assert len(set(drawn)) >= len(drawn) - 2
    # With each act they are sent anew.
    assert sum(map(len, drawn)) < 16_000


def test_bars_are_as_high_as_their_probabilities() -> None:
    p = [0.6, 0.3, 0.1]
    svg = bars(p, held=1)
    heights = [float(BOX.findall(path)[0][3]) for path in paths(svg, "p")]
    assert [height / sum(heights) for height in heights] == close_to(p, abs=0.01)
    (mark,) = paths(svg, "ink")
    assert BOX.findall(mark)[0][0] == BOX.findall(paths(svg, "p")[1])[0][0]


def test_bars_of_the_softmax_mark_the_class_that_is_held() -> None:
    lab = lab_of("softmax")
    svg = lab.thumbnail(replace(lab.default, target=1, held=3))
    (mark,) = paths(svg, "ink")
    assert BOX.findall(mark)[0][0] == BOX.findall(paths(svg, "p")[2])[0][0]


def test_cells_have_a_shade_by_the_root_of_their_mass() -> None:
    svg = cells([[0.5, 0.0], [0.125, 0.375]])
    shaded = {shade: path for shade in range(1, 10) for path in paths(svg, f"plan-{shade}")}
    # Shares 1, 1/4 and 3/4 of the most there can be.
    assert set(shaded) == {9, math.floor(10 * math.sqrt(0.25)), math.floor(10 * math.sqrt(0.75))}
    lower = {shade: float(BOX.findall(path)[0][1]) > 0 for shade, path in shaded.items()}
    assert lower == {9: False, 5: True, 8: True}


def test_descents_lead_from_the_start_to_the_end_of_each_path() -> None:
    there = [(0.2, 0.2), (1.0, 0.0)]
    (line,) = paths(descents([("l1", there)], (1.0, 0.0)), "l1")
    start, end = ([float(x) for x in point.split()] for point in line[1:].split("L"))
    assert start[1] < end[1]
    assert end[0] < start[0]
    assert start[0] == close_to(36, abs=0.1)


@pytest.mark.parametrize("name", PITFALLS)
def test_outcomes_of_a_case_are_hatched_where_its_line_fails(name: str) -> None:
    lab = lab_of("stability")
    svg = lab.thumbnail(lab.presets[name].of(lab.default))
    found = run_pitfall(PITFALLS[name], cured=False)
    failed = not (math.isfinite(found.value) and bool(torch.isfinite(found.gradient).all()))
    assert bool(paths(svg, "failure")) == failed
    assert len(paths(svg, "failure")) == len(paths(svg, "hatch"))


def test_dots_of_equal_losses_lie_on_the_line() -> None:
    found = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', dots([(-1.0, -1.0), (0.5, 0.5), (0.5, 0.5)]))
    assert all(float(x) - 36 == close_to(28 - float(y), abs=0.05) for x, y in found)
