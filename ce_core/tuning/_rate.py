"""The rate at which the iteration of a cost converges in the end."""

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.transport.entropic_ot import sinkhorn
from ce_core.transport.rates import asymptotic_rate
from ce_core.transport.status import SinkhornStatus

# The rate is that of a plan whose own error is at most so large, which is asked to be so small.
_NEAR, _SOLVED = 1e-6, 1e-9


def rate_of(cost: Float[Tensor, "n m"], eps: float, max_iter: int) -> tuple[float, SinkhornStatus]:
    """Return the rate, NaN where its plan was not found, and how the search for that ended."""
    solved = sinkhorn(cost, eps=eps, tol=_SOLVED, max_iter=max_iter)
    known = bool(solved.errors[-1] <= _NEAR)
    rate = asymptotic_rate(solved.plan).item() if known else torch.nan
    return rate, SinkhornStatus(int(solved.status))
