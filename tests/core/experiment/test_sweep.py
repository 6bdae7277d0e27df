"""The experiment along one parameter, and how long an animation may be."""

import pytest
import torch

from ce_core import ExperimentConfig, run_experiment, run_sweep
from ce_core.experiment.sweep import chunk_sweep, fit_sweep, sweep_configs
from ce_core.experiment.work import experiment_work

SMALL = ExperimentConfig(n=8, m=4, trials=3)
STOPS = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("logit_scale", [1.0, 16.0]),
        ("eps", [0.01, 0.5]),
        ("n_iter", [1, 50]),
        ("logit_exponent", [0.0, 4.0]),
        ("cost_exponent", [1.5, 100.0]),
    ],
)
def test_run_frames_is_the_experiment_at_each_value(name: str, values: list[float]) -> None:
    frames = run_sweep(SMALL, name, values)
    assert len(frames) == len(values)
    for frame, config in zip(frames, sweep_configs(SMALL, name, values), strict=True):
        alone = run_experiment(config)
        assert frame.config == config
        torch.testing.assert_close(frame.l1, alone.l1, rtol=1e-12, atol=0)
        torch.testing.assert_close(frame.l2, alone.l2, rtol=1e-12, atol=0)
        torch.testing.assert_close(frame.l2_grad, alone.l2_grad, rtol=1e-12, atol=0)


def test_run_frames_refuses_what_is_no_parameter() -> None:
    with pytest.raises(ValueError, match=r"name must be one of n, m, trials, .*, dtype, got 'l1'"):
        run_sweep(SMALL, "l1", [1.0])
    with pytest.raises(ValueError, match="eps must be finite and > 0"):
        run_sweep(SMALL, "eps", [0.0])


def test_fit_frames_takes_all_that_fit() -> None:
    assert fit_sweep(SMALL, "logit_scale", STOPS, 7 * experiment_work(SMALL)) == tuple(STOPS)


def test_fit_frames_thins_evenly_and_keeps_the_ends() -> None:
    assert fit_sweep(SMALL, "logit_scale", STOPS, 4 * experiment_work(SMALL)) == (1, 4, 16, 64)


def test_fit_frames_thins_to_a_third_before_it_leaves_any_out_and_no_further() -> None:
    values = [float(k) for k in range(1, 10)]
    assert fit_sweep(SMALL, "eps", values, 3 * experiment_work(SMALL)) == (1, 5, 9)
    # Two of six would be a third of six.
    assert fit_sweep(SMALL, "eps", values, 3 * experiment_work(SMALL) - 1) == (1, 6)


def test_fit_frames_leaves_the_costliest_out_where_thinning_is_not_enough() -> None:
    values = [1, 2, 3, 5, 10, 100_000]
    kept = fit_sweep(SMALL, "n_iter", values, 30 * experiment_work(SMALL))
    assert kept == (1, 2, 3, 5, 10)


def test_fit_frames_is_empty_where_no_two_fit() -> None:
    assert fit_sweep(SMALL, "eps", [0.1, 0.2, 0.3], experiment_work(SMALL)) == ()
    assert fit_sweep(SMALL, "eps", [0.1], 10**9) == ()


@pytest.mark.parametrize("budget", [1, 2, 3, 5, 8, 100])
def test_fit_frames_stays_within_its_budget(budget: int) -> None:
    work = budget * experiment_work(SMALL)
    kept = fit_sweep(SMALL, "n_iter", [1, 2, 10, 100, 1000], work)
    assert sum(map(experiment_work, sweep_configs(SMALL, "n_iter", kept))) <= work


def test_chunk_frames_cuts_by_work_and_loses_nothing() -> None:
    chunks = list(chunk_sweep(SMALL, "eps", STOPS, 3 * experiment_work(SMALL)))
    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    assert [value for chunk in chunks for value in chunk] == STOPS
    assert list(chunk_sweep(SMALL, "eps", STOPS[:2], 1)) == [(1.0,), (2.0,)]
