"""Softmax, its logarithm, and the two functionals of a distribution: entropy and divergence."""

from numbers import Integral

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._arguments import ArrayLike, floating, require_classes, require_same_classes
from ce_core._shown import refusal
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
    if not isinstance(dim, Integral) or isinstance(dim, bool) or not -a.ndim <= dim < a.ndim:
        raise refusal("dim", f"be in [{-a.ndim}, {a.ndim - 1}]", dim)
    if a.shape[dim] == 0:
        raise ValueError(f"a must have at least 1 entry along dim {dim}, got shape {tuple(a.shape)}")
