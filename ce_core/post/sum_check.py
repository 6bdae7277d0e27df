"""The post's fourth step: Σ p (a - p·a) is 0 but for rounding, its elements are not."""

import math
from dataclasses import dataclass
from fractions import Fraction

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import (
    ArrayLike,
    floating,
    require_finite,
    require_row,
    require_same_classes,
)
from ce_core._options import require_integer, require_number, require_room
from ce_core.post.published import CHECK_P, CHECK_VALUES
from ce_core.probability.jacobian import centred_product

SUM_CHECK_DTYPES = ("float64", "float32")
_WIDTH = 1 / 16


@dataclass(frozen=True)
class SumCheck:
    """p (a - b), element by element, with b = p·a or as given.

    Parameters
    ----------
    mean
        b.
    elements
        p_i (a_i - b), [m], in the unit of `a`.
    total
        Their sum, as the dtype adds it up.
    exact_total
        Σ p_i (a_i - b) of the same p, a and b in exact arithmetic, then rounded once.
    """

    mean: float
    elements: Float[Tensor, " m"]
    total: float
    exact_total: float


@dataclass(frozen=True)
class SumErrors:
    """How far from 0 the sum of p (a - p·a) comes out, in many draws of the post's check.

    Parameters
    ----------
    dtypes
        Names along the first dimension of what follows.
    eps
        Distance from 1 to the next number, one a dtype.
    errors
        Σ p (a - p·a) in units of that eps, float64, [dtypes, draws].
    rms
        Root of the mean square of the errors, [dtypes].
    largest
        Largest size of an error, [dtypes].
    zero_share
        Share of the draws whose sum is exactly 0, [dtypes].
    largest_element
        Mean over the draws of the largest |p_i (a_i - p·a)|, in the unit of `a`, [dtypes].
    edges, counts
        A histogram of the errors: bins of 1/16 eps, [bins + 1]; counts, [dtypes, bins]. The bin in
        the middle is centred on 0.
    """

    dtypes: tuple[str, ...]
    eps: tuple[float, ...]
    errors: Float[Tensor, "dtypes draws"]
    rms: Float[Tensor, " dtypes"]
    largest: Float[Tensor, " dtypes"]
    zero_share: Float[Tensor, " dtypes"]
    largest_element: Float[Tensor, " dtypes"]
    edges: Float[Tensor, " edges"]
    counts: Int[Tensor, "dtypes bins"]


def five_numbers() -> Float[Tensor, "3 5"]:
    """Return the post's check: its values a, its p, and p (a - p·a), as rows; float64."""
    a, p = torch.tensor([CHECK_VALUES, CHECK_P], dtype=torch.float64)
    return torch.stack([a, p, centred_product(p, a)])


def check_sum(
    p: Float[Tensor, " m"] | ArrayLike, a: Float[Tensor, " m"] | ArrayLike, *, mean: float | None = None
) -> SumCheck:
    r"""Evaluate p (a - b) for one row: the elements, their sum, and what the sum is in truth.

    Parameters
    ----------
    p
        Weights p, shape [m].
    a
        Values a, shape [m].
    mean
        b. By default p·a, computed in the dtype.

    Returns
    -------
    SumCheck
        In the dtype of `p` and `a`, float64 for lists.

    Raises
    ------
    ValueError
        If `p` and `a` are not rows of one length with finite entries, if `mean` is not finite, or if
        p·a or an element is too large for the dtype.

    See Also
    --------
    centred_product : the elements alone, for batches.
    ce_core.post.published : the numbers that the blog post printed.

    Notes
    -----
    In exact arithmetic the sum is p·a - b Σp: 0 if b = p·a and Σp = 1.

    References
    ----------
    How rounding accumulates in a sum: Higham, Accuracy and Stability of Numerical Algorithms, 2nd
    edition, 2002, chapter 4, doi:10.1137/1.9780898718027.

    Examples
    --------
    The sum is 0 up to rounding; the elements are not:

    >>> check = check_sum([0.25, 0.75], [0.5, 0.75])
    >>> check.elements.tolist(), check.total
    ([-0.046875, 0.046875], 0.0)
    """
    p, a = floating(torch.float64, p=p, a=a)
    require_row("p", p)
    require_row("a", a)
    require_same_classes("p", p, "a", a)
    for name, row in (("p", p), ("a", a)):
        require_finite(name, row)
    p, a = p.detach(), a.detach()
    b = (p * a).sum().item() if mean is None else require_number("mean", mean)
    elements = centred_product(p, a) if mean is None else p * (a - b)
    if not (math.isfinite(b) and elements.sum().isfinite()):
        raise ValueError(f"a must be such that p (a - b) is within {p.dtype}, got a sum that is not")
    weights, values = map(Fraction, p.tolist()), map(Fraction, a.tolist())
    exact = sum(
        (w * (v - Fraction(b)) for w, v in zip(weights, values, strict=True)), start=Fraction(0)
    )
    return SumCheck(b, elements, elements.sum().item(), float(exact))


def sum_errors(*, draws: int = 10_000, m: int = 5, seed: int = 0) -> SumErrors:
    r"""Repeat the post's check with fresh numbers: the distribution of the sum's rounding error.

    A draw is m values a and m weights p, uniform on [0, 1), p divided by its sum.

    Parameters
    ----------
    draws
        Their number, >= 1.
    m
        Numbers in a draw, >= 1.
    seed
        Of the draws, an integer >= 0 and < 2**63. They are made in float64 and cast: each dtype sees
        the same sample.

    Returns
    -------
    SumErrors
        One row a dtype of `SUM_CHECK_DTYPES`.

    Raises
    ------
    ValueError
        If an option is out of its bounds.

    Notes
    -----
    The errors are some tenths of eps, since elements of about 0.1 are rounded to about 0.1 eps; Σp
    itself misses 1 by the rounding of its division. In units of its own eps each dtype has about the
    same distribution, in absolute terms that of float32 is 2^29 times as wide.

    References
    ----------
    As for `check_sum`.

    Examples
    --------
    >>> found = sum_errors(draws=1000)
    >>> bool((found.largest < 4).all() and (found.largest_element > 0.05).all())
    True
    """
    draws = require_integer("draws", draws, at_least=1)
    m = require_integer("m", m, at_least=1)
    require_room("draws", draws, draws * m)
    seed = require_integer("seed", seed, at_least=0, below=2**63)
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(draws, m, generator=generator, dtype=torch.float64)
    weights = torch.rand(draws, m, generator=generator, dtype=torch.float64)
    errors, sizes, eps = [], [], []
    for name in SUM_CHECK_DTYPES:
        dtype = getattr(torch, name)
        a, p = values.to(dtype), weights.to(dtype)
        elements = centred_product(p / p.sum(-1, keepdim=True), a)
        eps.append(torch.finfo(dtype).eps)
        errors.append(elements.sum(-1).double() / eps[-1])
        sizes.append(elements.abs().amax(-1).double().mean())
    found = torch.stack(errors)
    edges, counts = _histogram(found)
    return SumErrors(
        dtypes=SUM_CHECK_DTYPES,
        eps=tuple(eps),
        errors=found,
        rms=found.square().mean(-1).sqrt(),
        largest=found.abs().amax(-1),
        zero_share=(found == 0).double().mean(-1),
        largest_element=torch.stack(sizes),
        edges=edges,
        counts=counts,
    )


def _histogram(errors: Float[Tensor, "dtypes draws"]) -> tuple[Tensor, Tensor]:
    """Return edges and counts of bins around the multiples of a width, as many as are needed."""
    nearest = (errors / _WIDTH).round().long()
    reach = int(nearest.abs().max())
    counts = torch.stack([torch.bincount(row + reach, minlength=2 * reach + 1) for row in nearest])
    edges = _WIDTH * (torch.arange(-reach, reach + 2, dtype=torch.float64) - 0.5)
    return edges, counts
