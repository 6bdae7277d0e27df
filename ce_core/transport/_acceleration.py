"""Where to go on from, for a Sinkhorn iteration that is slow: extrapolation, and a Newton step."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

# Against rounding: on the diagonal of the normalised Gram matrix, and of the Hessian.
_RIDGE, _DAMPING = 1e-13, 1e-13


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
    plan: Float[Tensor, "b n m"], mu: Float[Tensor, "b n"]
) -> tuple[Float[Tensor, "b n"], Bool[Tensor, " b"]]:
    """Return the Newton step of u, given the plan whose columns already sum to nu.

    With v eliminated, the dual objective negated is convex in u, with gradient r - mu and Hessian
    diag(r) - P diag(1/c) Pᵀ (r, c: the sums of rows and of columns). The Hessian does not see a
    constant; a rank-one term fixes it. Rows without mass stay.

    Returns
    -------
    tuple
        The step, and whether the system could be solved, per item.

    References
    ----------
    Brauer, Clason, Lorenz and Wirth, "A Sinkhorn-Newton method for entropic optimal transport",
    2017, arXiv:1710.06635.
    """
    # Of whatever plan they are, these sums leave the Hessian no negative curvature; nu, which a plan of
    # large exponents misses by their rounding, would.
    rows, columns = plan.sum(-1), plan.sum(-2, keepdim=True)
    scaled = torch.where(columns == 0, 0.0, plan / columns.sqrt())
    # Where the plan is all but an assignment, rounding makes the Hessian indefinite.
    hessian = torch.diag_embed((1 + _DAMPING) * rows + (mu == 0)) - scaled @ scaled.mT
    hessian = hessian + mu.unsqueeze(-1) * mu.unsqueeze(-2)
    factor, failed = torch.linalg.cholesky_ex(hessian)
    step = torch.cholesky_solve((mu - rows).unsqueeze(-1), factor).squeeze(-1)
    solved = (failed == 0) & step.isfinite().all(-1)
    return torch.where(solved.unsqueeze(-1), step, 0.0), solved
