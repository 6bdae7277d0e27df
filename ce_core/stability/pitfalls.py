"""How people meet NaN, or a loss that never falls, in practice: the line of code, and its cure.

Each line is a function of one row, so that what a page prints is what ran.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (as everyone has it)

from ce_core._options import require_flag, require_instance
from ce_core._own_autograd import with_own_autograd
from ce_core.losses.forms import cross_entropy
from ce_core.stability.outcome_map import OUTCOMES, outcome_codes

Line: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""One line of code: (logits a, target q or values v) -> a number; both rows of shape [m]."""


def _log_of_softmax(a: Tensor, q: Tensor) -> Tensor:
    return -(q * torch.softmax(a, -1).log()).sum(-1)


def _log_softmax(a: Tensor, q: Tensor) -> Tensor:
    return -(q * torch.log_softmax(a, -1)).sum(-1)


def _powers_over_total(a: Tensor, q: Tensor) -> Tensor:
    return -(q * (a.exp() / a.exp().sum(-1, keepdim=True)).log()).sum(-1)


def _where_on_softmax(a: Tensor, q: Tensor) -> Tensor:
    return -torch.where(q > 0, q * torch.softmax(a, -1).log(), 0.0).sum(-1)


def _where_on_log_softmax(a: Tensor, q: Tensor) -> Tensor:
    return -torch.where(q > 0, q * torch.log_softmax(a, -1), 0.0).sum(-1)


def _tiny_eps(a: Tensor, q: Tensor) -> Tensor:
    return -(q * torch.softmax(a, -1).clamp_min(1e-8).log()).sum(-1)


def _softmax_into_loss(a: Tensor, q: Tensor) -> Tensor:
    return F.cross_entropy(torch.softmax(a, -1), q)


def _logits_into_loss(a: Tensor, q: Tensor) -> Tensor:
    return F.cross_entropy(a, q)


def _bounded_logits(a: Tensor, q: Tensor) -> Tensor:
    return -(q * torch.log_softmax(a.clamp(max=torch.finfo(a.dtype).max), -1)).sum(-1)


def _attention(a: Tensor, v: Tensor) -> Tensor:
    return torch.softmax(a, -1) @ v


def _guarded_attention(a: Tensor, v: Tensor) -> Tensor:
    return (
        torch.softmax(a.masked_fill(a.isneginf().all(-1, keepdim=True), 0), -1)
        @ v
        * ~a.isneginf().all(-1)
    )


@dataclass(frozen=True)
class Pitfall:
    """A way to break a loss, and how not to.

    Parameters
    ----------
    formula
        The name in `FORMULAS` under which its operations can be traced.
    broken, cure
        The line as people write it, and the line to write.
    a
        Logits that break it, [m].
    q
        Target [m], or for attention the values v.
    dtype
        Arithmetic of both.
    floor
        Floor of the clipped formula, where that is the one to trace.
    """

    formula: str
    broken: Line
    cure: Line
    a: tuple[float, ...]
    q: tuple[float, ...]
    dtype: str = "float32"
    floor: float | None = None


_INF = float("inf")

PITFALLS: Mapping[str, Pitfall] = MappingProxyType(
    {
        "log_of_softmax": Pitfall(
            "max_shifted", _log_of_softmax, _log_softmax, (120.0, 0.0), (1.0, 0.0)
        ),
        "overflow": Pitfall("naive", _powers_over_total, _log_softmax, (100.0, 98.0), (1.0, 0.0)),
        "where_masked": Pitfall(
            "where_masked", _where_on_softmax, _where_on_log_softmax, (120.0, 0.0), (1.0, 0.0)
        ),
        "tiny_eps": Pitfall(
            "clipped", _tiny_eps, _log_softmax, (20.0, 0.0), (1.0, 0.0), dtype="float16", floor=1e-8
        ),
        "double_softmax": Pitfall(
            "double_softmax", _softmax_into_loss, _logits_into_loss, (8.0, 0.0, 0.0), (1.0, 0.0, 0.0)
        ),
        "infinite_logit": Pitfall(
            "log_softmax", _log_softmax, _bounded_logits, (_INF, 0.0), (1.0, 0.0), dtype="float16"
        ),
        "masked_row": Pitfall(
            "log_softmax", _attention, _guarded_attention, (-_INF, -_INF, -_INF), (1.0, 0.0, 0.0)
        ),
    }
)
"""Name -> case: the logarithm of a softmax; exp without subtracting the maximum; a mask after the
logarithm; an eps that is 0 in the dtype; softmax before a loss that applies it; a logit that has
overflowed; a row of attention that is masked throughout."""


@dataclass(frozen=True)
class PitfallResult:
    """What a line of code gave.

    Parameters
    ----------
    code
        The line, read from the function that ran.
    value, gradient
        Its value, and the gradient with respect to the logits, [m].
    true_value
        L1 in nats by the accurate function; NaN where the logits have no softmax.
    value_outcome, gradient_outcome
        "finite", "inf" or "nan"; of the gradient the worst entry.
    """

    code: str
    value: float
    gradient: Float[Tensor, " m"]
    true_value: float
    value_outcome: str
    gradient_outcome: str


@with_own_autograd
def run_pitfall(case: Pitfall, *, cured: bool) -> PitfallResult:
    """Run the line of a case, or its cure, forward and backward in the dtype of the case.

    Parameters
    ----------
    case
        One of `PITFALLS`.
    cured
        Whether to run the cure in place of the line as it is written.

    Returns
    -------
    PitfallResult
        The code, its value and gradient as torch computes them, and the true value.

    Examples
    --------
    >>> for cured in (False, True):
    ...     result = run_pitfall(PITFALLS["where_masked"], cured=cured)
    ...     print(result.code, result.value_outcome, result.gradient_outcome)
    -torch.where(q > 0, q * torch.softmax(a, -1).log(), 0.0).sum(-1) finite nan
    -torch.where(q > 0, q * torch.log_softmax(a, -1), 0.0).sum(-1) finite finite
    """
    require_instance("case", case, Pitfall)
    line = case.cure if require_flag("cured", cured) else case.broken
    a = torch.tensor(case.a, dtype=torch.float64)
    q = torch.tensor(case.q, dtype=torch.float64)
    dtype = getattr(torch, case.dtype)
    logits = a.to(dtype).requires_grad_()
    result = line(logits, q.to(dtype))
    (gradient,) = torch.autograd.grad(result, logits)
    has_softmax = bool((a < torch.inf).all() and a.isfinite().any())
    return PitfallResult(
        code=code_of(line),
        value=result.item(),
        gradient=gradient,
        true_value=cross_entropy(a, q).item() if has_softmax else float("nan"),
        value_outcome=_outcome(result.detach().reshape(1)),
        gradient_outcome=_outcome(gradient),
    )


def code_of(line: Line) -> str:
    """Return the expression that a function returns, as it is written.

    Examples
    --------
    >>> code_of(PITFALLS["log_of_softmax"].cure)
    '-(q * torch.log_softmax(a, -1)).sum(-1)'
    """
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(line))).body
    assert isinstance(function, ast.FunctionDef)
    returned = function.body[-1]
    assert isinstance(returned, ast.Return)
    assert returned.value is not None
    return ast.unparse(returned.value)


def _outcome(row: Tensor) -> str:
    return OUTCOMES[int(outcome_codes(row).item())]
