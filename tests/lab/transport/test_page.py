"""The page `/transport`, run by Streamlit's test harness."""

import csv
import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import ce_core as ce
from ce_core.post.plan_variant import variant_differences
from lab.transport.notes import notes
from lab.transport.problem import pose
from lab.transport.results import results
from lab.transport.state import (
    DEFAULT,
    PRESETS,
    TransportState,
    levels,
    parse_points,
    parse_weights,
    points,
    read_points,
    read_weights,
    spell_levels,
    spell_points,
)
from lab.transport.tables import data_csv
from lab.transport.text import snippet
from tests.lab.conftest import OpenPage
from tests.support.closeness import close_to
from tests.support.reading import note_ids, numbers_of, press, set_field, shown, text_of, widget
from tests.support.unpacking import animation_of, figures_of, frame_of, parts_of

PAGE = "transport.py"


def drawn(app: AppTest, uid: str) -> Any:
    """Return the one trace of the page of that name that is not a mark of the present."""
    return next(t for figure in figures_of(app) for t in figure["data"] if t["uid"] == uid)


def test_transport_opens_on_a_state_that_shows_the_answer(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert not app.warning
    assert app.title[0].value == "How does Sinkhorn balance a plan?"
    assert {"not-converged-yet", "bound-pessimistic"} <= {*note_ids(app)}
    assert numbers_of(app)["column_error"] > 0.05


def test_transport_shows_the_numbers_of_the_core(open_page: OpenPage) -> None:
    app = open_page(
        PAGE, along="none", n="8", m="5", eps="0.1", n_iter="4", seed="3", cost_exponent="2"
    )
    cost = ce.random_cost(8, 5, exponent=2.0, seed=3)
    result = ce.sinkhorn(cost, eps=0.1, tol=None, max_iter=4)
    np.testing.assert_allclose(drawn(app, "plan")["z"], result.plan, rtol=0, atol=1e-6)
    numbers = numbers_of(app)
    assert numbers["column_error"] == close_to(result.errors[-1].item(), rel=1e-6)
    assert numbers["transport_cost"] == close_to(result.transport_cost.item(), rel=1e-6)
    assert numbers["birkhoff_rate"] == close_to(ce.birkhoff_rate(cost, eps=0.1).item(), rel=1e-6)
    found = variant_differences(cost, [(cost.max() - cost.min()).item() / 0.1])
    assert numbers["post_difference_float64"] == close_to(found.differences[1, 0].item())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eps", 0.2),
        ("n_iter", 8),
        ("n", 6),
        ("m", 6),
        ("cost_exponent", 3.0),
        ("forbidden", 0.2),
    ],
)
def test_transport_slider_changes_what_is_computed(
    open_page: OpenPage, name: str, value: float
) -> None:
    app = open_page(PAGE, along="none")
    before = numbers_of(app)
    set_field(app, f"transport.{name}", value)
    assert not app.exception
    assert numbers_of(app) != before


def test_transport_accelerated_arrives_where_plain_iteration_does_not(open_page: OpenPage) -> None:
    app = open_page(PAGE, along="none", eps="0.02", n_iter="80")
    assert numbers_of(app)["marginal_error"] > 1e-5
    set_field(app, "transport.accelerate", True)
    assert numbers_of(app)["marginal_error"] <= 1e-5
    app = open_page(PAGE, along="none", eps="0.05", n_iter="80", accelerate="true")
    assert "balanced" in note_ids(app)


@pytest.mark.parametrize("slug", PRESETS)
def test_transport_preset_lands_on_its_insight(open_page: OpenPage, slug: str) -> None:
    app = open_page(PAGE, along="none")
    widget(app, f"transport.preset-{slug}").click().run()
    assert not app.exception
    assert not app.warning
    noted, said = note_ids(app), text_of(app)
    insights = {
        "three": ["not-converged-yet"],
        "assignment": ["assignment", "balanced"],
        "independence": ["independence"],
        "two": ["one-rate"],
        "variant": ["variant-wrong"],
        "clouds": ["not-converged-yet"],
        "digits": ["not-converged-yet"],
        "none": ["infeasible"],
    }
    assert {*insights[slug]} <= {*noted}
    if slug == "variant":
        assert "wrong here in float32, float64" in said


@pytest.mark.parametrize("along", ["n_iter", "eps"])
def test_transport_animation_holds_a_frame_a_stop(open_page: OpenPage, along: str) -> None:
    app = open_page(PAGE, along=along, n="6", m="5")
    bar, frames = parts_of(app)["timeline"], animation_of(app, "transport")
    values = bar["values"]
    at = values.index(DEFAULT.n_iter if along == "n_iter" else DEFAULT.eps)
    assert bar["token"] == frames["token"]
    state = TransportState(n=6, m=5)
    for place in (0, at, len(values) - 1):
        plan = next(t for t in frame_of(frames["cards"]["plan"], place)["data"] if t["uid"] == "plan")
        expected = results(replace(state, **{along: values[place]}))
        np.testing.assert_allclose(plan["z"], expected.plan, rtol=0, atol=1e-5)
    here = frame_of(frames["cards"]["plan"], at)["data"][0]["z"]
    np.testing.assert_allclose(here, drawn(app, "plan")["z"], rtol=0, atol=1e-5)


def test_transport_animation_along_nothing_is_none(open_page: OpenPage) -> None:
    assert set(parts_of(open_page(PAGE, along="none"))) == {"grid"}


def test_transport_takes_painted_marginals_with_zeros(open_page: OpenPage) -> None:
    app = open_page(PAGE, along="none", n="3", m="4", mu="0z5", nu="1230", n_iter="20")
    assert not app.warning
    weights = torch.tensor([0.0, 35.0, 5.0], dtype=torch.float64)
    np.testing.assert_allclose(drawn(app, "mu")["x"], weights / weights.sum(), atol=1e-6)
    np.testing.assert_allclose(drawn(app, "plan")["z"][0], np.zeros(4))
    np.testing.assert_allclose(np.array(drawn(app, "plan")["z"])[:, 3], np.zeros(3))


@pytest.mark.parametrize("typed", ["000", "A!", "-1", "9" * 100])
def test_transport_refuses_weights_that_are_none(open_page: OpenPage, typed: str) -> None:
    app = open_page(PAGE, along="none", mu="123")
    set_field(app, "transport.mu", typed)
    assert not app.exception
    assert "nothing moved" in app.error[0].value
    assert shown(app, "transport.mu") == "123"


def test_transport_link_with_garbage_is_named_and_ignored(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="65", eps="nan", cost="gold", mu="<b>", n_iter="-3", along="all", what="1")
    assert not app.exception
    assert shown(app, "transport.n") == 12
    (notice,) = app.warning
    for part in ("`n=65`", "`eps=nan`", "`cost=gold`", "`mu=<b>`"):
        assert part in notice.value
    assert "more" in notice.value


@pytest.mark.parametrize("cost", ["clouds", "digits"])
def test_transport_of_other_costs_is_that_of_the_core(open_page: OpenPage, cost: str) -> None:
    app = open_page(PAGE, along="none", cost=cost, eps="0.05")
    assert not app.exception
    problem = pose(TransportState(cost=cost))
    result = ce.sinkhorn(problem.cost, eps=0.05, mu=problem.mu, nu=problem.nu, tol=None, max_iter=3)
    np.testing.assert_allclose(drawn(app, "plan")["z"], result.plan, rtol=0, atol=1e-5)


def test_transport_reset_and_new_draw(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="6", cost="clouds", mu="123456", x="0000zzzz", along="eps")
    press(app, "New draw")
    assert shown(app, "transport.seed") == 1
    assert shown(app, "transport.x") == ""
    press(app, "Reset")
    assert shown(app, "transport.n") == 12
    assert shown(app, "transport.cost") == "random"
    assert shown(app, "transport.mu") == ""
    assert numbers_of(app)["column_error"] > 0.05


def test_transport_link_says_the_state(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="6", nu="120", along="eps")
    address = app.code[0].value
    assert address.partition("?")[2] == "n=6&nu=120&along=eps"


@pytest.mark.parametrize(
    "state",
    [preset.of(DEFAULT) for preset in PRESETS.values()]
    + [TransportState(n=3, m=4, mu="0z5", nu="1230", forbidden=0.1, accelerate=True)],
    ids=str,
)
def test_transport_snippet_computes_the_plan(state: TransportState) -> None:
    names: dict[str, Any] = {"print": lambda *_values: None}
    exec(snippet(state), names)
    torch.testing.assert_close(names["frame"].plan[0], results(state).plan, rtol=1e-6, atol=1e-9)


def test_transport_computes_what_holds_at_every_eps_once_a_problem() -> None:
    moved = replace(DEFAULT, eps=0.1, n_iter=7, accelerate=True, along="none")
    assert results(moved).path is results(DEFAULT).path
    for other in ({"seed": 1}, {"mu": "12"}, {"forbidden": 0.2}):
        assert results(replace(moved, **other)).path is not results(DEFAULT).path


def test_transport_csv_holds_the_plan() -> None:
    state = TransportState(n=3, m=4)
    rows = list(csv.DictReader(io.StringIO(data_csv(results(state)))))
    plan = [float(row["value"]) for row in rows if row["quantity"] == "plan"]
    np.testing.assert_array_equal(np.reshape(plan, (3, 4)), results(state).plan)
    assert {row["quantity"] for row in rows} >= {"mu", "cost", "error_plain", "post_difference_float32"}


@pytest.mark.parametrize(
    "link",
    [
        {"nu": "100000000000"},
        {"mu": "100000000000"},
        {"n": "2", "m": "2", "nu": "z0"},
        {"nu": "100000000000", "cost": "clouds"},
        {"n_iter": "20", "n": "6", "m": "6", "forbidden": "0.8"},
        {"cost_exponent": "0"},
        {"eps": "0.001"},
    ],
    ids=str,
)
def test_transport_says_no_more_than_it_knows(open_page: OpenPage, link: dict[str, str]) -> None:
    app = open_page(PAGE, along="none", **link)
    assert not app.exception
    assert "one-rate" not in note_ids(app)
    assert "by up to not defined" not in text_of(app)


STATES = [
    TransportState(n=n, m=m, eps=eps, n_iter=k, accelerate=fast, forbidden=share)
    for n, m in ((2, 2), (5, 9))
    for eps in (0.001, 0.05, 20.0)
    for k in (0, 3, 200)
    for fast in (False, True)
    for share in (0.0, 0.5)
]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_transport_notes_hold_where_they_are_shown(state: TransportState) -> None:
    found, noted = results(state), {note.id for note in notes(results(state))}
    assert ("balanced" in noted) == (
        found.error <= 1e-8 and found.frame.n_iter.item() > 0 and "infeasible" not in noted
    )
    if "not-converged-yet" in noted:
        assert found.column_error > 1e-9
        assert found.frame.row_error.item() < 1e-9
    if "assignment" in noted:
        assert (found.plan > 0.9 / len(found.plan)).sum() >= len(found.plan) - 1
    if "independence" in noted:
        independent = found.problem.mu[:, None] * found.problem.nu
        assert (found.plan - independent).abs().sum() < 0.15
    if "one-rate" in noted:
        assert found.plan.shape == (2, 2)
        assert found.trace.birkhoff == close_to(found.trace.asymptotic, abs=1e-6)
    if "bound-pessimistic" in noted:
        assert found.trace.birkhoff > found.trace.asymptotic**0.5
    if "infeasible" in noted:
        assert found.trace.status == ce.SinkhornStatus.INFEASIBLE
    if "variant-wrong" in noted:
        assert found.variant_now is not None
        assert found.variant_now.differences.max() > 1e-3
        assert found.variant_now.row_errors.max() < 1e-5


def test_points_survive_a_link() -> None:
    first, second = points(DEFAULT)
    again = points(TransportState(x=spell_points(first), y=spell_points(second), seed=9))
    assert again == (first, second)
    assert parse_points(spell_points(first)) == spell_points(first)


def test_weights_survive_a_link() -> None:
    assert levels(spell_levels([0, 35, 18]), 3) == [0, 35, 18]
    assert levels("0z", 4) == [0, 35, 18, 18]
    assert levels("00z", 2) == [18, 18]
    assert parse_weights("iii") == ""
    assert parse_weights("000") is None


SMALLEST = TransportState(n=2, m=2)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"mu": [1, 2], "nu": [1]},
        {"mu": [1, 36], "nu": [1, 1]},
        {"mu": [0, 0], "nu": [1, 1]},
        {"mu": [1, True], "nu": [1, 1]},
        {"mu": [1, 10**400], "nu": [1, 1]},
        {"mu": "12", "nu": [1, 1]},
    ],
)
def test_read_weights_refuses_what_no_bars_send(message: dict[str, Any]) -> None:
    assert read_weights(message, SMALLEST) is None


def test_read_weights_takes_what_the_bars_send() -> None:
    found = read_weights({"mu": [0, 35], "nu": [1, 1], "serial": 4}, SMALLEST)
    assert found == replace(SMALLEST, mu="0z", nu="")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"x": [[0.5, 0.5]] * 2, "y": [[0.1, 0.2]]},
        {"x": [[0.5, 1.5]] * 2, "y": [[0.1, 0.2]] * 2},
        {"x": [[0.5, math.nan]] * 2, "y": [[0.1, 0.2]] * 2},
        {"x": [[0.5, 10**400]] * 2, "y": [[0.1, 0.2]] * 2},
        {"x": [[0.5]] * 2, "y": [[0.1, 0.2]] * 2},
        {"x": [[0.5, "a"]] * 2, "y": [[0.1, 0.2]] * 2},
    ],
)
def test_read_points_refuses_what_no_editor_sends(message: dict[str, Any]) -> None:
    assert read_points(message, SMALLEST) is None


def test_read_points_takes_what_the_editor_sends() -> None:
    message = {"x": [[0, 1], [1, 0]], "y": [[0.5, 0.25]] * 2, "serial": 2}
    assert read_points(message, SMALLEST) == replace(SMALLEST, x="00zzzz00", y="i090i090")


@pytest.mark.parametrize(("forbidden", "disabled"), [("0", True), ("0.2", False)])
def test_transport_seed_rests_where_nothing_is_drawn(
    open_page: OpenPage, forbidden: str, disabled: bool
) -> None:
    app = open_page(PAGE, cost="digits", forbidden=forbidden)
    assert widget(app, "transport.seed").disabled is disabled
    (again,) = (button for button in app.button if button.label == "New draw")
    assert again.disabled is disabled


def test_plain_charts_stand_where_there_is_nothing_to_draw(open_page: OpenPage) -> None:
    app = open_page(PAGE, charts="plain", cost_exponent="0")
    assert not app.exception
    assert "The post's variant: how wrong, over the range of C/ε" in {one.value for one in app.header}
