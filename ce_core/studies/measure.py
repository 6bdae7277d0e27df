"""What a trial measures."""

from collections.abc import Sequence
from dataclasses import replace

from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.run import run_experiment
from ce_core.sweeps.metrics import metrics_of


def measure_seeds(config: ExperimentConfig, seeds: Sequence[int]) -> list[dict[str, float]]:
    """Run an experiment once for each seed.

    Parameters
    ----------
    config
        All but the seed.
    seeds
        In order.

    Returns
    -------
    list of dict
        The metrics by name, a dict a seed.
    """
    return [metrics_of(run_experiment(replace(config, seed=seed))) for seed in seeds]
