"""Where the logit gap in full is least: not where p is the target."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, require_classes, require_target, widened
from ce_core.losses.lambert import lambert_w
from ce_core.probability.distributions import entropy

# Newton's steps grow shorter by themselves; the most that 10,000 classes took is 9.
_MOST_STEPS = 60


@dataclass(frozen=True)
class LogitGapMinimum:
    """The point at which the gradient of L2 = Σ (p - q) a, p not held constant, vanishes.

    Parameters
    ----------
    p
        The distribution there, [..., m]. Every entry is positive, also where q is 0.
    multiplier
        λ = 1 + H(p), [...].
    loss
        L2 there, [...]; as low as it gets.
    """

    p: Float[Tensor, "*batch m"]
    multiplier: Float[Tensor, "*batch"]
    loss: Float[Tensor, "*batch"]


def logit_gap_minimum(q: Float[Tensor, "*batch m"] | ArrayLike) -> LogitGapMinimum:
    r"""Return the p at which the logit gap in full is least, p_i = q_i / W(q_i e^λ).

    λ is fixed by Σp = 1. Where q_i = 0, p_i = e^(-λ). The point is unique, and it is q only where q
    is uniform on all classes.

    Parameters
    ----------
    q
        Target distribution q, shape [..., m]: >= 0, with Σq = 1.

    Returns
    -------
    LogitGapMinimum
        In the dtype and on the device of `q`; computed in float64, without gradients.

    Raises
    ------
    ValueError
        If `q` is a scalar, empty in its last dimension or not numeric, or if one of its rows has a
        negative entry, one that is not finite, or a sum that is not 1 within 0.01 (half types round).

    See Also
    --------
    logit_gap_grad : the gradient that vanishes here, (p - q) + J a.
    descent_paths : how gradient descent gets here.

    Notes
    -----
    With a_i = log p_i + const, (p - q) + J a = 0 reads p_i (log p_i + λ) = q_i with λ = 1 + H(p).
    Its solution p_i = exp(W(q_i e^λ) - λ) falls as λ grows, and is convex in λ, also in logarithms;
    so log Σp = 0 is solved by Newton's steps from λ = 1, where Σp >= 1, which never overshoot. They
    are kept between 1 and 1 + log m, where Σp <= 1. For a one-hot q and m classes
    p_y = 1 / (1 + W((m - 1)/e)) and L2 = -W((m - 1)/e).

    Far from it, at logits far apart, the gradient vanishes too, and L2 returns to 0 from below: L2 is
    not convex, but has no other point at which the gradient is 0.

    References
    ----------
    Lambert's W: as for `lambert_w`. L2 = KL(q‖p) + H(q) - H(p) is a Fenchel-Young loss plus an
    entropy that is not wanted; for those see Blondel, Martins and Niculae, arXiv:1901.02324.

    Examples
    --------
    Minimised in full, the loss never becomes sure, the less so the more classes there are:

    >>> for m in (2, 10, 64):
    ...     print(round(logit_gap_minimum(torch.eye(m)[0]).p[0].item(), 3))
    0.782
    0.476
    0.302
    """
    dtype, (q,) = widened(q=q)
    require_classes("q", q)
    require_target(q)
    wide = q.detach().double()
    wide = wide / wide.sum(-1, keepdim=True)
    p = _solve(wide)
    multiplier = 1 + entropy(p)
    # L2 = L1 - H(p), and p is positive, so the logarithm is finite.
    loss = -(wide * p.log()).sum(-1) - entropy(p)
    return LogitGapMinimum(p.to(dtype), multiplier.to(dtype), loss.to(dtype))


def _solve(q: Float[Tensor, "*batch m"]) -> Float[Tensor, "*batch m"]:
    highest = 1 + math.log(q.shape[-1])
    multiplier = torch.ones_like(q[..., :1])
    for _ in range(_MOST_STEPS):
        w = lambert_w(q * multiplier.exp())
        p = torch.exp(w - multiplier)
        total = p.sum(-1, keepdim=True)
        step = total.log() * total / (p / (1 + w)).sum(-1, keepdim=True)
        following = (multiplier + step).clamp(1, highest)
        if (following <= multiplier).all():
            break
        multiplier = torch.maximum(multiplier, following)
    return p / total
