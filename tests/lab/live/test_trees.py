"""What the pages draw are figures that Plotly takes as they are."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from lab.gradient.lab import LAB as GRADIENT
from lab.live.figures import FigureSet
from lab.losses.lab import LAB as LOSSES
from lab.page.lab import Lab
from lab.post.figures import difference_figures, experiment_figures, softmax_figures
from lab.softmax.lab import LAB as SOFTMAX
from lab.stability.lab import LAB as STABILITY
from lab.transport.lab import LAB as TRANSPORT
from lab.tuning.lab import LAB as TUNING
from tests.support.trees import assert_same, tree_of

LABS: list[Lab[Any, Any]] = [SOFTMAX, GRADIENT, STABILITY, LOSSES, TRANSPORT, TUNING]
TIMELINES = [
    pytest.param(lab, {"along": along} if along else {}, id=f"{lab.slug}-{along}")
    for lab, names in (
        (LOSSES, ["logit_scale", "eps", "n_iter", "logit_exponent", "cost_exponent"]),
        (TRANSPORT, ["n_iter", "eps"]),
        (GRADIENT, [""]),
    )
    for along in names
]


def assert_valid(figures: FigureSet) -> None:
    for card in figures.cards:
        validated = tree_of(go.Figure(card.tree))
        # Plotly fills an empty template in, and drops an empty list.
        for tree in (drawn := copy.deepcopy(card.tree), validated):
            del tree["layout"]["template"]
        if drawn["layout"].get("annotations") == []:
            del drawn["layout"]["annotations"]
        assert_same(validated, drawn)


def states(lab: Lab[Any, Any]) -> Iterator[Any]:
    yield lab.default
    for preset in (lab.presets or {}).values():
        yield preset.of(lab.default)


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
def test_trees_of_a_lab_are_valid_to_plotly(lab: Lab[Any, Any]) -> None:
    for state in states(lab):
        assert_valid(lab.figures(lab.results(state)))


def test_trees_of_the_page_of_the_post_are_valid_to_plotly() -> None:
    for figures in (softmax_figures(), difference_figures(), experiment_figures()):
        assert_valid(figures)


@pytest.mark.parametrize(("lab", "change"), TIMELINES)
def test_trees_of_an_animation_are_valid_to_plotly(lab: Lab[Any, Any], change: dict[str, str]) -> None:
    along = lab.timeline and lab.timeline(lab.results(replace(lab.default, **change)))
    assert along
    frames = list(along.frames())
    for frame in (frames[0], frames[len(frames) // 2], frames[-1]):
        assert_valid(frame)
