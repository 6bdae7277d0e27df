"""Targets of a classifier: one class, or one class and a little of all."""

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_classes
from ce_core._options import require_dtype, require_integer, require_items, require_number, require_room
from ce_core._shown import refusal


def smoothed_target(
    target: int, classes: int, *, smoothing: float = 0.0, dtype: torch.dtype | str = "float64"
) -> Float[Tensor, " classes"]:
    r"""Return the target q = (1 - s) e_y + s/m: one-hot at s = 0, uniform at s = 1.

    Parameters
    ----------
    target
        The class y, counted from 0.
    classes
        Their number m, >= 1.
    smoothing
        s, from 0 to 1.
    dtype
        Of the result, one of `ce_core.DTYPES`, by its name or as torch's.

    Returns
    -------
    Tensor
        q, shape [classes], which sums to 1.

    Raises
    ------
    ValueError
        If an argument is out of its bounds.

    References
    ----------
    Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016,
    arXiv:1512.00567, section 7.

    Examples
    --------
    >>> smoothed_target(0, 4, smoothing=0.2).tolist()
    [0.8500000000000001, 0.05, 0.05, 0.05]
    """
    classes = require_integer("classes", classes, at_least=1)
    target = require_integer("target", target, at_least=0, below=classes)
    smoothing = require_number("smoothing", smoothing, at_least=0.0, at_most=1.0)
    require_room("classes", classes, classes)
    named = getattr(torch, require_dtype("dtype", dtype))
    q = torch.full((classes,), smoothing / classes, dtype=named)
    q[target] += 1 - smoothing
    return q


def merge_classes(
    p: Float[Tensor, "*batch m"] | ArrayLike, kept: tuple[int, int]
) -> Float[Tensor, "*batch 3"]:
    """Return the probabilities of two classes and of all others together: a place in a triangle.

    Parameters
    ----------
    p
        Distributions p, shape [..., m].
    kept
        Two different classes, counted from 0.

    Returns
    -------
    Tensor
        Shape [..., 3]; the last entry is the sum over all other classes, 0 if there are none.

    Raises
    ------
    ValueError
        If `kept` are not two different classes of `p`.

    References
    ----------
    Amalgamation of a composition: Aitchison, The statistical analysis of compositional data, 1986,
    doi:10.1007/978-94-009-4109-0.

    Examples
    --------
    >>> merge_classes(torch.tensor([0.5, 0.25, 0.125, 0.125]), (1, 0))
    tensor([0.2500, 0.5000, 0.2500])
    """
    (p,) = floating(p=p)
    require_classes("p", p)
    m = p.shape[-1]
    pair = [
        require_integer("kept", index, at_least=0, below=m) for index in require_items("kept", kept)
    ]
    if len(set(pair)) != 2 or len(pair) != 2:
        raise refusal("kept", "be two different classes", kept)
    first, second = pair
    others = [index for index in range(m) if index not in (first, second)]
    return torch.stack([p[..., first], p[..., second], p[..., others].sum(-1)], -1)
