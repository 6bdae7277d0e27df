"""The answer to where NaN comes from: what it is born of in this state, and in which dtypes it is."""

import math
from collections.abc import Mapping

import torch

from ce_core import FormulaTrace
from ce_core.stability.birth import Birth, backward_birth, forward_birth
from lab.language.catalogues import _
from lab.language.sentences import sentences
from lab.stability.results import Results
from lab.stability.state import DTYPE_NAMES, StabilityState
from lab.stability.text import entry


def answer(found: Results) -> str:
    """Return from what NaN or ∞ comes in the chosen dtype, or that it does not, and where it does."""
    if found.state.gap is None:
        return _without_softmax(found.state)
    return sentences(_cause(found), _where(found.traces))


def _without_softmax(state: StabilityState) -> str:
    if max(state.a) == math.inf:
        return _(
            "**From a logit that is +∞**: there is no softmax of it, and every formula gives NaN in "
            "every dtype."
        )
    return _(
        "**From logits that are all −∞**: there is no softmax of them, and every formula gives NaN in "
        "every dtype."
    )


def has_nan(trace: FormulaTrace) -> bool:
    """Tell whether NaN is in the loss or in its gradient."""
    return math.isnan(trace.value) or bool(trace.gradient.isnan().any())


def _where(traces: Mapping[str, FormulaTrace]) -> str:
    """Return in which dtypes this formula gives NaN with these logits."""
    bad = [dtype for dtype in DTYPE_NAMES if has_nan(traces[dtype])]
    if not bad:
        return _("No dtype has NaN here.")
    if len(bad) == len(DTYPE_NAMES):
        return _("All four dtypes have NaN here.")
    return _("NaN in {dtypes}.").format(dtypes=", ".join(bad))


def _cause(found: Results) -> str:
    trace = found.trace
    if math.isnan(trace.value):
        born = forward_birth(trace)
        assert born is not None
        return _forward_cause(found.state, trace, born)
    if trace.gradient.isnan().any():
        return _backward_cause(found.state, trace)
    if trace.value_verdict == "inf":
        return _("No NaN in {dtype}, but a loss of **{value}**; in truth it is {truth}.").format(
            dtype=trace.dtype, value=entry(trace.value), truth=entry(trace.true_value)
        )
    if trace.value_verdict == "wrong":
        return _("No NaN in {dtype}, and yet the loss is **wrong**: {value}, in truth {truth}.").format(
            dtype=trace.dtype, value=entry(trace.value), truth=entry(trace.true_value)
        )
    if trace.gradient_verdict != "right":
        return _("No NaN in {dtype}: the loss is right, but its **gradient is wrong**.").format(
            dtype=trace.dtype
        )
    return _("**Not from this formula in {dtype}**: loss and gradient are right.").format(
        dtype=trace.dtype
    )


def _forward_cause(state: StabilityState, trace: FormulaTrace, born: Birth) -> str:
    said = {"which": class_name(state, born.entry), "dtype": trace.dtype}
    if born.step.name == "products":
        if state.a[born.entry] == -math.inf:
            return _(
                "**From 0 · (−∞)**: the logit of {which} is −∞, and what it is multiplied by is 0."
            ).format(**said)
        total = _value(trace, "total")
        if math.isinf(total):
            return _(
                "**From 0 · (−∞)**: the sum of the exp is beyond the largest {dtype}, so *p* of "
                "{which} is 0; its logarithm is −∞, and its weight *q* is 0."
            ).format(**said)
        return _(
            "**From 0 · (−∞)**: *p* of {which} rounds to 0, its logarithm is −∞, and its weight *q* "
            "is 0."
        ).format(**said)
    if math.isinf(born.given[0]):
        return _(
            "**From ∞ / ∞**: exp({logit}) is beyond the largest {dtype}, and so is the sum."
        ).format(logit=entry(state.a[born.entry]), **said)
    return _("**From 0 / 0**: every exp is 0 in {dtype}, and so is their sum.").format(**said)


def _backward_cause(state: StabilityState, trace: FormulaTrace) -> str:
    born = backward_birth(trace)
    assert born is not None
    if born.step.name == "logs":
        return _(
            "**From 0 / 0 on the way back**: *p* of {which} is 0, and the slope of log divides by it; "
            "the mask saves the loss only."
        ).format(**{"which": class_name(state, born.entry)})
    (slopes,) = (step.gradient for step in trace.steps if step.name == "probabilities")
    assert slopes is not None
    infinite = int(torch.nonzero(slopes.isinf())[0])
    said = {"which": class_name(state, infinite), "dtype": trace.dtype}
    if state.formula.startswith("logit_gap"):
        return _(
            "**From ∞ · 0 on the way back**: the logit of {which} is −∞, and its slope is multiplied "
            "by *p* = 0."
        ).format(**said)
    p = _value(trace, "probabilities", infinite)
    if p == 0:
        return _(
            "**From ∞ · 0 on the way back**: *p* of {which} is 0, so the slope of its logarithm is "
            "infinite, and *p* multiplies it again."
        ).format(**said)
    return _(
        "**From ∞ − ∞ on the way back**: *p* of {which} is {p}, and 1/*p* is beyond the largest "
        "{dtype}."
    ).format(p=entry(p), **said)


def class_name(state: StabilityState, place: int) -> str:
    """Return what a class is called in a sentence."""
    if place == state.target - 1:
        return _("the right class")
    if len(state.a) == 2:
        return _("the other class")
    return _("class {number}").format(number=place + 1)


def _value(trace: FormulaTrace, name: str, place: int = 0) -> float:
    (value,) = (step.value for step in trace.steps if step.name == name)
    number: float = value.reshape(-1)[place].item()
    return number
