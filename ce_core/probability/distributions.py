"""Softmax, what differentiates it, and the two functionals of a distribution."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._arguments import ArrayLike, floating, require_classes, require_same_classes
from ce_core.dtypes import widen


def softmax(a: Float[Tensor, "*shape"] | ArrayLike, *, dim: int = -1) -> Float[Tensor, "*shape"]:
    r"""Turn logits into a probability distribution, p_i = exp(a_i) / Σ_j exp(a_j).

    Parameters
    ----------
    a
        Logits a (unnormalised scores), any shape. -inf is a class that cannot happen.
    dim
        The dimension along which p sums to 1.

    Returns
    -------
    Tensor
        p, of the shape, dtype and device of `a`. A slice whose logits are all -inf, or that holds
        +inf or NaN, has no softmax and is NaN throughout.

    Raises
    ------
    ValueError
        If `a` is a scalar or not numeric, or `dim` is not one of its dimensions.

    See Also
    --------
    log_softmax : stays finite where p underflows to 0.

    Notes
    -----
    A constant added to all logits changes nothing; the maximum is subtracted first, so that no
    exponential overflows.

    References
    ----------
    Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions",
    IMA J. Numer. Anal. 41 (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> softmax([1000.0, 1000.0])
    tensor([0.5000, 0.5000])
    """
    (a,) = floating(a=a)
    _require_dim(a, dim)
    return torch.softmax(widen(a), dim).to(a.dtype)


def log_softmax(a: Float[Tensor, "*shape"] | ArrayLike, *, dim: int = -1) -> Float[Tensor, "*shape"]:
    r"""Logarithm of the softmax, log p_i = a_i - log Σ_j exp(a_j), in nats.

    Parameters
    ----------
    a
        Logits a, any shape.
    dim
        The dimension along which exp of the result sums to 1.

    Returns
    -------
    Tensor
        log p, of the shape, dtype and device of `a`; -inf only where `a` is -inf (or where the
        true value is beyond the dtype).

    Raises
    ------
    ValueError
        If `a` is a scalar or not numeric, or `dim` is not one of its dimensions.

    Notes
    -----
    The sum runs over all classes but the largest and goes through log1p, so the logarithm of a
    probability near 1 keeps its digits.

    References
    ----------
    As for `softmax`.

    Examples
    --------
    The logarithm of a softmax that has underflowed is -inf; this is not:

    >>> softmax([1000.0, 1.0]).log()
    tensor([0., -inf])
    >>> log_softmax([1000.0, 1.0])
    tensor([   0., -999.])
    """
    (a,) = floating(a=a)
    _require_dim(a, dim)
    half_gap, log_total = centre_logits(widen(a).movedim(dim, -1))
    return (2 * half_gap - log_total).movedim(-1, dim).to(a.dtype)


def centre_logits(
    a: Float[Tensor, "*batch m"],
) -> tuple[Float[Tensor, "*batch m"], Float[Tensor, "*batch 1"]]:
    """Return (a - max a) / 2 and log Σ exp(a - max a), neither of which overflows.

    The difference of two representable logits need not be representable; half of it always is.
    """
    winner = a.argmax(-1, keepdim=True)
    half_gap = 0.5 * a - 0.5 * a.gather(-1, winner)
    others = torch.exp(2 * half_gap).scatter(-1, winner, 0.0)
    # NaN must come out of a row without a softmax, and the scatter may have covered the only one.
    total = others.sum(-1, keepdim=True) + half_gap.gather(-1, winner)
    return half_gap, torch.log1p(total)


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
    (a,) = floating(a=a)
    require_classes("a", a)
    p = torch.softmax(widen(a), -1)
    products = p.unsqueeze(-1) * p.unsqueeze(-2)
    off_diagonal = products - torch.diag_embed(products.diagonal(dim1=-2, dim2=-1))
    return (torch.diag_embed(off_diagonal.sum(-1)) - off_diagonal).to(a.dtype)


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
    a, v = floating(a=a, v=v)
    require_same_classes("a", a, "v", v)
    logits, direction = widen(a), widen(v)
    direction = direction.expand(np.broadcast_shapes(a.shape, v.shape))
    winner = logits.argmax(-1, keepdim=True).expand(*direction.shape[:-1], 1)
    share = _share_with_room(direction)
    direction = direction * share
    centred = direction - direction.gather(-1, winner)
    return (centred_product(torch.softmax(logits, -1), centred) / share).to(a.dtype)


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
    p, a = floating(p=p, a=a)
    require_same_classes("p", p, "a", a)
    weights, values = widen(p), widen(a)
    values = torch.where((weights == 0) & (values == -torch.inf), 0.0, values)
    share = _share_with_room(values)
    values = values * share
    mean = (weights * values).sum(-1, keepdim=True)
    return (weights * (values - mean) / share).to(p.dtype)


def _share_with_room(values: Float[Tensor, "*rows m"]) -> Float[Tensor, "*rows 1"]:
    """Return by what to multiply each row so that its differences are not beyond the largest number.

    Numbers of that size lose nothing by it.
    """
    largest = torch.linalg.vector_norm(values.detach(), torch.inf, -1, keepdim=True)
    return torch.where(largest > torch.finfo(values.dtype).max / 4, 0.25, 1.0)


def entropy(p: Float[Tensor, "*batch m"] | ArrayLike) -> Float[Tensor, "*batch"]:
    r"""Shannon entropy H(p) = -Σ_i p_i log p_i in nats, with 0 log 0 = 0.

    Parameters
    ----------
    p
        A distribution, shape [..., m].

    Returns
    -------
    Tensor
        H(p), shape [...], between 0 (one-hot) and log m (uniform). NaN where a p_i is negative.

    Raises
    ------
    ValueError
        If `p` is a scalar, empty in its last dimension, or not numeric.

    Notes
    -----
    The derivative with respect to a p_i that is exactly 0 is infinite; 0 is returned instead,
    which is what makes the gradient with respect to the logits of p right (p_i = 0 there
    multiplies it).

    References
    ----------
    Shannon, "A mathematical theory of communication", 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> entropy([0.5, 0.5, 0.0])
    tensor(0.6931)
    """
    (p,) = floating(p=p)
    require_classes("p", p)
    wide = widen(p)
    log_p = torch.where(wide == 0, 1.0, wide).log()
    return -(wide * log_p).sum(-1).to(p.dtype)


def kl_divergence(
    q: Float[Tensor, "*#batch m"] | ArrayLike, p: Float[Tensor, "*#batch m"] | ArrayLike
) -> Float[Tensor, "*out"]:
    r"""Kullback-Leibler divergence KL(q‖p) = Σ_i q_i log(q_i / p_i) in nats.

    Parameters
    ----------
    q
        The distribution that is true, shape [..., m].
    p
        The distribution that is predicted, shape [..., m]; leading dimensions broadcast.

    Returns
    -------
    Tensor
        KL(q‖p), shape [...]: 0 where q = p, inf where some p_i = 0 < q_i. Terms with q_i = 0
        are 0, whatever p_i.

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, or one is not numeric.

    See Also
    --------
    cross_entropy : KL(q‖p) = L1 - H(q), which stays finite where the softmax underflows.

    References
    ----------
    Kullback and Leibler, "On information and sufficiency", 1951, doi:10.1214/aoms/1177729694.

    Examples
    --------
    No floor hides an impossible prediction:

    >>> kl_divergence([0.5, 0.5], [[0.25, 0.75], [1.0, 0.0]])
    tensor([0.1438,    inf])
    """
    q, p = floating(q=q, p=p)
    require_same_classes("q", q, "p", p)
    q_wide, p_wide = widen(q), widen(p)
    log_q = torch.where(q_wide == 0, 1.0, q_wide).log()
    # Where both are 0 the term is 0 and so is its gradient; where only p is, log 0 = -inf stands.
    log_p = torch.where((q_wide == 0) & (p_wide == 0), 1.0, p_wide).log()
    return (q_wide * (log_q - log_p)).sum(-1).to(q.dtype)


def _require_dim(a: Tensor, dim: int) -> None:
    if not -a.ndim <= dim < a.ndim:
        raise ValueError(f"dim must be in [{-a.ndim}, {a.ndim - 1}], got {dim}")
    if a.shape[dim] == 0:
        raise ValueError(f"a must have at least 1 entry along dim {dim}, got shape {tuple(a.shape)}")
