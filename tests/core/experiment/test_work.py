"""The work budget: what fits is left alone, what does not gets the nearest that does."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ce_core import ExperimentConfig
from ce_core.experiment.work import experiment_work, fit_work

CONFIGS = st.builds(
    ExperimentConfig,
    n=st.integers(1, 10**5),
    m=st.integers(2, 10**5),
    trials=st.integers(1, 10**5),
    n_iter=st.integers(1, 1000),
)


def test_experiment_work_grows_with_every_size() -> None:
    config = ExperimentConfig()
    for name in ("n", "m", "trials"):
        doubled = replace(config, **{name: 2 * getattr(config, name)})
        assert experiment_work(doubled) == 2 * experiment_work(config)
    assert experiment_work(replace(config, n_iter=11)) > experiment_work(config)


@given(CONFIGS, st.integers(3000, 10**9))
def test_fit_budget_proposals_fit_and_only_shrink(config: ExperimentConfig, budget: int) -> None:
    for fit in fit_work(config, budget):
        assert experiment_work(fit) <= budget
        assert all(getattr(fit, name) <= getattr(config, name) for name in ("n", "m", "trials"))
        assert replace(fit, n=config.n, m=config.m, trials=config.trials) == config


@given(CONFIGS, st.integers(3000, 10**9))
def test_fit_budget_is_the_nearest_along_its_parameter(config: ExperimentConfig, budget: int) -> None:
    for fit in fit_work(config, budget):
        changed = [n for n in ("n", "m", "trials") if getattr(fit, n) != getattr(config, n)]
        if len(changed) == 1:
            larger = replace(fit, **{changed[0]: getattr(fit, changed[0]) + 1})
            assert experiment_work(larger) > budget


@pytest.mark.parametrize(("name", "least"), [("trials", 2), ("n", 1), ("m", 2)])
def test_fit_budget_goes_down_to_the_least_that_says_something(name: str, least: int) -> None:
    config = ExperimentConfig(n=6, m=6, trials=6)
    change: dict[str, Any] = {name: least}
    smallest = replace(config, **change)
    budget = experiment_work(smallest)
    assert smallest in fit_work(config, budget)
    assert smallest not in fit_work(config, budget - 1)


def test_fit_budget_leaves_a_single_trial_where_no_more_were_asked_for() -> None:
    config = ExperimentConfig(n=6, m=6, trials=1)
    assert [(fit.trials, fit.n, fit.m) for fit in fit_work(config, experiment_work(config) // 2)] == [
        (1, 3, 6), (1, 6, 3),
    ]  # fmt: skip


def test_fit_budget_leaves_what_fits() -> None:
    config = ExperimentConfig()
    assert fit_work(config, experiment_work(config)) == [config]


def test_fit_budget_shrinks_everything_where_one_change_is_not_enough() -> None:
    config = ExperimentConfig(n=8000, m=8000, trials=1000)
    (fit,) = fit_work(config, 10**6)
    assert experiment_work(fit) > 10**6 / 4
    shares = [getattr(fit, name) / getattr(config, name) for name in ("n", "m", "trials")]
    assert max(shares) < 5 * min(shares)


def test_fit_budget_invalid_names_the_smallest() -> None:
    with pytest.raises(ValueError, match="budget must be at least 70, got 69"):
        fit_work(ExperimentConfig(), 69)
