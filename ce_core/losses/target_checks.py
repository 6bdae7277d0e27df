"""What a loss asks of its target, seen while a block of it is in the cache."""

from jaxtyping import Float
from torch import Tensor

from ce_core.probability.rowwise import all_between

# A distribution rounded to a half type still counts as one.
_TOLERANCE = 1e-2


def require_weights(q: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows m"]:
    """Return the rows, or raise where a weight is negative. NaN passes."""
    if q.numel() and (lowest := q.amin().item()) < 0:
        raise ValueError(f"q must be >= 0, got {lowest:.6g}")
    return q


def require_unit_sums(total: Float[Tensor, "*rows"]) -> None:
    """Raise where the sum of a row is not 1. NaN passes, and so does a row of zeros: a masked one."""
    if all_between(total, 1 - _TOLERANCE, 1 + _TOLERANCE):
        return
    off = ((total - 1).abs() > _TOLERANCE) & (total != 0)
    if off.any():
        raise ValueError(f"q must sum to 1 within {_TOLERANCE}, got {total[off][0].item():.6g}")
