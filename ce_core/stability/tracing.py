"""Where a formula leaves the finite numbers: its operations traced, forward and backward."""

from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import (
    ArrayLike,
    floating,
    require_row,
    require_same_classes,
    require_target,
)
from ce_core._options import require_dtype
from ce_core._own_autograd import with_own_autograd
from ce_core._shown import refusal
from ce_core.dtypes import DTYPES
from ce_core.stability.formulas import FORMULAS, Formula, Operation, Recorder, choose_formula, kind_of
from ce_core.stability.outcome_map import OUTCOMES, outcome_codes
from ce_core.stability.verdicts import VERDICTS, verdict_codes


@dataclass(frozen=True)
class FormulaStep:
    """One operation of a formula, as it ran.

    Parameters
    ----------
    name
        What the operation makes, unique in its formula: "exponentials", "logs", "loss", ...
    text
        The operation in symbols, such as "p_i = e_i / Z".
    kind
        What it does: "exp", "log", "subtract", ...; see `ce_core.stability.formulas.kind_of`.
    operands
        Names of the steps that made what it was given; empty for the first two.
    value
        Its result, shape [m], [1] or [].
    outcome
        "finite", "inf" or "nan": the worst entry of the value.
    gradient
        What arrived at the value in the backward pass, d loss / d value, of the same shape. None
        where none does: at the target, at the maximum (held constant) and at what made it.
    gradient_outcome
        The worst entry of the gradient, or None.
    """

    name: str
    text: str
    kind: str
    operands: tuple[str, ...]
    value: Tensor
    outcome: str
    gradient: Tensor | None
    gradient_outcome: str | None


@dataclass(frozen=True)
class FormulaTrace:
    """What one formula did in one dtype.

    Parameters
    ----------
    formula, dtype
        Their names.
    steps
        The operations in the order in which they ran; the first two round a and q to the dtype.
    value
        The loss as computed, in nats (L2: in the unit of the logits).
    gradient
        Its gradient with respect to the logits, shape [m], in the dtype.
    true_value, true_gradient
        What they should be for a and q as given, in float64; see `trace_formula`. NaN where a has
        no softmax, with a logit of +inf or no other than -inf.
    error
        value - true_value, signed; 0 where both are the same infinity.
    left_forward
        Name of the first operation whose result is worse ("inf" after "finite", "nan" after "inf")
        than everything that it was given; None if there is none. A logit given as -inf is no fault.
    left_backward
        Name of the first operation, from the loss backward, that passed on a gradient which is
        not finite; None if all are.
    """

    formula: str
    dtype: str
    steps: tuple[FormulaStep, ...]
    value: float
    gradient: Float[Tensor, " m"]
    true_value: float
    true_gradient: Float[Tensor, " m"]
    error: float
    left_forward: str | None
    left_backward: str | None

    @property
    def value_outcome(self) -> str:
        """Whether the loss is "finite", "inf" or "nan"."""
        return self.steps[-1].outcome

    @property
    def gradient_outcome(self) -> str:
        """The worst entry of the gradient: "finite", "inf" or "nan"."""
        return _outcome(self.gradient)

    @property
    def value_verdict(self) -> str:
        """Whether the loss is "right", "wrong", "inf" or "nan", as `accuracy_map` judges it."""
        return self._verdict(
            self.steps[-1].value.reshape(1), torch.tensor([self.true_value], dtype=torch.float64)
        )

    @property
    def gradient_verdict(self) -> str:
        """The same of the gradient."""
        return self._verdict(self.gradient, self.true_gradient)

    def _verdict(self, found: Tensor, truth: Tensor) -> str:
        return VERDICTS[int(verdict_codes(found, truth, getattr(torch, self.dtype)))]


@with_own_autograd
def trace_formula(
    formula: str,
    a: Float[Tensor, " m"] | ArrayLike,
    q: Float[Tensor, " m"] | ArrayLike,
    *,
    dtype: str,
    floor: float | None = None,
) -> FormulaTrace:
    r"""Run one formula of a loss in one dtype and keep every operation, forward and backward.

    Parameters
    ----------
    formula
        A name in `FORMULAS`.
    a
        Logits a of one row, shape [m]; -inf is a class that cannot happen. +inf, or a row of -inf,
        has no softmax: every formula gives NaN, and the trace says where.
    q
        Target distribution q, shape [m].
    dtype
        Arithmetic: "float64", "float32", "bfloat16" or "float16".
    floor
        Floor > 0 of the clipped formula; others have none. By default 1e-12, and 2^-14 in float16.

    Returns
    -------
    FormulaTrace
        Steps, value (nats), gradient, truth, and the operations that left the finite numbers.

    Raises
    ------
    ValueError
        If the formula or dtype is not one of these; if `a` and `q` are not rows of one length; if
        `a` has NaN; if `q` has a negative or infinite entry, or its sum is not 1 within 0.01 (what
        rounding to a half type may cost); if `floor` is not > 0, or the formula has none.

    See Also
    --------
    ce_core.cross_entropy, ce_core.logit_gap : the accurate functions, which widen half types.
    ce_core.outcome_map : only the outcomes, for many gaps at once.

    Notes
    -----
    Nothing is widened: each operation takes and returns tensors of the dtype. (Inside one operation
    torch may use float32 for a half type; its result is rounded before the next one sees it.)
    Thus log-softmax and L2 are finite here as long as a - max(a) is finite in the dtype.

    The truth is computed in float64, correct to a few units in its last place (relative for
    the value, absolute for the gradient). Thus an error of a float64 trace below about 1e-15 of the
    value says nothing. Errors include the rounding of a and q to the dtype, the first two steps.

    References
    ----------
    Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions",
    IMA J. Numer. Anal. 41 (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    A mask saves the value, not the gradient; log-softmax saves both:

    >>> for formula in "max_shifted", "where_masked", "log_softmax":
    ...     trace = trace_formula(formula, [200.0, 0.0], [1.0, 0.0], dtype="float32")
    ...     print(formula, trace.value_outcome, trace.gradient_outcome, trace.left_backward)
    max_shifted nan nan logs
    where_masked finite nan logs
    log_softmax finite finite None
    """
    chosen = choose_formula(formula, floor=floor)
    dtype = require_dtype("dtype", dtype)
    a, q = floating(torch.float64, a=a, q=q)
    require_row("a", a)
    require_row("q", q)
    require_same_classes("a", a, "q", q)
    if a.isnan().any():
        raise refusal("a", "not be NaN", a)
    require_target(q)
    return _trace(formula, chosen, a.detach().double(), q.detach().double(), dtype)


def trace_formulas(
    a: Float[Tensor, " m"] | ArrayLike, q: Float[Tensor, " m"] | ArrayLike
) -> dict[tuple[str, str], FormulaTrace]:
    r"""Trace every formula in every dtype.

    Parameters
    ----------
    a, q
        As for `trace_formula`.

    Returns
    -------
    dict
        (formula, dtype) -> trace, in the order of `FORMULAS`, then of `DTYPES`.

    Raises
    ------
    ValueError
        As for `trace_formula`.

    Examples
    --------
    >>> traces = trace_formulas([20.0, 0.0], [0.0, 1.0])
    >>> [traces["max_shifted", dtype].value for dtype in ("float32", "float16")]
    [20.0, inf]
    """
    return {
        (formula, dtype): trace_formula(formula, a, q, dtype=dtype)
        for formula in FORMULAS
        for dtype in DTYPES
    }


def _trace(name: str, formula: Formula, a: Tensor, q: Tensor, dtype: str) -> FormulaTrace:
    run = Recorder()
    cast = partial(torch.Tensor.to, dtype=getattr(torch, dtype), copy=True)
    logits = run("logits", f"a_i in {dtype}", lambda x: cast(x).requires_grad_(), a)
    target = run("target", f"q_i in {dtype}", cast, q)
    loss = formula.compute(run, logits, target)
    gradients = _gradients(loss, run.operations)
    names = {id(operation.value): operation.name for operation in run.operations}
    steps = tuple(
        _step(operation, names, gradients.get(id(operation.value))) for operation in run.operations
    )
    # Where there is no softmax, there is no truth.
    given = a if (a < torch.inf).all() and a.isfinite().any() else torch.full_like(a, torch.nan)
    true_value = formula.truth(given, q).item()
    value = loss.item()
    return FormulaTrace(
        formula=name,
        dtype=dtype,
        steps=steps,
        value=value,
        gradient=gradients[id(logits)],
        true_value=true_value,
        true_gradient=formula.true_gradient(given, q),
        error=0.0 if value == true_value else value - true_value,
        left_forward=_left_forward(run.operations),
        left_backward=_left_backward(run.operations, gradients),
    )


def _gradients(loss: Tensor, operations: list[Operation]) -> dict[int, Tensor]:
    """Return d loss / d x by the id of x, for every value and every use that one reaches."""
    tensors = [
        x for operation in operations for x in (operation.value, *operation.uses) if x.requires_grad
    ]
    found = torch.autograd.grad(loss, tensors, allow_unused=True)
    return {id(x): g for x, g in zip(tensors, found, strict=True) if g is not None}


def _step(operation: Operation, names: dict[int, str], gradient: Tensor | None) -> FormulaStep:
    return FormulaStep(
        name=operation.name,
        text=operation.text,
        kind=kind_of(operation.operation),
        operands=tuple(names[id(x)] for x in operation.operands if id(x) in names),
        value=operation.value.detach(),
        outcome=_outcome(operation.value),
        gradient=gradient,
        gradient_outcome=None if gradient is None else _outcome(gradient),
    )


def _left_forward(operations: list[Operation]) -> str | None:
    for operation in operations:
        code = _code(operation.value)
        if code and code > max(map(_code, operation.uses)):
            return operation.name
    return None


def _left_backward(operations: list[Operation], gradients: dict[int, Tensor]) -> str | None:
    for operation in reversed(operations):
        # The value's own gradient too: finite ones from several uses may overflow in their sum.
        passed = (gradients.get(id(x)) for x in (operation.value, *operation.uses))
        if any(gradient is not None and _code(gradient) for gradient in passed):
            return operation.name
    return None


def _code(x: Tensor) -> int:
    # The first question settles nearly all, at a fraction of the time.
    return 0 if x.isfinite().all() else int(outcome_codes(x.reshape(-1)).item())


def _outcome(x: Tensor) -> str:
    return OUTCOMES[_code(x)]
