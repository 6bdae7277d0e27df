"""Small eps reached by way of larger ones, where the iteration is fast."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.transport._fixed_point_loop import solve
from ce_core.transport._problem import Problem

# Costs that span more than so many eps are approached by way of larger eps.
_STEEP = 500.0
# Beyond that, float64 does not tell the costs of pairs apart.
_STEEPEST = 1e17


def anneal(
    problem: Problem, spread: Float[Tensor, " b"], start: Float[Tensor, "b n"]
) -> Float[Tensor, "b n"]:
    """Return u to start from, found by way of larger eps where the costs span many eps.

    Each item's eps comes down from a tenth of the range of its costs, by factors of at most 4. The
    solution for each eps need not be good to be a good start for the next.
    """
    steep = spread > _STEEP
    if not steep.any():
        return start
    u = start.masked_fill(steep.unsqueeze(-1), 0.0)
    steepness = torch.where(steep, spread.clamp(max=_STEEPEST) / 10, 1.0)
    factor = steepness ** (1 / (steepness.log() / math.log(4)).ceil().clamp(min=1))
    while (rest := (steepness > 1.01).nonzero().squeeze(-1)).numel():
        part = problem.take(rest)
        softened = part._replace(eps=part.eps * steepness[rest])
        goal = u.new_full((len(rest),), 1e-3)
        found = solve(softened, start=u[rest], goal=goal, max_iter=200).u
        # f = eps u stays, so u grows as eps falls; but a constant in it would only cost digits.
        middle = (found.amax(-1, keepdim=True) + found.amin(-1, keepdim=True)) / 2
        u[rest] = (found - middle) * factor[rest, None]
        steepness[rest] /= factor[rest]
    return u
