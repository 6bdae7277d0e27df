"""The formulas of the two losses as people write them, one elementary operation at a time.

A formula is a function of a `Run`, the logits and the target. It hands every operation to the run,
which does nothing but apply it (`run_plainly`) or also keeps what came of it (`Recorder`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import TypeAlias

import torch
from torch import Tensor

from ce_core._tensors import require_classes
from ce_core.losses import cross_entropy, cross_entropy_grad, logit_gap, logit_gap_grad

Run: TypeAlias = Callable[..., Tensor]
"""(name, text, operation, *operands) -> operation(*operands), on tensors [..., m], [..., 1] or [...].
The name is that of the result, unique in its formula; the text is the operation in symbols."""


@dataclass(frozen=True)
class Formula:
    """A formula of a loss, and what it should give.

    Parameters
    ----------
    compute
        The formula: (run, a, q) -> loss, with a and q of shape [..., m] in one dtype, loss [...].
    truth, true_gradient
        The accurate functions of (a, q) for the same loss and for its gradient in a.
    """

    compute: Callable[[Run, Tensor, Tensor], Tensor]
    truth: Callable[[Tensor, Tensor], Tensor] = cross_entropy
    true_gradient: Callable[[Tensor, Tensor], Tensor] = cross_entropy_grad


def run_plainly(name: str, text: str, operation: Callable[..., Tensor], /, *operands: Tensor) -> Tensor:
    """Apply the operation and keep nothing."""
    return operation(*operands)


@dataclass(frozen=True)
class Operation:
    """One operation as it ran: a view of each operand, and the value."""

    name: str
    text: str
    uses: list[Tensor]
    value: Tensor


class Recorder:
    """A run that keeps its operations.

    Each use of a value is a view of its own, so that the gradient which one operation sends back
    is told apart from what others send to the same operand.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def __call__(
        self, name: str, text: str, operation: Callable[..., Tensor], /, *operands: Tensor
    ) -> Tensor:
        """Apply the operation to views of the operands and keep both."""
        uses = [x.view_as(x) for x in operands]
        value = operation(*uses)
        self.operations.append(Operation(name, text, uses, value))
        return value


def clip_floor(dtype: torch.dtype) -> float:
    """Return the floor of the clipped formula: 1e-12, or the smallest normal number if greater.

    That is 1e-12 in all but float16, where 1e-12 is 0 and would clip nothing: there 2^-14 = 6.1e-5.
    """
    return max(1e-12, torch.finfo(dtype).smallest_normal)


def _naive(run: Run, a: Tensor, q: Tensor) -> Tensor:
    return _from_logs(run, _log(run, _normalise(run, a, "a")), q)


def _max_shifted(run: Run, a: Tensor, q: Tensor) -> Tensor:
    return _from_logs(run, _log(run, _normalise(run, _shift(run, a), "s")), q)


def _clipped(run: Run, a: Tensor, q: Tensor) -> Tensor:
    p = _normalise(run, _shift(run, a), "s")
    floor = clip_floor(a.dtype)
    p = run("clipped", f"c_i = max(p_i, {floor:.2g})", lambda x: x.clamp(min=floor), p)
    return _from_logs(run, _log(run, p, "c"), q)


def _where_masked(run: Run, a: Tensor, q: Tensor) -> Tensor:
    log_p = _log(run, _normalise(run, _shift(run, a), "s"))
    products = run("products", "t_i = q_i l_i", torch.mul, q, log_p)
    kept = run("masked", "t_i = 0 where q_i = 0", _keep_where_positive, products, q)
    return _negative_sum(run, kept)


def _log_softmax(run: Run, a: Tensor, q: Tensor) -> Tensor:
    return _from_logs(run, _log_normalise(run, a), q)


def _log_softmax_masked(run: Run, a: Tensor, q: Tensor) -> Tensor:
    # Before the product, so that 0 times -inf never happens.
    log_p = _log_normalise(run, a)
    kept = run("masked", "l_i = 0 where q_i = 0", _keep_where_positive, log_p, q)
    return _from_logs(run, kept, q)


def _logit_gap(run: Run, a: Tensor, q: Tensor) -> Tensor:
    # The shifted logits serve for a, since Σ (p - q) = 0: an offset then costs no digits.
    shifted = _shift(run, a)
    p = _normalise(run, shifted, "s")
    return _from_gaps(run, p, q, shifted)


def _logit_gap_masked(run: Run, a: Tensor, q: Tensor) -> Tensor:
    shifted = _shift(run, a)
    p = _normalise(run, shifted, "s")
    text = "s_i = 0 where p_i = q_i = 0"
    kept = run("masked", text, _keep_where_positive, shifted, p, q)
    return _from_gaps(run, p, q, kept)


FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {
        "naive": Formula(_naive),
        "max_shifted": Formula(_max_shifted),
        "clipped": Formula(_clipped),
        "where_masked": Formula(_where_masked),
        "log_softmax": Formula(_log_softmax),
        "log_softmax_masked": Formula(_log_softmax_masked),
        "logit_gap": Formula(_logit_gap, logit_gap, logit_gap_grad),
        "logit_gap_masked": Formula(_logit_gap_masked, logit_gap, logit_gap_grad),
    }
)
"""Name -> formula. `log_softmax` and `logit_gap` are as libraries and papers have them; their masked
forms keep the convention of `ce_core.losses` for a logit of -inf: 0 times -inf is 0."""


# The parts that formulas share


def _shift(run: Run, a: Tensor) -> Tensor:
    # The loss does not depend on m, so m is held constant in the backward pass, as libraries do.
    largest = run("maximum", "m = max_j a_j, held constant", _detached_maximum, a)
    return run("shifted", "s_i = a_i - m", torch.sub, a, largest)


def _normalise(run: Run, scores: Tensor, symbol: str) -> Tensor:
    powers = run("exponentials", f"e_i = exp({symbol}_i)", torch.exp, scores)
    total = run("total", "Z = Σ_j e_j", _row_sum, powers)
    return run("probabilities", "p_i = e_i / Z", torch.div, powers, total)


def _log(run: Run, p: Tensor, symbol: str = "p") -> Tensor:
    return run("logs", f"l_i = log {symbol}_i", torch.log, p)


def _log_normalise(run: Run, a: Tensor) -> Tensor:
    shifted = _shift(run, a)
    powers = run("exponentials", "e_i = exp(s_i)", torch.exp, shifted)
    total = run("total", "Z = Σ_j e_j", _row_sum, powers)
    log_total = run("log_total", "z = log Z", torch.log, total)
    return run("logs", "l_i = s_i - z", torch.sub, shifted, log_total)


def _from_logs(run: Run, log_p: Tensor, q: Tensor) -> Tensor:
    return _negative_sum(run, run("products", "t_i = q_i l_i", torch.mul, q, log_p))


def _negative_sum(run: Run, products: Tensor) -> Tensor:
    total = run("sum", "S = Σ_i t_i", lambda x: x.sum(-1), products)
    return run("loss", "L1 = -S", torch.neg, total)


def _from_gaps(run: Run, p: Tensor, q: Tensor, gaps: Tensor) -> Tensor:
    differences = run("differences", "d_i = p_i - q_i", torch.sub, p, q)
    products = run("products", "t_i = d_i s_i", torch.mul, differences, gaps)
    return run("loss", "L2 = Σ_i t_i", lambda x: x.sum(-1), products)


def _row_sum(x: Tensor) -> Tensor:
    return x.sum(-1, keepdim=True)


def _detached_maximum(x: Tensor) -> Tensor:
    return x.detach().amax(-1, keepdim=True)


def _keep_where_positive(x: Tensor, *weights: Tensor) -> Tensor:
    return torch.where(reduce(torch.logical_or, (weight > 0 for weight in weights)), x, 0.0)


# What a formula may be given


def require_row(name: str, row: Tensor) -> None:
    """Raise unless the tensor is one row with at least one entry."""
    require_classes(name, row)
    if row.ndim != 1:
        raise ValueError(f"{name} must be one row, got shape {tuple(row.shape)}")


def require_target(q: Tensor) -> None:
    """Raise unless the row is a distribution, up to what rounding to a half type costs."""
    if not (q.isfinite() & (q >= 0)).all():
        raise ValueError(f"q must be finite and >= 0, got {q.tolist()}")
    if abs(q.double().sum().item() - 1) > 0.01:
        raise ValueError(f"q must sum to 1 within 0.01, got {q.tolist()}")
