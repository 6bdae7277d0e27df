"""Entropy and divergences straight from logits, with a temperature: no p in between to underflow."""

import sys

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, require_classes, require_same_classes, widened
from ce_core._options import require_flag, require_number
from ce_core.probability.logit_divergences import (
    js_logit_rows,
    js_target_rows,
    kl_logit_rows,
    kl_target_rows,
)
from ce_core.probability.logit_functionals import entropy_logit_rows

Logits = Float[Tensor, "*#batch m"] | ArrayLike

# Temperatures beyond these leave float32.
_LOWEST, _HIGHEST = 1e-30, 1e30


def entropy_from_logits(
    a: Float[Tensor, "*batch m"] | ArrayLike, *, temperature: float = 1.0
) -> Float[Tensor, "*batch"]:
    r"""Shannon entropy of a softmax, H(softmax(a / T)), in nats.

    Parameters
    ----------
    a
        Logits a, shape [..., m]. -inf is a class that cannot happen.
    temperature
        T > 0, in the unit of the logits. Below 2.2e-308, where 1/T would overflow, it counts as that.

    Returns
    -------
    Tensor
        H, shape [...], between 0 and log m; small values keep their digits.

    Raises
    ------
    ValueError
        If `a` is a scalar, empty in its last dimension or not numeric, or the temperature not > 0.

    See Also
    --------
    entropy : of a distribution.

    Notes
    -----
    H = log Σ exp(gap) - Σ p gap with gap = (a - max a) / T: both terms are >= 0, so nothing cancels.
    The maximum is subtracted before the division, which so never overflows to NaN. The gradient,
    -J a / T at T = 1, and all further derivatives are finite wherever the true ones are.

    References
    ----------
    As for `entropy`.

    Examples
    --------
    >>> entropy_from_logits([0.0, -200.0]), entropy(softmax([0.0, -200.0]))
    (tensor(0.), tensor(0.))
    >>> entropy_from_logits([100.0, 0.0], temperature=100.0)
    tensor(0.5822)
    """
    dtype, (a,) = widened(a=a)
    require_classes("a", a)
    return entropy_logit_rows(_tempered(a, temperature)).to(dtype)


def kl_from_logits(
    q: Logits, a: Logits, *, q_is_logits: bool = False, temperature: float = 1.0
) -> Float[Tensor, "*out"]:
    r"""Kullback-Leibler divergence KL(q‖softmax(a / T)), in nats.

    Parameters
    ----------
    q
        The distribution that is true, shape [..., m]; or its logits, as those of a teacher.
    a
        Logits a of the prediction, shape [..., m]; leading dimensions broadcast.
    q_is_logits
        `q` holds logits b: the distribution is softmax(b / T).
    temperature
        T > 0, in the unit of the logits, of all logits given.

    Returns
    -------
    Tensor
        KL, shape [...], >= 0 where q sums to 1 within rounding (0.012 in float32 and half types), and
        maybe below where it does not; inf where a class with q > 0 has a logit of -inf. Small values
        keep their digits. Not multiplied by T², as distillation often does.

    Raises
    ------
    ValueError
        If the last dimensions differ, the leading ones do not broadcast, one is not numeric, `q` is
        of integers that are not one-hot, or the temperature is not > 0.

    See Also
    --------
    kl_divergence : of two distributions.

    Notes
    -----
    Finite, with all derivatives, also where p underflows. A sum of q that is off by more than rounding
    counts as it is: Σ q log(q/p).

    References
    ----------
    Distillation: Hinton, Vinyals and Dean, arXiv:1503.02531. Else as for `kl_divergence`.

    Examples
    --------
    >>> kl_from_logits([0.5, 0.5], [2000.0, 0.0])
    tensor(999.3069)
    >>> kl_from_logits([2.0, 0.0], [0.0, 0.0], q_is_logits=True, temperature=2.0)
    tensor(0.1109)
    """
    dtype, first, logits = _pair(q, a, q_is_logits, temperature)
    return (kl_logit_rows if q_is_logits else kl_target_rows)(first, logits).to(dtype)


def js_from_logits(
    q: Logits, a: Logits, *, q_is_logits: bool = False, temperature: float = 1.0
) -> Float[Tensor, "*out"]:
    r"""Jensen-Shannon divergence of q and softmax(a / T), in nats: symmetric, and at most log 2.

    JS = KL(q‖r) / 2 + KL(p‖r) / 2 with r = (p + q) / 2.

    Parameters
    ----------
    q, a, q_is_logits, temperature
        As for `kl_from_logits`.

    Returns
    -------
    Tensor
        JS, shape [...], from 0 to log 2 of distributions (q as for `kl_from_logits`).
        Small values keep their digits.

    Raises
    ------
    ValueError
        As for `kl_from_logits`.

    Notes
    -----
    The sum of q is not checked: of what is no distribution, as of class indices as floats, the result
    is Σ q log(q/r) / 2 + Σ p log(p/r) / 2, which may be beyond log 2.

    References
    ----------
    Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37 (1991),
    doi:10.1109/18.61115.

    Examples
    --------
    >>> js_from_logits([1.0, 0.0], [0.0, 2000.0])
    tensor(0.6931)
    """
    dtype, first, logits = _pair(q, a, q_is_logits, temperature)
    return (js_logit_rows if q_is_logits else js_target_rows)(first, logits).to(dtype)


def _pair(
    q: Logits, a: Logits, q_is_logits: bool, temperature: float
) -> tuple[torch.dtype, Tensor, Tensor]:
    q_is_logits = require_flag("q_is_logits", q_is_logits)
    dtype, (q, a) = widened(q=q, a=a, target="" if q_is_logits else "q")
    require_same_classes("q", q, "a", a)
    logits = _tempered(a, temperature)
    return dtype, _tempered(q, temperature) if q_is_logits else q.to(logits.dtype), logits


def _tempered(a: Tensor, temperature: float) -> Tensor:
    """Return (a - max a) / T; only what is truly beyond the dtype overflows, to -inf."""
    number = max(require_number("temperature", temperature, above=0.0), sys.float_info.min)
    if number == 1.0:
        return a
    if not _LOWEST <= number <= _HIGHEST:
        a = a.double()
    half = 0.5 * a - 0.5 * a.detach().amax(-1, keepdim=True)
    return 2 * (half / number)
