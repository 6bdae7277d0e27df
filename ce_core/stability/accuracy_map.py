"""Right, wrong, infinite or NaN: every formula in every dtype along a line of logits."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import (
    ArrayLike,
    floating,
    require_finite,
    require_row,
    require_same_classes,
    require_target,
)
from ce_core._own_autograd import with_own_autograd
from ce_core._shown import refusal
from ce_core.dtypes import DTYPES
from ce_core.stability.formulas import FORMULAS, Formula, choose_formula, run_plainly
from ce_core.stability.verdicts import VERDICTS, verdict_codes


@dataclass(frozen=True)
class AccuracyRun:
    """A run of neighbouring gaps with one verdict, its first and last gap included."""

    formula: str
    dtype: str
    verdict: str
    first: float
    last: float


@dataclass(frozen=True)
class AccuracyMap:
    """Verdicts over formulas, dtypes and gaps, as indices into `VERDICTS`.

    Parameters
    ----------
    formulas, dtypes
        Names along the first and second dimension.
    gaps
        Gaps, float64, ascending, along the last dimension.
    values, gradients
        Verdict on the loss and on the worst entry of its gradient with respect to the logits.
    """

    formulas: tuple[str, ...]
    dtypes: tuple[str, ...]
    gaps: Float[Tensor, " gaps"]
    values: Int[Tensor, "formulas dtypes gaps"]
    gradients: Int[Tensor, "formulas dtypes gaps"]

    def runs(self, codes: Int[Tensor, "formulas dtypes gaps"]) -> Iterator[AccuracyRun]:
        """Return the runs of equal verdicts in `values` or `gradients`, row by row."""
        gaps = self.gaps.tolist()
        begins = torch.ones_like(codes, dtype=torch.bool)
        begins[..., 1:] = codes[..., 1:] != codes[..., :-1]
        starts = begins.nonzero().tolist()
        # A run ends where the next begins, or with its row: the next row begins at 0.
        ends = [after - 1 for *_row, after in starts[1:]] + [-1]
        for (i, j, start), end, code in zip(starts, ends, codes[begins].tolist(), strict=True):
            yield AccuracyRun(self.formulas[i], self.dtypes[j], VERDICTS[code], gaps[start], gaps[end])

    def verdict_at(self, formula: str, dtype: str, gap: float) -> tuple[str, str]:
        """Return the verdicts on value and gradient at the nearest of the gaps."""
        row = self.formulas.index(formula), self.dtypes.index(dtype)
        place = int((self.gaps - gap).abs().argmin())
        return VERDICTS[self.values[row][place]], VERDICTS[self.gradients[row][place]]


@with_own_autograd
def accuracy_map(
    gaps: Float[Tensor, " gaps"] | ArrayLike,
    q: Float[Tensor, " m"] | ArrayLike = (1.0, 0.0),
    *,
    origin: Float[Tensor, " m"] | ArrayLike | None = None,
    direction: Float[Tensor, " m"] | ArrayLike | None = None,
    floor: float | None = None,
) -> AccuracyMap:
    r"""Judge every formula in every dtype at the logits origin + gap · direction.

    Parameters
    ----------
    gaps
        Finite numbers, ascending, shape [gaps].
    q
        Target distribution, shape [m].
    origin
        Logits at gap 0, shape [m], by default 0; -inf is a class that cannot happen.
    direction
        What one unit of the gap adds, shape [m]; by default 1 to the first class, so that the logits
        are (gap, 0, ..., 0).
    floor
        Floor > 0 of the clipped formula; by default 1e-12, and 2^-14 in float16.

    Returns
    -------
    AccuracyMap
        Verdicts on value and gradient, [formulas, dtypes, gaps].

    Raises
    ------
    ValueError
        If `gaps` is not an ascending row of finite numbers; if `origin` or `direction` is not a row
        as long as `q`, or holds what no finite or -inf logit comes from; if `q` is not as for
        `ce_core.trace_formula`; if `floor` is not > 0.

    See Also
    --------
    ce_core.outcome_map : without the truth: finite, inf or NaN.

    Notes
    -----
    The truth is that of the accurate functions in float64, for the logits as they are before they
    are rounded to the dtype. "wrong" is finite, off by more than 5 % of the largest entry of the
    truth, and by more than 4 eps of the dtype (see `ce_core.stability.verdicts`). An infinite loss
    that is infinite in truth is right.

    Examples
    --------
    Clipping never gives NaN. From the gap 30 on it misses the loss by more than a twentieth:

    >>> judged = accuracy_map(range(1, 1000), [0.0, 1.0])
    >>> [(run.verdict, run.first) for run in judged.runs(judged.values)
    ...  if (run.formula, run.dtype) == ("clipped", "float32")]
    [('right', 1.0), ('wrong', 30.0)]
    """
    (gaps,) = floating(torch.float64, gaps=gaps)
    (q,) = floating(torch.float64, q=q)
    require_row("gaps", gaps)
    gaps = gaps.detach().double()
    if not gaps.isfinite().all() or (gaps.diff() <= 0).any():
        raise refusal("gaps", "be finite and ascending", gaps)
    require_row("q", q)
    require_target(q)
    q = q.detach().double()
    start = torch.zeros_like(q) if origin is None else _row("origin", origin, q)
    if direction is None:
        step = torch.zeros_like(q)
        step[0] = 1
    else:
        step = _row("direction", direction, q)
    require_finite("direction", step)
    if not (start < torch.inf).all() or not start.isfinite().any():
        raise refusal("origin", "be finite or -inf, and finite somewhere", start)
    a = start + gaps.unsqueeze(-1) * step
    judged = []
    for name in FORMULAS:
        formula = choose_formula(name, floor=floor if name == "clipped" else None)
        truth = formula.truth(a, q), formula.true_gradient(a, q)
        judged.append(torch.stack([_judge(formula, a, q, dtype, truth) for dtype in DTYPES]))
    values, gradients = torch.stack(judged).unbind(-2)
    return AccuracyMap(tuple(FORMULAS), DTYPES, gaps, values, gradients)


def _row(name: str, given: Tensor | ArrayLike, q: Tensor) -> Tensor:
    (row,) = floating(torch.float64, **{name: given})
    require_row(name, row)
    require_same_classes("q", q, name, row)
    return row.detach().double()


def _judge(
    formula: Formula, a: Tensor, q: Tensor, dtype: str, truth: tuple[Tensor, Tensor]
) -> Int[Tensor, "2 gaps"]:
    torch_dtype = getattr(torch, dtype)
    logits = a.to(torch_dtype, copy=True).requires_grad_()
    loss = formula.compute(run_plainly, logits, q.to(torch_dtype))
    (gradient,) = torch.autograd.grad(loss.sum(), logits)
    value = loss.detach().unsqueeze(-1)
    return torch.stack(
        [
            verdict_codes(value, truth[0].unsqueeze(-1), torch_dtype),
            verdict_codes(gradient, truth[1], torch_dtype),
        ]
    )
