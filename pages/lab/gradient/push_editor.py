"""Logits and a target as bars to drag, with an arrow for the way each loss pushes."""

from typing import Any, Final

from lab.gradient.results import Results
from lab.language.catalogues import _
from lab.web.assets import register

PUSHES: Final = register("gradient/push_editor")


def push_data(found: Results) -> dict[str, Any]:
    """Return what the bars show; for their script classes count from 0.

    To drag a bar of q makes its kind "free". Of a target that is not, most lies on one class.
    """
    state = found.state
    return {
        "logits": list(state.a),
        "q": found.q.tolist(),
        "kind": state.kind,
        "target": state.target - 1,
        "smoothing": state.smoothing,
        "window": list(state.window),
        "words": _words(),
    }


def _words() -> dict[str, str]:
    """Return what the bars say, by the name that their script uses."""
    return {
        "title": _("Drag a logit, or the target q"),
        "how": _(
            "Drag a round knob, or focus it and press an arrow key. The circle beside a class puts q "
            "on it. An arrow shows where descent moves the logit; half of the axis is a push of 1."
        ),
        "heldArrow": _("push of L1, and of L2 with p held constant: −(p − q)"),
        "fullArrow": _("push of L2 in full: −(p − q) − J a"),
        "losses": _("L1 = {l1} nats · L2 = {l2} · L1 − L2 = H(p) = {entropy}"),
        "class": _("class"),
        "q": _("q"),
        "logit": _("logit a"),
        "p": _("p"),
        "pulls": _("p − q"),
        "residual": _("J a"),
        "full": _("their sum"),
        "axis": _("axis {low} to {high}"),
        "asTarget": _("Put q on class {number}"),
        "qOf": _("Target q of class {number}"),
        "logitOf": _("Logit of class {number}"),
        "qSaid": _("{q}; p {p}"),
        "logitSaid": _("{logit}; p {p}; L1 pushes by {held}, L2 in full by {full}"),
        "both": _("{before} {after}"),
        "heldUp": _("L1 pushes {a} up by {size}."),
        "heldDown": _("L1 pushes {a} down by {size}."),
        "heldRest": _("L1 does not push {a}."),
        "fullUp": _("L2 in full pushes {a} up by {size}."),
        "fullDown": _("L2 in full pushes {a} down by {size}."),
        "fullRest": _("L2 in full does not push {a}."),
    }
