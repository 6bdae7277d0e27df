"""The page `/losses`, run by Streamlit's test harness."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from ce_core import ExperimentConfig, compare_losses, run_experiment
from lab.losses.figures import timeline
from lab.losses.results import results
from lab.losses.state import LossesState
from lab.state.fields import records
from tests.lab.conftest import OpenPage
from tests.support.closeness import close_to
from tests.support.reading import note_ids, numbers_of, press, set_field, shown, text_of
from tests.support.unpacking import figures_of

PAGE = "losses.py"


def test_losses_opens_on_the_posts_parameters(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert not app.warning
    post = ExperimentConfig()
    for name in (
        "n", "m", "trials", "eps", "n_iter", "logit_exponent", "cost_exponent", "logit_scale",
    ):  # fmt: skip
        assert shown(app, f"losses.{name}") == getattr(post, name)
    assert shown(app, "losses.seed") == post.seed
    assert shown(app, "losses.dtype") == post.dtype
    assert note_ids(app) == ["nearly-uniform", "gradients-differ"]


def test_losses_shows_the_numbers_of_the_core(open_page: OpenPage) -> None:
    app = open_page(PAGE, logit_scale="16", seed="3")
    result = run_experiment(ExperimentConfig(logit_scale=16.0, seed=3))
    expected = compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)
    numbers = numbers_of(app)
    assert numbers["correlation"] == close_to(expected.correlation, rel=1e-6)
    assert numbers["slope"] == close_to(expected.slope, rel=1e-6)
    assert f"slope = **{expected.slope:.4g}**" in text_of(app)
    assert f"r = **{expected.correlation:.4g}**" in text_of(app)
    assert f"cosine of the two **{result.gradient_cosine:.4g}**" in text_of(app)


def test_states_one_after_another_share_inputs_and_have_the_numbers_of_the_core() -> None:
    base = LossesState(n=9, m=5, trials=3, seed=71, logit_exponent=1.0)
    steps: list[dict[str, Any]] = [
        {},
        {"logit_scale": 16.0},
        {"eps": 0.1},
        {"logit_exponent": 3.0},
        {"dtype": "float64"},
        {},
    ]
    for step in steps:
        state = replace(base, **step)
        measured, expected = results(state).measured, run_experiment(state.config)
        for name in ("l1", "l2", "entropy", "marginal_error"):
            assert getattr(measured.result, name).equal(getattr(expected, name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 64),
        ("m", 32),
        ("trials", 40),
        ("eps", 0.05),
        ("n_iter", 1),
        ("logit_exponent", 2.0),
        ("cost_exponent", 4.0),
        ("logit_scale", 64.0),
    ],
)
def test_losses_slider_changes_what_is_computed(open_page: OpenPage, name: str, value: float) -> None:
    app = open_page(PAGE, along="none")
    before = numbers_of(app)
    set_field(app, f"losses.{name}", value)
    assert not app.exception
    assert numbers_of(app) != before
    result = run_experiment(ExperimentConfig(**{name: value}))  # type: ignore[arg-type]
    assert numbers_of(app)["l1_mean"] == close_to(result.l1.mean().item(), rel=1e-6)


def test_losses_new_draw_changes_the_seed_and_reset_restores_the_post(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="100", dtype="float64")
    press(app, "New draw")
    assert shown(app, "losses.seed") == 1
    press(app, "Reset to the post")
    assert shown(app, "losses.seed") == 0
    assert shown(app, "losses.n") == 128
    assert shown(app, "losses.dtype") == "float32"


def test_losses_lays_the_posts_pairs_over(open_page: OpenPage) -> None:
    app = open_page(PAGE, published="true")
    names = [trace["name"] for figure in figures_of(app) for trace in figure["data"]]
    assert names.count("the post's 20 pairs") == 2


def test_losses_link_takes_values_between_the_stops(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="100", eps="0.30", dtype="float64", seed="7")
    assert shown(app, "losses.n") == 100
    assert shown(app, "losses.eps") == 0.3
    assert shown(app, "losses.dtype") == "float64"
    assert shown(app, "losses.seed") == 7
    assert not app.warning


def test_losses_link_with_garbage_falls_back_and_names_it(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="1e9", m="<b>`x`", eps="nan", dtype="float8", seed="-4", what="ever")
    assert not app.exception
    assert shown(app, "losses.n") == 128
    (notice,) = app.warning
    for part in ("`n=1e9`", "`m=<b>x`", "`eps=nan`", "`dtype=float8`", "`seed=-4`", "1 more"):
        assert part in notice.value
    press(app, "Dismiss")
    assert not app.warning


def test_losses_link_that_repeats_itself_is_noticed(open_page: OpenPage) -> None:
    app = open_page(PAGE, n=["64", "32"])
    assert shown(app, "losses.n") == 128
    assert "`n=64`, `n=32`" in app.warning[0].value


def test_losses_over_budget_says_so_and_proposes_what_fits(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="8192", m="8192", trials="1000", n_iter="1000")
    assert "times the work" in app.warning[0].value
    (button,) = (b for b in app.button if b.label.startswith("n = "))
    button.click().run()
    assert not app.warning
    assert not app.exception


def test_losses_over_budget_keeps_the_charts(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="8192")
    assert [b.label for b in app.button if " = " in b.label] == ["trials = 13", "n = 5580", "m = 43"]
    # A second experiment of that size would be waited for.
    assert len(figures_of(app)) == 5
    press(app, "m = 43")
    assert shown(app, "losses.m") == 43
    assert shown(app, "losses.n") == 8192
    assert not app.warning


@pytest.mark.parametrize(
    ("query", "noted"),
    [
        ({"logit_exponent": "1000"}, "missing-rows"),
        ({"logit_exponent": "1000", "m": "2"}, "missing-rows"),
        ({"eps": "0.01", "n_iter": "1"}, "unbalanced"),
        ({"n": "1"}, "one-sample"),
        ({"trials": "1"}, "no-line"),
        ({"dtype": "bfloat16"}, "rounding-decides"),
        ({"dtype": "float16"}, "rounding-decides"),
        ({"logit_exponent": "0"}, "equal-logits"),
        ({"logit_exponent": "0", "dtype": "float64"}, "equal-logits"),
        ({"logit_exponent": "0"}, "gradients-equal"),
        ({"trials": "2"}, "two-trials"),
        ({"m": "2"}, "slope-not-told"),
        ({"logit_scale": "16"}, "not-slope-1"),
        ({"logit_scale": "1"}, "nearly-uniform"),
        ({"logit_exponent": "1000", "m": "2"}, "flat-entropy"),
        ({"logit_scale": "64"}, "no-equality"),
    ],
    ids=lambda value: "&".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_losses_notes_what_the_figures_show(
    open_page: OpenPage, query: dict[str, Any], noted: str
) -> None:
    app = open_page(PAGE, along="none", **query)
    assert not app.exception
    assert noted in note_ids(app)
    assert len(figures_of(app)) == 6


def test_losses_puts_counts_into_words(open_page: OpenPage) -> None:
    one = text_of(open_page(PAGE, trials="1", n_iter="1", eps="0.01"))
    assert "`np.gradient` needs two numbers" in one
    assert "Mean of 1 trial:" in one
    assert "after 1 iteration its columns" in one
    two = text_of(open_page(PAGE, trials="2", n_iter="2", eps="0.01"))
    assert "`np.gradient` of 2 numbers sorted" in two
    assert "Means of 2 trials:" in two
    assert "after 2 iterations its columns" in two


@pytest.mark.parametrize("forged", [-5, 2**62])
def test_losses_takes_nothing_out_of_bounds_that_no_browser_sends(
    open_page: OpenPage, forged: int
) -> None:
    app = open_page(PAGE)
    set_field(app, "losses.seed", forged)
    assert not app.exception
    assert shown(app, "losses.seed") == 0
    assert numbers_of(app)["l1_mean"] == close_to(
        run_experiment(ExperimentConfig()).l1.mean().item(), rel=1e-6
    )


def test_losses_offers_the_trials_as_csv(open_page: OpenPage) -> None:
    app = open_page(PAGE, trials="3")
    (button,) = app.get("download_button")
    assert button.proto.label == "Download the data as CSV"
    code = [block.value for block in app.code][1:]
    assert "ExperimentConfig(trials=3)" in code[0]
    assert "python -m ce_core experiment --trials 3" in code[1]


def test_losses_csv_has_a_row_a_trial() -> None:
    from lab.losses.results import measure

    rows = list(csv.DictReader(io.StringIO(measure(ExperimentConfig(trials=3)).csv)))
    assert len(rows) == 3


@pytest.mark.parametrize("name", sorted(records(LossesState).keys() - {"logit_scale", "along"}))
def test_animation_depends_on_every_field_but_the_one_it_moves_through(name: str) -> None:
    state = LossesState(n=8, m=4, trials=3)
    other = {"dtype": "float64", "published": True, "seed": 1}.get(name)
    if other is None:
        other = type(getattr(state, name))(2)
    change: dict[str, Any] = {name: other}
    here, there = (timeline(results(one)) for one in (state, replace(state, **change)))
    assert here is not None
    assert there is not None
    assert here.rest != there.rest


def test_animation_is_the_same_wherever_it_stands() -> None:
    here, there = (timeline(results(LossesState(n=8, m=4, logit_scale=s))) for s in (1.0, 16.0))
    assert here is not None
    assert there is not None
    assert here.rest == there.rest
