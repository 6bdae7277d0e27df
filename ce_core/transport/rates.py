"""How fast Sinkhorn's iteration converges: a bound from the cost, the true rate from the plan."""

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._arguments import ArrayLike, floating, require_matrices, require_number


def birkhoff_rate(
    cost: Float[Tensor, "*batch n m"] | ArrayLike, *, eps: float
) -> Float[Tensor, "*batch"]:
    r"""Bound the contraction of one full iteration by Birkhoff's theorem, tanh²(Δ/4).

    Δ = max (C_il + C_kj - C_ij - C_kl)/ε over all i, j, k, l is the Hilbert diameter of the kernel.

    Parameters
    ----------
    cost
        C, shape [..., n, m]. A forbidden pair (+inf) makes the bound 1.
    eps
        Entropic regularisation ε > 0, in the unit of C.

    Returns
    -------
    Tensor
        A bound on the factor by which an iteration (columns and rows) shrinks the error, [...],
        between 0 and 1. Often wildly pessimistic; `asymptotic_rate` is the true one.

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
    eps = require_number("eps", eps, above=0.0)
    wide = cost.double()
    rows = wide if wide.shape[-2] <= wide.shape[-1] else wide.mT
    diameter = rows.new_zeros(rows.shape[:-2])
    for row in range(rows.shape[-2]):
        # Row by row, since all pairs at once would need n times the memory of the cost.
        difference = rows - rows[..., row : row + 1, :]
        widths = difference.amax(-1) - difference.amin(-1)
        diameter = torch.maximum(diameter, widths.amax(-1))
    diameter = diameter.masked_fill((wide == torch.inf).flatten(-2).any(-1), torch.inf)
    return torch.tanh(diameter / eps / 4).square().to(cost.dtype)


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
        and 1: the square of the second largest singular value. 0 where n or m is 1.

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
    if min(plan.shape[-2:]) == 1:
        return plan.new_zeros(plan.shape[:-2])
    singular_values: Tensor = torch.linalg.svdvals(scaled)
    return singular_values[..., 1].square().to(plan.dtype)
