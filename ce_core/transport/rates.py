"""How fast Sinkhorn's iteration converges: a bound from the cost, the true rate from the plan."""

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._arguments import ArrayLike, floating, require_matrices
from ce_core.transport._per_item import shared_batch
from ce_core.transport._problem import as_eps

# Differences of costs beyond this are scaled down first.
_NEAR_OVERFLOW = 1e300


def birkhoff_rate(
    cost: Float[Tensor, "... n m"] | ArrayLike, *, eps: Float[Tensor, "..."] | ArrayLike
) -> Float[Tensor, "..."]:
    r"""Bound the contraction of one full iteration by Birkhoff's theorem, tanh²(Δ/4).

    Δ = max (C_il + C_kj - C_ij - C_kl)/ε over all i, j, k, l is the Hilbert diameter of the kernel.

    Parameters
    ----------
    cost
        C, shape [..., n, m]. A forbidden pair (+inf) makes the bound 1.
    eps
        Entropic regularisation ε > 0, in the unit of C: a number, or one for each item of the batch.

    Returns
    -------
    Tensor
        A bound on the factor by which an iteration (columns and rows) shrinks the error, [...],
        between 0 and 1, NaN where the costs of an item hold NaN or -inf. Often wildly pessimistic;
        `asymptotic_rate` is the true one.

    Raises
    ------
    ValueError
        If `cost` is not a batch of matrices or `eps` is not finite and > 0.

    References
    ----------
    Franklin and Lorenz, "On the scaling of multidimensional matrices", 1989,
    doi:10.1016/0024-3795(89)90490-4.

    Examples
    --------
    >>> birkhoff_rate([[0.0, 1.0], [1.0, 0.0]], eps=0.5)
    tensor(0.5800)
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    each = as_eps(eps, cost)
    shared_batch(cost, "eps", each)
    wide = cost.double()
    lowest, highest = wide.detach().amin((-2, -1)), wide.detach().amax((-2, -1))
    invalid, forbidding = highest.isnan() | (lowest == -torch.inf), highest == torch.inf
    # A power of two, so that nothing is rounded.
    unit = torch.where((highest > _NEAR_OVERFLOW) | (lowest < -_NEAR_OVERFLOW), 0.125, 1.0)
    rows = wide * unit[..., None, None]
    rows = rows if wide.shape[-2] <= wide.shape[-1] else rows.mT
    diameter = rows.new_zeros(rows.shape[:-2])
    for row in range(rows.shape[-2]):
        # Row by row, since all pairs at once would need n times the memory of the cost.
        difference = rows - rows[..., row : row + 1, :]
        widths = difference.amax(-1) - difference.amin(-1)
        diameter = torch.maximum(diameter, widths.amax(-1))
    diameter = diameter.masked_fill(forbidding, torch.inf)
    rate = torch.tanh(diameter / each / (4 * unit)).square()
    return rate.masked_fill(invalid, torch.nan).to(cost.dtype)


def asymptotic_rate(plan: Float[Tensor, "*batch n m"] | ArrayLike) -> Float[Tensor, "*batch"]:
    r"""Return the rate at which the iteration converges in the end, σ₂² of D_μ^(-½) P D_ν^(-½).

    Parameters
    ----------
    plan
        A converged plan P, shape [..., n, m]; its own marginals are used.

    Returns
    -------
    Tensor
        The factor by which a late iteration (columns and rows) shrinks the error, [...], between 0
        and 1: the square of the second largest singular value. 0 where n or m is 1, NaN where the
        plan of an item is not finite.

    Raises
    ------
    ValueError
        If `plan` is not a batch of matrices.

    References
    ----------
    Knight, "The Sinkhorn-Knopp algorithm: convergence and applications", 2008,
    doi:10.1137/060659624.

    Examples
    --------
    >>> asymptotic_rate([[0.4, 0.1], [0.1, 0.4]])
    tensor(0.3600)
    """
    (plan,) = floating(plan=plan)
    require_matrices("plan", plan)
    wide = plan.double()
    roots = [wide.sum(dim, keepdim=True).sqrt() for dim in (-1, -2)]
    scaled = wide
    for root in roots:
        scaled = torch.where(root == 0, 0.0, scaled / root)
    finite = scaled.isfinite().all((-2, -1))
    scaled = torch.where(finite[..., None, None], scaled, 0.0)
    if min(plan.shape[-2:]) == 1:
        rate = wide.new_zeros(plan.shape[:-2])
    else:
        rate = torch.linalg.svdvals(scaled)[..., 1].square().clamp(max=1.0)
    return rate.masked_fill(~finite, torch.nan).to(plan.dtype)
