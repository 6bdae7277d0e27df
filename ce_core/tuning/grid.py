"""What ε and a number of iterations make of a cost: the map of both, in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_finite, require_row
from ce_core._options import require_integer, require_items
from ce_core._shown import refusal
from ce_core._surroundings import require_unbatched, uncompiled
from ce_core.dtypes import DTYPES
from ce_core.tuning._arguments import as_cost, half_range
from ce_core.tuning._cells import iterations
from ce_core.tuning._rate import rates

# A column error that further iterations change by its rounding only.
_ARRIVED = 1e-14


@dataclass(frozen=True)
class TuningMap:
    """What each of E ε and each of K numbers of iterations make of one cost.

    Attributes
    ----------
    eps, n_iter
        The two axes, [E] and [K].
    column_error
        Σ_j |Σ_i Q_ij - n/m| / n, [E, K], where Q is `balanced_assignment(cost, eps=, n_iter=)`.
    perplexity
        exp of the mean entropy of the rows of Q, [E, K]: over how many columns a row is spread. Its
        logarithm is the least that a cross-entropy with the rows of Q as targets can be.
    columns_used
        Columns that are the largest of some row of Q, the first where several tie, [E, K].
    range_over_eps
        The range of the allowed costs by ε, [E].
    underflow
        By dtype the share of the allowed pairs of which exp(-(C - min C)/ε) rounds to 0, [E].
    rate
        By which factor a late iteration shrinks the error, [E]: σ₂² of the converged plan. NaN where
        that plan was not found.
    rate_status
        How the search for it ended, [E], as the integer of a `SinkhornStatus`: FIXED_COUNT where none
        was made.
    rows, columns
        n and m.
    """

    eps: Float[Tensor, " E"]
    n_iter: Int[Tensor, " K"]
    column_error: Float[Tensor, "E K"]
    perplexity: Float[Tensor, "E K"]
    columns_used: Int[Tensor, "E K"]
    range_over_eps: Float[Tensor, " E"]
    underflow: Mapping[str, Float[Tensor, " E"]]
    rate: Float[Tensor, " E"]
    rate_status: Int[Tensor, " E"]
    rows: int
    columns: int


@uncompiled
def tuning_map(
    cost: Float[Tensor, "n m"] | ArrayLike,
    *,
    eps: Float[Tensor, " E"] | ArrayLike,
    n_iter: Sequence[int] | Int[Tensor, " K"],
    max_iter: int = 10_000,
) -> TuningMap:
    r"""Map what `balanced_assignment` gives at each ε after each number of iterations.

    Parameters
    ----------
    cost
        C, shape [n, m]: low cost means high mass (pass minus a similarity). +inf forbids a pair.
    eps
        Regularisations, [E], each finite and > 0, in the unit of C.
    n_iter
        Numbers of iterations, [K], ascending, >= 1.
    max_iter
        Most iterations on the way to a converged plan, of which the rate is; 0 for no rates.

    Returns
    -------
    TuningMap
        Constants, floating-point numbers in float64, on the CPU. Where there is no plan (NaN or -inf
        among the costs, a row or column that is forbidden throughout) they are NaN, and no column
        is used.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    An ε is iterated once, to the largest number, and memory does not grow with E or K beyond the
    result. Everything is computed in float64, whatever the dtype of `cost`.

    References
    ----------
    Perplexity as a number of neighbours: van der Maaten and Hinton, "Visualizing data using t-SNE",
    2008, https://jmlr.org/papers/v9/vandermaaten08a.html.

    Examples
    --------
    A large ε spreads the rows, a small one needs more iterations:

    >>> cost = [[0.0, 1.0, 2.0], [1.0, 0.2, 1.0], [2.0, 1.0, 0.5]]
    >>> found = tuning_map(cost, eps=[0.1, 1.0], n_iter=[1, 10])
    >>> found.perplexity[:, 1].round(decimals=2).tolist()
    [1.01, 2.55]
    >>> found.column_error[:, 1] < 1e-3
    tensor([False,  True])
    """
    cost = as_cost("cost", cost)
    epsilons, counts = as_axes(eps, n_iter)
    max_iter = require_integer("max_iter", max_iter, at_least=0)
    shape = len(epsilons), len(counts)
    error, entropy = np.full(shape, np.nan), np.full(shape, np.nan)
    used = np.zeros(shape, dtype=np.int64)
    for some, steps in iterations(cost, epsilons):
        for place, length in enumerate(np.diff(counts, prepend=0).tolist()):
            steps.run(length)
            cells = steps.read()
            # What is not overwritten by what comes later is the same there.
            for into, part in zip((error, entropy, used), cells, strict=True):
                into[some, place:] = part[:, None]
            if (cells.column_error <= _ARRIVED).all():
                break
    rate, rate_status = rates(cost, epsilons, max_iter)
    return TuningMap(
        eps=epsilons,
        n_iter=torch.as_tensor(counts),
        column_error=torch.as_tensor(error),
        perplexity=torch.as_tensor(entropy).exp(),
        columns_used=torch.as_tensor(used),
        range_over_eps=2 * (torch.tensor(half_range(cost), dtype=torch.float64) / epsilons),
        underflow=_underflow(cost, epsilons),
        rate=rate,
        rate_status=rate_status,
        rows=cost.shape[0],
        columns=cost.shape[1],
    )


def as_axes(
    eps: Tensor | ArrayLike, n_iter: Sequence[int] | Tensor
) -> tuple[Float[Tensor, " E"], Int[np.ndarray, " K"]]:
    """Return both axes of a map, or raise naming what is wrong with one."""
    (epsilons,) = floating(torch.float64, eps=eps)
    require_row("eps", epsilons)
    epsilons = epsilons.detach().to("cpu", torch.float64)
    require_unbatched("eps", epsilons)
    require_finite("eps", epsilons, above=0.0)
    counts = [require_integer("n_iter", count, at_least=1) for count in require_items("n_iter", n_iter)]
    if not counts or sorted(set(counts)) != counts:
        raise refusal("n_iter", "be ascending", n_iter)
    return epsilons, np.array(counts)


def _underflow(cost: Float[Tensor, "n m"], eps: Float[Tensor, " E"]) -> dict[str, Float[Tensor, " E"]]:
    """Return by dtype which share of the kernel rounds to 0, its largest entry being 1."""
    above = cost[cost < torch.inf]
    # Halves, of which no difference overflows.
    above = above / 2 - above.min() / 2 if len(above) else above
    shares = {}
    for dtype in DTYPES:
        limits = torch.finfo(getattr(torch, dtype))
        # Half of the least number above 0 is rounded to 0.
        vanishing = -(np.log(limits.tiny) + np.log(limits.eps) - np.log(2))
        lost = [(above >= vanishing * (each / 2)).double().mean() for each in eps]
        shares[dtype] = torch.stack(lost)
    return shares
