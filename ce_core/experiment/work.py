"""How much work an experiment is, and which smaller one fits where it is too much."""

from dataclasses import replace
from typing import Any

from ce_core._shown import refusal
from ce_core.experiment.config import ExperimentConfig

# What a trial costs beside its iterations (draws, powers, losses, gradients), counted in
# iterations: about 25 of those that scale the kernel, a few of those in the log domain.
FIXED_ITERATIONS = 25


def experiment_work(config: ExperimentConfig) -> int:
    """Count the work of an experiment, n · m · trials · (n_iter + 25) updates of an entry.

    Parameters
    ----------
    config
        Of the experiment.

    Returns
    -------
    int
        In updates of an entry.

    Examples
    --------
    >>> experiment_work(ExperimentConfig())
    5734400
    """
    return config.n * config.m * config.trials * (config.n_iter + FIXED_ITERATIONS)


def fit_work(config: ExperimentConfig, budget: int) -> list[ExperimentConfig]:
    """Propose experiments that differ from this one only in size and stay within a budget.

    Parameters
    ----------
    config
        The experiment wanted.
    budget
        Largest `experiment_work` allowed, >= the work of the smallest experiment (n = 1, m = 2,
        one trial).

    Returns
    -------
    list of ExperimentConfig
        The experiment itself if it fits. Otherwise the nearest that fits by a change of one of
        `trials`, `n` and `m`, in that order, as far as one change is enough; where none is, the one
        with all three reduced in proportion.

    Raises
    ------
    ValueError
        If not even the smallest experiment fits.

    Examples
    --------
    >>> [fit.trials for fit in fit_work(ExperimentConfig(trials=100), budget=5_734_400)]
    [20, 100, 100]
    """
    smallest = replace(config, n=1, m=2, trials=1)
    if experiment_work(smallest) > budget:
        raise refusal("budget", f"be at least {experiment_work(smallest)}", budget)
    work = experiment_work(config)
    if work <= budget:
        return [config]
    proposals = []
    # One trial shows no line, so trials stop at two unless fewer were asked for.
    for name, least in (("trials", min(2, config.trials)), ("n", 1), ("m", 2)):
        most = budget // (work // getattr(config, name))
        if most >= least:
            proposals.append(_resize(config, name, most))
    return proposals or [_shrink(config, budget)]


def _shrink(config: ExperimentConfig, budget: int) -> ExperimentConfig:
    """Reduce trials, n and m by about the same factor, the last of them to what still fits."""
    shrunk = config
    for left, (name, least) in zip((3, 2, 1), (("trials", 1), ("n", 1), ("m", 2)), strict=True):
        factor = (budget / experiment_work(shrunk)) ** (1 / left)
        value = int(getattr(shrunk, name) * min(1.0, factor))
        shrunk = _resize(shrunk, name, max(least, value))
    for name, least in (("n", 1), ("trials", 1), ("m", 2)):
        # Bounds from below may have kept one of them large.
        if experiment_work(shrunk) > budget:
            share = experiment_work(shrunk) // getattr(shrunk, name)
            shrunk = _resize(shrunk, name, max(least, budget // share))
    return shrunk


def _resize(config: ExperimentConfig, name: str, value: int) -> ExperimentConfig:
    change: dict[str, Any] = {name: value}
    return replace(config, **change)
