"""The experiment along one parameter, and how long an animation may be."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from ce_core import ExperimentConfig, run_experiment, run_sweep
from ce_core.experiment import inputs, sweep
from ce_core.experiment.sweep import fit_sweep, iterate_sweep, sweep_configs
from ce_core.experiment.work import experiment_work

SMALL = ExperimentConfig(n=8, m=4, trials=3)
STOPS = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]


@pytest.mark.parametrize("chunk_entries", [60, 1 << 18], ids=["chunks", "at once"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("logit_scale", [1.0, 16.0, 1.0]),
        ("eps", [0.01, 0.5]),
        ("n_iter", [1, 50]),
        ("logit_exponent", [1.0, 0.0, 4.0]),
        ("cost_exponent", [1.0, 1.5, 100.0]),
        ("seed", [1, 2, 1]),
        ("n", [8, 4]),
        ("m", [4, 8]),
        ("trials", [3, 2]),
    ],
)
def test_run_frames_is_the_experiment_at_each_value_to_the_last_digit(
    name: str, values: list[float], dtype: str, chunk_entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "CHUNK_ENTRIES", chunk_entries)
    base = replace(SMALL, dtype=dtype)
    frames = run_sweep(base, name, values)
    assert len(frames) == len(values)
    for frame, config in zip(frames, sweep_configs(base, name, values), strict=True):
        alone = run_experiment(config)
        assert frame.config == config
        for measured in ("l1", "l2", "entropy", "rounding", "marginal_error", "l1_grad", "l2_grad"):
            one, other = getattr(frame, measured), getattr(alone, measured)
            torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


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


def test_iterate_sweep_runs_each_experiment_as_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[float] = []
    monkeypatch.setattr(sweep, "run_on", lambda config, _inputs: run.append(config.eps))
    frames = iterate_sweep(SMALL, "eps", STOPS)
    next(frames)
    assert run == STOPS[:1]


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("logit_scale", (1, 1, 1)),
        ("eps", (1, 1, 3)),
        ("logit_exponent", (1, 3, 1)),
        ("seed", (3, 3, 3)),
    ],
)
def test_run_sweep_computes_once_what_its_experiments_share(
    name: str, made: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = dict.fromkeys(("draw_chunks", "logits_of", "_target"), 0)

    def counted(part: str, function: Any) -> Any:
        def call(*args: Any) -> Any:
            calls[part] += 1
            return function(*args)

        return call

    for part in calls:
        monkeypatch.setattr(inputs, part, counted(part, getattr(inputs, part)))
    run_sweep(SMALL, name, [5, 6, 7] if name == "seed" else [1.0, 2.0, 3.0])
    assert tuple(calls.values()) == made
