"""The page `/losses`, run by Streamlit's test harness."""

import csv
import io
from typing import Any

import pytest

from ce_core import ExperimentConfig, compare_losses, run_experiment
from tests.lab.conftest import OpenPage
from tests.support.closeness import close_to
from tests.support.reading import numbers_of, press, text_of
from tests.support.unpacking import figures_of

PAGE = "losses.py"


def test_losses_opens_on_the_posts_parameters(open_page: OpenPage) -> None:
    app = open_page(PAGE)
    assert not app.exception
    assert not app.warning
    post = ExperimentConfig()
    assert {s.key: s.value for s in app.select_slider} == {
        name: getattr(post, name)
        for name in (
            "n", "m", "trials", "eps", "n_iter", "logit_exponent", "cost_exponent", "logit_scale",
        )
    }  # fmt: skip
    assert app.number_input(key="seed").value == post.seed
    assert app.selectbox(key="dtype").value == post.dtype
    assert "because the entropy hardly varies" in text_of(app)


def test_losses_shows_the_numbers_of_the_core(open_page: OpenPage) -> None:
    app = open_page(PAGE, logit_scale="16", seed="3")
    result = run_experiment(ExperimentConfig(logit_scale=16.0, seed=3))
    expected = compare_losses(result.l1, result.l2, result.entropy)
    shown = numbers_of(app)
    assert shown["correlation"] == close_to(expected.correlation, rel=1e-6)
    assert shown["slope"] == close_to(expected.slope, rel=1e-6)
    assert f"slope = **{expected.slope:.4g}**" in text_of(app)
    assert f"r = **{expected.correlation:.4g}**" in text_of(app)
    assert f"cosine of the two **{result.gradient_cosine:.4g}**" in text_of(app)


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
    app = open_page(PAGE)
    before = numbers_of(app)
    app.select_slider(key=name).set_value(value).run()
    assert not app.exception
    assert numbers_of(app) != before
    result = run_experiment(ExperimentConfig(**{name: value}))  # type: ignore[arg-type]
    assert numbers_of(app)["l1_mean"] == close_to(result.l1.mean().item(), rel=1e-6)


def test_losses_new_draw_changes_the_seed_and_reset_restores_the_post(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="100", dtype="float64")
    press(app, "New draw")
    assert app.number_input(key="seed").value == 1
    press(app, "Reset to the post")
    assert app.number_input(key="seed").value == 0
    assert app.select_slider(key="n").value == 128
    assert app.selectbox(key="dtype").value == "float32"


def test_losses_lays_the_posts_pairs_over(open_page: OpenPage) -> None:
    app = open_page(PAGE, published="true")
    names = [trace["name"] for figure in figures_of(app) for trace in figure["data"]]
    assert names.count("the post's 20 pairs") == 2


def test_losses_link_takes_values_between_the_stops(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="100", eps="0.30", dtype="float64", seed="7")
    assert app.select_slider(key="n").value == 100
    assert app.select_slider(key="eps").value == 0.3
    assert app.selectbox(key="dtype").value == "float64"
    assert app.number_input(key="seed").value == 7
    assert not app.warning


def test_losses_link_with_garbage_falls_back_and_names_it(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="1e9", m="<b>`x`", eps="nan", dtype="float8", seed="-4", what="ever")
    assert not app.exception
    assert app.select_slider(key="n").value == 128
    (notice,) = app.warning
    for part in ("`n=1e9`", "`m=<b>x`", "`eps=nan`", "`dtype=float8`", "`seed=-4`", "1 more"):
        assert part in notice.value
    press(app, "Dismiss")
    assert not app.warning


def test_losses_link_that_repeats_itself_is_noticed(open_page: OpenPage) -> None:
    app = open_page(PAGE, n=["64", "32"])
    assert app.select_slider(key="n").value == 128
    assert "`n=64`, `n=32`" in app.warning[0].value


def test_losses_over_budget_says_so_and_proposes_what_fits(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="8192", m="8192", trials="1000", n_iter="1000")
    assert "times the work" in app.error[0].value
    (button,) = (b for b in app.button if b.label.startswith("n = "))
    button.click().run()
    assert not app.error
    assert not app.exception


def test_losses_over_budget_keeps_the_charts(open_page: OpenPage) -> None:
    app = open_page(PAGE, n="8192")
    assert [b.label for b in app.button if " = " in b.label] == ["trials = 13", "n = 5580", "m = 43"]
    assert len(figures_of(app)) == 4
    press(app, "m = 43")
    assert app.select_slider(key="m").value == 43
    assert app.select_slider(key="n").value == 8192
    assert not app.error


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"logit_exponent": "1000"}, "have no finite loss"),
        ({"logit_exponent": "1000", "m": "2"}, "have no finite loss"),
        ({"eps": "0.01", "n_iter": "1"}, "Q is not balanced yet"),
        ({"n": "1"}, "One sample is degenerate"),
        ({"trials": "1"}, "A line needs two trials"),
        ({"dtype": "bfloat16"}, "r does not exist here"),
        ({"logit_exponent": "0"}, "r does not exist here"),
        ({"logit_exponent": "0", "dtype": "float64"}, "r does not exist here"),
        ({"logit_scale": "16"}, "Not slope 1"),
        ({"logit_scale": "1"}, "leave p nearly uniform"),
        ({"logit_exponent": "1000", "m": "2"}, "H(p) is about 84"),
        ({"logit_scale": "64"}, "is no equality"),
    ],
    ids=lambda value: "&".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_losses_says_what_the_figures_show(
    open_page: OpenPage, query: dict[str, Any], said: str
) -> None:
    app = open_page(PAGE, **query)
    assert not app.exception
    assert said in text_of(app)
    assert len(figures_of(app)) == 4


@pytest.mark.parametrize("forged", [-5, 2**62])
def test_losses_takes_nothing_out_of_bounds_that_no_browser_sends(
    open_page: OpenPage, forged: int
) -> None:
    app = open_page(PAGE)
    app.number_input(key="seed").set_value(forged).run()
    assert not app.exception
    assert app.number_input(key="seed").value == 0
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
