"""Lambert's W on the numbers that are not negative, where it has one branch."""

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating

# From the first guess, two steps of third order reach float64; the others cost little.
_STEPS = 5


def lambert_w(x: Float[Tensor, "*shape"] | ArrayLike) -> Float[Tensor, "*shape"]:
    r"""Solve w e^w = x for w, for x >= 0: the principal branch of Lambert's W.

    Parameters
    ----------
    x
        Any shape, dimensionless. NaN where it is negative: this function knows one branch only.

    Returns
    -------
    Tensor
        w >= 0, of the shape, dtype and device of `x`; W(0) = 0, W(e) = 1, W(inf) = inf.

    Raises
    ------
    ValueError
        If `x` is a scalar or not numeric.

    Notes
    -----
    Halley's iteration on w - x e^(-w), at float64, which overflows nowhere. Autograd passes through all
    of its steps, so that derivatives of every order converge with w: dW/dx = e^(-w) / (1 + w).

    References
    ----------
    Corless, Gonnet, Hare, Jeffrey and Knuth, "On the Lambert W function", Adv. Comput. Math. 5
    (1996), doi:10.1007/BF02124750.

    Examples
    --------
    The best that the logit gap in full can do for two classes is p = 1/(1 + W(1/e)):

    >>> 1 / (1 + lambert_w(torch.tensor([-1.0]).exp()))
    tensor([0.7822])
    """
    (x,) = floating(x=x)
    # Where W is no number there is nothing to iterate, nor to differentiate.
    ends = torch.where(x == torch.inf, torch.inf, torch.nan)
    inside = (x >= 0) & (x < torch.inf)
    wide = torch.where(inside, x.double(), 0.0)
    # Iacono and Boyd, doi:10.1007/s10444-017-9530-3, within 5 % on the whole half line.
    start = torch.log1p(wide)
    w = start * (1 - torch.log1p(start) / (2 + start))
    for _ in range(_STEPS):
        power = wide * torch.exp(-w)
        miss = w - power
        slope = 1 + power
        w = w - miss / (slope + 0.5 * miss * power / slope)
    return torch.where(inside, w, ends).to(x.dtype)
