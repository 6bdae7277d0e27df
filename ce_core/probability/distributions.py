"""Softmax, its logarithm, and the two functionals of a distribution: entropy and divergence."""

from numbers import Integral

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, require_classes, require_same_classes, widened
from ce_core._shown import refusal
from ce_core.probability.functionals import (
    entropy_rows,
    kl_rows,
    kl_slope_of_first,
    kl_slope_of_second,
    masked_log,
    within_range,
)
from ce_core.probability.logit_functionals import kl_log_rows
from ce_core.probability.remembered_logits import (
    Origin,
    differentiate_by_logits,
    entropy_past_softmax,
    kl_past_softmax,
    recall,
    remember,
)
from ce_core.probability.softmax_rows import log_softmax_rows, softmax_rows


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
    dtype, (a,) = widened(a=a)
    _require_dim(a, dim)
    if dim not in (-1, a.ndim - 1):
        return softmax_rows(a.movedim(dim, -1)).movedim(-1, dim).to(dtype)
    return remember(a, dtype)


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
    dtype, (a,) = widened(a=a)
    _require_dim(a, dim)
    if dim in (-1, a.ndim - 1):
        return log_softmax_rows(a).to(dtype)
    return log_softmax_rows(a.movedim(dim, -1)).movedim(-1, dim).to(dtype)


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

    See Also
    --------
    entropy_from_logits : the same without p, with a temperature.

    Notes
    -----
    The derivative with respect to a p_i that is exactly 0 is infinite; 0 is returned instead. Where
    p is what `softmax` returned, as it is (no slice, no cast), derivatives with respect to the
    logits go past p, in closed form: they are finite wherever the true ones are, to second order too.

    References
    ----------
    Shannon, "A mathematical theory of communication", 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> entropy([0.5, 0.5, 0.0])
    tensor(0.6931)
    """
    dtype, (wide,) = widened(p=p)
    require_classes("p", wide)
    origin = recall(p)
    if origin is not None and isinstance(p, Tensor):
        return entropy_past_softmax(p, origin).to(dtype)
    return entropy_rows(wide).to(dtype)


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
        are 0, whatever p_i. >= 0 where p and q sum to 1 within rounding (0.012 in float32 and half
        types), and maybe below where one does not.

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, or one is not numeric.

    See Also
    --------
    kl_from_logits : the same without p, which stays finite where the softmax underflows.

    Notes
    -----
    A small divergence is added up from terms that are >= 0, and is never below 0 by rounding. Where p
    or q is what `softmax` returned, as it is (no slice, no cast), derivatives with respect to its
    logits go past it, in closed form: -q/p overflows in the dtype of p long before p - q does. The
    derivative with respect to p itself is -q/p all the same. Integers as q must be one-hot; sums and
    signs are not checked (NaN where an entry is negative).

    References
    ----------
    Kullback and Leibler, "On information and sufficiency", 1951, doi:10.1214/aoms/1177729694.

    Examples
    --------
    No floor hides an impossible prediction:

    >>> kl_divergence([0.5, 0.5], [[0.25, 0.75], [1.0, 0.0]])
    tensor([0.1438,    inf])
    """
    dtype, (q_wide, p_wide) = widened(q=q, p=p, target="q")
    require_same_classes("q", q_wide, "p", p_wide)
    of_q, of_p = recall(q), recall(p)
    if of_q is None or not isinstance(q, Tensor):
        if of_p is None or not isinstance(p, Tensor):
            return kl_rows(q_wide, p_wide).to(dtype)
        return kl_past_softmax(q_wide, p, of_p).to(dtype)
    value = kl_rows(q_wide.detach(), p_wide.detach())
    q_wide, p_wide = torch.broadcast_tensors(q_wide, p_wide)  # type: ignore[no-untyped-call]
    by_logits = kl_log_rows(_log(q_wide, of_q), _log(p_wide, of_p))
    slopes = [(q, of_q, within_range(kl_slope_of_first(q_wide, p_wide)))]
    if of_p is not None and isinstance(p, Tensor):
        slopes.append((p, of_p, within_range(kl_slope_of_second(q_wide, p_wide))))
    return differentiate_by_logits(value, by_logits, slopes).to(dtype)


def _log(p: Tensor, origin: Origin | None) -> Tensor:
    """Return log p, by the logits where they are known."""
    return masked_log(p) if origin is None else log_softmax_rows(origin.a.to(p.dtype)).expand(p.shape)


def _require_dim(a: Tensor, dim: int) -> None:
    if not isinstance(dim, Integral) or isinstance(dim, bool) or not -a.ndim <= dim < a.ndim:
        raise refusal("dim", f"be in [{-a.ndim}, {a.ndim - 1}]", dim)
    if a.shape[dim] == 0:
        raise ValueError(f"a must have at least 1 entry along dim {dim}, got shape {tuple(a.shape)}")
