"""What is claimed of the post's experiment."""

import math

import torch

from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.run import ExperimentResult, run_experiment
from ce_core.experiment.statistics import LossComparison, compare_losses, sort_losses
from ce_core.post.published import PUBLISHED_L1, PUBLISHED_L2


def compared(**parameters: int | float) -> tuple[ExperimentResult, LossComparison]:
    """Run the post's experiment, in float64 unless told otherwise, and compare its losses."""
    config = ExperimentConfig(**{"dtype": "float64", **parameters})  # type: ignore[arg-type]
    result = run_experiment(config)
    return result, compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)


def published_pairs() -> dict[str, float]:
    """Measure the line through the published pairs, and their differences."""
    l1, l2 = torch.tensor([PUBLISHED_L1, PUBLISHED_L2], dtype=torch.float64)
    difference = l1 - l2
    comparison = compare_losses(l1, l2, difference)
    return {
        "difference": difference.mean().item(),
        "spread": (difference - difference.mean()).abs().max().item(),
        "log_m": math.log(64),
        "correlation": comparison.correlation,
        "slope": comparison.slope,
    }


def sorted_spacing() -> dict[str, float]:
    """Measure the spacing of sorted losses, and an entry of the gradient, at 20 and 80 trials."""
    found = {}
    for trials in (20, 80):
        result, _ = compared(trials=trials)
        spacing = sort_losses(result.l1, result.l2).l1_spacing
        found[f"spacing_{trials}"] = spacing.mean().item()
        found[f"gradient_{trials}"] = result.l1_grad.square().mean().sqrt().item()
    return found


def deviation_in_practice() -> dict[str, float]:
    """Measure L1 - L2 in two precisions, beside H(p)."""
    found = {}
    for dtype in ("float32", "float64"):
        result = run_experiment(ExperimentConfig(dtype=dtype))
        found[f"gap_{dtype}"] = (result.l1 - result.l2).mean().item()
        found[f"entropy_{dtype}"] = result.entropy.mean().item()
        found[f"residual_{dtype}"] = result.identity_residual.max().item()
    return found


def small_deviation() -> dict[str, float]:
    """Measure the difference of the gradients over the size of dL1/da, at three scales."""
    return {f"scale_{s}": compared(logit_scale=float(s))[0].gradient_difference for s in (1, 16, 64)}


def linear_correlation() -> dict[str, float]:
    """Measure the line of L2 on L1 at four scales of the logits."""
    found = {}
    for scale in (1, 16, 64, 1024):
        _, comparison = compared(logit_scale=float(scale))
        found[f"correlation_{scale}"] = comparison.correlation
        found[f"slope_{scale}"] = comparison.slope
        found[f"interval_{scale}"] = comparison.slope_interval
        found[f"slope_error_{scale}"] = abs(comparison.slope - comparison.slope_from_entropy)
    return found


def large_dimension() -> dict[str, float]:
    """Measure the line of L2 on L1 at three m, with logits of the post and m times as large."""
    found = {}
    for m in (3, 64, 256):
        found[f"correlation_{m}"] = compared(m=m)[1].correlation
        _, scaled = compared(m=m, logit_scale=float(m))
        found[f"scaled_correlation_{m}"] = scaled.correlation
        found[f"scaled_slope_{m}"] = scaled.slope
        found[f"scaled_interval_{m}"] = scaled.slope_interval
    return found


def large_samples() -> dict[str, float]:
    """Measure the line of L2 on L1 at three n, with trials enough to tell the slopes apart."""
    found = {}
    # With 20 trials, chance would move the slopes by a third.
    for n, trials in ((16, 500), (128, 500), (1024, 100)):
        _, comparison = compared(logit_scale=16.0, n=n, trials=trials)
        found[f"correlation_{n}"] = comparison.correlation
        found[f"slope_{n}"] = comparison.slope
        found[f"interval_{n}"] = comparison.slope_interval
    return found
