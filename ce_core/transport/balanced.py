"""Balanced targets: scores turned into a plan by Sinkhorn's alternate scaling."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._arrays import as_arrays
from ce_core._options import require_integer
from ce_core._surroundings import hides_values, may_be_differentiated, product_of
from ce_core.dtypes import widen
from ce_core.transport._per_item import shared_batch
from ce_core.transport._problem import as_eps
from ce_core.transport.steep_iteration import SteepIteration, prepare

# The widest range of the log-kernel that plain scaling takes. Above the first the rounding of
# cost/eps in float32 would show in the sixth digit; above the second float64 scalings overflow.
KERNEL_RANGE = {torch.float32: 16.0, torch.float64: 300.0}


def balanced_assignment(
    cost: Float[Tensor, "... n m"] | ArrayLike,
    *,
    eps: Float[Tensor, "..."] | ArrayLike = 5.0,
    n_iter: int = 3,
) -> Float[Tensor, "... n m"]:
    r"""Assign n samples to m prototypes so that each prototype gets about n/m of them.

    The post's Q: starting from exp(-C/ε), scale the columns to sum to n/m, then the rows to sum to
    1, `n_iter` times. A fixed number of iterations is not convergence: the rows are exact, the
    columns carry the error.

    Parameters
    ----------
    cost
        C, shape [..., n, m]: low cost means high mass (pass minus a similarity). +inf forbids a
        pair.
    eps
        Entropic regularisation ε > 0, in the unit of C: a number, or one for each item of the batch.
    n_iter
        Number of iterations, at least 1, each columns then rows.

    Returns
    -------
    Tensor
        Q, of the shape, dtype and device of `cost`; each row sums to 1. An item of the batch with
        NaN or -inf in its cost, or with a row or column that is forbidden throughout, is NaN there.
        Gradients are those of the unrolled iterations, of every order, and right under `torch.func`,
        `torch.compile` and `torch.autocast`, which changes no digit.

    Raises
    ------
    ValueError
        If `cost` has fewer than two dimensions or an empty one, or is not numeric; if `eps` is not
        finite and > 0; if `n_iter` is not an integer >= 1.

    Notes
    -----
    Zeros are never replaced by small numbers. Where the range of C/ε is small the kernel itself is
    scaled; elsewhere, and within `torch.func`, the same updates run in float64, on its logarithm. A
    constant added to a column, or to everything, changes nothing; one added to a row changes the
    plan after a few iterations, though not the converged one.

    References
    ----------
    Cuturi, "Sinkhorn distances", 2013, arXiv:1306.0895; as a target for clustering: Caron et al.
    (SwAV), 2020, arXiv:2006.09882.

    Examples
    --------
    Three samples that all prefer the first of two prototypes still share the two:

    >>> q = balanced_assignment([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0]], eps=0.5, n_iter=50)
    >>> q.sum(0)
    tensor([1.5000, 1.5000])
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    each = as_eps(eps, cost)
    n_iter = require_integer("n_iter", n_iter, at_least=1)
    batch, matrix = shared_batch(cost, "eps", each), cost.shape[-2:]
    items = widen(cost).expand(*batch, *matrix).reshape(-1, *matrix)
    each = each.expand(batch).reshape(-1, 1, 1)
    if hides_values(items, each):
        plan = _iterate_on_logarithms(items, each, n_iter).to(items.dtype)
    else:
        plan = _scale(items, each, n_iter)
    return plan.reshape(*batch, *matrix).to(cost.dtype)


def balanced_codes(
    similarity: Float[Tensor, "... n m"] | ArrayLike,
    *,
    eps: Float[Tensor, "..."] | ArrayLike = 0.05,
    n_iter: int = 3,
) -> Float[Tensor, "... n m"]:
    r"""Codes of n samples over m prototypes from similarities, as SwAV and CBM compute them.

    It is `balanced_assignment` of the negated similarities, with the defaults of that practice.

    Parameters
    ----------
    similarity
        Shape [..., n, m], such as the cosines of samples and prototypes: high means high mass. -inf
        forbids a pair.
    eps, n_iter
        As for `balanced_assignment`.

    Returns
    -------
    Tensor
        Q, of the shape, dtype and device of `similarity`; each row sums to 1.

    Raises
    ------
    ValueError
        As for `balanced_assignment`.

    References
    ----------
    Caron et al., "Unsupervised learning of visual features by contrasting cluster assignments"
    (SwAV), 2020, arXiv:2006.09882; Liu et al. (CBM), 2023, arXiv:2302.12003.

    Examples
    --------
    Two samples are most like the first prototype, but each prototype is to get one of them:

    >>> similarity = torch.tensor([[0.9, 0.1], [0.8, 0.6]])
    >>> similarity.argmax(-1), balanced_codes(similarity).argmax(-1)
    (tensor([0, 0]), tensor([0, 1]))
    """
    (similarity,) = floating(similarity=similarity)
    require_matrices("similarity", similarity)
    return balanced_assignment(-similarity, eps=eps, n_iter=n_iter)


def _scale(
    items: Float[Tensor, "b n m"], eps: Float[Tensor, "b 1 1"], n_iter: int
) -> Float[Tensor, "b n m"]:
    """Scale each item in the way that its range of cost/eps asks for."""
    values, narrow = items.detach(), eps.to(items.dtype)
    lowest, highest = values.amin((-2, -1), keepdim=True), values.amax((-2, -1), keepdim=True)
    # Negated, so that a range that is NaN (infinite costs, eps beyond the dtype) counts as steep.
    steep = ~((highest - lowest) / narrow.detach() <= KERNEL_RANGE[items.dtype])
    if not steep.any():
        return _scale_kernel(items, lowest, narrow, n_iter)
    if steep.all():
        return _scale_log_kernel(items, eps, n_iter).to(items.dtype)
    steep = steep.flatten()
    plan = items.new_empty(items.shape)
    gentle_plan = _scale_kernel(items[~steep], lowest[~steep], narrow[~steep], n_iter)
    steep_plan = _scale_log_kernel(items[steep], eps[steep], n_iter).to(items.dtype)
    return plan.index_put((~steep,), gentle_plan).index_put((steep,), steep_plan)


def _scale_kernel(
    cost: Float[Tensor, "b n m"],
    lowest: Float[Tensor, "b 1 1"],
    eps: Float[Tensor, "b 1 1"],
    n_iter: int,
) -> Float[Tensor, "b n m"]:
    """Scale exp(-cost/eps) itself: two matrix-vector products an iteration."""
    kernel = (lowest - cost).div_(eps).exp_()
    n, m = cost.shape[-2:]
    factors, rows = kernel, kernel.new_ones(len(cost), 1, n)
    if may_be_differentiated(cost, eps):
        transposed, product = factors.mT, product_of(factors)
        for _ in range(n_iter):
            columns = (n / m) / product(rows, factors)
            rows = 1 / product(columns, transposed)
        plan = rows.mT * kernel * columns
        return plan / plan.sum(-1, keepdim=True)
    factors, rows = as_arrays(kernel, rows)
    transposed = factors.swapaxes(-1, -2)
    # BLAS computes in full registers, and flags what it finds beside a narrow matrix.
    with np.errstate(all="ignore"):
        for _ in range(n_iter):
            # Were columns scaled to 1, the factors would drift by n/m an iteration, and overflow.
            columns = (n / m) / (rows @ factors)
            rows = 1 / (columns @ transposed)
    rows, columns = torch.as_tensor(rows), torch.as_tensor(columns)
    plan = kernel.mul_(rows.mT).mul_(columns)
    return plan.div_(plan.sum(-1, keepdim=True))


def _scale_log_kernel(
    cost: Float[Tensor, "b n m"], eps: Float[Tensor, "b 1 1"], n_iter: int
) -> Float[Tensor, "b n m"]:
    """Run the same updates in float64, in a way that no range of the costs overflows."""
    if may_be_differentiated(cost, eps):
        return _iterate_on_logarithms(cost, eps, n_iter)
    steps = SteepIteration(cost, eps)
    steps.run(n_iter)
    return torch.softmax(steps.exponents(), -1).masked_fill(steps.undefined[:, None, None], torch.nan)


def _iterate_on_logarithms(
    cost: Float[Tensor, "b n m"], eps: Float[Tensor, "b 1 1"], n_iter: int
) -> Float[Tensor, "b n m"]:
    """Run the same updates in float64, on logarithms, in operations that torch can transform."""
    wide, limited, undefined = prepare(cost, eps)
    forbidden = wide == torch.inf
    blocked = forbidden.all(-1).any(-1) | forbidden.all(-2).any(-1)
    undefined = undefined | blocked[:, None, None]
    # Where there is no plan, nothing that is not finite may come into a derivative.
    forbidden = forbidden & ~undefined
    wide = wide.masked_fill(wide == torch.inf, 0.0)
    log_kernel = (wide / -limited).masked_fill(forbidden, -torch.inf)
    u = torch.zeros_like(log_kernel[..., :1])
    for _ in range(n_iter):
        v = -torch.logsumexp(log_kernel + u, -2, keepdim=True)
        u = -torch.logsumexp(log_kernel + v, -1, keepdim=True)
    plan = torch.softmax(log_kernel + v, -1)
    return plan.masked_fill(undefined, torch.nan)


def column_error(
    plan: Float[Tensor, "*batch n m"],
) -> Float[Tensor, "*batch"]:
    """L1 distance of the column sums from n/m, as a share of the mass n of the plan."""
    n, m = plan.shape[-2:]
    return (plan.sum(-2, dtype=torch.float64) - n / m).abs().sum(-1) / n
