"""Live figures: what the browser is handed to scrub, and what is believed of what it says."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from ce_core import ExperimentConfig, run_experiment, sort_losses
from ce_core.experiment.export import summary
from ce_core.experiment.statistics import compare_losses
from lab.live.figures import known_value
from lab.losses.figures import ANIMATION_WORK, timeline
from lab.losses.results import results
from lab.losses.state import LossesState
from lab.state.fields import stops_of
from lab.web import assets
from tests.lab.conftest import OpenPage
from tests.support.unpacking import animation_of, figures_of, frame_of, parts_of

PAGE = "losses.py"
SMALL = {"n": "16", "m": "8", "trials": "5"}


def trace(figure: Any, uid: str) -> Any:
    """Return the one trace of that name."""
    (found,) = (trace for trace in figure["data"] if trace["uid"] == uid)
    return found


def test_losses_hands_over_an_animation_of_the_logit_scale(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    parts, frames = parts_of(app), animation_of(app, "losses")
    assert parts["timeline"]["label"] == "Logit scale"
    assert parts["timeline"]["at"] == 1
    assert parts["timeline"]["values"] == frames["values"] == list(stops_of(LossesState, "logit_scale"))
    assert len({part["token"] for part in [*parts.values(), frames]}) == 1
    assert [name for name, _ in parts["timeline"]["readouts"]] == ["r", "slope", "H(p)/log m"]


@pytest.mark.parametrize("name", ["logit_scale", "eps", "n_iter", "logit_exponent", "cost_exponent"])
def test_losses_animation_shows_the_experiment_at_each_value(open_page: OpenPage, name: str) -> None:
    app = open_page(PAGE, along=name, seed="3", dtype="float64", **SMALL)
    assert not app.exception
    frames = animation_of(app, "losses")
    assert frames["values"] == list(stops_of(LossesState, name))
    for index in (0, len(frames["values"]) // 2, len(frames["values"]) - 1):
        changed: dict[str, Any] = {name: frames["values"][index]}
        config = ExperimentConfig(n=16, m=8, trials=5, seed=3, dtype="float64", **changed)
        result = run_experiment(config)
        losses = sort_losses(result.l1, result.l2)
        comparison = compare_losses(result.l1, result.l2, result.entropy)
        numbers = summary(result, comparison)
        pairs = frame_of(frames["cards"]["pairs"], index)
        if len(losses.l1):
            shown = trace(pairs, "trials")
            np.testing.assert_allclose(shown["x"], losses.l1, rtol=1e-6)
            np.testing.assert_allclose(shown["y"], losses.l2, rtol=1e-6, atol=1e-9)
        if not math.isnan(numbers["slope"]):
            assert f"slope = **{numbers['slope']:.4g}**" in frames["numbers"]["pairs"][index]
            assert ["slope", f"{numbers['slope']:.3f}"] in frames["readouts"][index]


def test_losses_animation_and_first_figure_are_the_same_picture(open_page: OpenPage) -> None:
    app = open_page(PAGE, logit_scale="16", **SMALL)
    parts, frames = parts_of(app), animation_of(app, "losses")
    index = frames["values"].index(16)
    cards = parts["grid"]["cards"]
    # What the state is compared with is no part of the animation.
    assert [card["key"] for card in cards if card["key"] not in frames["cards"]] == ["contrast"]
    for card, figure in zip(cards, figures_of(app), strict=True):
        if card["key"] == "contrast":
            continue
        frame = frame_of(frames["cards"][card["key"]], index)
        assert [t["uid"] for t in frame["data"]] == [t["uid"] for t in figure["data"]]
        for one, other in zip(frame["data"], figure["data"], strict=True):
            if not one["uid"].startswith(("slope", "held")):
                np.testing.assert_allclose(one["y"], other["y"], rtol=1e-6)
        assert frames["numbers"][card["key"]][index] == card["numbers"]


def test_losses_bar_stands_on_a_value_between_the_stops(open_page: OpenPage) -> None:
    app = open_page(PAGE, logit_scale="17.3", **SMALL)
    parts, frames = parts_of(app), animation_of(app, "losses")
    assert parts["timeline"]["at"] == 17.3
    assert 17.3 in frames["values"]
    assert parts["timeline"]["spelled"][parts["timeline"]["values"].index(17.3)] == "17.3"


def test_losses_scrubs_nothing_if_so_chosen(open_page: OpenPage) -> None:
    app = open_page(PAGE, along="none")
    assert parts_of(app).keys() == {"grid"}
    assert not app.warning


def test_losses_choice_of_what_is_scrubbed_stands_in_the_link(open_page: OpenPage) -> None:
    app = open_page(PAGE, **SMALL)
    pills: Any = app.get("button_group")[0]
    pills.set_value("eps").run()
    assert parts_of(app)["timeline"]["label"] == "ε: regularisation"
    assert app.query_params["along"] == "eps"
    assert "along=eps" in app.code[0].value


@pytest.mark.parametrize("query", [{"along": "seed"}, {"charts": "3d"}], ids=["along", "charts"])
def test_losses_choice_that_there_is_not_is_named_and_ignored(
    open_page: OpenPage, query: dict[str, str]
) -> None:
    app = open_page(PAGE, **query, **SMALL)
    ((name, value),) = query.items()
    assert f"`{name}={value}`" in app.warning[0].value
    assert parts_of(app)["timeline"]["label"] == "Logit scale"


def test_losses_says_where_an_animation_has_fewer_frames(open_page: OpenPage) -> None:
    app = open_page(PAGE, trials="128", along="logit_scale")
    captions = [caption.value for caption in app.caption]
    (said,) = (caption for caption in captions if "frames" in caption)
    assert f"has {len(animation_of(app, 'losses')['values'])} frames" in said


def test_losses_too_large_for_an_animation_has_the_charts_and_no_bar(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="8192", m="800", trials="1", along="logit_scale")
    assert parts_of(app).keys() == {"grid"}
    assert any("too large for an animation" in caption.value for caption in app.caption)


def test_animation_stays_within_its_work() -> None:
    found = timeline(results(LossesState(n=128, m=64, n_iter=10, along="n_iter")))
    assert found is not None
    work = sum(128 * 64 * 20 * (int(value) + 25) for value in found.values)
    assert work <= ANIMATION_WORK


def test_losses_plain_charts_are_streamlits_own(open_page: OpenPage) -> None:
    app = open_page(PAGE, charts="plain", logit_scale="16")
    assert not app.exception
    assert not app.get("bidi_component")
    assert len(app.get("plotly_chart")) == 6
    assert "charts=plain" in app.code[0].value
    (button,) = (button for button in app.button if button.label == "Show live charts")
    button.click().run()
    assert not app.get("plotly_chart")
    assert parts_of(app).keys() == {"timeline", "grid"}
    assert "charts" not in app.query_params


def test_losses_offers_plain_charts_where_the_live_ones_do_not_come(open_page: OpenPage) -> None:
    app = open_page(PAGE, **SMALL)
    (button,) = (button for button in app.button if button.label.endswith("show plain ones"))
    button.click().run()
    assert len(app.get("plotly_chart")) == 6
    assert app.query_params["charts"] == "plain"


def test_timeline_takes_a_value_that_it_offers() -> None:
    assert known_value(16, (1.0, 16.0)) == 16.0
    assert isinstance(known_value(20.0, (10, 20)), int)


@pytest.mark.parametrize(
    "value", [17, -1, "16", None, True, math.nan, math.inf, [16], {"value": 16}, 10**400]
)
def test_timeline_takes_no_other_value(value: Any) -> None:
    assert known_value(value, (1.0, 16.0)) is None


def test_component_script_names_a_script_that_the_app_serves() -> None:
    for file in assets.SCRIPT_FILES:
        name = assets.script_name(file)
        assert assets.script_address(name) in assets.component_script(name)
    folder = Path(assets.__file__).parents[1]
    assert {file.name for file in assets.SCRIPT_FILES} == {file.name for file in folder.rglob("*.js")}


def test_a_plain_chart_takes_no_tree_apart_that_others_show(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(st, "plotly_chart", lambda figure, **_options: shown.append(figure))
    for _visit in range(2):
        assert not open_page("post.py", charts="plain").exception
    half = len(shown) // 2
    assert half
    for first, second in zip(shown[:half], shown[half:], strict=True):
        assert first["data"][0] is not second["data"][0]
