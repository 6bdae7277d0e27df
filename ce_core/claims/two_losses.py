"""What is claimed of L1 and L2 at the same logits."""

import torch

from ce_core.claims.trials import compared
from ce_core.losses.forms import cross_entropy, cross_entropy_grad, logit_gap, logit_gap_grad
from ce_core.losses.minimum import logit_gap_minimum
from ce_core.post.derivations import differences, example
from ce_core.post.published import CHECK_MEAN, CHECK_SUM
from ce_core.post.sum_check import five_numbers
from ce_core.probability.distributions import entropy, softmax


def losses_equivalent() -> dict[str, float]:
    """Measure L1, L2 and H(p) at the example and in the experiment, and where L2 is least."""
    a, q = example()
    _, comparison = compared(logit_scale=16.0)
    return {
        "l1": cross_entropy(a, q).item(),
        "l2": logit_gap(a, q).item(),
        "entropy": entropy(softmax(a)).item(),
        "identity": differences("logit_gap")["identity"],
        "confidence": logit_gap_minimum(torch.eye(10, dtype=torch.float64)[0]).p[0].item(),
        "l1_16": comparison.l1_mean,
        "l2_16": comparison.l2_mean,
        "entropy_16": comparison.entropy_mean,
    }


def same_gradient() -> dict[str, float]:
    """Measure dL1/da and dL2/da at logits (2, 0), the first class right, p held and in full."""
    a, q = torch.tensor([[2.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    l1 = cross_entropy_grad(a, q)
    return {
        "l1": l1[0].item(),
        "l2": logit_gap_grad(a, q)[0].item(),
        "held": (logit_gap_grad(a, q, detach_p=True) - l1).abs().max().item(),
    }


def zero_elements() -> dict[str, float]:
    """Measure the elements of p (a - p·a) at the example, and their sum."""
    lines = differences("logit_gap")
    return {"largest": lines["vanishes"], "sum": lines["sum_vanishes"]}


def five_number_check() -> dict[str, float]:
    """Measure the elements of the post's check, and their sum beside what it printed."""
    a, p, elements = five_numbers()
    return {
        "largest": elements.abs().max().item(),
        "smallest": elements.abs().min().item(),
        "sum": elements.sum().abs().item(),
        "with_printed_mean": (p * (a - CHECK_MEAN)).sum().abs().item(),
        "printed": CHECK_SUM,
    }
