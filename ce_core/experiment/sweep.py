"""The experiment along one of its parameters: an animation of results, and how long it may be."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ce_core._options import require_choice, require_instance, require_items
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.inputs import SharedInputs
from ce_core.experiment.run import ExperimentResult, run_on
from ce_core.experiment.work import experiment_work


def run_sweep(
    config: ExperimentConfig, name: str, values: Sequence[int | float]
) -> tuple[ExperimentResult, ...]:
    """Run the experiment once for each value of one parameter, all else equal.

    Parameters
    ----------
    config
        The other parameters. The draws are those of its seed for every value, so that what differs
        between two results is due to the parameter.
    name
        The field of the configuration that varies.
    values
        What it takes, in order.

    Returns
    -------
    tuple of ExperimentResult
        One a value.

    Raises
    ------
    ValueError
        If the configuration has no such field, or a value is out of its bounds.

    Examples
    --------
    >>> [result.config.eps for result in run_sweep(ExperimentConfig(n=4, m=3), "eps", [0.1, 1.0])]
    [0.1, 1.0]
    """
    return tuple(iterate_sweep(config, name, values))


def iterate_sweep(
    config: ExperimentConfig, name: str, values: Sequence[int | float]
) -> Iterator[ExperimentResult]:
    """Run the experiment for one value after another, each as it is asked for.

    Parameters
    ----------
    config, name, values
        As for `run_sweep`.

    Yields
    ------
    ExperimentResult
        The next of those of `run_sweep`.

    Raises
    ------
    ValueError
        If the configuration has no such field, or a value is out of its bounds.
    """
    inputs = SharedInputs()
    for step in sweep_configs(config, name, values):
        yield run_on(step, inputs.draw(step))


def sweep_configs(
    config: ExperimentConfig, name: str, values: Sequence[int | float]
) -> list[ExperimentConfig]:
    """Return the configuration with one field at each of the values.

    Parameters
    ----------
    config, name, values
        As for `run_sweep`.

    Returns
    -------
    list of ExperimentConfig
        One a value.

    Raises
    ------
    ValueError
        If the configuration has no such field, or a value is out of its bounds.

    Examples
    --------
    >>> [config.eps for config in sweep_configs(ExperimentConfig(), "eps", [0.1, 0.2])]
    [0.1, 0.2]
    """
    name = require_choice("name", name, vars(require_instance("config", config, ExperimentConfig)))
    changes: list[dict[str, Any]] = [{name: value} for value in require_items("values", values)]
    return [replace(config, **change) for change in changes]


def fit_sweep(
    config: ExperimentConfig, name: str, values: Sequence[int | float], budget: int
) -> tuple[int | float, ...]:
    """Choose from the values of a parameter as many as fit a budget of work, evenly spread.

    Parameters
    ----------
    config, name
        As for `run_sweep`.
    values
        What the parameter may take, ascending.
    budget
        Largest sum of `experiment_work` over the frames.

    Returns
    -------
    tuple of float
        All values if they fit. Otherwise evenly thinned, the ends kept, but no further than to a
        third; then without the largest of them, so that what is left is never thinner than that.
        Empty if no two fit.

    Raises
    ------
    ValueError
        If the configuration has no such field, or a value is out of its bounds.

    Examples
    --------
    >>> fit_sweep(ExperimentConfig(), "eps", [0.1, 0.2, 0.5, 1.0, 2.0], budget=20_000_000)
    (0.1, 0.5, 2.0)
    """
    work = [experiment_work(step) for step in sweep_configs(config, name, values)]
    for end in range(len(values), 1, -1):
        for count in range(end, max(2, -(-end // 3)) - 1, -1):
            kept = _spread(end, count)
            if sum(work[index] for index in kept) <= budget:
                return tuple(values[index] for index in kept)
    return ()


def _spread(end: int, count: int) -> list[int]:
    """Return `count` indices below `end`, as evenly spread as whole numbers are, both ends kept."""
    return [round(step * (end - 1) / (count - 1)) for step in range(count)]
