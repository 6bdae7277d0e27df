"""Slack: a row and a column that take what finds no partner."""

from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._shown import refusal
from ce_core.transport._per_item import as_option, shared_batch
from ce_core.transport._problem import verify


class SlackProblem(NamedTuple):
    """A transport problem with dustbins, as `ce_core.sinkhorn` takes it.

    Attributes
    ----------
    cost
        C with the bins last, [..., n + 1, m + 1], of the dtype and device of the cost it came from.
    mu, nu
        Marginals, [n + 1] and [m + 1], float64: 1/(n + m) for each point, m/(n + m) for the row of
        the bin and n/(n + m) for its column, so that every point may go there.
    """

    cost: Float[Tensor, "*batch rows columns"]
    mu: Float[Tensor, " rows"]
    nu: Float[Tensor, " columns"]


def with_dustbins(
    cost: Float[Tensor, "... n m"] | ArrayLike, score: Float[Tensor, "..."] | ArrayLike
) -> SlackProblem:
    r"""Add a dustbin to the rows and one to the columns: points may stay without a partner.

    Parameters
    ----------
    cost
        C, shape [..., n, m]: low cost means high mass (pass minus a similarity). +inf forbids a pair.
    score
        How much the bins attract, in the unit of C, as a similarity would: a pair with a bin costs
        -score. One for all, or one for each item of the batch. Gradients flow to it.

    Returns
    -------
    SlackProblem
        Cost and marginals. The plan has mass 1: times n + m, each point has mass 1.

    Raises
    ------
    ValueError
        If `cost` is not a batch of matrices, or `score` is neither one number nor one for each, or is
        not finite in the dtype of `cost`.

    References
    ----------
    Sarlin, DeTone, Malisiewicz and Rabinovich, "SuperGlue: learning feature matching with graph
    neural networks", 2020, arXiv:1911.11763, where ε is 1, C minus the scores and `score` learned.

    Examples
    --------
    Two alike and one that is like none:

    >>> similarity = torch.tensor([[9.0, 0.0], [0.0, 9.0], [0.0, 1.0]])
    >>> cost, mu, nu = with_dustbins(-similarity, 5.0)
    >>> plan = sinkhorn(cost, eps=1.0, mu=mu, nu=nu).plan * 5
    >>> plan[:3].argmax(-1)
    tensor([0, 1, 2])
    """
    (cost,) = floating(cost=cost)
    require_matrices("cost", cost)
    n, m = cost.shape[-2:]
    bins = as_option("score", score, cost)
    batch = shared_batch(cost, "score", bins)
    verify(partial(_require_finite, score), bins.detach())
    cost, bins = cost.expand(*batch, n, m), -bins.expand(batch)[..., None, None]
    among_points = torch.zeros(n + 1, m + 1, dtype=torch.bool, device=cost.device)
    among_points[:n, :m] = True
    # No `torch.cat`, which fails for float16 under an autocast to bfloat16.
    widened = torch.where(among_points, torch.nn.functional.pad(cost, (0, 1, 0, 1)), bins)
    mu, nu = (torch.ones(size + 1, dtype=torch.float64, device=cost.device) for size in (n, m))
    mu[-1], nu[-1] = m, n
    return SlackProblem(widened, mu / (n + m), nu / (n + m))


def _require_finite(given: Tensor | ArrayLike, score: Tensor) -> None:
    if not score.isfinite().all():
        raise refusal("score", f"be finite in the dtype of cost, {score.dtype}", given)
