"""How fast Sinkhorn's iteration converges: a bound from the cost, the true rate from the plan."""

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._surroundings import may_be_differentiated
from ce_core.transport._per_item import shared_batch
from ce_core.transport._problem import as_eps

# Differences of costs beyond this are scaled down first.
_NEAR_OVERFLOW = 1e300
# From there on the square of tanh(Δ/4) is 1, and its slope 0, in float64.
_SATURATED = 200.0
# Squares of singular values nearer than this count as one, of which no derivative tells them apart.
_COINCIDENT = 1e-12
# Up to this order derivatives of a singular value are right.
_ORDERS = 3


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
    # What has no finite differences is kept out of them, and so out of derivatives of what it shares.
    wide = torch.where((invalid | forbidding)[..., None, None], 0.0, wide)
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
    saturated = (diameter / each / unit).detach() > _SATURATED
    rate = torch.tanh(torch.where(saturated, 0.0, diameter) / each / (4 * unit)).square()
    rate = rate.masked_fill(forbidding | saturated, 1.0).masked_fill(invalid, torch.nan)
    return rate.to(cost.dtype)


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
    sums = [wide.detach().sum(dim, keepdim=True) for dim in (-1, -2)]
    valid = [((held >= 0) & held.isfinite()).all((-2, -1)) for held in sums]
    meaningful = valid[0] & valid[1]
    # Empty rows and columns, and items without a rate, are kept out of all derivatives.
    wide = torch.where(meaningful[..., None, None] & (sums[0] > 0) & (sums[1] > 0), wide, 0.0)
    scaled = wide
    for dim in (-1, -2):
        held = wide.sum(dim, keepdim=True)
        scaled = scaled / torch.where(held > 0, held, 1.0).sqrt()
    if min(plan.shape[-2:]) == 1:
        rate = wide.new_zeros(plan.shape[:-2])
    else:
        rate = _second_squared(scaled).clamp(max=1.0)
    return rate.masked_fill(~meaningful, torch.nan).to(plan.dtype)


def _second_squared(matrices: Float[Tensor, "*batch n m"]) -> Float[Tensor, "*batch"]:
    """Return the square of the second singular value, of largest 1, with its derivatives.

    Torch's own second derivative is NaN where any two others coincide, as those do which are 0 for
    empty rows. These are the terms of Rayleigh and Schrödinger's perturbation series.
    """
    tall = matrices if matrices.shape[-2] >= matrices.shape[-1] else matrices.mT
    if not may_be_differentiated(matrices):
        largest: Tensor = torch.linalg.svdvals(tall)
        return largest[..., 1].square()
    still = tall.detach()
    _, values, right = torch.linalg.svd(still, full_matrices=False)
    squares, direction = values.square(), right[..., 1, :, None]
    gaps = squares[..., 1:2] - squares
    apart = gaps.abs() > _COINCIDENT
    response = torch.where(apart, 1 / torch.where(apart, gaps, 1.0), 0.0).unsqueeze(-1)
    moved, shift = direction, torch.zeros_like(direction[..., :1, :])
    for _ in range(_ORDERS):
        # All that is added is 0, but for its derivatives.
        change = tall.mT @ (tall @ moved) - still.mT @ (still @ moved)
        shift = (direction * change).sum(-2, keepdim=True)
        moved = direction + right.mT @ (response * (right @ (change - shift * moved)))
    square: Tensor = squares[..., 1] + shift[..., 0, 0]
    return square
