"""Gradient descent on logits, by the two losses and the three gradients that go with them."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, require_same_classes, widened
from ce_core._options import require_integer, require_number, require_room

DESCENTS = ("l1", "l2_held", "l2")
"""What is descended: L1; L2 with p held constant (`detach`); L2 in full."""


@dataclass(frozen=True)
class DescentPaths:
    """Paths of gradient descent from the same logits, by each gradient of `DESCENTS`.

    Parameters
    ----------
    names
        Along the first dimension.
    a
        Logits after each step, [names, steps + 1, ..., m], the start included.
    p
        Their softmax.
    """

    names: tuple[str, ...]
    a: Float[Tensor, "names steps *batch m"]
    p: Float[Tensor, "names steps *batch m"]


def descent_paths(
    a: Float[Tensor, "*#batch m"] | ArrayLike,
    q: Float[Tensor, "*#batch m"] | ArrayLike,
    *,
    learning_rate: float = 1.0,
    steps: int = 200,
) -> DescentPaths:
    r"""Descend from logits by L1, by L2 with p held constant, and by L2 in full, a <- a - η dL/da.

    Parameters
    ----------
    a
        Logits a to start from, shape [..., m].
    q
        Target distribution q, shape [..., m], with Σq = 1; leading dimensions broadcast.
    learning_rate
        η > 0, in the unit of the logits. L1 is sure to fall in every step where η < 4, since the
        largest eigenvalue of J is at most 1/2; L2 in full near its minimum where η < 2.
    steps
        Number of steps, >= 0.

    Returns
    -------
    DescentPaths
        In the dtype of `a` and `q`; half types walk in float32. The paths of L1 and of L2 held agree
        up to rounding.

    Raises
    ------
    ValueError
        If shapes do not fit, as for `cross_entropy`, or an option is out of its bounds.

    See Also
    --------
    logit_gap_minimum : where the path of L2 in full ends.

    Notes
    -----
    Every gradient sums to 0, so the sum of the logits stays what it is at the start.

    References
    ----------
    Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées", Comptes
    rendus 25 (1847), 536-538.

    Examples
    --------
    L1 becomes sure of the one right class. So does L2 with p held constant. L2 in full does not:

    >>> paths = descent_paths([-1.0, 1.0], [1.0, 0.0])
    >>> [(name, round(p.item(), 3)) for name, p in zip(paths.names, paths.p[:, -1, 0])]
    [('l1', 0.997), ('l2_held', 0.997), ('l2', 0.782)]
    """
    dtype, (a, q) = widened(a=a, q=q, target="q")
    require_same_classes("a", a, "q", q)
    rate = require_number("learning_rate", learning_rate, above=0.0)
    steps = require_integer("steps", steps, at_least=0)
    shape = np.broadcast_shapes(a.shape, q.shape)
    require_room("steps", steps, (steps + 1) * len(DESCENTS) * math.prod(shape))
    target = q.detach().expand(shape)
    mass = target.sum(-1, keepdim=True)
    masses = torch.stack([mass, torch.ones_like(mass), torch.ones_like(mass)])
    at = a.detach().expand(len(DESCENTS), *shape).clone()
    visited = [at]
    for _ in range(steps):
        at = at - rate * _gradients(at, target, masses)
        visited.append(at)
    path = torch.stack(visited, 1)
    return DescentPaths(DESCENTS, path.to(dtype), torch.softmax(path, -1).to(dtype))


def _gradients(
    a: Float[Tensor, "names *batch m"],
    q: Float[Tensor, "*batch m"],
    masses: Float[Tensor, "names *batch 1"],
) -> Tensor:
    """Return what `cross_entropy_grad` and `logit_gap_grad` do, of all descents at once."""
    p = torch.softmax(a, -1)
    gradients = masses * p - q
    full, weights = a[2], p[2]
    # The extra term of L2 is `centred_product`. Seen from the largest logit, no logit with a weight is
    # far away, and one without may be at any that is finite.
    centred = (full - full.amax(-1, keepdim=True)).clamp(min=torch.finfo(a.dtype).min)
    mean = (weights * centred).sum(-1, keepdim=True)
    gradients[2].add_(weights * (centred - mean))
    return gradients
