"""What the blog post claims: each with its verdict and the numbers that settle it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.run import ExperimentResult, run_experiment
from ce_core.experiment.statistics import LossComparison, compare_losses, sort_losses
from ce_core.losses.forms import cross_entropy, cross_entropy_grad, logit_gap, logit_gap_grad
from ce_core.losses.minimum import logit_gap_minimum
from ce_core.post.derivations import check_derivation, example
from ce_core.post.plan_variant import post_assignment
from ce_core.post.published import (
    CHECK_MEAN,
    CHECK_P,
    CHECK_SUM,
    CHECK_VALUES,
    PUBLISHED_L1,
    PUBLISHED_L2,
)
from ce_core.probability.distributions import entropy, softmax
from ce_core.probability.jacobian import centred_product
from ce_core.stability.formulas import FORMULAS
from ce_core.stability.outcome_map import outcome_map
from ce_core.transport.balanced import balanced_assignment, column_error
from ce_core.transport.entropic_ot import sinkhorn

TRUE, FALSE, CONDITIONAL = CLAIM_VERDICTS = ("true", "false", "conditional")
"""A conditional claim is true under a condition that the post does not state."""


@dataclass(frozen=True)
class Claim:
    """A claim, its verdict, and a function that measures the numbers which settle it, by name."""

    verdict: str
    measure: Callable[[], dict[str, float]]


def _lines(name: str) -> dict[str, float]:
    return {line.name: line.difference for line in check_derivation(name, *example())}


def _softmax_jacobian() -> dict[str, float]:
    lines = _lines("softmax")
    return {"difference": lines["matrix"], "row_sum": lines["row_sums"]}


def _cross_entropy_gradient() -> dict[str, float]:
    a, q = example()
    lines = _lines("cross_entropy")
    weights = 1.5 * q
    wrong = (cross_entropy_grad(a, weights) - (softmax(a) - weights)).abs().max()
    return {
        "difference": lines["gradient"],
        "weighted_difference": lines["weights"],
        "wrong_by": wrong.item(),
    }


def _losses_equivalent() -> dict[str, float]:
    a, q = example()
    _, comparison = _run(logit_scale=16.0)
    return {
        "l1": cross_entropy(a, q).item(),
        "l2": logit_gap(a, q).item(),
        "entropy": entropy(softmax(a)).item(),
        "identity": _lines("logit_gap")["identity"],
        "confidence": logit_gap_minimum(torch.eye(10, dtype=torch.float64)[0]).p[0].item(),
        "l1_16": comparison.l1_mean,
        "l2_16": comparison.l2_mean,
        "entropy_16": comparison.entropy_mean,
    }


def _same_gradient() -> dict[str, float]:
    a, q = torch.tensor([[2.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    l1 = cross_entropy_grad(a, q)
    return {
        "l1": l1[0].item(),
        "l2": logit_gap_grad(a, q)[0].item(),
        "held": (logit_gap_grad(a, q, detach_p=True) - l1).abs().max().item(),
    }


def _zero_elements() -> dict[str, float]:
    lines = _lines("logit_gap")
    return {"largest": lines["vanishes"], "sum": lines["sum_vanishes"]}


def five_numbers() -> Float[Tensor, "3 5"]:
    """Return the post's check: its values a, its p, and p (a - p·a), as rows; float64."""
    a, p = torch.tensor([CHECK_VALUES, CHECK_P], dtype=torch.float64)
    return torch.stack([a, p, centred_product(p, a)])


def _five_number_check() -> dict[str, float]:
    a, p, elements = five_numbers()
    return {
        "largest": elements.abs().max().item(),
        "smallest": elements.abs().min().item(),
        "sum": elements.sum().abs().item(),
        "with_printed_mean": (p * (a - CHECK_MEAN)).sum().abs().item(),
        "printed": CHECK_SUM,
    }


def _first_failure(formula: str, dtype: str, gaps: range) -> float:
    """Return the first gap at which value or gradient is not finite, inf if there is none."""
    outcomes = outcome_map(gaps)
    row = list(FORMULAS).index(formula), outcomes.dtypes.index(dtype)
    failed = (outcomes.values[row] + outcomes.gradients[row]) > 0
    return float(gaps[int(failed.int().argmax())]) if failed.any() else math.inf


def _log_zero() -> dict[str, float]:
    first = {"float16": 18, "bfloat16": 93, "float32": 104, "float64": 746}
    found = {
        dtype: _first_failure("max_shifted", dtype, range(gap - 9, gap + 2))
        for dtype, gap in first.items()
    }
    for formula in ("logit_gap", "log_softmax"):
        found |= {
            f"{formula}_{dtype}": _first_failure(formula, dtype, range(1, 60_002, 600))
            for dtype in first
        }
    return found


def _subtract_maximum() -> dict[str, float]:
    return {
        formula: _first_failure(formula, "float32", range(70, 111))
        for formula in ("naive", "max_shifted", "where_masked")
    }


def _run(**parameters: int | float) -> tuple[ExperimentResult, LossComparison]:
    config = ExperimentConfig(**{"dtype": "float64", **parameters})  # type: ignore[arg-type]
    result = run_experiment(config)
    return result, compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)


def _sorted_spacing() -> dict[str, float]:
    found = {}
    for trials in (20, 80):
        result, _ = _run(trials=trials)
        spacing = sort_losses(result.l1, result.l2).l1_spacing
        found[f"spacing_{trials}"] = spacing.mean().item()
        found[f"gradient_{trials}"] = result.l1_grad.square().mean().sqrt().item()
    return found


def _linear_correlation() -> dict[str, float]:
    found = {}
    for scale in (1, 16, 64, 1024):
        _, comparison = _run(logit_scale=float(scale))
        found[f"correlation_{scale}"] = comparison.correlation
        found[f"slope_{scale}"] = comparison.slope
        found[f"interval_{scale}"] = comparison.slope_interval
        found[f"slope_error_{scale}"] = abs(comparison.slope - comparison.slope_from_entropy)
    return found


def _large_samples() -> dict[str, float]:
    found = {}
    # With 20 trials, chance would move the slopes by a third.
    for n, trials in ((16, 500), (128, 500), (1024, 100)):
        _, comparison = _run(logit_scale=16.0, n=n, trials=trials)
        found[f"correlation_{n}"] = comparison.correlation
        found[f"slope_{n}"] = comparison.slope
        found[f"interval_{n}"] = comparison.slope_interval
    return found


def _large_dimension() -> dict[str, float]:
    found = {}
    for m in (3, 64, 256):
        found[f"correlation_{m}"] = _run(m=m)[1].correlation
        _, scaled = _run(m=m, logit_scale=float(m))
        found[f"scaled_correlation_{m}"] = scaled.correlation
        found[f"scaled_slope_{m}"] = scaled.slope
        found[f"scaled_interval_{m}"] = scaled.slope_interval
    return found


def _published_pairs() -> dict[str, float]:
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


def _deviation_in_practice() -> dict[str, float]:
    found = {}
    for dtype in ("float32", "float64"):
        result = run_experiment(ExperimentConfig(dtype=dtype))
        found[f"gap_{dtype}"] = (result.l1 - result.l2).mean().item()
        found[f"entropy_{dtype}"] = result.entropy.mean().item()
        found[f"residual_{dtype}"] = result.identity_residual.max().item()
    return found


def _small_deviation() -> dict[str, float]:
    return {f"scale_{s}": _run(logit_scale=float(s))[0].gradient_difference for s in (1, 16, 64)}


def post_cost() -> Float[Tensor, "128 64"]:
    """Return scores as the post draws them, uniform to the power 1.5, over their range; float64."""
    generator = torch.Generator().manual_seed(0)
    cost = torch.rand(128, 64, generator=generator, dtype=torch.float64) ** 1.5
    return (cost - cost.min()) / (cost.max() - cost.min())


def _moved(cost: Tensor, *, eps: float, n_iter: int) -> float:
    """Return the share of the mass that the floor puts elsewhere, NaN if the recipe gives that."""
    floored = post_assignment(cost, eps=eps, n_iter=n_iter).double()
    exact = balanced_assignment(cost.double(), eps=eps, n_iter=n_iter)
    return ((floored - exact).abs().sum() / (2 * len(cost))).item()


def _floored_zeros() -> dict[str, float]:
    found = {
        f"post_{steepness}": _moved(post_cost(), eps=1 / steepness, n_iter=10)
        for steepness in (2, 700, 5000)
    }
    for dtype, before, after in ((torch.float32, 80.0, 110.0), (torch.float64, 700.0, 760.0)):
        for name, steep in (("before", before), ("after", after)):
            pair = torch.tensor([[0.0, steep], [0.0, steep - 5]], dtype=dtype)
            found[f"{name}_{dtype}".replace("torch.", "")] = _moved(pair, eps=1.0, n_iter=10)
    return found


def _fixed_iterations() -> dict[str, float]:
    found = {"rows": 0.0}
    for eps, n_iter in ((0.5, 10), (0.05, 3), (0.003, 3), (0.003, 10), (0.003, 1000)):
        plan = balanced_assignment(post_cost(), eps=eps, n_iter=n_iter)
        found[f"columns_{eps:g}_{n_iter}"] = column_error(plan).item()
        found["rows"] = max(found["rows"], (plan.sum(-1) - 1).abs().max().item())
    for eps, n_iter in ((0.5, 10), (0.003, 3), (0.003, 10)):
        result, _ = _run(eps=eps, n_iter=n_iter)
        found[f"experiment_{eps:g}_{n_iter}"] = result.marginal_error.max().item()
    return found


def _constant_factor() -> dict[str, float]:
    cost = post_cost()
    raised = cost.clone()
    raised[0] += 1
    start = balanced_assignment(cost, eps=0.5, n_iter=3)
    softmaxed = post_assignment(cost, eps=0.5, n_iter=3)
    plans = [sinkhorn(x, eps=0.5, tol=1e-14).plan for x in (cost, raised)]
    steep = [balanced_assignment(x, eps=0.02, n_iter=3) for x in (cost, raised)]
    return {
        "softmax": (softmaxed - start).abs().max().item(),
        "constant": (balanced_assignment(cost + 1, eps=0.5, n_iter=3) - start).abs().max().item(),
        "row_fixed": (steep[1] - steep[0]).abs().max().item(),
        "row_converged": (len(cost) * (plans[1] - plans[0])).abs().max().item(),
    }


CLAIMS: Mapping[str, Claim] = MappingProxyType(
    {
        "softmax_jacobian": Claim(TRUE, _softmax_jacobian),
        "cross_entropy_gradient": Claim(CONDITIONAL, _cross_entropy_gradient),
        "losses_equivalent": Claim(FALSE, _losses_equivalent),
        "same_gradient": Claim(CONDITIONAL, _same_gradient),
        "zero_elements": Claim(FALSE, _zero_elements),
        "five_number_check": Claim(FALSE, _five_number_check),
        "log_zero": Claim(TRUE, _log_zero),
        "subtract_maximum": Claim(FALSE, _subtract_maximum),
        "constant_factor": Claim(TRUE, _constant_factor),
        "floored_zeros": Claim(CONDITIONAL, _floored_zeros),
        "fixed_iterations": Claim(CONDITIONAL, _fixed_iterations),
        "published_pairs": Claim(FALSE, _published_pairs),
        "sorted_spacing": Claim(FALSE, _sorted_spacing),
        "deviation_in_practice": Claim(FALSE, _deviation_in_practice),
        "small_deviation": Claim(CONDITIONAL, _small_deviation),
        "linear_correlation": Claim(CONDITIONAL, _linear_correlation),
        "large_dimension": Claim(CONDITIONAL, _large_dimension),
        "large_samples": Claim(FALSE, _large_samples),
    }
)
"""Key -> claim, in the order of the post. Each has a test of its name."""
