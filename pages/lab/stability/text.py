"""What the page of stability says beside its figures, and its code."""

import math
from collections.abc import Sequence
from textwrap import wrap
from types import ModuleType
from typing import Any, Final

import mpmath

from ce_core import PitfallResult
from lab.language.catalogues import _
from lab.language.numerals import number, raised
from lab.language.sentences import sentences
from lab.stability.results import Results
from lab.stability.state import StabilityState

_DIGITS: Final = 4
_ROOM: Final = 6


def arithmetic_of(value: Any) -> ModuleType:
    """Return what tells a finite number: of a float, mpmath would make one of its own first."""
    return math if isinstance(value, float) else mpmath


def entry(value: Any, *, digits: int = _DIGITS) -> str:
    """Write a number of any arithmetic as people read it."""
    arithmetic = arithmetic_of(value)
    if arithmetic.isnan(value):
        return "NaN"
    if arithmetic.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if isinstance(value, float) or 1e-300 < abs(value) < 1e300:
        return number(float(value), digits=digits)
    # Beyond float64: the exponent is read from mpmath's own spelling.
    mantissa, _e, exponent = mpmath.nstr(value, digits).partition("e")
    return number(float(f"{mantissa}e-99"), digits=digits).replace("⁻⁹⁹", raised(int(exponent)))


def brief(value: Any, text: str) -> str:
    """Write a number of any arithmetic, whose entry is a text, in the room of a cell: six letters."""
    if len(text) <= _ROOM:
        return text
    return entry(value, digits=1 if "·" in text else 2)


def map_numbers(found: Results) -> str:
    """Return what the map of the losses shows."""
    if found.state.gap is None:
        logits = _(
            "No gap to stretch here: one logit above equal others, at every gap from 1 to 1000; the "
            "target is class {target}."
        )
    elif not found.state.gap:
        logits = _(
            "No gap to stretch here: the first finite logit, raised by 1 to 1000; the target is class "
            "{target}."
        )
    else:
        logits = _(
            "These logits, at every gap from 1 to 1000; the target is class {target}. Upright: the "
            "present gap; diamond: what the table traces."
        )
    return logits.format(target=found.state.target)


def map_why() -> str:
    """Return what is called wrong of a loss."""
    return _(
        "**wrong** is finite, but off by more than 5 % of the truth, and by more than four times the "
        "spacing of the dtype's numbers at 1."
    )


def gradient_map_numbers() -> str:
    """Return what the map of the gradients shows."""
    return _(
        "The same for the gradient. Where the loss is right and the gradient is NaN, nothing warns "
        "until the next step."
    )


def gradient_map_why() -> str:
    """Return what is called wrong of a gradient."""
    return _(
        "**wrong** is finite, but an entry is off by more than 5 % of the largest true one, and by "
        "more than four times the spacing of the dtype's numbers at 1."
    )


def error_numbers(found: Results) -> str:
    """Return what clipping loses now."""
    curves = found.curves
    setting = _("Logits (gap, 0), the target on the second, in {dtype}.").format(dtype=curves.dtype)
    place = _curve_place(found)
    if place is None:
        return sentences(setting, off_the_curves(found))
    value, truth = (row[..., place].item() for row in (curves.values[0], curves.true_values))
    said = (
        _("At the gap {gap}, by which the target loses here: L1 = **{value}**, as it should be.")
        if entry(value) == entry(truth)
        else _("At the gap {gap}, by which the target loses here: L1 = **{value}** instead of {truth}.")
    )
    return sentences(
        setting, said.format(gap=f"{found.on_curves:.6g}", value=entry(value), truth=entry(truth))
    )


def clip_gradient_numbers(found: Results) -> str:
    """Return what is left of the gradient now."""
    curves = found.curves
    floored = _("Below the floor it is exactly 0.")
    place = _curve_place(found)
    if place is None:
        return floored
    value, truth = (row[..., place].item() for row in (curves.gradients[0], curves.true_gradients))
    said = (
        _("At the gap {gap} the target is pulled by **{value}**, as it should be.")
        if entry(value) == entry(truth)
        else _("At the gap {gap} the target is pulled by **{value}** instead of {truth}.")
    )
    return sentences(
        said.format(gap=f"{found.on_curves:.6g}", value=entry(value), truth=entry(truth)), floored
    )


def off_the_curves(found: Results) -> str:
    """Return why no point of the curves is the present state; empty where one is, or none could be."""
    lag = found.state.lag
    if lag is None or found.on_curves is not None:
        return ""
    if lag == math.inf:
        return _("Here the target has the logit −∞: its loss is ∞, beyond every gap.")
    if lag < 0:
        return _("Here the target wins, and its loss is not clipped.")
    return _("Here the target loses by {gap}, beyond the chart.").format(gap=f"{lag:.6g}")


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
    """Return the index of the gap by which the target loses, None where the curves do not have it."""
    if found.on_curves is None:
        return None
    return int((found.curves.gaps - found.on_curves).abs().argmin())


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
