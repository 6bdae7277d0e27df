"""Logits as bars to drag; p, the loss, its gradient and J follow in the browser."""

from collections.abc import Callable, Sequence
from typing import Final

from lab.language.catalogues import _
from lab.web.assets import register

_LOGITS: Final = register("softmax/logits")


def show_logits(
    logits: Sequence[float],
    *,
    temperature: float,
    target: int,
    window: tuple[float, float],
    serial: int,
    key: str,
    on_moved: Callable[[], None],
    on_failed: Callable[[], None],
) -> None:
    """Show logits as bars to drag.

    Parameters
    ----------
    logits
        The values of the bars.
    temperature
        Divides the logits.
    target
        The class, from 1, on which all weight of q lies.
    window
        Ends of the axis of the bars.
    serial
        Number of the last message that was read.
    key
        Of the component; `st.session_state[key]["moved"]` holds its last message: `logits`,
        `temperature`, `target` from 0, and `serial`.
    on_moved
        Called when a hand has let go.
    on_failed
        Called when the script has not come.
    """
    _LOGITS(
        key=key,
        data={
            "logits": list(logits),
            "temperature": temperature,
            "target": target - 1,
            "window": list(window),
            "serial": serial,
            "words": _words(),
        },
        on_moved_change=on_moved,
        on_failed_change=on_failed,
    )


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
        "nats": _("nats"),
        "temperature": _("Temperature T"),
        "axis": _("axis {low} to {high}"),
        "logitOf": _("Logit of class {number}"),
        "asTarget": _("Class {number} is the target"),
        "said": _("{logit}; p {p}; loss {loss}"),
        "overflow": _(
            "Without subtracting the maximum, e^{largest} is ∞ in float64 and every p is ∞/∞ = NaN."
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
