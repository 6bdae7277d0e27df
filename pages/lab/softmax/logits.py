"""Logits as bars to drag; p, the loss, its gradient and J follow in the browser."""

from typing import Any, Final

from lab.language.catalogues import _
from lab.softmax.state import COLDEST, HOTTEST, SoftmaxState
from lab.web.assets import register

LOGITS: Final = register("softmax/logits")


def logits_data(state: SoftmaxState) -> dict[str, Any]:
    """Return what the bars show; for their script classes count from 0."""
    return {
        "logits": list(state.a),
        "temperature": state.temperature,
        "target": state.target - 1,
        "window": list(state.window),
        "temperatures": [COLDEST, HOTTEST],
        "words": _words(),
    }


def _words() -> dict[str, str]:
    """Return what the bars say, by the name that its script uses."""
    return {
        "logits": _("Drag a logit"),
        "how": _(
            "Drag a round knob, or focus it and press an arrow key. The circle beside a class makes it "
            "the target. p − q is the gradient of L1 in a/T."
        ),
        "target": _("target"),
        "logit": _("logit a"),
        "p": _("p"),
        "gradient": _("p − q"),
        "loss": _("L1 = −log p{i} = "),
        "nats": _("{loss} nats"),
        "temperature": _("Temperature T"),
        "axis": _("axis {low} to {high}"),
        "logitOf": _("Logit of class {number}"),
        "asTarget": _("Class {number} is the target"),
        "said": _("{logit}; p {p}; loss {loss}"),
        "overflow": _(
            "Without subtracting the maximum, e^{largest} is ∞ in float64: the p of each power that is "
            "∞ is ∞/∞ = NaN, that of every other is 0."
        ),
        "underflow": _(
            "Without subtracting the maximum, every e^a is 0 in float64 and every p is 0/0 = NaN."
        ),
        "jacobian": _("J = diag(p) − p pᵀ"),
        "jacobianHow": _(
            "How p in each row answers to the logit of each column. On the diagonal it rises (gold), "
            "off it it falls (slate, with a minus sign, or hollow where digits have no room); full "
            "colour is 1/4, the most there is. Σ is the sum of the row."
        ),
        "sum": _("row sum"),
        "entry": _("J({row}, {column}) = −p{i} p{j} = {value}: as a{j} rises, p{i} falls."),
        "diagonal": _("J({row}, {column}) = p{i} (1 − p{i}) = {value}: as a{i} rises, so does p{i}."),
        "column": _(
            "As a{i} rises, p{i} gains {value} per unit of a/T; the others lose as much together."
        ),
    }
