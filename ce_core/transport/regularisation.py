"""How to choose the entropic regularisation ε: in the unit of the cost, for each item of a batch."""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._options import require_choice, require_number
from ce_core.transport._problem import as_marginals

SCALES: Final = ("std", "mean", "range")
"""What `relative_eps` may take a share of."""

# Costs beyond this are scaled down first.
_NEAR_OVERFLOW = 1e300
# The least and the largest number > 0 that float64 holds.
_POSITIVE = (5e-324, torch.finfo(torch.float64).max)


def relative_eps(
    cost: Float[Tensor, "*batch n m"] | ArrayLike,
    share: float = 0.05,
    *,
    by: str = "std",
    mu: Float[Tensor, "*#batch n"] | ArrayLike | None = None,
    nu: Float[Tensor, "*#batch m"] | ArrayLike | None = None,
) -> Float[Tensor, "*batch"]:
    r"""Return an ε for each item of a batch, as a share of the scale of its costs.

    So the plan does not depend on the unit of the cost. 0.05 standard deviations are what OTT takes
    by default.

    Parameters
    ----------
    cost
        C, shape [..., n, m]. Forbidden pairs (+inf) do not count.
    share
        The share, finite and > 0.
    by
        "std": the standard deviation of the costs; "mean": the mean of \|C\|; "range": the largest
        less the least.
    mu, nu
        Marginals as for `ce_core.sinkhorn`: pair (i, j) counts by μ_i ν_j, and those without weight,
        as of padding, not at all.

    Returns
    -------
    Tensor
        ε, [...], in the unit of C, in float64, without a gradient: it is a setting. Where the scale
        is 0, or the costs hold NaN or -inf or nothing that is allowed, it is `share` itself: any ε
        leads to the same plan there, or none does.

    Raises
    ------
    ValueError
        If an argument is not as above.

    References
    ----------
    Cuturi et al., "Optimal transport tools (OTT)", 2022, arXiv:2201.12324.

    Examples
    --------
    In grams or in kilograms:

    >>> cost = torch.tensor([[0.0, 2.0], [1.0, 0.0]])
    >>> one, other = (sinkhorn(c, eps=relative_eps(c).item()).plan for c in (cost, cost / 1000))
    >>> torch.allclose(one, other)
    True
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    share = require_number("share", share, above=0.0)
    by = require_choice("by", by, SCALES)
    rows, columns = (part.detach() for part in as_marginals(cost, mu, nu))
    wide = cost.detach().double()
    try:
        weights = rows.unsqueeze(-1) * columns.unsqueeze(-2)
        wide, weights = torch.broadcast_tensors(wide, weights)  # type: ignore[no-untyped-call]
    except RuntimeError:
        raise ValueError(
            f"mu and nu must broadcast with the batch of cost, {tuple(cost.shape[:-2])}, "
            f"got shapes {tuple(rows.shape)} and {tuple(columns.shape)}"
        ) from None
    weights = weights.masked_fill(wide == torch.inf, 0.0)
    weights = weights / weights.sum((-2, -1), keepdim=True)
    counted = weights > 0
    lowest = wide.masked_fill(~counted, torch.inf).amin((-2, -1), keepdim=True)
    # What does not count is put where it changes nothing.
    wide = torch.where(counted, wide, lowest)
    # A power of two, so that nothing is rounded, where differences might overflow.
    unit = torch.where(wide.abs().amax((-2, -1)) > _NEAR_OVERFLOW, 0.25, 1.0)
    wide, lowest = (values * unit[..., None, None] for values in (wide, lowest))
    if by == "mean":
        scale = (weights * wide.abs()).sum((-2, -1))
    else:
        # From the least cost, so that what all have in common takes no digits.
        above = wide - lowest
        scale = above.amax((-2, -1))
        if by == "std":
            # In units of the range, whose square might overflow.
            relative = above / scale[..., None, None]
            mean = (weights * relative).sum((-2, -1), keepdim=True)
            scale = scale * (weights * (relative - mean).square()).sum((-2, -1)).sqrt()
    eps = (share * scale / unit).clamp(*_POSITIVE)
    return torch.where(scale.isfinite() & (scale > 0), eps, share)
