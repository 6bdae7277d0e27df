"""What is measured at a point of a grid, from the losses of its trials: many points at once."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.experiment.export import summary
from ce_core.experiment.run import ExperimentResult
from ce_core.experiment.statistics import compare_losses

METRICS = (
    "r",
    "slope",
    "entropy_spread",
    "entropy_share",
    "gradient_cosine",
    "gradient_difference",
    "marginal_error",
    "l1_mean",
    "l2_mean",
    "entropy_mean",
)
"""r and slope of L2 on L1 over the trials, sd(H)/sd(L1), H(p)/log m; cosine of dL1/da and dL2/da and
‖difference‖/‖dL1/da‖ over all entries; the largest column error of a trial; means in nats."""
GRADIENT_METRICS = ("gradient_cosine", "gradient_difference")
_IN_SUMMARY = {"r": "correlation"}


def loss_metrics(
    l1: Float[Tensor, "points trials"], entropy: Float[Tensor, "points trials"], m: int
) -> dict[str, Float[Tensor, " points"]]:
    """Return what L1 and H(p) of the trials say, L2 being their difference, as `compare_losses` does.

    Parameters
    ----------
    l1, entropy
        In nats, finite.
    m
        Classes.

    Returns
    -------
    dict
        By name of the metric. NaN where a number does not exist: with one trial, or without spread.
    """
    d1, dh = _deviations(l1), _deviations(entropy)
    d2 = d1 - dh
    var_1, var_2, var_h = (d.square().sum(-1) for d in (d1, d2, dh))
    together = (d1 * d2).sum(-1)
    l1_mean, entropy_mean = l1.mean(-1), entropy.mean(-1)
    return {
        "r": _ratio(together, var_1.sqrt() * var_2.sqrt()),
        "slope": _ratio(together, var_1),
        "entropy_spread": _ratio(var_h.sqrt(), var_1.sqrt()),
        "entropy_share": entropy_mean / math.log(m),
        "l1_mean": l1_mean,
        "l2_mean": l1_mean - entropy_mean,
        "entropy_mean": entropy_mean,
    }


def gradient_metrics(
    square: Float[Tensor, " points"],
    product: Float[Tensor, " points"],
    square_difference: Float[Tensor, " points"],
) -> dict[str, Float[Tensor, " points"]]:
    """Return cosine and difference of the gradients from their products.

    Parameters
    ----------
    square, product, square_difference
        Of dL1/da with itself, of it with dL2/da - dL1/da, and of that with itself, each summed over
        all entries of all trials.
    """
    other = square + 2 * product + square_difference
    return {
        "gradient_cosine": (square + product) / (square * other).sqrt(),
        "gradient_difference": (square_difference / square).sqrt(),
    }


def metrics_of(result: ExperimentResult) -> dict[str, float]:
    """Return the metrics of one experiment that was run by itself.

    Parameters
    ----------
    result
        Of `run_experiment`.
    """
    comparison = compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)
    numbers = summary(result, comparison)
    return {metric: float(numbers[_IN_SUMMARY.get(metric, metric)]) for metric in METRICS}


def _deviations(values: Float[Tensor, "points trials"]) -> Float[Tensor, "points trials"]:
    """Return the values minus their mean: exactly 0 where all are equal, however the mean rounds."""
    shifted = values - values[:, :1]
    return shifted - shifted.mean(-1, keepdim=True)


def _ratio(numerator: Float[Tensor, " points"], denominator: Float[Tensor, " points"]) -> Tensor:
    return torch.where(denominator > 0, numerator / denominator, torch.nan)
