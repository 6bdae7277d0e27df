"""The experiment: its draws, its identity, the post's run, and the table of the design."""

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
    experiment,
    logit_gap,
    run_experiment,
)
from tests.core.cases import gradient, post_assignment

SMALL = ExperimentConfig(n=12, m=5, trials=7, dtype="float64")
PER_TRIAL = ("l1", "l2", "entropy", "missing_rows", "identity_residual", "marginal_error")


def draws_of(config: ExperimentConfig) -> np.ndarray:
    """Return the uniform numbers of all trials, [trials, 2, n, m]."""
    return np.concatenate(list(experiment._draw_chunks(config)))


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
    monkeypatch.setattr(experiment, "_CHUNK_ENTRIES", chunk_entries)
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


# Oracles


def post_experiment(config: ExperimentConfig) -> tuple[list[float], list[float]]:
    """Return L1 and L2 per trial by a loop in NumPy, as the post describes it."""
    l1, l2 = [], []
    for uniform_logits, uniform_scores in draws_of(config):
        a = uniform_logits**config.logit_exponent
        a = config.logit_scale * a / a.sum(axis=1, keepdims=True)
        p = scipy.special.softmax(a, axis=1)
        q = post_assignment(uniform_scores**config.cost_exponent, eps=config.eps, n_iter=config.n_iter)
        l1.append(float(np.mean(-(q * np.log(p)).sum(axis=1))))
        l2.append(float(np.mean(((p - q) * a).sum(axis=1))))
    return l1, l2


@pytest.mark.parametrize(
    "config",
    [
        ExperimentConfig(dtype="float64"),
        ExperimentConfig(dtype="float64", eps=5.0, n_iter=3, trials=3),
        ExperimentConfig(dtype="float64", n=7, m=3, logit_scale=16.0, seed=5),
    ],
    ids=["post", "post_defaults", "small_and_scaled"],
)
def test_run_experiment_agrees_with_a_loop_in_numpy(config: ExperimentConfig) -> None:
    result = run_experiment(config)
    l1, l2 = post_experiment(config)
    assert result.l1.tolist() == pytest.approx(l1, abs=1e-13)
    assert result.l2.tolist() == pytest.approx(l2, abs=1e-13)


def test_run_experiment_in_float32_agrees_with_float64() -> None:
    single = run_experiment(ExperimentConfig())
    double = run_experiment(ExperimentConfig(dtype="float64"))
    # L1 is a number of float32 near 4.16, L2 one near 5e-4.
    torch.testing.assert_close(single.l1, double.l1, rtol=0, atol=1e-6)
    torch.testing.assert_close(single.l2, double.l2, rtol=0, atol=1e-8)
    torch.testing.assert_close(single.l2_grad, double.l2_grad, rtol=0, atol=1e-7)


def test_run_experiment_returns_the_gradients_of_the_first_trial() -> None:
    config = dataclasses.replace(SMALL, logit_scale=16.0)
    result = run_experiment(config)
    draws = torch.from_numpy(draws_of(config)[0])
    powers = draws[0] ** 4
    a = 16 * powers / powers.sum(-1, keepdim=True)
    q = balanced_assignment(draws[1] ** 1.5, eps=0.5, n_iter=10)
    by_autograd = gradient(lambda x: logit_gap(x, q), a)
    torch.testing.assert_close(result.l1_grad, a.softmax(-1) - q, rtol=0, atol=1e-14)
    torch.testing.assert_close(result.l2_grad, by_autograd, rtol=0, atol=1e-13)


def test_run_experiment_compares_the_gradients_it_returns() -> None:
    result = run_experiment(dataclasses.replace(SMALL, trials=1, logit_scale=16.0))
    l1_grad, l2_grad = result.l1_grad, result.l2_grad
    cosine = (l1_grad * l2_grad).sum() / l1_grad.norm() / l2_grad.norm()
    assert result.gradient_cosine == pytest.approx(cosine.item(), rel=1e-13)
    difference = (l2_grad - l1_grad).norm() / l1_grad.norm()
    assert result.gradient_difference == pytest.approx(difference.item(), rel=1e-13)


# The post and the design


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_run_experiment_repeats_the_post(seed: int, dtype: str) -> None:
    result = run_experiment(ExperimentConfig(seed=seed, dtype=dtype))
    assert 4.1587 < result.l1.min() < result.l1.max() < 4.1595
    assert 0 < result.l2.min() < result.l2.max() < 1.2e-3
    assert compare_losses(result.l1, result.l2, result.entropy).correlation > 0.99
    # The post's differences are 4.158659 with a deviation of 4e-6; 5 of those cover all seeds here.
    assert (result.l1 - result.l2 - 4.158659).abs().max() < 2e-5


# The design measured one seed. r and slope of 40 trials vary with the draws: at s = 16 it states .862
# to .946 and 1.39 to 1.68 over 12 seeds, and the ranges here hold that and these three seeds. The
# other three columns pool 300,000 entries, and vary in the last digit that the design prints.
TABLE = {
    1.0: ((0.999, 1.0), (0.98, 1.02), 0.9999, 0.999, 0.04),
    4.0: ((0.977, 0.994), (0.98, 1.08), 0.999, 0.985, 0.18),
    16.0: ((0.862, 0.96), (1.35, 1.72), 0.982, 0.923, 0.81),
    64.0: ((0.975, 0.995), (1.74, 2.0), 0.68, 0.965, 1.06),
    256.0: ((0.988, 0.998), (1.05, 1.15), 0.25, 0.963, 0.49),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", TABLE)
def test_run_experiment_bends_as_the_logits_grow(scale: float, seed: int) -> None:
    result = run_experiment(ExperimentConfig(trials=40, dtype="float64", logit_scale=scale, seed=seed))
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    correlation, slope, entropy_share, cosine, difference = TABLE[scale]
    assert correlation[0] < comparison.correlation < correlation[1]
    assert slope[0] < comparison.slope < slope[1]
    assert comparison.slope == pytest.approx(comparison.slope_from_entropy, abs=1e-9)
    assert comparison.entropy_mean / math.log(64) == pytest.approx(entropy_share, rel=0.04, abs=1e-4)
    assert result.gradient_cosine == pytest.approx(cosine, abs=2e-3)
    assert result.gradient_difference == pytest.approx(difference, abs=0.01)


def test_run_experiment_leaves_the_columns_unbalanced_before_it_converges() -> None:
    few, many = (run_experiment(dataclasses.replace(SMALL, n_iter=k, eps=0.05)) for k in (1, 200))
    assert few.marginal_error.min() > 1e-3
    assert many.marginal_error.max() < 1e-12


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
    assert result.l2.item() == pytest.approx(expected.item(), rel=1e-13)


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


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_run_experiment_rounds_all_trials_to_one_value_in_half_precision(dtype: str) -> None:
    result = run_experiment(ExperimentConfig(dtype=dtype))
    assert (result.l1 == result.l1[0]).all()
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    assert math.isnan(comparison.correlation)
    assert math.isnan(comparison.slope)
    # Near 4.16 a unit is 2^-8 and 2^-5.
    assert result.l1[0].item() == pytest.approx(4.159, abs={"float16": 2e-3, "bfloat16": 1.6e-2}[dtype])


def test_run_experiment_of_one_sample_has_a_uniform_target() -> None:
    result = run_experiment(ExperimentConfig(n=1, dtype="float64"))
    draws = draws_of(result.config)[:, 0, 0] ** 4
    a = draws / draws.sum(-1, keepdims=True)
    expected = scipy.special.logsumexp(a, axis=-1) - a.mean(-1)
    assert result.l1.tolist() == pytest.approx(expected, abs=1e-14)


def test_run_experiment_of_one_trial_has_no_correlation() -> None:
    result = run_experiment(dataclasses.replace(SMALL, trials=1))
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    assert comparison.trials == 1
    assert math.isnan(comparison.correlation)
    assert comparison.l1_mean == result.l1.item()


def test_run_experiment_with_logit_exponent_zero_has_uniform_predictions() -> None:
    result = run_experiment(dataclasses.replace(SMALL, logit_exponent=0.0))
    assert result.l1.tolist() == pytest.approx([math.log(5)] * 7, abs=1e-15)
    assert result.entropy.tolist() == pytest.approx([math.log(5)] * 7, abs=1e-15)
    assert not result.l2.any()
    assert torch.equal(result.l1_grad, result.l2_grad)


def test_run_experiment_is_finite_at_both_ends_of_eps() -> None:
    for eps in (5e-324, 1e-30, 1e30, 1e300):
        result = run_experiment(dataclasses.replace(SMALL, eps=eps, dtype="float32"))
        assert result.l1.isfinite().all()


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
    assert len(tensors) == 8
    assert {x.device.type for x in tensors} == {"cpu"}
    assert {x.dtype for x in tensors if x.is_floating_point()} == {torch.float64}
