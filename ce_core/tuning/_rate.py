"""The rate at which the iteration of a cost converges in the end."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core.transport.entropic_ot import sinkhorn
from ce_core.transport.rates import asymptotic_rate
from ce_core.transport.status import SinkhornStatus
from ce_core.tuning._cells import in_parts

# The rate is that of a plan whose own error is at most so large, which is asked to be so small.
_NEAR, _SOLVED = 1e-6, 1e-9
_NONE = int(SinkhornStatus.FIXED_COUNT)


def rates(
    cost: Float[Tensor, "n m"], eps: Float[Tensor, " b"], max_iter: int
) -> tuple[Float[Tensor, " b"], Int[Tensor, " b"]]:
    """Return the rate at each eps, NaN where its plan was not found, and the status of that plan."""
    if max_iter == 0:
        return torch.full_like(eps, torch.nan), torch.full_like(eps, _NONE, dtype=torch.int64)
    found, ended = [], []
    for some in in_parts(cost, eps):
        solved = sinkhorn(cost, eps=some, tol=_SOLVED, max_iter=max_iter)
        near = solved.errors[:, -1] <= _NEAR
        found.append(asymptotic_rate(solved.plan).masked_fill(~near, torch.nan))
        ended.append(solved.status)
    return torch.cat(found), torch.cat(ended)
