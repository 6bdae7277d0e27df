"""What to notice on the page of stability; it depends on what was computed."""

import math
from collections.abc import Iterable
from typing import Final

import torch

from ce_core import AccuracyRun, clipping_gap
from lab.language.catalogues import _
from lab.language.numerals import number
from lab.language.sentences import sentences
from lab.page.notes import Note
from lab.stability.results import Results
from lab.stability.state import DTYPE_NAMES
from lab.stability.table import spelled
from lab.stability.text import entry

_WRONG: Final = "wrong"


def notes(found: Results) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    lines = [_headline(found), _dtypes(found), _clip(found), _cure(found)]
    return [line for line in lines if line]


def _headline(found: Results) -> Note:
    state = found.state
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
    return _loss_trouble(found) or _gradient_trouble(found) or _right(found)


def _loss_trouble(found: Results) -> Note | None:
    """Return what is wrong with the loss, if anything is."""
    state, trace = found.state, found.trace
    shown = {"value": entry(trace.value), "truth": entry(trace.true_value), **_gradients(found)}
    if trace.value_verdict == "nan":
        text = _(
            "**The loss is NaN; in truth it is {truth}.** It leaves the finite numbers at "
            "**{operation}**. The table follows it from there into the loss and back into the gradient."
        )
        return Note(
            "loss-nan", text.format(operation=_operation_at(found, trace.left_forward), **shown)
        )
    if trace.value_verdict == "inf":
        text = _(
            "**The loss is {value}; in truth it is {truth}.** It leaves the finite numbers at "
            "**{operation}**, and its gradient is {gradient}."
        )
        return Note(
            "loss-infinite", text.format(operation=_operation_at(found, trace.left_forward), **shown)
        )
    if trace.value_verdict == _WRONG:
        text = _(
            "**Finite, and wrong.** The loss is {value}, in truth {truth}. Nothing warns of it: no "
            "NaN, no ∞. The gradient at the target is {at_target}, in truth {true_at_target}."
        )
        at_target = {
            "at_target": entry(trace.gradient[state.target - 1].item()),
            "true_at_target": entry(trace.true_gradient[state.target - 1].item()),
        }
        return Note("loss-wrong", text.format(**shown, **at_target))
    return None


def _gradient_trouble(found: Results) -> Note | None:
    """Return what is wrong with the gradient of a loss that is right, if anything is."""
    trace = found.trace
    shown = {
        "value": entry(trace.value),
        "operation": _operation_at(found, trace.left_backward),
        **_gradients(found),
    }
    if trace.gradient_verdict == "nan":
        text = (
            _(
                "**The loss is right, its gradient is NaN.** The forward pass looks healthy; backward, "
                "**{operation}** is where it breaks. One step of training, and every weight behind "
                "these logits is NaN."
            )
            if math.isfinite(trace.value)
            else _(
                "**The loss is {value}, as in truth, and its gradient is NaN**, in truth "
                "{true_gradient}. Backward, **{operation}** is where it breaks."
            )
        )
        return Note("gradient-nan", text.format(**shown))
    if trace.gradient_verdict == "inf":
        text = _(
            "**The loss is right, its gradient is not finite**: {gradient}, in truth {true_gradient}. "
            "Backward, **{operation}** is where it breaks."
        )
        return Note("gradient-infinite", text.format(**shown))
    if trace.gradient_verdict == _WRONG:
        text = _("**The loss is right, the gradient is wrong**: {gradient}, in truth {true_gradient}.")
        return Note("gradient-wrong", sentences(text.format(**shown), _lost_on_the_way(found)))
    return None


def _lost_on_the_way(found: Results) -> str:
    """Return why a gradient is finite and wrong."""
    if found.state.formula == "clipped" and _share_of_target(found) < found.state.floor:
        return _("p of the target is below the floor, and the clip sends nothing back.")
    return _("No NaN and no ∞ warns of it.")


def _share_of_target(found: Results) -> float:
    """Return p of the target, as it is in truth."""
    return math.exp(-found.cure.true_value)


def _right(found: Results) -> Note:
    trace = found.trace
    text = (
        _(
            "**Right, forward and backward**: the loss is {value}, and no operation makes a number "
            "that is wrong in it."
        )
        if entry(trace.value) == entry(trace.true_value)
        else _(
            "**Right, forward and backward, as far as {dtype} can tell**: the loss is {value}, in "
            "truth {truth}, and no operation makes a number that is wrong in it."
        )
    )
    shown = {"value": entry(trace.value), "truth": entry(trace.true_value), "dtype": trace.dtype}
    return Note("right", text.format(**shown))


def _gradients(found: Results) -> dict[str, str]:
    trace = found.trace
    return {
        "gradient": ", ".join(entry(x) for x in trace.gradient.tolist()),
        "true_gradient": ", ".join(entry(x) for x in trace.true_gradient.tolist()),
    }


def _operation_at(found: Results, name: str | None) -> str:
    """Return the operation of a step; of none, that of the loss."""
    began = {step.name: step.text for step in found.trace.steps}
    return spelled(began[name or "loss"])


def _dtypes(found: Results) -> Note | None:
    """Return at which gaps each dtype fails, forward and backward."""
    if found.state.gap is None:
        return None
    target = found.state.target
    judged = found.judged
    either = [list(judged.runs(codes)) for codes in (judged.values, judged.gradients)]
    parts = []
    for dtype in DTYPE_NAMES:
        spans = [failure(found, runs, dtype) for runs in either]
        if any(spans):
            shown = [span or _("never") for span in spans]
            parts.append(
                _("{dtype} {loss} / {gradient}").format(dtype=dtype, loss=shown[0], gradient=shown[1])
            )
    stretched = found.state.gap > 0
    if not parts:
        text = (
            _(
                "**In no dtype does this formula fail** at any gap from 1 to 1000, forward or "
                "backward, with these logits stretched and class {target} as the target."
            )
            if stretched
            else _(
                "No gap to stretch here. **In no dtype does this formula fail**, forward or backward, "
                "with the first finite logit raised by 1 to 1000 and class {target} as the target."
            )
        )
        return Note("never-fails", text.format(target=target))
    text = (
        _(
            "**At which gaps it fails**, with these logits stretched from 1 to 1000 and class {target} "
            "as the target, loss / gradient: {list}."
        )
        if stretched
        else _(
            "No gap to stretch here. **Where it fails**, with the first finite logit raised by 1 to "
            "1000 and class {target} as the target, loss / gradient: {list}."
        )
    )
    return Note("fails-from", text.format(target=target, list=" · ".join(parts)))


def failure(found: Results, runs: Iterable[AccuracyRun], dtype: str) -> str:
    """Return at which gaps the formula fails in a dtype, and how first; empty where it never does."""
    gaps, here = found.judged.gaps, (found.state.formula, dtype)
    runs = [run for run in runs if (run.formula, run.dtype) == here]
    bad = [run for run in runs if run.verdict != "right"]
    if not bad:
        return ""
    first, last = bad[0].first, bad[-1].last
    at_first, to_the_end = first == gaps[0], last == gaps[-1]
    healed = any(run.verdict == "right" and first < run.first < last for run in runs)
    shown = {
        "first": f"{first:g}",
        "last": f"{last:g}",
        "verdict": {"wrong": _("wrong"), "inf": "∞", "nan": "NaN"}[bad[0].verdict],
    }
    if healed:
        return _("in places from {first} to {last} ({verdict})").format(**shown)
    if at_first and to_the_end:
        return _("at every gap ({verdict})").format(**shown)
    if to_the_end:
        return _("from {first} ({verdict})").format(**shown)
    return _("from {first} to {last} ({verdict})").format(**shown)


def _clip(found: Results) -> Note | None:
    """Return what the floor costs, and whether it costs that here."""
    state = found.state
    if state.gap is None or state.lag is None:
        return None
    floor = torch.tensor(state.floor, dtype=getattr(torch, state.dtype)).item()
    if floor == 0:
        text = _(
            "**Clipping at {floor} clips nothing in {dtype}**, where {floor} is 0. Clipped or not, "
            "log 0 is −∞."
        )
        return Note("clips-nothing", text.format(floor=f"{state.floor:g}", dtype=state.dtype))
    p = _share_of_target(found)
    text = _(
        "**Clipping at {floor} holds the loss of a target that loses**: of two classes, from the gap "
        "{gap} on the loss stays at −log {floor} = {value} nats and its gradient is 0. What is most "
        "wrong teaches nothing."
    ).format(
        floor=f"{state.floor:g}",
        gap=number(clipping_gap(state.floor), digits=3),
        value=number(-math.log(state.floor), digits=4),
    )
    here = (
        _("Here the target, class {target}, has p = {p}, below the floor: its loss is clipped.")
        if p < floor
        else _(
            "Here the target, class {target}, has p = {p}, above the floor: its loss is not clipped."
        )
    )
    return Note("clipping", sentences(text, here.format(target=state.target, p=entry(p))))


def _cure(found: Results) -> Note | None:
    if found.state.gap is None or found.state.formula.startswith(("log_softmax", "logit_gap")):
        return None
    text = _(
        "**The cure gives {value}** in {dtype} for the same logits, with the gradient {gradient}: "
        "log-softmax never takes the logarithm of a probability."
    ).format(
        value=entry(found.cure.value),
        dtype=found.state.dtype,
        gradient=", ".join(entry(x) for x in found.cure.gradient.tolist()),
    )
    return Note("log-softmax", text)
