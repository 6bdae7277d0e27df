"""The table of operations in words: what each does, and why it left the finite numbers."""

import math
from collections.abc import Sequence
from typing import Any, Final

import torch

from ce_core import FormulaStep
from lab.language.catalogues import _
from lab.language.sentences import sentences
from lab.stability.results import FORWARD, Column, Results, Stage
from lab.stability.text import arithmetic_of, brief, entry
from lab.stability.trace import Cell, Row

# Names of the results in sentences; the others are called by their operation.
_SYMBOLS: Final = {
    "logits": "a", "target": "q", "maximum": "M", "shifted": "s", "exponentials": "e", "total": "Z",
    "probabilities": "p", "clipped": "c", "logs": "l", "products": "t", "masked": "t", "sum": "S",
    "log_total": "z", "differences": "d", "loss": "L", "maximum_again": "M′", "shifted_again": "s′",
    "exponentials_again": "e′", "total_again": "Z′",
}  # fmt: skip


def rows(found: Results) -> list[Row]:
    """Return the stages of the trace as the table shows them."""
    return [
        Row(
            operation=stage.name,
            phase=stage.phase,
            text=_operation(stage),
            cells=[_cell(column) for column in stage.columns],
            said=sentences(_said(found, stage), _exactly(stage.columns[-1].entries)),
        )
        for stage in found.stages
    ]


def _operation(stage: Stage) -> str:
    if stage.phase == FORWARD:
        return (
            _("{symbol}, as given").format(symbol=_symbol(stage))
            if _given(stage)
            else spelled(stage.text)
        )
    return "∂L/∂L" if stage.name == "loss" else f"∂L/∂{_symbol(stage)}"


def _given(stage: Stage) -> bool:
    return stage.name in ("logits", "target")


def _symbol(stage: Stage) -> str:
    return spelled(stage.text.split()[0])


def spelled(operation: str) -> str:
    """Write an operation with its indices lowered."""
    shown = operation.replace(", held constant", "")
    for plain, raised in (("-", "−"), ("'", "′"), ("_i", "ᵢ"), ("_j", "ⱼ")):
        shown = shown.replace(plain, raised)
    result, where, condition = shown.partition(" where ")
    if not where:
        return shown
    return _("{result} where {condition}").format(result=result, condition=condition)


def _cell(column: Column) -> Cell:
    marks = {"": "", "inf": _("first ∞"), "nan": _("first NaN")}
    entries = [entry(value) for value in column.entries]
    return Cell(
        entries=entries,
        short=list(map(brief, column.entries, entries)),
        bad=[i for i, value in enumerate(column.entries) if not arithmetic_of(value).isfinite(value)],
        mark=marks[column.begins],
    )


def _exactly(values: Sequence[Any]) -> str:
    """Return what a stage is in exact arithmetic; empty where it is not told."""
    if not values:
        return ""
    undefined = [arithmetic_of(value).isnan(value) for value in values]
    words = [
        _("undefined") if none else entry(value) for none, value in zip(undefined, values, strict=True)
    ]
    shown = ", ".join(words)
    told = _("In exact arithmetic: {value}.").format(value=shown)
    if not any(undefined):
        return told
    return sentences(told, _("0 · ∞, ∞ − ∞, ∞/∞ and 0/0 have no value: no rounding is to blame."))


def _said(found: Results, stage: Stage) -> str:
    steps = {step.name: step for step in found.trace.steps}
    step = steps[stage.name]
    if stage.phase == FORWARD:
        return _forward(found, step, steps)
    return _backward(found, step, steps)


def followed_class(found: Results) -> int:
    """Return the class, from 0, that the table follows: that of the first NaN or ∞, or the least."""
    for _number, column in found.failures:
        if len(column.entries) > 1:
            bad = math.isnan if column.begins == "nan" else math.isinf
            return next(i for i, value in enumerate(column.entries) if bad(value))
    logits = found.state.a
    return logits.index(min(logits))


def _followed(values: Sequence[float], found: Results) -> int:
    """Return the entry that a sentence follows: the first not finite, or that of the least logit."""
    bad = next((i for i, value in enumerate(values) if not math.isfinite(value)), None)
    if bad is not None or len(values) == 1:
        return bad or 0
    logits = found.state.a
    return logits.index(min(logits))


def _forward(found: Results, step: FormulaStep, steps: dict[str, FormulaStep]) -> str:
    values = step.value.reshape(-1).tolist()
    i = _followed(values, found)
    given = [_one(steps[name].value, i) for name in step.operands]
    now, kind = entry(values[i]), step.kind
    if kind == "round":
        return _("What is given, rounded to {dtype}: {values}.").format(
            dtype=found.state.dtype, values=", ".join(map(entry, values))
        )
    if kind == "sum":
        return _("The sum of all entries: {value}.").format(value=now)
    if kind == "maximum":
        return _("The largest: {value}. It is held constant in the backward pass.").format(value=now)
    if kind == "mask":
        return _("Class {number}: {value} is left where the mask does not put 0.").format(
            number=i + 1, value=now
        )
    form = {
        "exp": "exp({bare})",
        "log": "log {0}",
        "subtract": "{0} − {1}",
        "multiply": "{0} · {1}",
        "divide": "{0} / {1}",
        "negate": "−{0}",
        "clip": "max({0}, {floor})",
    }[kind]
    floor = f"{found.state.floor:g}"
    left = form.format(*map(_wrapped, given), bare=entry(given[0]), floor=floor)
    return sentences(
        _("{left} = {value}.").format(left=left, value=now)
        if len(values) == 1
        else _("Class {number}: {left} = {value}.").format(number=i + 1, left=left, value=now),
        _why(found, step, given, values[i]),
    )


def _why(found: Results, step: FormulaStep, given: list[float], value: float) -> str:
    """Return why this operation left the finite numbers or lost what there was; empty if not."""
    dtype = found.state.dtype
    info = torch.finfo(getattr(torch, dtype))
    if step.kind == "exp" and value == math.inf and given[0] < math.inf:
        return _("The largest {dtype} is {largest}.").format(dtype=dtype, largest=entry(info.max))
    underflows = step.kind in ("exp", "divide") and value == 0 and given[0] not in (0, -math.inf)
    if underflows and math.isfinite(given[-1]):
        smallest = info.smallest_normal * info.eps
        return _("The smallest positive {dtype} is {smallest}; below half of it there is 0.").format(
            dtype=dtype, smallest=entry(smallest)
        )
    if step.kind == "exp" and value == 0 and given[0] > -math.inf:
        return _("It underflows.")
    if math.isnan(value) and not any(map(math.isnan, given)):
        return _("No number is meant by that: NaN, and whatever it touches becomes NaN.")
    if math.isinf(value) and step.kind == "log":
        return _("Not NaN yet: that needs 0 · ∞, ∞ − ∞ or ∞/∞.")
    if step.kind == "clip" and value == 0:
        return _("The floor itself is 0 in {dtype}.").format(dtype=dtype)
    if step.kind == "clip" and value > given[0]:
        return _("Here the value is changed, and the gradient stops.")
    return ""


def _backward(found: Results, step: FormulaStep, steps: dict[str, FormulaStep]) -> str:
    assert step.gradient is not None
    gradient = step.gradient.reshape(-1).tolist()
    if step.name == "loss":
        return _("The backward pass begins with ∂L/∂L = 1 and goes up the table.")
    i = _followed(gradient, found)
    users = [one for one in found.trace.steps if step.name in one.operands and one.gradient is not None]
    # A sum only passes on what it gets, so of several users it is the other that something begins in.
    user = next((one for one in users if one.gradient_outcome != "finite"), users[-1])
    arriving = _one(user.gradient, i) if user.gradient is not None else math.nan
    named = {"symbol": _SYMBOLS[step.name], "value": entry(gradient[i])}
    return sentences(
        _("∂L/∂{symbol} = {value} arrives at {symbol}.").format(**named)
        if len(gradient) == 1
        else _("Class {number}: ∂L/∂{symbol} = {value} arrives at {symbol}.").format(
            number=i + 1, **named
        ),
        _whence(step, user, gradient[i], arriving=arriving, at=_one(step.value, i)),
    )


def _whence(
    step: FormulaStep, user: FormulaStep, gradient: float, *, arriving: float, at: float
) -> str:
    """Return where a gradient came from, if that is worth a word; empty if not."""
    if user.kind == "log":
        return _("log passes on what reached it over its operand: {g} / {x} = {value}.").format(
            g=_wrapped(arriving), x=entry(at), value=entry(gradient)
        )
    if math.isfinite(gradient):
        return ""
    if user.gradient_outcome == "finite":
        return _("It began in {operation}.").format(operation=spelled(user.text))
    return _("It came with ∂L/∂{symbol}, which is not finite either.").format(
        symbol=_SYMBOLS[user.name]
    )


def _one(values: torch.Tensor, i: int) -> float:
    flat = values.reshape(-1)
    value: float = flat[i if len(flat) > i else 0].item()
    return value


def _wrapped(value: float) -> str:
    return f"({entry(value)})" if value < 0 else entry(value)
