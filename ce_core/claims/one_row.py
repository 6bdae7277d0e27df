"""What is claimed of one row of logits: softmax and cross-entropy."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.losses.forms import cross_entropy_grad
from ce_core.losses.lambert import lambert_w
from ce_core.post.derivations import differences, example
from ce_core.probability.distributions import entropy, kl_divergence, softmax
from ce_core.transport.balanced import balanced_assignment

# Of the logit in front in the claim on temperature.
_LEAD = 2.0


def softmax_jacobian() -> dict[str, float]:
    """Measure J = diag(p) - p pᵀ against autograd, and its row sums."""
    lines = differences("softmax")
    trace = 1 - softmax(example()[0]).square().sum().item()
    return {"difference": lines["matrix"], "row_sum": lines["row_sums"], "trace": trace}


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
        "largest": (softmax(a) - q).abs().max().item(),
    }


def push_at(
    temperature: Float[Tensor, " temperatures"], *, right: int
) -> Float[Tensor, " temperatures"]:
    """Return the size of the gradient of L1 at softmax(a/T) by its right logit, for a = (2, 0)."""
    a = torch.tensor([_LEAD, 0.0], dtype=torch.float64)
    q = torch.nn.functional.one_hot(torch.tensor(right), 2).double()
    scaled = a / temperature.unsqueeze(-1)
    return (cross_entropy_grad(scaled, q.expand_as(scaled)) / temperature.unsqueeze(-1))[:, right].abs()


def temperature() -> dict[str, float]:
    """Measure the gradient by the right logit at T = 1 and T = 0.1, that logit ahead and behind.

    Ahead by d it is 1/(T (1 + e^(d/T))), largest where d/T = 1 + W(1/e).
    """
    temperatures = torch.tensor([1.0, 0.1], dtype=torch.float64)
    ahead, behind = (push_at(temperatures, right=right).tolist() for right in (0, 1))
    return {
        "ahead_1": ahead[0],
        "ahead_0.1": ahead[1],
        "behind_1": behind[0],
        "behind_0.1": behind[1],
        "turn": _LEAD / (1 + lambert_w([math.exp(-1)]).item()),
    }


def kl_directions() -> dict[str, float]:
    """Measure KL both ways, where q leaves out a class and where p is near q."""
    q = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    uniform = torch.full((3,), 1 / 3, dtype=torch.float64)
    near = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
    step = torch.tensor([0.01, -0.01, 0.0], dtype=torch.float64)
    moved = softmax(near.log() + step)
    return {
        "forward": kl_divergence(q, uniform).item(),
        "backward": kl_divergence(uniform, q).item(),
        "ratio_near": (kl_divergence(near, moved) / kl_divergence(moved, near)).item(),
    }


def stuck_at_log_k() -> dict[str, float]:
    """Measure the least L1 that targets allow which Sinkhorn makes of cosines, at three ε.

    256 samples and 3,000 prototypes, unit vectors of 128 dimensions, 3 iterations.
    """
    generator = torch.Generator().manual_seed(0)
    samples, prototypes = (
        torch.nn.functional.normalize(
            torch.randn(count, 128, generator=generator, dtype=torch.float64), dim=-1
        )
        for count in (256, 3000)
    )
    cost = -samples @ prototypes.T
    least = {
        f"least_{eps:g}": entropy(balanced_assignment(cost, eps=eps, n_iter=3)).mean().item()
        for eps in (0.03, 0.05, 1.0)
    }
    return {**least, "log_k": math.log(3000), "third": 1 / 3}
