"""Which formulas stay finite, over dtypes and the gap between the logits."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_finite, require_row, require_target
from ce_core._own_autograd import with_own_autograd
from ce_core.dtypes import DTYPES
from ce_core.stability.formulas import FORMULAS, Formula, run_plainly

OUTCOMES = ("finite", "inf", "nan")
"""What numbers can be, from best to worst; of several, the worst counts."""

_TORCH_DTYPES = tuple(getattr(torch, name) for name in DTYPES)


@dataclass(frozen=True)
class OutcomeMap:
    """Outcomes over formulas, dtypes and gaps, as indices into `OUTCOMES`.

    Parameters
    ----------
    formulas, dtypes
        Names along the first and second dimension.
    gaps
        Gaps between the logits, float64, along the last dimension.
    values, gradients
        Outcome of the loss and of its gradient with respect to the logits.
    """

    formulas: tuple[str, ...]
    dtypes: tuple[str, ...]
    gaps: Float[Tensor, " gaps"]
    values: Int[Tensor, "formulas dtypes gaps"]
    gradients: Int[Tensor, "formulas dtypes gaps"]


@with_own_autograd
def outcome_map(
    gaps: Float[Tensor, " gaps"] | ArrayLike, q: Float[Tensor, " m"] | ArrayLike = (1.0, 0.0)
) -> OutcomeMap:
    r"""Say for the logits (gap, 0, ..., 0) which formula stays finite in which dtype.

    Parameters
    ----------
    gaps
        Finite numbers, shape [gaps].
    q
        Target distribution, shape [m], which also fixes the number of classes. By default all its
        weight is on the class of the gap, so that 0 log 0 matters and the true loss tends to 0.

    Returns
    -------
    OutcomeMap
        Outcomes of value and gradient, [formulas, dtypes, gaps]: indices into `OUTCOMES`.

    Raises
    ------
    ValueError
        If `gaps` is not a row of finite numbers, or `q` not as for `ce_core.trace_formula`.

    Notes
    -----
    The same formulas as in `trace_formula`, on all gaps at once. A gap that is too large for the
    dtype is rounded to infinity first, and there no formula helps.

    References
    ----------
    As for `ce_core.trace_formula`.

    Examples
    --------
    The first whole gap at which the textbook formula, maximum subtracted, is not finite:

    >>> outcomes = outcome_map(range(1000))
    >>> failed = outcomes.values[outcomes.formulas.index("max_shifted")] > 0
    >>> dict(zip(outcomes.dtypes, failed.int().argmax(-1).tolist()))
    {'float64': 746, 'float32': 104, 'bfloat16': 93, 'float16': 18}
    """
    gaps, q = floating(torch.float64, gaps=gaps, q=q)
    require_row("gaps", gaps)
    require_finite("gaps", gaps)
    require_row("q", q)
    require_target(q)
    gaps, q = gaps.detach().double(), q.detach().double()
    a = torch.cat([gaps.unsqueeze(-1), gaps.new_zeros(len(gaps), len(q) - 1)], -1)
    outcomes = torch.stack(
        [
            torch.stack([_outcomes(f, a.to(dtype), q.to(dtype)) for dtype in _TORCH_DTYPES])
            for f in FORMULAS.values()
        ]
    )
    values, gradients = outcomes.unbind(-2)
    return OutcomeMap(tuple(FORMULAS), DTYPES, gaps, values, gradients)


def outcome_codes(rows: Float[Tensor, "*batch m"]) -> Int[Tensor, "*batch"]:
    """Return for each row the index in `OUTCOMES` of its worst entry."""
    infinite = rows.isinf().any(-1).to(torch.int64)
    return torch.where(rows.isnan().any(-1), OUTCOMES.index("nan"), infinite)


def _outcomes(
    formula: Formula, a: Float[Tensor, "gaps m"], q: Float[Tensor, " m"]
) -> Int[Tensor, "2 gaps"]:
    a = a.clone().requires_grad_()
    loss = formula.compute(run_plainly, a, q)
    (gradient,) = torch.autograd.grad(loss, a, torch.ones_like(loss))
    return torch.stack([outcome_codes(loss.unsqueeze(-1)), outcome_codes(gradient)])
