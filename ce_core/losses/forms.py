"""The two forms of the loss, their gradients with respect to the logits, and the residual."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._arguments import ArrayLike, floating, require_classes, require_flag, require_same_classes
from ce_core.dtypes import widen
from ce_core.probability.distributions import centre_logits
from ce_core.probability.jacobian import centred_product

# Below it, the rounding of a log p near 0 would show in the loss.
_SURE = 0.25


def cross_entropy(
    a: Float[Tensor, "*#batch m"] | ArrayLike, q: Float[Tensor, "*#batch m"] | ArrayLike
) -> Float[Tensor, "*out"]:
    r"""Cross-entropy of a softmax against a target, L1 = -Σ_i q_i log p_i, in nats.

    Parameters
    ----------
    a
        Logits a, shape [..., m]; p = softmax(a).
    q
        Target distribution q, shape [..., m]; leading dimensions broadcast. If Σq is not quite 1,
        L1 is still -Σ q log p.

    Returns
    -------
    Tensor
        L1, shape [...]. Finite wherever the true value is representable: also for logits far
        apart and for a logit of -inf where q is 0 (0 log 0 = 0).

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, or one is not numeric.

    See Also
    --------
    logit_gap : L2, the form without a logarithm. L1 - L2 = H(p), exactly.
    torch.nn.functional.cross_entropy : the same, but NaN for q = 0 at a = -inf.

    Notes
    -----
    Computed from the log-softmax, never as the log of a probability. Rows whose L1 is small, or not
    finite in that form, are computed again as L1 = Σ q · logsumexp(a) - q·a, with log1p in the
    logsumexp: a small loss keeps its digits. So the values decide what runs, and torch.func.vmap
    does not apply; the function takes batches itself. NaN in gives NaN out. Half precision is
    computed in float32 and rounded once.

    Class indices as targets, label smoothing, class weights and reductions are one line each for
    the caller, and left to the caller: `one_hot(y, m)`, `(1 - s) * q + s / m`,
    `cross_entropy(a, weight * q)`, `.mean()`.

    References
    ----------
    Good, "Rational decisions", 1952, doi:10.1111/j.2517-6161.1952.tb00104.x; the Fenchel-Young
    form: Blondel, Martins and Niculae, arXiv:1901.02324.

    Examples
    --------
    The textbook formula fails where the softmax underflows; this one does not:

    >>> a, q = torch.tensor([1e4, 0.0]), torch.tensor([0.5, 0.5])
    >>> -(q * softmax(a).log()).sum(), cross_entropy(a, q)
    (tensor(inf), tensor(5000.))
    """
    a, q = floating(a=a, q=q)
    require_same_classes("a", a, "q", q)
    loss = _row_by_row(_plain_cross_entropy, _delicate_cross_entropy, widen(a), widen(q), above=_SURE)
    return loss.to(a.dtype)


def _row_by_row(
    plain: Callable[[Tensor, Tensor], Tensor],
    delicate: Callable[[Tensor, Tensor], Tensor],
    a: Float[Tensor, "*#batch m"],
    q: Float[Tensor, "*#batch m"],
    *,
    above: float,
) -> Float[Tensor, "*out"]:
    """Return the plain form of a loss, and the delicate one for rows where it is not finite or low."""
    loss = plain(a, q)
    sound = (loss.detach() > above) & (loss.detach() < torch.inf)
    if sound.all():
        return loss
    # Rows are copied, so that what is wrong with the plain form in some reaches no gradient.
    a, q = torch.broadcast_tensors(a, q)  # type: ignore[no-untyped-call]
    a, q = a.reshape(-1, a.shape[-1]), q.reshape(-1, q.shape[-1])
    rows = sound.flatten()
    mixed = a.new_zeros(len(a)).index_put((rows,), plain(a[rows], q[rows]))
    return mixed.index_put((~rows,), delicate(a[~rows], q[~rows])).reshape(loss.shape)


def _plain_cross_entropy(
    a: Float[Tensor, "*#batch m"], q: Float[Tensor, "*#batch m"]
) -> Float[Tensor, "*out"]:
    """Return L1 in as few passes as there can be, with an absolute error of some roundings of 1."""
    return -(q * torch.log_softmax(a, -1)).sum(-1)


def _delicate_cross_entropy(a: Float[Tensor, "b m"], q: Float[Tensor, "b m"]) -> Float[Tensor, " b"]:
    """Return L1 where it is tiny, or where the plain form is not finite though L1 may be."""
    half_gap, log_total = centre_logits(a)
    half_gap = torch.where((q == 0) & (half_gap == -torch.inf), 0.0, half_gap)
    return q.sum(-1) * log_total.squeeze(-1) - 2 * (q * half_gap).sum(-1)


def cross_entropy_grad(
    a: Float[Tensor, "*#batch m"] | ArrayLike, q: Float[Tensor, "*#batch m"] | ArrayLike
) -> Float[Tensor, "*out m"]:
    r"""Gradient of the cross-entropy with respect to the logits, dL1/da = (Σq) p - q.

    Parameters
    ----------
    a, q
        As for `cross_entropy`.

    Returns
    -------
    Tensor
        dL1/da, shape [..., m], per row (not divided by the number of rows). Its entries sum to 0.

    Raises
    ------
    ValueError
        As for `cross_entropy`.

    References
    ----------
    Bridle, NIPS 1989, as for `softmax_jacobian`.

    Examples
    --------
    >>> cross_entropy_grad([0.0, 0.0], [1.0, 0.0])
    tensor([-0.5000,  0.5000])
    """
    a, q = floating(a=a, q=q)
    require_same_classes("a", a, "q", q)
    weights = widen(q)
    total = weights.sum(-1, keepdim=True)
    return (total * torch.softmax(widen(a), -1) - weights).to(a.dtype)


def logit_gap(
    a: Float[Tensor, "*#batch m"] | ArrayLike, q: Float[Tensor, "*#batch m"] | ArrayLike
) -> Float[Tensor, "*out"]:
    r"""Loss without a logarithm, L2 = Σ_i (p_i - q_i) a_i = E_p[a] - E_q[a].

    Parameters
    ----------
    a
        Logits a, shape [..., m]; p = softmax(a).
    q
        Target distribution q, shape [..., m], with Σq = 1; leading dimensions broadcast.

    Returns
    -------
    Tensor
        L2, shape [...], in the unit of the logits. Can be negative.

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, or one is not numeric.

    See Also
    --------
    cross_entropy : L1 = L2 + H(p), exactly, for every a and every q with Σq = 1.

    Notes
    -----
    L2 has the gradient of L1 only while p is held constant; see `logit_gap_grad`. It is computed
    from a - max(a), so that an offset common to all logits costs no digits. NaN in gives NaN out.

    References
    ----------
    As the clustering loss, with p held constant: Liu et al., "Robust representation learning by
    clustering with bisimulation metrics", AAAI 2023, arXiv:2302.12003.

    Examples
    --------
    >>> a, q = torch.tensor([2.0, 0.0]), torch.tensor([0.5, 0.5])
    >>> cross_entropy(a, q) - logit_gap(a, q), entropy(softmax(a))
    (tensor(0.3653), tensor(0.3653))
    """
    a, q = floating(a=a, q=q)
    require_same_classes("a", a, "q", q)
    loss = _row_by_row(_plain_logit_gap, _delicate_logit_gap, widen(a), widen(q), above=-torch.inf)
    return loss.to(a.dtype)


def _plain_logit_gap(
    a: Float[Tensor, "*#batch m"], q: Float[Tensor, "*#batch m"]
) -> Float[Tensor, "*out"]:
    """Return L2 in as few passes as there can be."""
    return ((torch.softmax(a, -1) - q) * (a - a.detach().amax(-1, keepdim=True))).sum(-1)


def _delicate_logit_gap(a: Float[Tensor, "b m"], q: Float[Tensor, "b m"]) -> Float[Tensor, " b"]:
    """Return L2 where the plain form is not finite though L2 may be."""
    p = torch.softmax(a, -1)
    half_gap = 0.5 * a - 0.5 * a.detach().amax(-1, keepdim=True)
    # 0 times -inf is 0 here, for the value and for its gradient.
    predicted = p * torch.where(p == 0, 0.0, half_gap)
    wanted = q * torch.where((q == 0) & (half_gap == -torch.inf), 0.0, half_gap)
    return 2 * (predicted - wanted).sum(-1)


def logit_gap_grad(
    a: Float[Tensor, "*#batch m"] | ArrayLike,
    q: Float[Tensor, "*#batch m"] | ArrayLike,
    *,
    detach_p: bool = False,
) -> Float[Tensor, "*out m"]:
    r"""Gradient of the logit gap with respect to the logits, dL2/da = (p - q) + J a.

    Parameters
    ----------
    a, q
        As for `logit_gap`.
    detach_p
        Hold p constant (stop-gradient), as practice does: then dL2/da = p - q, which is dL1/da.

    Returns
    -------
    Tensor
        dL2/da, shape [..., m], per row (not divided by the number of rows).

    Raises
    ------
    ValueError
        As for `logit_gap`.

    See Also
    --------
    logit_gap_residual : the term J a, by which the two gradients differ.

    Examples
    --------
    >>> a, q = torch.tensor([2.0, 0.0]), torch.tensor([1.0, 0.0])
    >>> cross_entropy_grad(a, q), logit_gap_grad(a, q, detach_p=True), logit_gap_grad(a, q)
    (tensor([-0.1192,  0.1192]), tensor([-0.1192,  0.1192]), tensor([ 0.0908, -0.0908]))
    """
    a, q = floating(a=a, q=q)
    require_same_classes("a", a, "q", q)
    wide = widen(a)
    held = torch.softmax(wide, -1) - widen(q)
    return (held if require_flag("detach_p", detach_p) else held + _residual(wide)).to(a.dtype)


def logit_gap_residual(a: Float[Tensor, "*batch m"] | ArrayLike) -> Float[Tensor, "*batch m"]:
    r"""Difference of the gradients of L2 and L1, J a with (J a)_i = p_i (a_i - E_p[a]).

    Parameters
    ----------
    a
        Logits a, shape [..., m].

    Returns
    -------
    Tensor
        J a, shape [..., m], in the unit of `a`. Its entries sum to 0; they are all 0 only where
        every class with p_i > 0 has the same logit.

    Raises
    ------
    ValueError
        If `a` is a scalar, empty in its last dimension, or not numeric.

    Examples
    --------
    >>> logit_gap_residual([2.0, 0.0])
    tensor([ 0.2100, -0.2100])
    """
    (a,) = floating(a=a)
    require_classes("a", a)
    return _residual(widen(a)).to(a.dtype)


def _residual(a: Float[Tensor, "*batch m"]) -> Float[Tensor, "*batch m"]:
    p = torch.softmax(a, -1)
    return centred_product(p, a - a.amax(-1, keepdim=True))
