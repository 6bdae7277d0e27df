"""Sinkhorn divergence: entropic transport between two clouds, without its bias."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._shown import refusal
from ce_core.transport.distances import squared_distances
from ce_core.transport.entropic_ot import SinkhornResult, sinkhorn
from ce_core.transport.status import SinkhornStatus


@dataclass(frozen=True)
class SinkhornDivergence:
    """The divergence of each item of a batch, and how the three problems behind it ended.

    Attributes
    ----------
    value
        S(x, y), [...], in the unit of the cost. inf where no plan takes x to y, as `cost` forbids too
        much, and NaN where none takes x or y to itself; with a gradient of 0.
    converged
        Whether all three problems have, [...]; else the value is off by what they lack.
    status
        How x against y, x against x and y against y ended, as integers of `SinkhornStatus`, [..., 3].
    """

    value: Float[Tensor, "*batch"]
    converged: Bool[Tensor, "*batch"]
    status: Int[Tensor, "*batch problems"]


def sinkhorn_divergence(
    x: Float[Tensor, "*batch n d"] | ArrayLike,
    y: Float[Tensor, "*batch m d"] | ArrayLike,
    *,
    eps: Float[Tensor, "..."] | ArrayLike,
    mu: Float[Tensor, "*#batch n"] | ArrayLike | None = None,
    nu: Float[Tensor, "*#batch m"] | ArrayLike | None = None,
    cost: Callable[[Tensor, Tensor], Tensor] = squared_distances,
    tol: float = 1e-9,
    max_iter: int = 10_000,
) -> SinkhornDivergence:
    r"""Return S(x, y) = OT_ε(x, y) - (OT_ε(x, x) + OT_ε(y, y))/2, which is 0 where x and y are one.

    OT_ε is the entropic value, the least ⟨P, C⟩ + ε KL(P‖μν). By itself it is least for clouds that
    have shrunk.

    Parameters
    ----------
    x, y
        Points of the two clouds, [..., n, d] and [..., m, d].
    eps
        Entropic regularisation ε > 0, in the unit of the cost.
    mu, nu
        Weights of the points of x and of y, as for `ce_core.sinkhorn`; uniform if None.
    cost
        Takes two batches of clouds to their costs, [..., n, m]; symmetric. What is left out is 1/2:
        GeomLoss takes half the squared distance.
    tol, max_iter
        As for `ce_core.sinkhorn`.

    Returns
    -------
    SinkhornDivergence
        Of the dtype and device of x and y; computed in float64. From W (least ⟨P, C⟩) as ε → 0 to half
        of an energy distance as ε → ∞: for squared distances |E x - E y|². Gradients, of x, y, mu and
        nu, are those of `entropic_value`.

    Raises
    ------
    ValueError
        As for `ce_core.sinkhorn`, or if the clouds do not match, or `cost` gives no cost for each pair.

    Notes
    -----
    The value is put together from dual values, whose errors are of second order in the marginal
    error: S ≥ 0 up to rounding, about 1e-15 of the largest cost. Where groups of points hardly
    exchange any mass the potentials are slow to arrive, and it may miss by `tol` times that cost.

    References
    ----------
    Genevay, Peyré and Cuturi, "Learning generative models with Sinkhorn divergences", 2018,
    arXiv:1706.00292; Feydy et al., "Interpolating between optimal transport and MMD using Sinkhorn
    divergences", 2019, arXiv:1810.08278.

    Examples
    --------
    The entropic value of a cloud against itself is not 0, and falls when one of the two shrinks:

    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> [round(sinkhorn(squared_distances(s * x + 1 - s, x), eps=2.0).entropic_value.item(), 3)
    ...     for s in (1.0, 0.5)]
    [0.938, 0.726]
    >>> [round(sinkhorn_divergence(s * x + 1 - s, x, eps=2.0).value.item(), 3) for s in (1.0, 0.5)]
    [0.0, 0.104]
    """
    x, y = floating(x=x, y=y)
    _require_clouds(x, y)
    if not callable(cost):
        raise refusal("cost", "be a function of two clouds", cost)
    wide_x, wide_y = x.double(), y.double()
    values, ends = [], []
    for one, other, left, right, without in (
        (wide_x, wide_y, mu, nu, torch.inf),
        (wide_x, wide_x, mu, mu, torch.nan),
        (wide_y, wide_y, nu, nu, torch.nan),
    ):
        between = _costs(cost, one, other)
        result = sinkhorn(between, eps=eps, mu=left, nu=right, tol=tol, max_iter=max_iter)
        values.append(_value(result, right, without))
        ends.append(result.status)
    cross, own, others = values
    status = torch.stack(torch.broadcast_tensors(*ends), -1)  # type: ignore[no-untyped-call]
    value = cross - (own + others) / 2
    lost = (status == int(SinkhornStatus.INFEASIBLE)).any(-1)
    return SinkhornDivergence(
        value=torch.where(lost, value.detach(), value).to(x.dtype),
        converged=(status == int(SinkhornStatus.CONVERGED)).all(-1),
        status=status,
    )


def _require_clouds(x: Tensor, y: Tensor) -> None:
    for name, cloud in (("x", x), ("y", y)):
        require_matrices(name, cloud)
    try:
        np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ValueError(
            f"y must broadcast with x of shape {tuple(x.shape)}, got shape {tuple(y.shape)}"
        ) from None


def _costs(
    cost: Callable[[Tensor, Tensor], Tensor],
    one: Float[Tensor, "*batch n d"],
    other: Float[Tensor, "*others m d"],
) -> Float[Tensor, "..."]:
    """Return what the callable takes two clouds to, if it is of their costs."""
    (found,) = floating(cost=cost(one, other))
    batch = np.broadcast_shapes(one.shape[:-2], other.shape[:-2])
    expected = (*batch, one.shape[-2], other.shape[-2])
    # Further dimensions in front are its own affair.
    if found.shape[max(found.ndim - len(expected), 0) :] != expected:
        raise ValueError(
            f"cost must take clouds of shapes {tuple(one.shape)} and {tuple(other.shape)} to costs of "
            f"shape {expected}, got shape {tuple(found.shape)}"
        )
    return found


def _value(
    result: SinkhornResult, nu: Float[Tensor, "*#batch m"] | ArrayLike | None, without: float
) -> Float[Tensor, "*batch"]:
    """Return the dual value, with the gradient of the primal one, or what it is `without` a plan."""
    g = result.g.detach()
    weights = torch.full_like(g, 1 / g.shape[-1]) if nu is None else floating(nu=nu, g=g)[0].detach()
    # The potentials are such that mu·f = 0.
    dual = (weights * g).sum(-1) / weights.sum(-1)
    value = result.entropic_value + (dual - result.entropic_value.detach())
    return torch.where(result.status == int(SinkhornStatus.INFEASIBLE), without, value)
