"""Where to go on from, for a Sinkhorn iteration that is slow: extrapolation, and a Newton step."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

# Against rounding: on the diagonal of the normalised Gram matrix, and of the Hessian.
_RIDGE, _DAMPING = 1e-13, 1e-13
# How far one looks along a step: first, how much farther each time, at most; and how near is enough.
_FIRST, _ON, _FARTHEST, _NEAR = 20.0, 8.0, 1e13, 0.25


def extrapolate(
    iterates: Float[Tensor | np.ndarray, "k b n"], mu: Float[Tensor | np.ndarray, "b n"]
) -> Float[Tensor | np.ndarray, "b n"]:
    """Return where consecutive potentials u lead: reduced rank extrapolation, item by item.

    Near the solution an iteration shrinks each component of the error by a factor of its own. The
    weights of the iterates, of sum 1, are those for which the steps that they make cancel best. The
    steps count by `mu`, in whose inner product the iteration is all but symmetric. The result
    need not be better, nor finite.

    References
    ----------
    Smith, Ford and Sidi, "Extrapolation methods for vector sequences", SIAM Review 29 (1987),
    doi:10.1137/1029042.
    """
    xp: Any = torch if isinstance(iterates, Tensor) else np
    steps = iterates[1:] - iterates[:-1]
    # A constant in u means nothing.
    steps = ((steps - (steps * mu).sum(-1)[..., None]) * mu**0.5).swapaxes(0, 1)
    gram = steps @ steps.swapaxes(1, 2)
    size = xp.diagonal(gram, 0, 1, 2) ** 0.5
    # Where nothing moves any more the sizes are 0; any weights will do.
    size = xp.where(size > 0, size, 1.0)
    gram = gram / (size[:, :, None] * size[:, None, :])
    identity = xp.eye(len(iterates) - 1, dtype=gram.dtype, **_same_device(gram))
    weights = xp.linalg.solve(gram + _RIDGE * identity, 1 / size[:, :, None]) / size[:, :, None]
    weights = weights / weights.sum(1)[:, None]
    guess: Tensor | np.ndarray = (weights.swapaxes(1, 2) @ iterates[1:].swapaxes(0, 1))[:, 0]
    return guess


def _same_device(array: Tensor | np.ndarray) -> dict[str, Any]:
    return {"device": array.device} if isinstance(array, Tensor) else {}


def newton_step(
    plan: Float[Tensor, "b n m"], mu: Float[Tensor, "b n"], nu: Float[Tensor, "b m"]
) -> tuple[Float[Tensor, "b n"], Bool[Tensor, " b"]]:
    """Return the Newton step of u, given the plan whose columns already sum to nu.

    With v eliminated, the dual objective is convex in u, with gradient r - mu (r: the row sums) and
    Hessian diag(r) - P diag(1/nu) Pᵀ. The Hessian does not see a constant; a rank-one term fixes
    it. Rows without mass stay.

    Returns
    -------
    tuple
        The step, and whether the system could be solved, per item.

    References
    ----------
    Brauer, Clason, Lorenz and Wirth, "A Sinkhorn-Newton method for entropic optimal transport",
    2017, arXiv:1710.06635.
    """
    rows = plan.sum(-1)
    scaled = torch.where(nu.unsqueeze(-2) == 0, 0.0, plan / nu.unsqueeze(-2).sqrt())
    # Where the plan is all but an assignment, rounding makes the Hessian indefinite.
    hessian = torch.diag_embed((1 + _DAMPING) * rows + (mu == 0)) - scaled @ scaled.mT
    hessian = hessian + mu.unsqueeze(-1) * mu.unsqueeze(-2)
    factor, failed = torch.linalg.cholesky_ex(hessian)
    step = torch.cholesky_solve((mu - rows).unsqueeze(-1), factor).squeeze(-1)
    solved = (failed == 0) & step.isfinite().all(-1)
    return torch.where(solved.unsqueeze(-1), step, 0.0), solved


def best_share(
    log_kernel: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    u: Float[Tensor, "b n"],
    step: Float[Tensor, "b n"],
) -> Float[Tensor, " b"]:
    """Return how much of a step of u raises the dual objective most.

    Where only pairs that are all but empty link some rows and columns with the rest, and mass is to
    move between the two, the objective grows in a straight line until such a pair opens, which may
    be thousands away. Up to there its slope is all that tells: the marginal error stays as it is.
    """
    size = step.abs().amax(-1).clamp(min=1e-300)
    unit = step / size.unsqueeze(-1)
    low, high = torch.zeros_like(size), torch.full_like(size, _FIRST)
    rising = torch.ones_like(size, dtype=torch.bool)
    while rising.any():
        rising = rising & (_slope(log_kernel, mu, nu, u + high.unsqueeze(-1) * unit, unit) > 0)
        rising = rising & (high < _FARTHEST)
        low, high = torch.where(rising, high, low), torch.where(rising, _ON * high, high)
    while (wide := high - low > _NEAR).any():
        middle = (low + high) / 2
        rising = _slope(log_kernel, mu, nu, u + middle.unsqueeze(-1) * unit, unit) > 0
        low, high = torch.where(wide & rising, middle, low), torch.where(wide & ~rising, middle, high)
    return (low + high) / (2 * size)


def _slope(
    log_kernel: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    u: Float[Tensor, "b n"],
    direction: Float[Tensor, "b n"],
) -> Float[Tensor, " b"]:
    """Return the slope of the dual objective at u."""
    exponent = log_kernel + (mu.log() + u).unsqueeze(-1)
    # A column without an allowed pair holds nothing.
    shares = torch.softmax(exponent, -2).nan_to_num(0.0)
    rows = (shares @ nu.unsqueeze(-1)).squeeze(-1)
    return (direction * (mu - rows)).sum(-1)
