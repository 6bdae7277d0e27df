"""The formulas of the two losses as people write them, one elementary operation at a time.

A formula is a function of a `Run`, the logits and the target. It hands every operation to the run,
which does nothing but apply it (`run_plainly`) or also keeps what came of it (`Recorder`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from types import MappingProxyType
from typing import Any, TypeAlias

import torch
from torch import Tensor

from ce_core._options import require_choice, require_number
from ce_core._shown import refusal
from ce_core.losses.forms import cross_entropy, cross_entropy_grad, logit_gap, logit_gap_grad

Value: TypeAlias = Any
"""A tensor; `ce_core.stability.exact_arithmetic` hands through the formulas what holds more digits."""

Run: TypeAlias = Callable[..., Value]
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

    compute: Callable[[Run, Value, Value], Value]
    truth: Callable[[Tensor, Tensor], Tensor] = cross_entropy
    true_gradient: Callable[[Tensor, Tensor], Tensor] = cross_entropy_grad


def run_plainly(name: str, text: str, operation: Callable[..., Tensor], /, *operands: Tensor) -> Tensor:
    """Apply the operation and keep nothing."""
    return operation(*operands)


@dataclass(frozen=True)
class Operation:
    """One operation as it ran: what it does, each operand and a view of it, and the value."""

    name: str
    text: str
    operation: Callable[..., Tensor]
    operands: tuple[Tensor, ...]
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
        self.operations.append(Operation(name, text, operation, operands, uses, value))
        return value


def clip_floor(dtype: torch.dtype) -> float:
    """Return the floor of the clipped formula: 1e-12, or the smallest normal number if greater.

    That is 1e-12 in all but float16, where 1e-12 is 0 and would clip nothing: there 2^-14 = 6.1e-5.
    """
    return max(1e-12, torch.finfo(dtype).smallest_normal)


@dataclass(frozen=True)
class Clip:
    """The operation that replaces what is below a floor by it."""

    floor: float

    def __call__(self, x: Tensor) -> Tensor:
        """Return max(x, floor), entry by entry; the floor is rounded to the dtype of x."""
        return x.clamp(min=self.floor)


def _naive(run: Run, a: Value, q: Value) -> Value:
    return _from_logs(run, _log(run, _normalise(run, a, "a")), q)


def _max_shifted(run: Run, a: Value, q: Value) -> Value:
    return _from_logs(run, _log(run, _normalise(run, _shift(run, a), "s")), q)


def _clipped(run: Run, a: Value, q: Value, *, floor: float | None = None) -> Value:
    p = _normalise(run, _shift(run, a), "s")
    floor = clip_floor(a.dtype) if floor is None else floor
    p = run("clipped", f"c_i = max(p_i, {floor:.2g})", Clip(floor), p)
    return _from_logs(run, _log(run, p, "c"), q)


def _where_masked(run: Run, a: Value, q: Value) -> Value:
    log_p = _log(run, _normalise(run, _shift(run, a), "s"))
    products = run("products", "t_i = q_i l_i", torch.mul, q, log_p)
    kept = run("masked", "t_i = 0 where q_i = 0", _keep_where_positive, products, q)
    return _negative_sum(run, kept)


def _log_softmax(run: Run, a: Value, q: Value) -> Value:
    return _from_logs(run, _log_normalise(run, a), q)


def _log_softmax_masked(run: Run, a: Value, q: Value) -> Value:
    # Before the product, so that 0 times -inf never happens.
    log_p = _log_normalise(run, a)
    kept = run("masked", "l_i = 0 where q_i = 0", _keep_where_positive, log_p, q)
    return _from_logs(run, kept, q)


def _double_softmax(run: Run, a: Value, q: Value) -> Value:
    # Probabilities, given to a loss that expects logits and applies log-softmax itself.
    p = _normalise(run, _shift(run, a), "s")
    return _from_logs(run, _log_normalise(run, p, "p", again=True), q)


def _logit_gap(run: Run, a: Value, q: Value) -> Value:
    # The shifted logits serve for a, since Σ (p - q) = 0: an offset then costs no digits.
    shifted = _shift(run, a)
    p = _normalise(run, shifted, "s")
    return _from_gaps(run, p, q, shifted)


def _logit_gap_masked(run: Run, a: Value, q: Value) -> Value:
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
        "double_softmax": Formula(_double_softmax),
        "logit_gap": Formula(_logit_gap, logit_gap, logit_gap_grad),
        "logit_gap_masked": Formula(_logit_gap_masked, logit_gap, logit_gap_grad),
    }
)
"""Name -> formula. `log_softmax` and `logit_gap` are as libraries and papers have them; their masked
forms keep the convention of `ce_core.losses.forms` for a logit of -inf: 0 times -inf is 0.
`double_softmax` is a mistake: its loss takes probabilities for logits, and stays finite."""


def choose_formula(name: str, *, floor: float | None = None) -> Formula:
    """Return the formula of that name, the clipped one with the floor if one is given.

    Raises
    ------
    ValueError
        If there is no such formula, or a floor that is not > 0, or one for a formula without.
    """
    name = require_choice("formula", name, FORMULAS)
    if floor is None:
        return FORMULAS[name]
    if name != "clipped":
        raise refusal("floor", f"be None for the formula {name}", floor)
    return Formula(partial(_clipped, floor=require_floor("floor", floor)))


def require_floor(name: str, floor: object) -> float:
    """Return a floor under probabilities, or raise naming the argument."""
    return require_number(name, floor, above=0.0, at_most=1.0)


# The parts that formulas share


def _shift(run: Run, a: Value, symbol: str = "a", *, again: bool = False) -> Value:
    # The loss does not depend on M, so M is held constant in the backward pass, as libraries do.
    mark, suffix = ("'", "_again") if again else ("", "")
    text = f"M{mark} = max_j {symbol}_j, held constant"
    largest = run(f"maximum{suffix}", text, _detached_maximum, a)
    return run(f"shifted{suffix}", f"s{mark}_i = {symbol}_i - M{mark}", torch.sub, a, largest)


def _normalise(run: Run, scores: Value, symbol: str) -> Value:
    powers = run("exponentials", f"e_i = exp({symbol}_i)", torch.exp, scores)
    total = run("total", "Z = Σ_j e_j", _row_sum, powers)
    return run("probabilities", "p_i = e_i / Z", torch.div, powers, total)


def _log(run: Run, p: Value, symbol: str = "p") -> Value:
    return run("logs", f"l_i = log {symbol}_i", torch.log, p)


def _log_normalise(run: Run, a: Value, symbol: str = "a", *, again: bool = False) -> Value:
    # Where the formula has made powers already, those of the second time carry a prime.
    mark, suffix = ("'", "_again") if again else ("", "")
    shifted = _shift(run, a, symbol, again=again)
    powers = run(f"exponentials{suffix}", f"e{mark}_i = exp(s{mark}_i)", torch.exp, shifted)
    total = run(f"total{suffix}", f"Z{mark} = Σ_j e{mark}_j", _row_sum, powers)
    log_total = run("log_total", f"z = log Z{mark}", torch.log, total)
    return run("logs", f"l_i = s{mark}_i - z", torch.sub, shifted, log_total)


def _from_logs(run: Run, log_p: Value, q: Value) -> Value:
    return _negative_sum(run, run("products", "t_i = q_i l_i", torch.mul, q, log_p))


def _negative_sum(run: Run, products: Value) -> Value:
    total = run("sum", "S = Σ_i t_i", _sum, products)
    return run("loss", "L1 = -S", torch.neg, total)


def _from_gaps(run: Run, p: Value, q: Value, gaps: Value) -> Value:
    differences = run("differences", "d_i = p_i - q_i", torch.sub, p, q)
    products = run("products", "t_i = d_i s_i", torch.mul, differences, gaps)
    return run("loss", "L2 = Σ_i t_i", _sum, products)


def _row_sum(x: Tensor) -> Tensor:
    return x.sum(-1, keepdim=True)


def _sum(x: Tensor) -> Tensor:
    return x.sum(-1)


def _detached_maximum(x: Tensor) -> Tensor:
    return x.detach().amax(-1, keepdim=True)


def _keep_where_positive(x: Tensor, *weights: Tensor) -> Tensor:
    return torch.where(reduce(torch.logical_or, (weight > 0 for weight in weights)), x, 0.0)


# What an operation does, by name

_KINDS: Mapping[Callable[..., Tensor], str] = MappingProxyType(
    {
        torch.exp: "exp",
        torch.log: "log",
        torch.sub: "subtract",
        torch.mul: "multiply",
        torch.div: "divide",
        torch.neg: "negate",
        _row_sum: "sum",
        _sum: "sum",
        _detached_maximum: "maximum",
        _keep_where_positive: "mask",
    }
)


def kind_of(operation: Callable[..., Tensor]) -> str:
    """Return what an operation of a formula does.

    Returns
    -------
    str
        "exp", "log", "subtract", "multiply", "divide", "negate", "sum" (over the row), "maximum"
        (of the row), "mask" (0 where all other operands are 0), "clip", or "round" (to a dtype).
    """
    if isinstance(operation, Clip):
        return "clip"
    return _KINDS.get(operation, "round")


# What a formula may be given
