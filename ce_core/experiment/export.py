"""The experiment as text: a table of its trials, a summary, and the call that repeats it."""

import csv
import io
import math
from dataclasses import fields

from ce_core._options import require_instance
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.run import ExperimentResult
from ce_core.experiment.statistics import LossComparison

TRIAL_COLUMNS = (
    "trial",
    "l1",
    "l2",
    "entropy",
    "rounding",
    "missing_rows",
    "identity_residual",
    "marginal_error",
)


def trial_rows(result: ExperimentResult) -> list[tuple[int | float, ...]]:
    """Return the trials as rows of a table.

    Parameters
    ----------
    result
        Of `run_experiment`.

    Returns
    -------
    list of tuple
        One row a trial, its entries named by `TRIAL_COLUMNS`; losses in nats; trials count from 1.

    Examples
    --------
    >>> rows = trial_rows(run_experiment(ExperimentConfig(trials=2)))
    >>> [row[0] for row in rows], len(rows[0]) == len(TRIAL_COLUMNS)
    ([1, 2], True)
    """
    columns = [getattr(result, name).tolist() for name in TRIAL_COLUMNS[1:]]
    return [(trial, *row) for trial, row in enumerate(zip(*columns, strict=True), start=1)]


def trials_csv(result: ExperimentResult) -> str:
    """Return the trials as CSV.

    Parameters
    ----------
    result
        Of `run_experiment`.

    Returns
    -------
    str
        A header of `TRIAL_COLUMNS`, then one line a trial, every digit kept.

    Examples
    --------
    >>> trials_csv(run_experiment(ExperimentConfig(trials=2))).splitlines()[0][:14]
    'trial,l1,l2,en'
    """
    require_instance("result", result, ExperimentResult)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TRIAL_COLUMNS)
    writer.writerows(trial_rows(result))
    return text.getvalue()


def summary(result: ExperimentResult, comparison: LossComparison) -> dict[str, int | float]:
    """Return the numbers of an experiment by name.

    Parameters
    ----------
    result
        Of `run_experiment`.
    comparison
        Of its losses, by `compare_losses`.

    Returns
    -------
    dict
        In the order in which they are read. Losses and entropy in nats; `entropy_share` is the mean
        entropy as a share of log m; of the residuals the largest over the trials, NaN if one is;
        `rounding_decides` is 1 or 0.

    Examples
    --------
    >>> result = run_experiment(ExperimentConfig(dtype="float64"))
    >>> losses = result.l1, result.l2, result.entropy
    >>> numbers = summary(result, compare_losses(*losses, rounding=result.rounding))
    >>> numbers["trials"], numbers["identity_residual"] < 1e-12
    (20, True)
    """
    return {
        "trials": comparison.trials,
        "l1_mean": comparison.l1_mean,
        "l2_mean": comparison.l2_mean,
        "entropy_mean": comparison.entropy_mean,
        "correlation": comparison.correlation,
        "slope": comparison.slope,
        "slope_error": comparison.slope_error,
        "slope_interval": comparison.slope_interval,
        "slope_from_entropy": comparison.slope_from_entropy,
        "entropy_spread": comparison.entropy_spread,
        "entropy_share": comparison.entropy_mean / math.log(result.config.m),
        "gradient_cosine": result.gradient_cosine,
        "gradient_difference": result.gradient_difference,
        "identity_residual": _largest(result.identity_residual.tolist()),
        "marginal_error": _largest(result.marginal_error.tolist()),
        "missing_rows": int(result.missing_rows.sum()),
        "l1_spread": comparison.l1_spread,
        "rounding": comparison.rounding,
        "rounding_decides": int(comparison.rounding_decides),
    }


def config_call(config: ExperimentConfig) -> str:
    """Return the Python expression that makes this configuration.

    Parameters
    ----------
    config
        Any; what is at its default is left out.

    Returns
    -------
    str
        Evaluates to an equal configuration.

    Examples
    --------
    >>> config_call(ExperimentConfig(eps=0.05, dtype="float64"))
    "ExperimentConfig(eps=0.05, dtype='float64')"
    """
    changed = [
        f"{field.name}={getattr(config, field.name)!r}"
        for field in fields(config)
        if getattr(config, field.name) != field.default
    ]
    return f"ExperimentConfig({', '.join(changed)})"


def config_command(config: ExperimentConfig) -> str:
    """Return the command line that runs this configuration.

    Parameters
    ----------
    config
        Any; what is at its default is left out.

    Returns
    -------
    str
        Of a POSIX shell.

    Examples
    --------
    >>> config_command(ExperimentConfig(eps=0.05, n_iter=3))
    'python -m ce_core experiment --eps 0.05 --n-iter 3'
    """
    changed = [
        f" --{field.name.replace('_', '-')} {getattr(config, field.name)}"
        for field in fields(config)
        if getattr(config, field.name) != field.default
    ]
    return f"python -m ce_core experiment{''.join(changed)}"


def _largest(values: list[float]) -> float:
    """Return the largest value; NaN if one is, so that nothing bad hides behind it."""
    return math.nan if any(map(math.isnan, values)) else max(values)
