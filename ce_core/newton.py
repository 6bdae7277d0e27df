"""A Newton step for Sinkhorn's potentials, for where the plain iteration crawls."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_DAMPING = 1e-13


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
