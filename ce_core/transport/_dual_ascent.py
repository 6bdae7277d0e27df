"""Newton's direction followed as far as the dual objective rises, whatever the error on the way.

Where only pairs that are all but empty link some rows and columns with the rest, and mass is to move
between the two, the objective grows in a straight line until such a pair opens, which may be thousands
away. Up to there its slope is all that tells: the marginal error stays as it is, and with three such
parts it may even grow a little where the first pair opens.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.transport._acceleration import newton_step
from ce_core.transport._log_domain import Point, log_columns, run_on_logarithms
from ce_core.transport._problem import Problem

# Steps in a row, and what share of the error is worth them.
_STEPS, _WORTH = 16, 0.8
# How far one looks along a step: first, how much farther each time, at most; and how near is enough.
_FIRST, _ON, _FARTHEST, _NEAR = 20.0, 8.0, 1e13, 0.1


def climb(
    problem: Problem, start: Point, error: Float[Tensor, " b"], log_kernel: Float[Tensor, "b n m"]
) -> tuple[Point, Float[Tensor, " b"]]:
    """Return where some steps lead, and the marginal error there, which may be no lower."""
    left = torch.arange(len(error), device=error.device)
    at, reached = Point(*(part.clone() for part in start)), error.clone()
    for _ in range(_STEPS):
        some, point, kernel = problem.take(left), at.take(left), log_kernel[left]
        step, _ = newton_step(some.plan(point.u, -point.columns, kernel), some.mu)
        share = _best_share(some, kernel, point.u, step)
        u = point.u + share.unsqueeze(-1) * step
        block = run_on_logarithms(some, Point(u, point.v, log_columns(kernel, some.mu, u)), 1, kernel)
        found = (block.u[0], block.v[0], block.columns, block.errors[0])
        for into, part in zip((*at, reached), found, strict=True):
            into[left] = part
        left = left[reached[left] >= _WORTH * error[left]]
        if not len(left):
            break
    return at, reached


def _best_share(
    problem: Problem,
    log_kernel: Float[Tensor, "b n m"],
    u: Float[Tensor, "b n"],
    step: Float[Tensor, "b n"],
) -> Float[Tensor, " b"]:
    """Return how much of a step of u raises the dual objective most, or a little less."""
    size = step.abs().amax(-1).clamp(min=1e-300)
    unit = step / size.unsqueeze(-1)
    low, high = torch.zeros_like(size), torch.full_like(size, _FIRST)
    rising = torch.ones_like(size, dtype=torch.bool)
    while rising.any():
        rising = rising & (_slope(problem, log_kernel, u + high.unsqueeze(-1) * unit, unit) > 0)
        rising = rising & (high < _FARTHEST)
        low, high = torch.where(rising, high, low), torch.where(rising, _ON * high, high)
    while (wide := high - low > _NEAR).any():
        middle = (low + high) / 2
        rising = _slope(problem, log_kernel, u + middle.unsqueeze(-1) * unit, unit) > 0
        low, high = torch.where(wide & rising, middle, low), torch.where(wide & ~rising, middle, high)
    return low / size


def _slope(
    problem: Problem,
    log_kernel: Float[Tensor, "b n m"],
    u: Float[Tensor, "b n"],
    direction: Float[Tensor, "b n"],
) -> Float[Tensor, " b"]:
    """Return the slope of the dual objective at u."""
    exponent = log_kernel + (problem.mu.log() + u).unsqueeze(-1)
    # A column without an allowed pair holds nothing.
    shares = torch.softmax(exponent, -2).nan_to_num(0.0)
    rows = (shares @ problem.nu.unsqueeze(-1)).squeeze(-1)
    return (direction * (problem.mu - rows)).sum(-1)
