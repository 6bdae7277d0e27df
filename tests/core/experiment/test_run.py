"""The experiment: its draws, its identity, its extremes, its parameters."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import (
    DTYPES,
    ExperimentConfig,
    ExperimentResult,
    balanced_assignment,
    compare_losses,
    logit_gap,
    run_experiment,
)
from ce_core.experiment import inputs
from tests.support.cases import SMALL, draws_of
from tests.support.closeness import close_to

PER_TRIAL = ("l1", "l2", "entropy", "missing_rows", "identity_residual", "marginal_error")


def assert_same(result: ExperimentResult, expected: ExperimentResult, *, trials: int) -> None:
    """Require that the first trials agree to the rounding of sums in another order."""
    for name in PER_TRIAL:
        ours, theirs = (getattr(x, name)[:trials] for x in (result, expected))
        torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=1e-14, equal_nan=True)


# Draws


@pytest.mark.parametrize("dtype", DTYPES)
def test_run_experiment_is_deterministic(dtype: str) -> None:
    config = dataclasses.replace(SMALL, dtype=dtype)
    first, second = run_experiment(config), run_experiment(config)
    for name in (*PER_TRIAL, "l1_grad", "l2_grad"):
        assert torch.equal(getattr(first, name), getattr(second, name))


def test_run_experiment_depends_on_the_seed() -> None:
    other = run_experiment(dataclasses.replace(SMALL, seed=1))
    assert not (run_experiment(SMALL).l1 == other.l1).any()


@pytest.mark.parametrize("chunk_entries", [1, 60, 150, 1 << 17])
@pytest.mark.parametrize("trials", [1, 3, 7, 20])
def test_run_experiment_keeps_the_first_trials_whatever_follows(
    trials: int, chunk_entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, drawn = run_experiment(SMALL), draws_of(SMALL)
    monkeypatch.setattr(inputs, "CHUNK_ENTRIES", chunk_entries)
    config = dataclasses.replace(SMALL, trials=trials)
    common = min(trials, SMALL.trials)
    assert np.array_equal(draws_of(config)[:common], drawn[:common])
    result = run_experiment(config)
    assert_same(result, expected, trials=common)
    torch.testing.assert_close(result.l2_grad, expected.l2_grad, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    "moved",
    [
        {"eps": 3.0},
        {"logit_exponent": 1.0},
        {"cost_exponent": 0.5},
        {"n_iter": 2},
        {"logit_scale": 64.0},
        {"dtype": "float16"},
    ],
    ids=lambda moved: next(iter(moved)),
)
def test_run_experiment_keeps_its_draws_while_a_parameter_moves(moved: dict[str, Any]) -> None:
    config = dataclasses.replace(SMALL, **moved)
    assert np.array_equal(draws_of(config), draws_of(SMALL))
    assert not torch.equal(run_experiment(config).l1, run_experiment(SMALL).l1)


def test_run_experiment_leaves_global_random_states_alone() -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    undisturbed = torch.rand(1), np.random.rand()
    torch.manual_seed(1)
    np.random.seed(1)
    run_experiment(SMALL)
    assert (torch.rand(1), np.random.rand()) == undisturbed


# Identity


@given(
    st.integers(1, 20),
    st.integers(2, 12),
    st.integers(1, 4),
    st.floats(0, 8),
    st.floats(0, 8),
    st.floats(-3, 3).map(lambda x: 10.0**x),
    st.integers(1, 5),
    st.floats(1, 1024),
    st.integers(0, 2**63 - 1),
)
def test_run_experiment_has_losses_that_differ_by_the_entropy(
    n: int,
    m: int,
    trials: int,
    logit_exponent: float,
    cost_exponent: float,
    eps: float,
    n_iter: int,
    scale: float,
    seed: int,
) -> None:
    config = ExperimentConfig(
        n=n,
        m=m,
        trials=trials,
        logit_exponent=logit_exponent,
        cost_exponent=cost_exponent,
        eps=eps,
        n_iter=n_iter,
        logit_scale=scale,
        seed=seed,
        dtype="float64",
    )
    result = run_experiment(config)
    assert result.missing_rows.tolist() == [0] * trials
    assert result.identity_residual.max() < 1e-12
    assert (result.l1 - result.l2 - result.entropy).abs().max() < 1e-12
    assert (result.entropy <= math.log(m) + 1e-12).all()


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 2e-6), ("float16", 4e-3), ("bfloat16", 4e-2)])
def test_run_experiment_has_an_identity_residual_of_rounding_only(dtype: str, bound: float) -> None:
    # Three roundings of numbers near 4.16, whose units are 4.8e-7, 3.9e-3 and 3.1e-2.
    residual = run_experiment(ExperimentConfig(dtype=dtype)).identity_residual
    assert 0 < residual.max() < bound


def test_run_experiment_identity_residual_is_a_size_whatever_the_sign() -> None:
    # With one row a trial the means are the row itself, exactly.
    result = run_experiment(ExperimentConfig(n=1, m=8, trials=40, dtype="float16"))
    residual = result.l1 - result.l2 - result.entropy
    assert (residual < 0).any()
    assert (residual > 0).any()
    assert torch.equal(result.identity_residual, residual.abs())


# Extremes


# Powers of u at which u below about 0.963 give 0, and so does a row of 20 every second time.
@pytest.mark.parametrize(
    ("dtype", "exponent"),
    [("float64", 2e4), ("float32", 2800.0), ("bfloat16", 2500.0), ("float16", 470.0)],
)
def test_run_experiment_leaves_out_rows_that_underflow(dtype: str, exponent: float) -> None:
    config = ExperimentConfig(n=40, m=20, logit_exponent=exponent, dtype=dtype)
    result = run_experiment(config)
    assert (result.missing_rows > 0).all()
    assert (result.missing_rows < 40).all()
    for values in (result.l1, result.l2, result.entropy, result.l1_grad, result.l2_grad):
        assert values.isfinite().all()
    assert len(result.l1_grad) == 40 - result.missing_rows[0]
    assert math.isfinite(result.gradient_cosine)


def test_run_experiment_averages_the_rows_that_are_left() -> None:
    config = ExperimentConfig(n=40, m=20, trials=1, logit_exponent=2e4, dtype="float64")
    powers = torch.from_numpy(draws_of(config)[0, 0]) ** 2e4
    rows = powers.sum(-1) > 0
    q = balanced_assignment(draws_of(config)[0, 1] ** 1.5, eps=0.5, n_iter=10)
    expected = logit_gap(powers / powers.sum(-1, keepdim=True), q)[rows].mean()
    result = run_experiment(config)
    assert result.missing_rows.item() == 40 - rows.sum()
    assert result.l2.item() == close_to(expected.item(), rel=1e-13)


def test_run_experiment_is_nan_where_no_row_is_finite() -> None:
    result = run_experiment(dataclasses.replace(SMALL, logit_exponent=1e300))
    assert result.missing_rows.tolist() == [12] * 7
    for name in ("l1", "l2", "entropy", "identity_residual"):
        assert getattr(result, name).isnan().all()
    assert len(result.l1_grad) == 0
    assert math.isnan(result.gradient_cosine)
    assert math.isnan(result.gradient_difference)


def test_run_experiment_counts_rows_that_overflow_as_missing() -> None:
    result = run_experiment(dataclasses.replace(SMALL, dtype="float16", logit_scale=1e300))
    assert result.missing_rows.tolist() == [12] * 7


@pytest.mark.parametrize(("dtype", "unit"), [("float16", 2.0**-8), ("bfloat16", 2.0**-5)])
def test_run_experiment_rounds_rows_and_not_their_means_in_half_precision(
    dtype: str, unit: float
) -> None:
    config = ExperimentConfig(dtype=dtype)
    result, exact = run_experiment(config), run_experiment(ExperimentConfig(dtype="float64"))
    # Rows near 4.16 are whole numbers of units, and so is their sum.
    rows = result.l1 * config.n / unit
    assert torch.equal(rows, rows.round())
    moved = (result.l1 - exact.l1).abs()
    assert (moved <= result.rounding + 1e-4).all()
    assert (moved < unit / 2).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_run_experiment_of_the_post_is_decided_by_rounding_in_half_precision(dtype: str) -> None:
    result = run_experiment(ExperimentConfig(dtype=dtype))
    comparison = compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)
    assert comparison.rounding_decides
    assert not comparison.slope_differs_from_1


@pytest.mark.parametrize(
    "changes",
    [{"eps": 1e-3}, {"logit_scale": 4.0}, {"logit_exponent": 30.0}, {"logit_exponent": 1000.0}],
)
def test_run_experiment_is_decided_by_the_rounding_of_any_loss(changes: dict[str, float]) -> None:
    result = run_experiment(ExperimentConfig(dtype="float16", **changes))  # type: ignore[arg-type]
    losses = result.l1, result.l2, result.entropy
    assert compare_losses(*losses, rounding=result.rounding).rounding_decides
    exact = run_experiment(ExperimentConfig(**changes))  # type: ignore[arg-type]
    losses = exact.l1, exact.l2, exact.entropy
    assert not compare_losses(*losses, rounding=exact.rounding).rounding_decides


@pytest.mark.parametrize("changes", [{"logit_scale": 16.0}, {"logit_scale": 64.0}, {"m": 2}])
def test_run_experiment_in_half_precision_says_what_rounding_leaves(changes: dict[str, float]) -> None:
    found = []
    for dtype in ("float16", "float64"):
        result = run_experiment(ExperimentConfig(dtype=dtype, **changes))  # type: ignore[arg-type]
        found.append(compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding))
    half, exact = found
    assert not half.rounding_decides
    assert half.slope == close_to(exact.slope, rel=0.01)
    assert half.slope_interval == close_to(exact.slope_interval, rel=0.1)
    assert half.entropy_spread == close_to(exact.entropy_spread, rel=0.1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_run_experiment_rounding_is_far_below_the_spread_of_the_post(dtype: str) -> None:
    result = run_experiment(ExperimentConfig(dtype=dtype))
    assert (result.rounding > 0).all()
    assert result.rounding.max() < 1e-4 * result.l1.std()
    exact = run_experiment(ExperimentConfig(dtype="float64"))
    assert (result.l1 - exact.l1).abs().max() < 4 * result.rounding.max()


def test_run_experiment_of_one_sample_has_a_uniform_target() -> None:
    result = run_experiment(ExperimentConfig(n=1, dtype="float64"))
    draws = draws_of(result.config)[:, 0, 0] ** 4
    a = draws / draws.sum(-1, keepdims=True)
    expected = scipy.special.logsumexp(a, axis=-1) - a.mean(-1)
    assert result.l1.tolist() == close_to(expected, abs=1e-14)


def test_run_experiment_of_one_trial_has_no_correlation() -> None:
    result = run_experiment(dataclasses.replace(SMALL, trials=1))
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    assert comparison.trials == 1
    assert math.isnan(comparison.correlation)
    assert comparison.l1_mean == result.l1.item()


def test_run_experiment_with_logit_exponent_zero_has_uniform_predictions() -> None:
    result = run_experiment(dataclasses.replace(SMALL, logit_exponent=0.0))
    assert result.l1.tolist() == close_to([math.log(5)] * 7, abs=1e-15)
    assert result.entropy.tolist() == close_to([math.log(5)] * 7, abs=1e-15)
    assert not result.l2.any()
    assert torch.equal(result.l1_grad, result.l2_grad)


def test_run_experiment_is_finite_at_both_ends_of_eps() -> None:
    for eps in (5e-324, 1e-30, 1e30, 1e300):
        result = run_experiment(dataclasses.replace(SMALL, eps=eps, dtype="float32"))
        assert result.l1.isfinite().all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_run_experiment_takes_exponents_beyond_its_dtype(dtype: str) -> None:
    # What is below 1 has the power 0 for any exponent that large.
    for name in ("cost_exponent", "logit_exponent"):
        changes: list[dict[str, Any]] = [{name: exponent} for exponent in (1e30, 1e300)]
        losses = [
            run_experiment(dataclasses.replace(SMALL, dtype=dtype, **change)).l1 for change in changes
        ]
        torch.testing.assert_close(*losses, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("n_iter", [150, 2000])
def test_run_experiment_is_finite_after_many_iterations(n_iter: int) -> None:
    result = run_experiment(ExperimentConfig(trials=2, n_iter=n_iter))
    assert result.missing_rows.tolist() == [0, 0]
    assert result.marginal_error.max() < 1e-6


# ExperimentConfig


def test_experiment_config_has_the_parameters_of_the_post_by_default() -> None:
    assert dataclasses.asdict(ExperimentConfig()) == {
        "n": 128,
        "m": 64,
        "trials": 20,
        "logit_exponent": 4.0,
        "cost_exponent": 1.5,
        "eps": 0.5,
        "n_iter": 10,
        "logit_scale": 1.0,
        "seed": 0,
        "dtype": "float32",
    }


def result_tensors(result: ExperimentResult) -> list[Tensor]:
    """Return every tensor of a result."""
    values = [getattr(result, field.name) for field in dataclasses.fields(result)]
    return [value for value in values if isinstance(value, Tensor)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_run_experiment_returns_float64_on_the_cpu(dtype: str) -> None:
    tensors = result_tensors(run_experiment(dataclasses.replace(SMALL, dtype=dtype)))
    assert len(tensors) == 9
    assert {x.device.type for x in tensors} == {"cpu"}
    assert {x.dtype for x in tensors if x.is_floating_point()} == {torch.float64}
