"""What is claimed of one row of logits: softmax and cross-entropy."""

from ce_core.losses.forms import cross_entropy_grad
from ce_core.post.derivations import differences, example
from ce_core.probability.distributions import softmax


def softmax_jacobian() -> dict[str, float]:
    """Measure J = diag(p) - p pᵀ against autograd, and its row sums."""
    lines = differences("softmax")
    return {"difference": lines["matrix"], "row_sum": lines["row_sums"]}


def cross_entropy_gradient() -> dict[str, float]:
    """Measure p - q against autograd, with weights that sum to 1 and to 1.5."""
    a, q = example()
    lines = differences("cross_entropy")
    weights = 1.5 * q
    wrong = (cross_entropy_grad(a, weights) - (softmax(a) - weights)).abs().max()
    return {
        "difference": lines["gradient"],
        "weighted_difference": lines["weights"],
        "wrong_by": wrong.item(),
    }
