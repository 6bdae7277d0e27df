"""Small eps reached by way of larger ones, where the iteration is fast."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.transport._fixed_point_loop import solve
from ce_core.transport._problem import Problem, potential_size

# Costs that span more than so many eps are approached by way of larger eps.
_STEEP = 500.0
# Beyond that, float64 does not tell the costs of pairs apart.
_STEEPEST = 1e17
# What is asked of a solution on the way.
_ROUGH, _FEW = 1e-3, 200
# Below it numbers are half a thousandth apart, and that is what rounding adds to an exponent.
RESOLVED = 2.0**42
# Potentials of so many eps are those of the costs, whatever eps is. Until then it falls by this factor.
_LARGE, _FACTOR = 1e3, 10.0


def anneal(
    problem: Problem, spread: Float[np.ndarray, " b"], start: Float[Tensor, "b n"]
) -> Float[Tensor, "b n"]:
    """Return u to start from, found by way of larger eps where the costs span many eps.

    Each item's eps comes down from a tenth of the range of its costs, by factors of at most 4. The
    solution for each eps need not be good to be a good start for the next.
    """
    if not (spread > _STEEP).any():
        return start
    spans = torch.as_tensor(spread, device=start.device)
    steep = spans > _STEEP
    u = start.masked_fill(steep.unsqueeze(-1), 0.0)
    steepness = torch.where(steep, spans.clamp(max=_STEEPEST) / 10, 1.0)
    factor = steepness ** (1 / (steepness.log() / math.log(4)).ceil().clamp(min=1))
    while (rest := (steepness > 1.01).nonzero().squeeze(-1)).numel():
        part = problem.take(rest)
        found, _ = _roughly(part.softened(part.eps * steepness[rest]), u[rest])
        # f = eps u stays, so u grows as eps falls.
        u[rest] = found * factor[rest, None]
        steepness[rest] /= factor[rest]
    return u


def resolvable_eps(problem: Problem, span: Float[np.ndarray, " b"]) -> Float[Tensor, " b"]:
    """Return eps, raised where rounding would leave nothing of a plan for so small a one.

    At the least eps the exponents of pairs with mass are as large as `RESOLVED`. What they amount to
    are the potentials, which larger eps tell: costs that mass avoids do not count, however large.
    """
    u, spans = torch.zeros_like(problem.mu), torch.as_tensor(span, device=problem.eps.device)
    eps, softened = problem.eps.clone(), spans / 10
    unknown = spans > RESOLVED * eps
    while (rest := unknown.nonzero().squeeze(-1)).numel():
        part = problem.take(rest).softened(softened[rest])
        found, others = _roughly(part, u[rest])
        size = potential_size(found, others)
        known = size > _LARGE
        eps[rest] = eps[rest].maximum(torch.where(known, size * part.eps / RESOLVED, 0.0))
        u[rest], softened[rest] = found * _FACTOR, part.eps / _FACTOR
        # Where no more than that is left for potentials to amount to, eps may stay.
        unknown[rest] = ~known & (_LARGE * part.eps > RESOLVED * eps[rest])
    return eps


def _roughly(
    problem: Problem, start: Float[Tensor, "b n"]
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"]]:
    """Return potentials on the way, without the constant in u, which would only cost digits."""
    found = solve(problem, start=start, goal=np.full(len(start), _ROUGH), max_iter=_FEW)
    middle = (found.u.amax(-1, keepdim=True) + found.u.amin(-1, keepdim=True)) / 2
    return found.u - middle, found.v + middle
