"""Newton steps for the potentials of unbalanced transport, and how far to follow them."""

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._surroundings import may_be_differentiated
from ce_core.transport._unbalanced_problem import Potentials, PricedProblem
from ce_core.transport._unrolled import log_sums

# Of the steps that climb: how many, and how often the share of one is halved.
_STEPS, _HALVINGS = 8, 30


def soft_f(problem: PricedProblem, g: Float[Tensor, "b m"]) -> Float[Tensor, "b n"]:
    """Return -eps log Σ_j nu_j exp((g_j - C_ij)/eps), or 0 without an allowed pair."""
    eps = problem.eps.unsqueeze(-1)
    return -eps * log_sums(problem.log_kernel, problem.nu, g / eps, flat=problem.flat)


def soft_g(problem: PricedProblem, f: Float[Tensor, "b n"]) -> Float[Tensor, "b m"]:
    eps = problem.eps.unsqueeze(-1)
    return -eps * log_sums(problem.log_kernel.mT, problem.mu, f / eps, flat=problem.flat)


def newton(problem: PricedProblem, point: Potentials) -> Potentials:
    """Return the point after a Newton step, up to the constant between the potentials.

    From a solution that is held fixed, its derivatives are those of the solution: the first order
    after one such step, the second after two.
    """
    if point.f.shape[-1] > point.g.shape[-1]:
        g, f = newton(problem.transposed, Potentials(point.g, point.f))
        return Potentials(f, g)
    f, g = point
    full_f, full_g = soft_f(problem, g), soft_g(problem, f)
    constant, (rows, columns) = problem.constant(point), problem.open
    # Of masses of any size the shares are of the size of 1, and so are what derivatives multiply.
    mu, log_mu = _normalised(problem.mu)
    nu, log_nu = _normalised(problem.nu)
    eps = problem.eps.unsqueeze(-1)
    by_row = nu.unsqueeze(-2) * problem.kernel(Potentials(full_f, g + eps * log_nu))
    by_column = (mu.unsqueeze(-1) * problem.kernel(Potentials(f + eps * log_mu, full_g))).mT
    (kept_f, kept_g), (lost_f, lost_g) = problem.kept, problem.lost
    missing_f = torch.where(rows, kept_f * full_f - f - lost_f * constant, 0.0)
    missing_g = torch.where(columns, kept_g * full_g - g + lost_g * constant, 0.0)
    # x + kept_f by_row y = missing_f and kept_g by_column x + y = missing_g, y eliminated. Both
    # matrices take a constant to itself, which a large rho leaves all but undetermined: it is put into
    # the matrix again, and x has a mean of 0.
    both, ones = kept_f * kept_g, rows.to(f.dtype)
    weights = (mu * ones).detach()
    weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-300)
    identity = torch.eye(f.shape[-1], dtype=f.dtype, device=f.device)
    fixed = ones.unsqueeze(-1) * weights.unsqueeze(-2)
    system = identity - both.unsqueeze(-1) * (by_row @ by_column - fixed)
    right = missing_f - kept_f * (by_row @ missing_g.unsqueeze(-1)).squeeze(-1)
    # `torch.linalg.solve` loses the tangents of all items but one where `vmap` is within `vmap`.
    inverse, right = _inverse(system), right.unsqueeze(-1)
    x = inverse @ right
    x = (x + inverse @ (right - system @ x)).squeeze(-1)
    mean = (weights * x).sum(-1, keepdim=True)
    x = x - mean * ones
    undetermined = lost_f + kept_f * lost_g
    share = torch.where(undetermined > 0, lost_g / undetermined.clamp(min=1e-300), 0.5)
    y = missing_g - kept_g * (by_column @ x.unsqueeze(-1)).squeeze(-1)
    return Potentials(f + x, g + torch.where(columns, y + share * mean, 0.0))


def _inverse(system: Float[Tensor, "b k k"]) -> Float[Tensor, "b k k"]:
    """Return the inverse of each matrix, 0 of one that has none: no step is taken then."""
    seen = system.detach()
    inverse: Tensor
    inverse, info = torch.linalg.inv_ex(seen)
    lost = ((info != 0) | ~inverse.isfinite().all(-1).all(-1))[..., None, None]
    if not may_be_differentiated(system):
        return inverse.masked_fill(lost, 0.0)
    identity = torch.eye(system.shape[-1], dtype=system.dtype, device=system.device)
    inverse, _ = torch.linalg.inv_ex(torch.where(lost, identity, system))
    return torch.where(lost, 0.0, inverse)


def _normalised(weights: Float[Tensor, "b k"]) -> tuple[Float[Tensor, "b k"], Float[Tensor, "b 1"]]:
    """Return masses of sum 1, and the logarithm of what they were divided by."""
    total = weights.sum(-1, keepdim=True)
    total = torch.where(total > 0, total, 1.0)
    return weights / total, total.log()


def climb(problem: PricedProblem, point: Potentials) -> Potentials:
    """Return where some Newton steps lead, each followed for as long as the dual value rises."""
    for _ in range(_STEPS):
        ahead = newton(problem, point)
        way = Potentials(*(new - old for new, old in zip(ahead, point, strict=True)))
        # The whole of it has just been tried.
        low, high = torch.zeros_like(problem.eps), torch.ones_like(problem.eps)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            rising = _slope(problem, _along(point, way, middle), way) > 0
            low, high = torch.where(rising, middle, low), torch.where(rising, high, middle)
        point = _along(point, way, low)
    return point


def _along(point: Potentials, way: Potentials, share: Float[Tensor, " b"]) -> Potentials:
    return Potentials(
        # A way that leads nowhere is no number.
        *(
            torch.where(share[:, None] > 0, old + share[:, None] * by, old)
            for old, by in zip(point, way, strict=True)
        )
    )


def _slope(problem: PricedProblem, point: Potentials, way: Potentials) -> Float[Tensor, " b"]:
    """Return how the dual value grows on a way."""
    plan, asked = problem.plan(point), problem.asked(problem.whole(point))
    slope = torch.zeros_like(problem.eps)
    for dim, part, by in zip((-1, -2), asked, way, strict=True):
        slope = slope + ((part - plan.sum(dim)) * by).sum(-1)
    return slope
