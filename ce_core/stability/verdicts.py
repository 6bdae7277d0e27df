"""When a loss or a gradient is right: one criterion for the trace, the map and what is said of them."""

from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core.stability.outcome_map import outcome_codes

VERDICTS = ("right", "wrong", "inf", "nan")
"""What a number can be, from best to worst; of several, the worst counts."""

WRONG_BY: Final = 0.05
"""A finite row is wrong if an entry misses the truth by more than this share of the largest entry of
the truth, unless that is within `ROUNDING_UNITS`."""

ROUNDING_UNITS: Final = 4
"""So many eps of the dtype (the spacing of its numbers at 1) are rounding: p itself has no more."""


def verdict_codes(
    rows: Float[Tensor, "*batch m"], truth: Float[Tensor, "*batch m"], dtype: torch.dtype
) -> Int[Tensor, "*batch"]:
    """Return for each row of what was computed in a dtype the index in `VERDICTS`.

    Parameters
    ----------
    rows
        What was computed, shape [..., m].
    truth
        What it should be, in float64. An infinity that is infinite in truth is right.
    dtype
        The arithmetic that made the rows.

    Returns
    -------
    Tensor
        Indices into `VERDICTS`, [...].

    Examples
    --------
    A third of a small gradient is missing; in float32 that is no rounding, in bfloat16 it may be:

    >>> found, truth = torch.tensor([-4e-4, 4e-4]), torch.tensor([-6e-4, 6e-4], dtype=torch.float64)
    >>> for dtype in torch.float32, torch.bfloat16:
    ...     print(VERDICTS[verdict_codes(found, truth, dtype)])
    wrong
    right
    """
    found = rows.double()
    sizes = truth.abs().masked_fill(~truth.isfinite(), 0.0)
    allowed = torch.clamp(
        WRONG_BY * sizes.amax(-1, keepdim=True), min=ROUNDING_UNITS * torch.finfo(dtype).eps
    )
    right = (found == truth) | ((found - truth).abs() <= allowed)
    # Of `OUTCOMES` inf is the second; of `VERDICTS` it is the third, after wrong.
    codes = outcome_codes(found.masked_fill(right, 0.0))
    return torch.where(codes > 0, codes + 1, (~right).any(-1).to(torch.int64))
