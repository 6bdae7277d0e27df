"""Logits to drag; the answer, p, its paces, J, the loss and its gradient follow in the browser."""

from typing import Any, Final

from lab.language.catalogues import _
from lab.softmax.state import COLDEST, HOTTEST, SoftmaxState
from lab.web.assets import register

LOGITS: Final = register("softmax/logits")


def logits_data(state: SoftmaxState) -> dict[str, Any]:
    """Return what the figure shows; for its script classes count from 0."""
    return {
        "logits": list(state.a),
        "temperature": state.temperature,
        "target": state.target - 1,
        "held": state.held - 1,
        "window": list(state.window),
        "temperatures": [COLDEST, HOTTEST],
        "words": _words(),
    }


def _words() -> dict[str, str]:
    """Return what the figure says, by the name that its script uses."""
    counts = (_("two"), _("three"), _("four"), _("five"), _("six"), _("seven"), _("eight"), _("nine"))
    return {
        "answerTwo": _("Raise {a}, and {p} gains {gain} a unit; the other loses {gain}."),
        "answerMany": _(
            "Raise {a}, and {p} gains {gain} a unit; the other {count} together lose {gain}."
        ),
        "answerNothing": _(
            "Raise {a}, and no bar moves: {p} gains {gain} a unit, less than float64 can hold."
        ),
        **{f"count{count}": word for count, word in enumerate(counts, start=2)},
        "logits": _("Drag a logit"),
        "logitsTitle": _("logits a"),
        "logitsHow": _("what you hold"),
        "pTitle": _("probabilities p"),
        "pHow": _("arrow: the pace as {a} rises"),
        "gains": _("gains {value}"),
        "loses": _("loses {value}"),
        "sumIs": _("sum {value}"),
        "how": _(
            "Drag a round knob, or focus it and press an arrow key. A number at the left, or a column "
            "of J, takes hold of that class."
        ),
        "loss": _("L1 = −log p{i} = "),
        "nats": _("{loss} nats"),
        "targetHow": _(
            "The circle beside a class makes it the target q. The bars are p − q, the gradient of L1 "
            "in a/T."
        ),
        "temperature": _("Temperature T"),
        "play": _("Play"),
        "pause": _("Pause"),
        "cold": _("winner takes all"),
        "hot": _("all alike"),
        "holdClass": _("Hold class {number}"),
        "logitOf": _("Logit of class {number}"),
        "asTarget": _("Class {number} is the target"),
        "saidGains": _("{logit}; p {p}, gains {value} a unit as {a} rises"),
        "saidLoses": _("{logit}; p {p}, loses {value} a unit as {a} rises"),
        "saidStill": _("{logit}; p {p}"),
        "overflow": _(
            "Without subtracting the maximum, e^{largest} is ∞ in float64: the p of each power that is "
            "∞ is ∞/∞ = NaN, that of every other is 0."
        ),
        "underflow": _(
            "Without subtracting the maximum, every e^a is 0 in float64 and every p is 0/0 = NaN."
        ),
        "jacobian": _("J: the pace of every p"),
        "jacobianName": _("J = diag(p) − p pᵀ"),
        "jacobianHow": _("filled gains, hollow loses; exact rank {rank} of {classes}"),
        "sum": _("column sum"),
        "entry": _("J({row}, {column}) = −p{i} p{j} = {value}: as a{j} rises, p{i} falls."),
        "diagonal": _("J({row}, {column}) = p{i} (1 − p{i}) = {value}: as a{i} rises, so does p{i}."),
    }
