"""What is claimed of Sinkhorn's iteration."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.claims.trials import compared
from ce_core.post.plan_variant import post_assignment
from ce_core.probability.distributions import entropy
from ce_core.transport.balanced import balanced_assignment, column_error
from ce_core.transport.costs import random_cost
from ce_core.transport.entropic_ot import sinkhorn


def post_cost() -> Float[Tensor, "128 64"]:
    """Return scores as the post draws them, uniform to the power 1.5, over their range; float64."""
    generator = torch.Generator().manual_seed(0)
    cost = torch.rand(128, 64, generator=generator, dtype=torch.float64) ** 1.5
    return (cost - cost.min()) / (cost.max() - cost.min())


def _random_range(eps: float, *, size: int = 12) -> float:
    """Return the range of C/ε for square costs as `random_cost` draws them."""
    cost = random_cost(size, size)
    return ((cost.max() - cost.min()) / eps).item()


def constant_factor() -> dict[str, float]:
    """Measure what a constant in the kernel, or in a row of the cost, changes in the plan."""
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
        "random_range": _random_range(0.02),
    }


def _moved(cost: Tensor, *, eps: float, n_iter: int) -> float:
    """Return the share of the mass that the floor puts elsewhere, NaN if the recipe gives that."""
    floored = post_assignment(cost, eps=eps, n_iter=n_iter).double()
    exact = balanced_assignment(cost.double(), eps=eps, n_iter=n_iter)
    return ((floored - exact).abs().sum() / (2 * len(cost))).item()


def floored_zeros() -> dict[str, float]:
    """Measure the share of the mass that 1e-38 in the place of zeros puts elsewhere."""
    found = {
        f"post_{steepness}": _moved(post_cost(), eps=1 / steepness, n_iter=10)
        for steepness in (2, 700, 5000)
    }
    for dtype in (torch.float32, torch.float64):
        # Up to there exp(-C/ε) has all its digits.
        found[f"range_{dtype}".replace("torch.", "")] = -math.log(torch.finfo(dtype).tiny)
    for dtype, before, after in ((torch.float32, 80.0, 110.0), (torch.float64, 700.0, 760.0)):
        for name, steep in (("before", before), ("after", after)):
            pair = torch.tensor([[0.0, steep], [0.0, steep - 5]], dtype=dtype)
            found[f"{name}_{dtype}".replace("torch.", "")] = _moved(pair, eps=1.0, n_iter=10)
    return {**found, "random_range": _random_range(0.001)}


def fixed_iterations() -> dict[str, float]:
    """Measure the share of the mass that columns miss after a fixed number of iterations."""
    found = {"rows": 0.0}
    for eps, n_iter in ((0.5, 10), (0.05, 3), (0.003, 3), (0.003, 10), (0.003, 1000)):
        plan = balanced_assignment(post_cost(), eps=eps, n_iter=n_iter)
        found[f"columns_{eps:g}_{n_iter}"] = column_error(plan).item()
        found["rows"] = max(found["rows"], (plan.sum(-1) - 1).abs().max().item())
    for eps, n_iter in ((0.5, 10), (0.003, 3), (0.003, 10)):
        result, _ = compared(eps=eps, n_iter=n_iter)
        found[f"experiment_{eps:g}_{n_iter}"] = result.marginal_error.max().item()
    return found


def row_scores() -> Float[Tensor, "64 128"]:
    """Return scores with a standard deviation of 0.2; float64."""
    generator = torch.Generator().manual_seed(0)
    return 0.2 * torch.randn(64, 128, generator=generator, dtype=torch.float64)


def row_maximum() -> dict[str, float]:
    """Measure what the assignment owes to the row maxima that are subtracted first, at ε = 0.04."""
    cost = -row_scores()
    lowered = cost - cost.amin(-1, keepdim=True)
    early = [balanced_assignment(x, eps=0.04, n_iter=3) for x in (cost, lowered)]
    late = [len(x) * sinkhorn(x, eps=0.04, tol=1e-13).plan for x in (cost, lowered)]
    moved, moved_late = ((a - b).abs().sum(-1).max().item() / 2 for a, b in (early, late))
    choices = [plan.argmax(-1) for plan in early]
    return {
        "early": moved,
        "converged": moved_late,
        "changed": (choices[0] != choices[1]).sum().item(),
        "rows": len(cost),
        "random_range": _random_range(0.01),
    }


def layer_products() -> dict[str, float]:
    """Measure how far columns of 4 x 4 matrices miss 1 after 20 iterations, and those of a product.

    Logits are normal with standard deviations of 1, 3 and 10, rows scaled last. Of 4,000 matrices the
    99th percentile of the worst column; of the product of 120 the largest column sum.
    """
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 4, 4, generator=generator, dtype=torch.float64)
    found = {}
    for deviation in (1, 3, 10):
        layers = balanced_assignment(-deviation * logits, eps=1.0, n_iter=20)
        missed = (layers.sum(-2) - 1).abs().amax(-1)
        found[f"missed_{deviation}"] = missed.quantile(0.99).item()
        product = torch.linalg.multi_dot(list(layers[:120]))
        found[f"product_{deviation}"] = product.sum(-2).max().item()
    return {**found, "random_range": _random_range(0.03, size=4)}


def eps_perplexity() -> dict[str, float]:
    """Measure over how many columns a row spreads at ε = 0.05, with costs 0.1, 1 and 10 times as large.

    The number is exp of a row's entropy, its mean over rows. Beside it, what is left of a difference
    where ε grows with the costs.
    """
    cost = post_cost()
    found = {
        f"columns_{factor:g}": _columns_of(sinkhorn(factor * cost, eps=0.05).plan)
        for factor in (0.1, 1.0, 10.0)
    }
    plans = [sinkhorn(factor * cost, eps=0.05 * factor, tol=1e-13).plan for factor in (1.0, 10.0)]
    found["together"] = (len(cost) * (plans[0] - plans[1]).abs().max()).item()
    plan = balanced_assignment(random_cost(12, 12), eps=0.05, n_iter=20) / 12
    return {**found, "random_entropy": entropy(plan.flatten()).item()}


def _columns_of(plan: Float[Tensor, "n m"]) -> float:
    return entropy(len(plan) * plan).exp().mean().item()
