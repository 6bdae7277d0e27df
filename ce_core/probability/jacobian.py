"""The Jacobian of the softmax: the matrix, its product with a direction, and the post's fourth step."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, require_classes, require_same_classes, widened
from ce_core._surroundings import recordable
from ce_core.probability.rowwise import is_plain
from ce_core.probability.softmax_rows import lost_apart, softmax_rows


def softmax_jacobian(a: Float[Tensor, "*batch m"] | ArrayLike) -> Float[Tensor, "*batch m m"]:
    r"""Jacobian of the softmax, J = dp/da = diag(p) - p pᵀ, from logits.

    Parameters
    ----------
    a
        Logits a, shape [..., m].

    Returns
    -------
    Tensor
        J, shape [..., m, m]: symmetric, positive semidefinite, rows and columns sum to 0.

    Raises
    ------
    ValueError
        If `a` is a scalar, empty in its last dimension, or not numeric.

    See Also
    --------
    softmax_jvp : J v without the m x m matrix.

    Notes
    -----
    The diagonal p_i (1 - p_i) is computed as minus the sum of the rest of its row, which keeps
    its digits where p_i rounds to 1.

    References
    ----------
    Bridle, "Training stochastic model recognition algorithms as networks can lead to maximum
    mutual information estimation of parameters", NIPS 1989.

    Examples
    --------
    >>> softmax_jacobian([0.0, 0.0])
    tensor([[ 0.2500, -0.2500],
            [-0.2500,  0.2500]])
    """
    dtype, (a,) = widened(a=a)
    require_classes("a", a)
    a, lost = (a, None) if is_plain(a) else lost_apart(a)
    p = softmax_rows(a)
    products = p.unsqueeze(-1) * p.unsqueeze(-2)
    off_diagonal = products - torch.diag_embed(products.diagonal(dim1=-2, dim2=-1))
    jacobian = torch.diag_embed(off_diagonal.sum(-1)) - off_diagonal
    return _with_lost(jacobian, None if lost is None else lost.unsqueeze(-1)).to(dtype)


def softmax_jvp(
    a: Float[Tensor, "*#batch m"] | ArrayLike, v: Float[Tensor, "*#batch m"] | ArrayLike
) -> Float[Tensor, "*out m"]:
    r"""Jacobian of the softmax times a vector, J v = p (v - p·v), without the matrix.

    Parameters
    ----------
    a
        Logits a, shape [..., m].
    v
        Direction v, shape [..., m]; leading dimensions broadcast with those of `a`.

    Returns
    -------
    Tensor
        J v, shape [..., m]; its entries sum to 0. J is symmetric, so this is vᵀ J too.

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, or one is not numeric.

    Notes
    -----
    J does not see a constant in `v`; the entry of v at the largest logit is subtracted first, so
    that neither an offset of v nor a p near one-hot costs digits. It is finite wherever v is, also
    where such a difference is beyond the largest number of the dtype.

    References
    ----------
    As for `softmax_jacobian`.

    Examples
    --------
    >>> softmax_jvp([0.0, 0.0], [1.0, -1.0])
    tensor([ 0.5000, -0.5000])
    """
    dtype, (logits, direction) = widened(a=a, v=v)
    require_same_classes("a", logits, "v", direction)
    direction = direction.expand(np.broadcast_shapes(logits.shape, direction.shape))
    logits, lost = (logits, None) if is_plain(logits, direction) else lost_apart(logits)
    winner = logits.argmax(-1, keepdim=True).expand(*direction.shape[:-1], 1)
    share = _share_with_room(direction)
    direction = direction * share
    centred = direction - direction.gather(-1, winner)
    return _with_lost(centred_product(softmax_rows(logits), centred) / share, lost).to(dtype)


def centred_product(
    p: Float[Tensor, "*#batch m"] | ArrayLike, a: Float[Tensor, "*#batch m"] | ArrayLike
) -> Float[Tensor, "*out m"]:
    r"""Weights times centred values, p (a - p·a), the expression of the post's fourth step.

    Its sum over i is E[X - E X] = 0 where p sums to 1. Element by element it is not 0.

    Parameters
    ----------
    p
        Weights p, shape [..., m], meant to sum to 1. They need not be the softmax of `a`.
    a
        Values a, shape [..., m]; leading dimensions broadcast. -inf counts as 0 where p is 0.

    Returns
    -------
    Tensor
        p_i (a_i - Σ_j p_j a_j), shape [..., m], in the unit of `a`. For a distribution p it is finite
        wherever `a` is.

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, or one is not numeric.

    Examples
    --------
    >>> centred_product([0.25, 0.75], [1.0, -1.0])
    tensor([ 0.3750, -0.3750])
    """
    dtype, (weights, values) = widened(p=p, a=a)
    require_same_classes("p", weights, "a", values)
    weights, values = recordable(weights), recordable(values)
    values = torch.where((weights == 0) & (values == -torch.inf), 0.0, values)
    share = _share_with_room(values)
    values = values * share
    mean = (weights * values).sum(-1, keepdim=True)
    return (weights * (values - mean) / share).to(dtype)


def _with_lost(result: Tensor, lost: Tensor | None) -> Tensor:
    """Return a result that is NaN, without a derivative, in rows without a softmax."""
    return result if lost is None else torch.where(lost, torch.nan, result)


def _share_with_room(values: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows 1"]:
    """Return by what to multiply each row so that its differences are not beyond the largest number.

    Numbers of that size lose nothing by it.
    """
    largest = torch.linalg.vector_norm(values.detach(), torch.inf, -1, keepdim=True)
    return torch.where(largest > torch.finfo(values.dtype).max / 4, 0.25, 1.0)
