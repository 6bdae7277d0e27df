"""The two forms of the loss, their gradients with respect to the logits, and the residual."""

from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, require_classes, require_same_classes, widened
from ce_core._options import require_flag
from ce_core.losses.rows import (
    cross_entropy_grad_rows,
    cross_entropy_rows,
    held_grad_rows,
    logit_gap_grad_rows,
    logit_gap_rows,
)
from ce_core.probability.softmax_rows import residual


def cross_entropy(
    a: Float[Tensor, "*#batch m"] | ArrayLike, q: Float[Tensor, "*#batch m"] | ArrayLike
) -> Float[Tensor, "*out"]:
    r"""Cross-entropy of a softmax against a target, L1 = -Σ_i q_i log p_i, in nats.

    Parameters
    ----------
    a
        Logits a, shape [..., m]; p = softmax(a).
    q
        Weights q >= 0 of the classes, shape [..., m]; leading dimensions broadcast. Their sum is
        not checked: L1 is -Σ q log p also where Σq is not 1.

    Returns
    -------
    Tensor
        L1, shape [...]. Finite wherever the true value is representable: also for logits far
        apart and for a logit of -inf where q is 0 (0 log 0 = 0).

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, one is not numeric, a q_i is
        negative, or integers as q are not one-hot.

    See Also
    --------
    logit_gap : L2, the form without a logarithm. L1 - L2 = H(p), exactly.
    torch.nn.functional.cross_entropy : the same, but NaN for q = 0 at a = -inf.

    Notes
    -----
    Computed from the log-softmax, never as the log of a probability. Rows whose L1 is small, or not
    finite in that form, are computed again as L1 = Σ q · logsumexp(a) - q·a, with log1p in the
    logsumexp: a small loss keeps its digits. NaN in gives NaN out. Half precision is computed in
    float32 and rounded once.

    Derivatives of every order are closed forms: by autograd, again and again, by `torch.func`
    (forward mode within forward mode is refused) and in inference mode; under torch.compile the
    graph breaks here, and autocast changes nothing.

    Integer targets must be one-hot, so that class indices are refused, and negative weights are.
    The sum of the weights is not checked, and NaN passes.

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
    dtype, (a, q) = widened(a=a, q=q, target="q")
    require_same_classes("a", a, "q", q)
    return cross_entropy_rows(a, q).to(dtype)


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
    dtype, (a, q) = widened(a=a, q=q, target="q")
    require_same_classes("a", a, "q", q)
    return cross_entropy_grad_rows(a, q).to(dtype)


def logit_gap(
    a: Float[Tensor, "*#batch m"] | ArrayLike, q: Float[Tensor, "*#batch m"] | ArrayLike
) -> Float[Tensor, "*out"]:
    r"""Loss without a logarithm, L2 = Σ_i (p_i - q_i) a_i = E_p[a] - E_q[a].

    Parameters
    ----------
    a
        Logits a, shape [..., m]; p = softmax(a).
    q
        Target distribution q >= 0, shape [..., m], with Σq = 1; leading dimensions broadcast.

    Returns
    -------
    Tensor
        L2, shape [...], in the unit of the logits. Can be negative.

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, one is not numeric, a q_i is
        negative, integers as q are not one-hot, or a Σq is off 1 by more than 0.01 (half types round).
        A row of zeros, a masked one, passes, and so does NaN.

    See Also
    --------
    cross_entropy : L1 = L2 + H(p), exactly, for every a and every q with Σq = 1.

    Notes
    -----
    L2 has the gradient of L1 only while p is held constant; see `logit_gap_grad`. It is computed
    from a - max(a), so that an offset common to all logits costs no digits. NaN in gives NaN out.

    Near p = q it is a small difference of large terms, so the bound on its error is absolute: some
    roundings (about m of them at worst) of Σ (p_i + q_i) |a_i - max a|, in the dtype it is computed in.

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
    dtype, (a, q) = widened(a=a, q=q, target="q")
    require_same_classes("a", a, "q", q)
    return logit_gap_rows(a, q).to(dtype)


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
    dtype, (a, q) = widened(a=a, q=q, target="q")
    require_same_classes("a", a, "q", q)
    held = require_flag("detach_p", detach_p)
    return (held_grad_rows(a, q) if held else logit_gap_grad_rows(a, q)).to(dtype)


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
    dtype, (a,) = widened(a=a)
    require_classes("a", a)
    return residual(a).to(dtype)
