"""The first screen: logits to hold, where the descents from them lead, and what pushes each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lab.gradient.results import Results, frame_steps
from lab.gradient.state import LARGEST, GradientState
from lab.language.catalogues import _
from lab.state.fields import records
from lab.web.assets import register

HELD_LOGITS: Final = register("gradient/held_logits")


def held_data(found: Results) -> dict[str, Any]:
    """Return what the figure shows; for its script classes count from 0."""
    state = found.state
    return {
        "logits": list(state.a),
        "step": state.at,
        "stops": list(frame_steps(state)),
        "q": found.q.tolist(),
        "rest": found.minimum.p.tolist(),
        "watched": found.watched,
        "rate": state.rate,
        "steps": state.steps,
        "window": list(state.window),
        "most": LARGEST,
        "words": _words(),
    }


def read_held(message: Mapping[str, Any], state: GradientState) -> GradientState | None:
    """Return the state after a message of the figure; None if forged."""
    known = records(GradientState)
    a, step = known["a"].checked(message.get("logits")), known["step"].checked(message.get("step"))
    if a is None or step is None:
        return None
    moved = replace(state, a=a, step=step)
    return None if moved.misfits() else moved


def _words() -> dict[str, str]:
    """Return what the figure says, by the name that its script uses."""
    return {
        "caption": _(
            "Drag the point or a logit. Arrows: where descent moves a logit. Thin lines: the ways from "
            "other starts, in small steps."
        ),
        "triangle": _("The descents in the triangle of p"),
        "curve": _("The descents, step by step"),
        "point": _("Where the descents start"),
        "pushes": _("What pushes the held logits"),
        "lever": _("Step of the descents"),
        "play": _("Play"),
        "pause": _("Pause"),
        "after": _("{p} there:"),
        "l1": _("L1"),
        "and": _("and"),
        "held": _("L2, p held"),
        "l2": _("L2 in full"),
        "heldAt": _("held: {p} = {value}"),
        "restAt": _("L2’s rest: {p} = {value}"),
        "rest": _("L2’s rest: {value}"),
        "targetOn": _("target q: class {number}"),
        "target": _("target q"),
        "targetLevel": _("target {q} = {value}"),
        "corner": _("all class {number}"),
        "steps": _("step (root scale)"),
        "logitOf": _("Held logit {number}"),
        "logitAt": _("{a} = {value}"),
        "logitSaid": _("{logit}; p {p}; L1 pushes by {held}, L2 in full by {full}"),
        "l1Push": _("L1 {push}"),
        "heldPush": _("p held {push}"),
        "l2Push": _("L2 {push}"),
    }
