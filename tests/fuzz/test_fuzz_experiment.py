"""The experiment and what is made of it: theorems, NumPy, and texts that read back as what they say."""

import csv
import io
import math
import shlex
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import (
    DTYPES,
    ExperimentConfig,
    compare_losses,
    run_experiment,
    run_sweep,
    sort_losses,
    trials_csv,
)
from ce_core.cli.experiment import read_config
from ce_core.cli.parser import parse
from ce_core.experiment.export import config_call, config_command, summary, trial_rows
from ce_core.experiment.point_density import count_points
from ce_core.experiment.sweep import fit_sweep, sweep_configs
from ce_core.experiment.work import experiment_work, fit_work
from tests.fuzz.strategies import Draw, not_count, not_positive
from tests.support.cases import INF, NAN, draws_of, log_domain_assignment
from tests.support.closeness import close_to


@st.composite
def configs(draw: Draw, *, dtype: str | None = None, largest: int = 5) -> ExperimentConfig:
    """Draw small experiments, extremes of the real parameters among them."""
    positive = st.one_of(st.floats(0.01, 10), st.sampled_from([1e-300, 1e-6, 1e6, 1e300]))
    # Up to what float16 holds.
    power = st.one_of(st.floats(0, 8), st.sampled_from([0.0, 0.5, 1.5, 4.0, 1e3, 6e4]))
    return ExperimentConfig(
        n=draw(st.integers(1, largest)),
        m=draw(st.integers(2, largest + 1)),
        trials=draw(st.integers(1, largest)),
        logit_exponent=draw(power),
        cost_exponent=draw(power),
        eps=draw(positive),
        n_iter=draw(st.integers(1, 6)),
        logit_scale=draw(positive),
        seed=draw(st.integers(0, 2**63 - 1)),
        dtype=dtype or draw(st.sampled_from(DTYPES)),
    )


def ordinary(config: ExperimentConfig) -> ExperimentConfig:
    """Return it with parameters at which nothing under- or overflows."""
    return replace(
        config,
        logit_exponent=min(config.logit_exponent, 4.0),
        cost_exponent=min(config.cost_exponent, 4.0),
        eps=min(max(config.eps, 0.05), 100.0),
        logit_scale=min(max(config.logit_scale, 0.01), 50.0),
    )


# The experiment


@given(configs())
def test_run_experiment_names_every_row_that_is_missing(config: ExperimentConfig) -> None:
    result = run_experiment(config)
    missing = result.missing_rows
    assert missing.shape == (config.trials,)
    assert ((missing >= 0) & (missing <= config.n)).all()
    for name in ("l1", "l2", "entropy", "identity_residual", "marginal_error"):
        values = getattr(result, name)
        assert values.shape == (config.trials,)
        assert values.dtype == torch.float64
        if name != "marginal_error":
            assert torch.equal(values.isfinite(), missing < config.n), name
    assert result.l1_grad.shape == result.l2_grad.shape
    assert result.l1_grad.shape == (config.n - int(missing[0]), config.m)
    assert result.l1_grad.isfinite().all()


@given(configs())
def test_run_experiment_losses_differ_by_the_entropy(config: ExperimentConfig) -> None:
    result = run_experiment(config)
    there = result.missing_rows < config.n
    # Means and rows are rounded to the dtype; m and the scale are what the losses are made of.
    unit = torch.finfo(getattr(torch, config.dtype)).eps
    size = result.l1.abs() + result.l2.abs() + result.entropy.abs()
    most = math.log(config.m)
    # The logarithms, as large as log m, are rounded, and so Σp is 1 only within as much.
    assert ((result.entropy >= 0) & (result.entropy <= most * (1 + 16 * unit)))[there].all()
    scale = 1 + min(config.logit_scale, 1e300)
    slack = 32 * unit * (size + scale)
    assert ((result.l1 - result.l2 - result.entropy).abs() <= slack)[there].all()
    # By rows a term of it, so that the largest of a trial bounds its mean.
    assert ((result.l1 - result.l2 - result.entropy).abs() <= result.identity_residual + slack)[
        there
    ].all()


@given(configs(dtype="float64"))
def test_run_experiment_is_a_loop_in_numpy(config: ExperimentConfig) -> None:
    config = ordinary(config)
    result = run_experiment(config)
    found = zip(result.l1.tolist(), result.l2.tolist(), result.entropy.tolist(), strict=True)
    for (uniform, scores), losses in zip(draws_of(config), found, strict=True):
        a = uniform**config.logit_exponent
        a = config.logit_scale * a / a.sum(1, keepdims=True)
        log_p = scipy.special.log_softmax(a, axis=1)
        q = log_domain_assignment(scores**config.cost_exponent, eps=config.eps, n_iter=config.n_iter)
        p = np.exp(log_p)
        expected = (-(q * log_p).sum(1), ((p - q) * a).sum(1), -(p * log_p).sum(1))
        for value, rows in zip(losses, expected, strict=True):
            # Costs over eps of up to 20 and logits of up to 50 are rounded by 2^-53 of that.
            assert value == close_to(rows.mean(), rel=1e-12, abs=1e-12)


@given(configs(), st.integers(1, 5))
def test_run_experiment_starts_alike_whatever_follows(config: ExperimentConfig, more: int) -> None:
    one, other = run_experiment(config), run_experiment(replace(config, trials=config.trials + more))
    assert np.array_equal(draws_of(config), draws_of(other.config)[: config.trials])
    # torch may round a power otherwise by where it stands in an array; so small an eps sees that.
    assume((2 * config.cost_exponent).is_integer() or config.eps > 0.1)
    unit = torch.finfo(getattr(torch, config.dtype)).eps
    for name in ("l1", "l2", "entropy"):
        first, second = getattr(one, name), getattr(other, name)[: config.trials]
        torch.testing.assert_close(first, second, rtol=8 * unit, atol=8 * unit, equal_nan=True)


@given(
    st.one_of(
        st.tuples(st.sampled_from(["eps", "logit_scale"]), not_positive()),
        st.tuples(st.sampled_from(["logit_exponent", "cost_exponent"]), not_positive()),
        st.tuples(st.sampled_from(["n", "trials", "n_iter", "m"]), not_count()),
        st.tuples(st.just("seed"), st.integers(max_value=-1) | st.integers(min_value=2**63)),
        st.tuples(st.just("dtype"), st.text()),
    )
)
def test_experiment_config_refuses_what_is_out_of_bounds(change: tuple[str, Any]) -> None:
    name, value = change
    assume(not (name.endswith("exponent") and value == 0))
    assume(not (name == "dtype" and value in DTYPES))
    with pytest.raises(ValueError, match=rf"^{name} must be "):
        ExperimentConfig(**{name: value})


# Along one parameter, and within a budget


@given(configs(), st.lists(st.integers(1, 6), max_size=4))
def test_run_frames_is_one_experiment_a_value(config: ExperimentConfig, values: list[int]) -> None:
    frames = run_sweep(config, "n_iter", values)
    assert [frame.config for frame in frames] == sweep_configs(config, "n_iter", values)
    for frame, value in zip(frames, values, strict=True):
        alone = run_experiment(replace(config, n_iter=value))
        torch.testing.assert_close(frame.l1, alone.l1, rtol=0, atol=0, equal_nan=True)


@given(configs(), st.text().filter(lambda name: name not in vars(ExperimentConfig())))
def test_frame_configs_refuses_what_is_no_parameter(config: ExperimentConfig, name: str) -> None:
    with pytest.raises(ValueError, match=r"^name must be one of n, m, "):
        sweep_configs(config, name, [1])


sizes = st.sampled_from(["n", "trials", "n_iter"])


@given(
    configs(),
    sizes,
    st.lists(st.integers(1, 50), max_size=12, unique=True).map(sorted),
    st.integers(0, 50_000),
)
def test_fit_frames_keeps_what_fits_and_is_never_thinner_than_a_third(
    config: ExperimentConfig, name: str, values: list[int], budget: int
) -> None:
    kept = fit_sweep(config, name, values, budget)
    work = {
        v: experiment_work(c) for v, c in zip(values, sweep_configs(config, name, values), strict=True)
    }
    assert sum(work[int(v)] for v in kept) <= budget or not kept
    if len(values) > 1 and sum(work.values()) <= budget:
        assert kept == tuple(values)
    if kept:
        indices = [values.index(int(v)) for v in kept]
        assert len(kept) >= 2
        assert indices[0] == 0
        gaps = np.diff(indices)
        assert (gaps >= 1).all()
        assert gaps.max() - gaps.min() <= 1
        assert len(kept) >= max(2, -(-(indices[-1] + 1) // 3))
    elif len(values) > 1:
        # The two cheapest that it may keep are the first two.
        assert work[values[0]] + work[values[1]] > budget


@given(st.integers(1, 10**6), st.integers(2, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_experiment_work_is_the_product(n: int, m: int, trials: int, n_iter: int) -> None:
    config = ExperimentConfig(n=n, m=m, trials=trials, n_iter=n_iter)
    assert experiment_work(config) == n * m * trials * (n_iter + 25)


@given(
    st.integers(1, 10**5), st.integers(2, 10**5), st.integers(1, 10**5), st.integers(1, 10**4),
    st.integers(-5, 10**12),
)  # fmt: skip
def test_fit_budget_proposes_what_fits_and_no_less(
    n: int, m: int, trials: int, n_iter: int, budget: int
) -> None:
    config = ExperimentConfig(n=n, m=m, trials=trials, n_iter=n_iter)
    least = experiment_work(replace(config, n=1, m=2, trials=1))
    if budget < least:
        with pytest.raises(ValueError, match=rf"^budget must be at least {least}, got "):
            fit_work(config, budget)
        return
    proposals = fit_work(config, budget)
    assert proposals
    if experiment_work(config) <= budget:
        assert proposals == [config]
    for proposal in proposals:
        assert experiment_work(proposal) <= budget
        changed = [x for x in ("n", "m", "trials") if getattr(proposal, x) != getattr(config, x)]
        assert replace(proposal, n=n, m=m, trials=trials) == config
        if len(changed) == 1:
            # One more would not fit.
            larger: dict[str, Any] = {changed[0]: getattr(proposal, changed[0]) + 1}
            assert experiment_work(replace(proposal, **larger)) > budget


# Statistics

finite = st.floats(-1e3, 1e3)
any_number = st.one_of(finite, st.integers(-2, 2).map(float), st.sampled_from([NAN, INF, -INF]))


@st.composite
def losses(draw: Draw, count: int, element: st.SearchStrategy[float] = any_number) -> list[Tensor]:
    """Draw so many vectors of one length."""
    length = draw(st.integers(0, 8))
    row = st.lists(element, min_size=length, max_size=length)
    return [torch.tensor(draw(row), dtype=torch.float64) for _ in range(count)]


@given(losses(3))
def test_compare_losses_is_least_squares_by_scipy(vectors: list[Tensor]) -> None:
    comparison = compare_losses(*vectors)
    kept = torch.stack(vectors).isfinite().all(0)
    l1, l2, h = (x[kept].numpy() for x in vectors)
    assert comparison.trials == len(l1)
    if len(l1) == 0:
        assert math.isnan(comparison.l1_mean)
        return
    assert comparison.l1_mean == close_to(l1.mean(), abs=1e-9)
    if len(l1) < 2 or np.ptp(l1) == 0:
        assert math.isnan(comparison.slope)
        assert math.isnan(comparison.correlation)
        return
    # A range so small that it is rounding, or underflows when squared, has no slope worth a test.
    assume(np.ptp(l1) > 1e-6)
    line = scipy.stats.linregress(l1, l2)
    assert comparison.slope == close_to(line.slope, rel=1e-6, abs=1e-9)
    if len(l1) > 2:
        residual = l2 - line.intercept - line.slope * l1
        square = (residual @ residual) / (len(l1) - 2) / ((l1 - l1.mean()) ** 2).sum()
        slack = 1e-6 * (1 + np.abs(l2).max()) / np.ptp(l1)
        assert comparison.slope_error == close_to(math.sqrt(square), rel=1e-4, abs=slack)
    if np.ptp(l2) > 1e-6:
        assert comparison.correlation == close_to(line.rvalue, abs=1e-6)
        assert abs(comparison.correlation) <= 1 + 1e-12
    elif np.ptp(l2) == 0:
        assert math.isnan(comparison.correlation)
    entropy_slope = scipy.stats.linregress(l1, h).slope
    assert comparison.slope_from_entropy == close_to(1 - entropy_slope, rel=1e-6, abs=1e-6)


@given(losses(2))
def test_compare_losses_slope_is_explained_by_the_entropy(vectors: list[Tensor]) -> None:
    l1, h = vectors
    assume(bool((l1.isfinite() & h.isfinite()).sum() >= 2))
    comparison = compare_losses(l1, l1 - h, h)
    assume(not math.isnan(comparison.slope))
    kept = l1[l1.isfinite() & h.isfinite()]
    assume((kept.max() - kept.min()).item() > 1e-3)
    assert comparison.slope == close_to(comparison.slope_from_entropy, rel=1e-6, abs=1e-6)


@given(losses(2))
def test_sort_losses_is_numpys_order_and_gradient(vectors: list[Tensor]) -> None:
    result = sort_losses(*vectors)
    kept = torch.stack(vectors).isfinite().all(0)
    l1, l2 = (x[kept].numpy() for x in vectors)
    order = np.argsort(l1, kind="stable")
    np.testing.assert_array_equal(result.l1, l1[order])
    np.testing.assert_array_equal(result.l2, l2[order])
    if len(l1) > 1:
        np.testing.assert_allclose(result.l1_spacing, np.gradient(l1[order]), rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(result.l2_spacing, np.gradient(l2[order]), rtol=1e-12, atol=1e-300)
        assert (result.l1_spacing >= 0).all()
    else:
        assert result.l1_spacing.isnan().all()


@given(st.integers(0, 4), st.integers(0, 4), st.sampled_from([compare_losses, sort_losses]))
def test_vectors_of_two_lengths_are_refused(first: int, second: int, function: Any) -> None:
    assume(first != second)
    others = [[1.0] * second] * (2 if function is compare_losses else 1)
    with pytest.raises(ValueError, match=r"^l2 must be a vector as long as the others, got shape "):
        function([1.0] * first, *others)


# The cloud of points


@given(losses(2, st.one_of(any_number, st.floats(-1e300, 1e300))), st.integers(1, 6), st.integers(1, 9))
def test_count_points_counts_each_where_it_lies(vectors: list[Tensor], bins: int, sample: int) -> None:
    x, y = vectors
    density = count_points(x, y, bins=bins, sample=sample)
    kept = x.isfinite() & y.isfinite()
    x, y = x[kept], y[kept]
    assert density.points == len(x) == density.counts.sum()
    step = -(-len(x) // sample) if len(x) else 1
    assert torch.equal(density.x_sample, x[::step])
    assert torch.equal(density.y_sample, y[::step])
    assert len(density.x_sample) <= sample
    if not len(x):
        return
    assert density.counts.shape == (bins, bins)
    # Along each axis: so many points lie below an edge, give or take those that lie on it.
    for values, centres, dim in ((x, density.x_centres, 0), (y, density.y_centres, 1)):
        assert (centres.diff() > 0).all()
        below = density.counts.sum(dim).cumsum(0)[:-1]
        edges = (centres[1:] + centres[:-1]) / 2
        # An edge is rounded as numbers of that size are.
        sizes = torch.cat([values, centres]).abs()
        slack = 1e-9 * (values.max() - values.min()) + 1e-14 * sizes.max() + 1e-300
        fewest = (values.unsqueeze(-1) < edges - slack).sum(0)
        most = (values.unsqueeze(-1) <= edges + slack).sum(0)
        assert ((below >= fewest) & (below <= most)).all()


@given(
    st.sampled_from(["bins", "sample"]),
    not_count(),
)
def test_count_points_refuses_a_count_below_one(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must be an integer >= 1, got "):
        count_points([0.0], [0.0], **{name: value})


# Texts


@given(configs(largest=1000))
def test_config_call_and_config_command_read_back_as_the_configuration(
    config: ExperimentConfig,
) -> None:
    assert eval(config_call(config), {"ExperimentConfig": ExperimentConfig}) == config
    words = shlex.split(config_command(config))
    assert words[:4] == ["python", "-m", "ce_core", "experiment"]
    assert read_config(parse(words[3:])) == config


@given(configs())
def test_trials_csv_reads_back_as_the_trials(config: ExperimentConfig) -> None:
    result = run_experiment(config)
    rows = trial_rows(result)
    head, *lines = csv.reader(io.StringIO(trials_csv(result)))
    assert head[:4] == ["trial", "l1", "l2", "entropy"]
    read = [[float(word) for word in line] for line in lines]
    np.testing.assert_array_equal(read, [[float(x) for x in row] for row in rows])
    assert [row[0] for row in rows] == list(range(1, config.trials + 1))
    np.testing.assert_array_equal([row[1] for row in rows], result.l1.numpy())


@given(configs())
def test_summary_hides_nothing(config: ExperimentConfig) -> None:
    result = run_experiment(config)
    comparison = compare_losses(result.l1, result.l2, result.entropy)
    numbers = summary(result, comparison)
    assert numbers["trials"] == int((result.missing_rows < config.n).sum())
    assert numbers["missing_rows"] == int(result.missing_rows.sum())
    for name in ("identity_residual", "marginal_error"):
        values = getattr(result, name)
        np.testing.assert_equal(numbers[name], values.max().item())
    share = comparison.entropy_mean / math.log(config.m)
    np.testing.assert_equal(numbers["entropy_share"], share)
