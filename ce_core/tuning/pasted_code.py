"""Code to paste that computes a plan: with this package, with POT, and with torch alone."""

from ce_core._options import require_integer, require_number

_OURS = """\
from ce_core import balanced_assignment

q = balanced_assignment(cost, eps={eps!r}, n_iter={n_iter})
"""

_POT = """\
import numpy as np
import ot

n, m = cost.shape
p = ot.sinkhorn(
    np.full(n, 1 / n),
    np.full(m, 1 / m),
    cost,
    reg={eps!r},
    method="sinkhorn_log",
    numItermax={n_iter},
    stopThr=0,
    warn=False,
)
q = n * p
"""

_TORCH = """\
import torch

n, m = cost.shape
log_kernel = (cost.min() - cost).double() / {eps!r}
u = torch.zeros(n, 1)
for _ in range({n_iter}):
    v = -torch.logsumexp(log_kernel + u, dim=0, keepdim=True)
    u = -torch.logsumexp(log_kernel + v, dim=1, keepdim=True)
q = torch.exp(log_kernel + u + v)
"""


def snippets(eps: float, n_iter: int) -> dict[str, str]:
    """Return code that turns `cost` into `q`, the same plan three ways.

    Parameters
    ----------
    eps
        Entropic regularisation ε > 0, in the unit of the cost.
    n_iter
        Number of iterations, at least 1.

    Returns
    -------
    dict
        By whose it is, "ce_core", "POT" and "torch", what sets `q`, [n, m], each row of which sums to
        1. `cost` is [n, m]: a NumPy array for POT, a tensor for torch, either for `ce_core`.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Examples
    --------
    >>> print(snippets(0.05, 3)["ce_core"])
    from ce_core import balanced_assignment
    <BLANKLINE>
    q = balanced_assignment(cost, eps=0.05, n_iter=3)
    <BLANKLINE>
    """
    eps = require_number("eps", eps, above=0.0)
    n_iter = require_integer("n_iter", n_iter, at_least=1)
    texts = {"ce_core": _OURS, "POT": _POT, "torch": _TORCH}
    return {whose: text.format(eps=eps, n_iter=n_iter) for whose, text in texts.items()}
