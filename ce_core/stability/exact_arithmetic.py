"""The formulas in exact arithmetic, beside what a dtype makes of them: mpmath, forward and backward."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import mpmath
import torch
from torch import Tensor

from ce_core.stability.formulas import Clip, choose_formula, clip_floor, kind_of

Number: TypeAlias = Any
"""An mpmath.mpf: no exponent is too small or too large for it."""

LARGEST_SPREAD: Final = 10_000.0
_DIGITS: Final = 30


@dataclass(frozen=True)
class ExactStep:
    """What one operation of a formula gives in exact arithmetic.

    Parameters
    ----------
    value
        Its result, as many entries as the step of the trace has, correct to 30 digits.
    gradient
        d loss / d value, as many entries; None where the trace has none.
    """

    value: tuple[Number, ...]
    gradient: tuple[Number, ...] | None


@dataclass
class _Node:
    value: list[Number]
    active: bool
    kind: str = ""
    inputs: tuple["_Node", ...] = ()
    gradient: list[Number] | None = None


def exact_steps(
    formula: str, a: Sequence[float], q: Sequence[float], *, floor: float | None = None
) -> dict[str, ExactStep]:
    r"""Run a formula of a loss in exact arithmetic, operation by operation, forward and backward.

    Parameters
    ----------
    formula
        A name in `FORMULAS`.
    a
        Logits a of one row: m numbers, infinite ones included.
    q
        Target distribution q, m numbers.
    floor
        Floor of the clipped formula; others have none. By default 1e-12.

    Returns
    -------
    dict
        Name of the step, as in `ce_core.FormulaTrace.steps`, -> value and gradient.

    Raises
    ------
    ValueError
        If there is no such formula or floor, the rows differ in length or are empty, hold NaN, or the
        finite logits spread over more than 10,000 (each unit takes a digit of every number).

    Notes
    -----
    The very operations of the formula, in the same order, on numbers with so many digits that all
    rounding together stays below the last of the 30 that are kept. Only the exact value can be
    shown beside e^-800, which is 0 in float64. Where exact arithmetic itself has no answer (inf -
    inf, 0 times inf), it is NaN here too.

    Examples
    --------
    >>> steps = exact_steps("max_shifted", [800.0, 0.0], [1.0, 0.0])
    >>> print(mpmath.nstr(steps["probabilities"].value[1], 5))
    3.6679e-348
    >>> print(mpmath.nstr(steps["logs"].value[1], 5), mpmath.nstr(steps["loss"].value[0], 5))
    -800.0 3.6679e-348
    """
    if formula == "clipped" and floor is None:
        floor = clip_floor(torch.float64)
    chosen = choose_formula(formula, floor=floor)
    if len(a) != len(q) or not a:
        raise ValueError(f"a and q must be of one length >= 1, got {len(a)} and {len(q)}")
    if any(math.isnan(x) for x in (*a, *q)):
        raise ValueError("a and q must not be NaN")
    finite = [x for x in a if math.isfinite(x)]
    spread = max(finite) - min(finite) if finite else 0.0
    if spread > LARGEST_SPREAD:
        raise ValueError(f"a must spread over at most {LARGEST_SPREAD:g}, got {spread:g}")
    # 1 - p takes as many digits as p has zeros, and p p as many again.
    with mpmath.workdps(_DIGITS + 20 + math.ceil(2 * spread / math.log(10))):
        steps = _run(chosen.compute, a, q)
        with mpmath.workdps(_DIGITS):
            return {name: _rounded(node) for name, node in steps.items()}


def _run(compute: Callable[..., Any], a: Sequence[float], q: Sequence[float]) -> dict[str, _Node]:
    logits = _Node([mpmath.mpf(x) for x in a], active=True)
    target = _Node([mpmath.mpf(x) for x in q], active=False)
    steps = {"logits": logits, "target": target}

    def run(name: str, text: str, operation: Callable[..., Tensor], *operands: _Node) -> _Node:
        kind = kind_of(operation)
        if isinstance(operation, Clip):
            operands = (*operands, _Node([mpmath.mpf(operation.floor)], active=False))
        node = _Node(
            _FORWARD[kind](*(x.value for x in operands)),
            # As in the trace, the maximum is held constant.
            active=kind != "maximum" and any(x.active for x in operands),
            kind=kind,
            inputs=operands,
        )
        steps[name] = node
        return node

    # The formula asks nothing of its rows but to hand them on.
    loss: _Node = compute(run, logits, target)
    loss.gradient = [mpmath.mpf(1)]
    for node in reversed(steps.values()):
        if node.gradient is None or not node.inputs:
            continue
        values = [x.value for x in node.inputs]
        sent = _BACKWARD[node.kind](node.gradient, node.value, *values)
        for operand, gradient in zip(node.inputs, sent, strict=False):
            if operand.active:
                _add(operand, gradient)
    return steps


def _add(node: _Node, gradient: list[Number]) -> None:
    if len(node.value) < len(gradient):
        gradient = [_sum(gradient)]
    before = node.gradient or [mpmath.mpf(0)] * len(node.value)
    node.gradient = [x + y for x, y in zip(before, gradient, strict=True)]


def _rounded(node: _Node) -> ExactStep:
    gradient = None if node.gradient is None else tuple(+x for x in node.gradient)
    return ExactStep(tuple(+x for x in node.value), gradient)


# The operations, on lists; one entry stands for all


def _sum(x: list[Number]) -> Number:
    # Not mpmath's own sum, which has its way with infinities.
    total = mpmath.mpf(0)
    for entry in x:
        total += entry
    return total


def _pairs(x: list[Number], y: list[Number]) -> list[tuple[Number, Number]]:
    length = max(len(x), len(y))
    return list(zip(x * (length // len(x)), y * (length // len(y)), strict=True))


def _quotient(x: Number, y: Number) -> Number:
    if y != 0:
        return x / y
    return mpmath.nan if x == 0 or mpmath.isnan(x) else mpmath.sign(x) * mpmath.inf


def _divide(x: list[Number], y: list[Number]) -> list[Number]:
    return [_quotient(i, j) for i, j in _pairs(x, y)]


def _multiply(x: list[Number], y: list[Number]) -> list[Number]:
    return [i * j for i, j in _pairs(x, y)]


def _kept(weights: tuple[list[Number], ...]) -> list[bool]:
    return [any(entry > 0 for entry in column) for column in zip(*weights, strict=True)]


def _mask(x: list[Number], *weights: list[Number]) -> list[Number]:
    zero = mpmath.mpf(0)
    return [entry if kept else zero for entry, kept in zip(x, _kept(weights), strict=True)]


def _clip_entry(x: Number, floor: Number) -> Number:
    return x if mpmath.isnan(x) or x > floor else floor


_FORWARD: Final[dict[str, Callable[..., list[Number]]]] = {
    "exp": lambda x: [mpmath.exp(entry) for entry in x],
    "log": lambda x: [mpmath.log(entry) for entry in x],
    "subtract": lambda x, y: [i - j for i, j in _pairs(x, y)],
    "multiply": _multiply,
    "divide": _divide,
    "negate": lambda x: [-entry for entry in x],
    "sum": lambda x: [_sum(x)],
    "maximum": lambda x: [max(x)],
    "mask": _mask,
    "clip": lambda x, floor: [_clip_entry(entry, floor[0]) for entry in x],
}
# (gradient that arrives, value, operands) -> gradients that are sent to the first of the operands;
# the others, a mask's conditions and a floor, get none.
_BACKWARD: Final[dict[str, Callable[..., list[list[Number]]]]] = {
    "exp": lambda g, value, x: [_multiply(g, value)],
    "log": lambda g, value, x: [_divide(g, x)],
    "subtract": lambda g, value, x, y: [g, [-entry for entry in g]],
    "multiply": lambda g, value, x, y: [_multiply(g, y), _multiply(g, x)],
    "divide": lambda g, value, x, y: [
        _divide(g, y),
        [-entry for entry in _multiply(g, _divide(value, y))],
    ],
    "negate": lambda g, value, x: [[-entry for entry in g]],
    "sum": lambda g, value, x: [g * len(x)],
    "mask": lambda g, value, x, *weights: [_mask(g, *weights)],
    "clip": lambda g, value, x, floor: [
        [i if entry >= floor[0] else mpmath.mpf(0) for i, entry in zip(g, x, strict=True)]
    ],
}
