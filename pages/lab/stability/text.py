"""What the page of stability says; it depends on what was computed."""

import math
from collections.abc import Sequence
from textwrap import wrap
from typing import Any, Final

import mpmath
import torch

from ce_core import AccuracyRun, FormulaStep, PitfallResult, clipping_gap
from lab.language.catalogues import _
from lab.language.numerals import number
from lab.language.sentences import sentences
from lab.page.notes import Note
from lab.stability.results import FORWARD, Column, Results, Stage
from lab.stability.state import DTYPE_NAMES, StabilityState
from lab.stability.trace import Cell, Row

# Names of the results in sentences; the others are called by their operation.
_SYMBOLS: Final = {
    "logits": "a", "target": "q", "maximum": "M", "shifted": "s", "exponentials": "e", "total": "Z",
    "probabilities": "p", "clipped": "c", "logs": "l", "products": "t", "masked": "t", "sum": "S",
    "log_total": "z", "differences": "d", "loss": "L", "maximum_again": "M′", "shifted_again": "s′",
    "exponentials_again": "e′", "total_again": "Z′",
}  # fmt: skip
_DIGITS: Final = 4
_WRONG: Final = "wrong"


def entry(value: Any, *, digits: int = _DIGITS) -> str:
    """Write a number of any arithmetic as people read it."""
    if mpmath.isnan(value):
        return "NaN"
    if mpmath.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if isinstance(value, float) or 1e-300 < abs(value) < 1e300:
        return number(float(value), digits=digits)
    # Beyond float64: the exponent is read from mpmath's own spelling.
    mantissa, _e, exponent = mpmath.nstr(value, digits).partition("e")
    return number(float(f"{mantissa}e-99"), digits=digits).replace("⁻⁹⁹", _raised(exponent))


def _raised(exponent: str) -> str:
    return exponent.lstrip("+").translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


# The table


def rows(found: Results) -> list[Row]:
    """Return the stages of the trace as the table shows them."""
    return [
        Row(
            phase=stage.phase,
            text=_operation(stage),
            cells=[_cell(column) for column in stage.columns],
            said=_said(found, stage),
        )
        for stage in found.stages
    ]


def _operation(stage: Stage) -> str:
    if stage.phase == FORWARD:
        return (
            _("{symbol}, as given").format(symbol=_symbol(stage))
            if _given(stage)
            else _spelled(stage.text)
        )
    return "∂L/∂L" if stage.name == "loss" else f"∂L/∂{_symbol(stage)}"


def _given(stage: Stage) -> bool:
    return stage.name in ("logits", "target")


def _symbol(stage: Stage) -> str:
    return _spelled(stage.text.split()[0])


def _spelled(operation: str) -> str:
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
    return Cell(
        entries=[entry(value) for value in column.entries],
        bad=[i for i, value in enumerate(column.entries) if not mpmath.isfinite(value)],
        mark=marks[column.begins],
    )


def _said(found: Results, stage: Stage) -> str:
    steps = {step.name: step for step in found.trace.steps}
    step = steps[stage.name]
    if stage.phase == FORWARD:
        return _forward(found, step, steps)
    return _backward(found, step, steps)


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
    if step.kind in ("exp", "divide") and value == 0 and given[0] not in (0, -math.inf):
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
    if step.kind == "clip" and value != given[0]:
        return _("Here the value is changed, and the gradient stops.")
    return ""


def _backward(found: Results, step: FormulaStep, steps: dict[str, FormulaStep]) -> str:
    assert step.gradient is not None
    gradient = step.gradient.reshape(-1).tolist()
    if step.name == "loss":
        return _("The backward pass begins with ∂L/∂L = 1 and goes up the table.")
    i = _followed(gradient, found)
    user = next((one for one in found.trace.steps if step.name in one.operands), None)
    assert user is not None
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
        return _("It began in {operation}.").format(operation=_spelled(user.text))
    return _("What is not finite came from the line before.")


def _one(values: torch.Tensor, i: int) -> float:
    flat = values.reshape(-1)
    value: float = flat[i if len(flat) > i else 0].item()
    return value


def _wrapped(value: float) -> str:
    return f"({entry(value)})" if value < 0 else entry(value)


# What to notice


def notes(found: Results) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    lines = [_headline(found), _dtypes(found), _clip(found), _cure(found)]
    return [line for line in lines if line]


def _headline(found: Results) -> Note:
    state, trace = found.state, found.trace
    if state.gap is None:
        text = (
            _(
                "**There is no softmax here**: a logit is +∞, so ∞ − ∞ or ∞/∞ comes up. Every formula "
                "gives NaN in every dtype, and there is no true value that it could have given."
            )
            if max(state.a) == math.inf
            else _(
                "**There is no softmax here**: every logit is −∞, so there is nothing to share out: "
                "−∞ − (−∞), or 0/0. Every formula gives NaN in every dtype, and there is no true value "
                "that it could have given."
            )
        )
        return Note("no-softmax", text)
    value, gradient = _verdicts(found)
    began = {step.name: step.text for step in trace.steps}
    gradients = {
        "gradient": ", ".join(entry(x) for x in trace.gradient.tolist()),
        "true_gradient": ", ".join(entry(x) for x in trace.true_gradient.tolist()),
    }
    if value == "nan":
        text = _(
            "**The loss is NaN; in truth it is {truth}.** It leaves the finite numbers at "
            "**{operation}**. The table follows it from there into the loss and back into every "
            "gradient."
        ).format(truth=entry(trace.true_value), operation=_spelled(began[trace.left_forward or "loss"]))
        return Note("loss-nan", text)
    if value == "inf":
        text = _(
            "**The loss is ∞; in truth it is {truth}.** The logarithm of 0 has got into it, and its "
            "gradient is {gradient}."
        ).format(truth=entry(trace.true_value), **gradients)
        return Note("loss-infinite", text)
    if gradient == "nan":
        text = (
            _(
                "**The loss is right, its gradient is NaN.** The forward pass looks healthy; backward, "
                "**{operation}** is where it breaks. One step of training, and every weight is NaN."
            )
            if value == "right"
            else _(
                "**The loss is {value}, its gradient is NaN.** The forward pass looks healthy; "
                "backward, **{operation}** is where it breaks. One step of training, and every weight "
                "is NaN."
            )
        ).format(value=entry(trace.value), operation=_spelled(began[trace.left_backward or "loss"]))
        return Note("gradient-nan", text)
    if value == _WRONG:
        text = _(
            "**Finite, and wrong.** The loss is {value}, in truth {truth}. Nothing warns of it: no "
            "NaN, no ∞. The gradient at the target is {gradient}, in truth {true_gradient}."
        ).format(
            value=entry(trace.value),
            truth=entry(trace.true_value),
            gradient=entry(trace.gradient[state.target - 1].item()),
            true_gradient=entry(trace.true_gradient[state.target - 1].item()),
        )
        return Note("loss-wrong", text)
    if gradient == _WRONG:
        text = _(
            "**The loss is right, the gradient is wrong**: {gradient}, in truth {true_gradient}. No "
            "NaN and no ∞: a product of two small numbers has underflowed on the way back."
        )
        return Note("gradient-wrong", text.format(**gradients))
    text = _(
        "**Right, forward and backward**: the loss is {value}, in truth {truth}, and no operation "
        "leaves the finite numbers in a way that matters."
    )
    return Note("right", text.format(value=entry(trace.value), truth=entry(trace.true_value)))


def _verdicts(found: Results) -> tuple[str, str]:
    state = found.state
    if found.trace.value_outcome == "nan":
        return "nan", "nan"
    return found.judged.verdict_at(state.formula, state.dtype, state.gap or 1.0)


def _dtypes(found: Results) -> Note | None:
    """Return from which gap on each dtype fails, forward and backward."""
    if found.state.gap is None:
        return None
    parts = []
    for dtype in DTYPE_NAMES:
        first = [
            next(
                (run for run in found.judged.runs(codes) if _is_failure(run, found, dtype)),
                None,
            )
            for codes in (found.judged.values, found.judged.gradients)
        ]
        if first[0] or first[1]:
            texts = [_failure(run) if run else "–" for run in first]
            parts.append(f"{dtype} {texts[0]} / {texts[1]}")
    if not parts:
        text = _(
            "**In no dtype does this formula fail** for these logits at any gap from 1 to 1000, "
            "forward or backward."
        )
        return Note("never-fails", text)
    text = _("**It fails from this gap on**, loss / gradient: {list}.")
    return Note("fails-from", text.format(list=" · ".join(parts)))


def _is_failure(run: AccuracyRun, found: Results, dtype: str) -> bool:
    return run.formula == found.state.formula and run.dtype == dtype and run.verdict != "right"


def _failure(run: AccuracyRun) -> str:
    """Return where a failure begins, and what it is."""
    forms = {"wrong": _("{gap} (wrong)"), "inf": _("{gap} (∞)"), "nan": _("{gap} (NaN)")}
    return forms[run.verdict].format(gap=f"{run.first:g}")


def _clip(found: Results) -> Note | None:
    if found.state.gap is None:
        return None
    floor, dtype = found.state.floor, found.state.dtype
    rounded = torch.tensor(floor, dtype=getattr(torch, dtype)).item()
    if rounded == 0:
        text = _(
            "**Clipping at {floor} clips nothing in {dtype}**, where {floor} is 0. Clipped or not, "
            "log 0 is −∞."
        )
        return Note("clips-nothing", text.format(floor=f"{floor:g}", dtype=dtype))
    text = _(
        "**Clipping at {floor} lies from the gap {gap} on**: the loss stops at −log {floor} = {value} "
        "nats and its gradient is 0. What is most wrong teaches nothing."
    ).format(
        floor=f"{floor:g}",
        gap=number(clipping_gap(floor), digits=3),
        value=number(-math.log(floor), digits=4),
    )
    return Note("clipping", text)


def _cure(found: Results) -> Note | None:
    if found.state.gap is None or found.state.formula.startswith(("log_softmax", "logit_gap")):
        return None
    text = _(
        "**Log-softmax gives {value}** in {dtype} for the same logits, with the gradient {gradient}. "
        "It never takes the logarithm of a probability."
    ).format(
        value=entry(found.cure.value),
        dtype=found.state.dtype,
        gradient=", ".join(entry(x) for x in found.cure.gradient.tolist()),
    )
    return Note("log-softmax", text)


# Beside the figures


def map_numbers(found: Results) -> str:
    """Return what the map of the losses shows."""
    return _(
        "These logits, stretched to every gap from 1 to 1000, for this target. The upright line is "
        "the present gap, the diamond what the table traces. **wrong** is finite, but off by more than "
        "5 % of the truth, or of 1 where that is more."
    )


def gradient_map_numbers(found: Results) -> str:
    """Return what the map of the gradients shows."""
    return _(
        "The same backward. Where the loss is right and the gradient is NaN, nothing warns until the "
        "next step."
    )


def error_numbers(found: Results) -> str:
    """Return what clipping loses now."""
    curves, gap = found.curves, _curve_place(found)
    if gap is None:
        return _("Logits (gap, 0), the target on the second, in {dtype}.").format(dtype=curves.dtype)
    return _(
        "Logits (gap, 0), the target on the second, in {dtype}. At the gap {gap}: L1 = **{value}** "
        "instead of {truth}."
    ).format(
        dtype=curves.dtype,
        gap=f"{curves.gaps[gap].item():g}",
        value=entry(curves.values[0, gap].item()),
        truth=entry(curves.true_values[gap].item()),
    )


def clip_gradient_numbers(found: Results) -> str:
    """Return what is left of the gradient now."""
    curves, gap = found.curves, _curve_place(found)
    if gap is None:
        return _("From the floor on it is exactly 0.")
    return _(
        "At the gap {gap} the target is pulled by **{value}** instead of {truth}. From the floor on it "
        "is exactly 0."
    ).format(
        gap=f"{curves.gaps[gap].item():g}",
        value=entry(curves.gradients[0, gap].item()),
        truth=entry(curves.true_gradients[gap].item()),
    )


def pitfall_numbers(result: PitfallResult) -> str:
    """Return what a line of code gave, and what is true."""
    shown = {
        "value": entry(result.value),
        "gradient": ", ".join(map(entry, result.gradient.tolist())),
        "truth": entry(result.true_value),
    }
    if math.isnan(result.true_value):
        return _("Value **{value}**, gradient **{gradient}**; there is no true value.").format(**shown)
    return _("Value **{value}**, gradient **{gradient}**; in truth the loss is {truth}.").format(
        **shown
    )


def _curve_place(found: Results) -> int | None:
    """Return the index of the present gap on the curves, None where they do not reach it."""
    gap = found.state.gap
    if gap is None or gap > found.curves.gaps[-1]:
        return None
    return int((found.curves.gaps - gap).abs().argmin())


# The code


def snippet(state: StabilityState) -> str:
    """Return the Python that computes what the table shows."""
    floor = f",\n    floor={state.floor!r}" if state.clip is not None else ""
    return (
        "import ce_core\nfrom math import inf\n\n"
        f"{_row('a', state.a)}{_row('q', state.q)}"
        "trace = ce_core.trace_formula(\n"
        f'    "{state.formula}", a, q,\n    dtype="{state.dtype}"{floor},\n)\n'
        "for step in trace.steps:\n"
        "    print(step.text)\n"
        "    print(step.value)\n"
        "    print(step.gradient)\n"
        "print(\n    trace.value,\n    trace.true_value,\n)\n"
        "print(\n    trace.left_forward,\n    trace.left_backward,\n)\n"
    )


def command(state: StabilityState) -> str:
    """Return the command line that prints the same."""
    return f"python - <<'END'\n{snippet(state)}END"


def _row(name: str, values: Sequence[float]) -> str:
    """Return the assignment of a row, in lines that fit a phone."""
    lines = wrap(", ".join(map(_literal, values)), width=28)
    if len(lines) == 1 and len(lines[0]) < 28:
        return f"{name} = [{lines[0]}]\n"
    return "\n".join([f"{name} = [", *(f"    {line}" for line in lines), "]", ""])


def _literal(value: float) -> str:
    return repr(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")
