"""The post's variant of Sinkhorn, reproduced as it is, and how far its plans are off."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_finite, require_matrices, require_row
from ce_core._options import require_integer, require_number
from ce_core.dtypes import widen
from ce_core.transport.balanced import balanced_assignment

Matrices = Float[np.ndarray, "*batch n m"]

_FLOOR: Final = 1e-38
VARIANT_DTYPES: Final = ("float32", "float64")
"""The dtypes in which the variant is measured."""


@dataclass(frozen=True)
class VariantDifferences:
    """The post's variant against the same updates on logarithms, over the range of C/eps.

    Attributes
    ----------
    ranges
        Largest minus smallest of the finite C/eps, float64.
    dtypes
        Names along the first dimension of the other fields, `VARIANT_DTYPES`.
    differences
        Largest |difference| of the two plans, whose rows sum to 1; NaN where one is not finite.
    row_errors
        Largest distance of a row sum of the post's plan from 1.
    column_errors
        Share of the mass that the columns of the post's plan miss n/m by: it is balanced where the
        share is small, whether it is right or not.
    floored
        Share of the entries of the kernel that were 0 and got 1e-38.
    """

    ranges: Float[Tensor, " ranges"]
    dtypes: tuple[str, ...]
    differences: Float[Tensor, "dtypes ranges"]
    row_errors: Float[Tensor, "dtypes ranges"]
    column_errors: Float[Tensor, "dtypes ranges"]
    floored: Float[Tensor, "dtypes ranges"]


def post_assignment(
    cost: Float[Tensor, "*batch n m"] | ArrayLike, *, eps: float = 5.0, n_iter: int = 3
) -> Float[Tensor, "*batch n m"]:
    r"""Balance exp(-C/ε) as the post does: zeros become 1e-38, infinities the largest finite value.

    Parameters
    ----------
    cost
        C, shape [..., n, m]: low cost means high mass.
    eps
        Entropic regularisation ε > 0, in the unit of C.
    n_iter
        Number of iterations, at least 1, each columns then rows.

    Returns
    -------
    Tensor
        Q, of the shape, dtype and device of `cost`; each row sums to 1. **It may be wrong, and does
        not tell**; NaN where C/ε leaves the dtype. `balanced_assignment` is the same without the cure.

    Raises
    ------
    ValueError
        As for `balanced_assignment`.

    Notes
    -----
    The softmax over all entries divides the kernel by a constant, which changes no plan. What
    underflows in it (beyond a range of C/ε of 87 to 104 in float32, 708 to 745 in float64) becomes
    the constant 1e-38, and with it the differences between those costs are gone. Where the plan
    needs such an entry it is wrong, though nothing is NaN and every row sums to 1. Half types
    compute in float32.

    References
    ----------
    The blog post that the lab reproduces, its step 5.

    Examples
    --------
    Row 2 is nearer to column 2 than row 1 is, by 7; to the variant both are equally far:

    >>> cost = torch.tensor([[0.0, 120.0], [0.0, 113.0]])
    >>> post_assignment(cost, eps=1.0, n_iter=10)[0]
    tensor([0.5000, 0.5000])
    >>> balanced_assignment(cost, eps=1.0, n_iter=1000)[0]
    tensor([0.9707, 0.0293])
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    eps = require_number("eps", eps, above=0.0)
    n_iter = require_integer("n_iter", n_iter, at_least=1)
    items = widen(cost.detach()).cpu().numpy()
    with np.errstate(all="ignore"):
        plans = scale_like_the_post(items, eps=eps, n_iter=n_iter)
    return torch.from_numpy(plans).to(cost)


def scale_like_the_post(scores: Matrices, *, eps: float, n_iter: int) -> Matrices:
    """Do what `post_assignment` says, on NumPy matrices in their own dtype."""
    n, m = scores.shape[-2:]
    plan = _cured_softmax(scores, eps)
    for _ in range(n_iter):
        plan *= (n / m) / plan.sum(-2, keepdims=True)
        plan *= 1 / plan.sum(-1, keepdims=True)
    plan /= plan.sum(-1, keepdims=True)
    return plan


def variant_differences(
    cost: Float[Tensor, "n m"] | ArrayLike,
    ranges: Float[Tensor, " ranges"] | ArrayLike,
    *,
    n_iter: int = 10,
) -> VariantDifferences:
    """Measure how far the post's variant is from the same updates on logarithms.

    Parameters
    ----------
    cost
        C, shape [n, m]; +inf forbids a pair, which the variant gives 1e-38 all the same.
    ranges
        Where to measure: the range of C/eps, each finite and > 0.
    n_iter
        Number of iterations of both, the post's by default.

    Returns
    -------
    VariantDifferences
        For each dtype and range. The truth is `balanced_assignment` of the same rounded costs.

    Raises
    ------
    ValueError
        If `cost` is no matrix, its finite entries are all equal or there are none, or a range is not
        as above.

    References
    ----------
    As for `ce_core.post_assignment`.

    Examples
    --------
    Two rows, of which the second is nearer to column 2 by a tenth of the range:

    >>> found = variant_differences([[0.0, 1.0], [0.0, 0.9]], [50.0, 500.0, 5000.0])
    >>> found.differences > 0.01
    tensor([[False,  True,  True],
            [False, False,  True]])
    """
    cost, ranges = floating(torch.float64, cost=cost, ranges=ranges)
    if cost.ndim != 2:
        raise ValueError(f"cost must have shape [n, m], got shape {tuple(cost.shape)}")
    require_matrices("cost", cost)
    n_iter = require_integer("n_iter", n_iter, at_least=1)
    require_row("ranges", ranges)
    require_finite("ranges", ranges, above=0.0)
    finite = cost[cost.isfinite()]
    spread = (finite.max() - finite.min()).item() if len(finite) else 0.0
    if spread == 0:
        raise ValueError(f"cost must have finite entries that differ, got a range of {spread}")
    # Scaled once, so that eps is 1 and the range of C/eps is the range of the costs.
    steps = (cost - finite.min()) / spread * ranges[:, None, None]
    measured = [_measure(steps.to(getattr(torch, dtype)), n_iter) for dtype in VARIANT_DTYPES]
    differences, row_errors, column_errors, floored = map(torch.stack, zip(*measured, strict=True))
    return VariantDifferences(ranges, VARIANT_DTYPES, differences, row_errors, column_errors, floored)


def _measure(costs: Float[Tensor, "ranges n m"], n_iter: int) -> tuple[Tensor, ...]:
    n, m = costs.shape[-2:]
    post = post_assignment(costs, eps=1.0, n_iter=n_iter).double()
    true = balanced_assignment(costs.double(), eps=1.0, n_iter=n_iter)
    zeros = torch.softmax(-costs.flatten(-2), -1) == 0
    return (
        (post - true).abs().amax((-2, -1)),
        (post.sum(-1) - 1).abs().amax(-1),
        (post.sum(-2) - n / m).abs().sum(-1) / n,
        zeros.double().mean(-1),
    )


def _cured_softmax(scores: Matrices, eps: float) -> Matrices:
    """Return the softmax of -scores/eps over all entries of each, without zeros or infinities."""
    *batch, n, m = scores.shape
    logits = (-scores / eps).reshape(*batch, n * m)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    plan = powers / powers.sum(-1, keepdims=True)
    finite = np.isfinite(plan)
    if not finite.all():
        largest = plan.max(-1, keepdims=True, where=finite, initial=0.0)
        plan = np.where(finite | ~finite.any(-1, keepdims=True), plan, largest)
    plan[plan == 0] = _FLOOR
    cured: Matrices = plan.reshape(scores.shape)
    return cured
