"""Logits and a target as bars to drag, with an arrow for the way each loss pushes."""

from collections.abc import Callable, Sequence
from typing import Final

from lab.language.catalogues import _
from lab.web.assets import register

_PUSHES: Final = register("gradient/push_editor")


def show_push_editor(
    logits: Sequence[float],
    q: Sequence[float],
    *,
    kind: str,
    target: int,
    smoothing: float,
    window: tuple[float, float],
    serial: int,
    key: str,
    on_moved: Callable[[], None],
    on_failed: Callable[[], None],
) -> None:
    """Show logits and target as bars to drag, and the pushes on the logits.

    Parameters
    ----------
    logits, q
        The values of the bars, one a class.
    kind
        "one-hot", "smoothed" or "free"; to drag a bar of q makes it "free".
    target
        The class, from 1, on which most of q lies unless it is free.
    smoothing
        How much of q is spread over all classes where it is smoothed.
    window
        Ends of the axis of the logits.
    serial
        Number of the last message that was read.
    key
        Of the component; `st.session_state[key]["moved"]` holds its last message: `logits`, `q`,
        `kind`, `target` from 0, and `serial`.
    on_moved
        Called when a hand has let go.
    on_failed
        Called when the script has not come.
    """
    _PUSHES(
        key=key,
        data={
            "logits": list(logits),
            "q": list(q),
            "kind": kind,
            "target": target - 1,
            "smoothing": smoothing,
            "window": list(window),
            "serial": serial,
            "words": _words(),
        },
        on_moved_change=on_moved,
        on_failed_change=on_failed,
    )


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
