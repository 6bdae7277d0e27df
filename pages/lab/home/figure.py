"""What the figure of the home page shows and says, for the page and for the HTML that it opens with."""

from typing import Any

from lab.home.state import DEFAULT, HomeState
from lab.language.catalogues import _
from lab.post.anchors import ANCHORS


def question() -> str:
    """Return what the page is about."""
    return _("Two losses, one logit, opposite pushes")


def hero_data(state: HomeState) -> dict[str, Any]:
    """Return what the figure opens on, and what it says, by the name that its script uses."""
    return {
        "lead": state.lead,
        "k": state.k,
        # In a state that somebody has set, it stands.
        "moves": state == DEFAULT,
        # Links from before the steps had a page of their own.
        "old_anchors": {anchor: f"post#{anchor}" for anchor in ANCHORS},
        "words": {
            "lead": _("Lead of the right logit over the others"),
            "axis": _("lead of the right logit"),
            "axisShort": _("lead"),
            "zero": _("loss 0 nats"),
            "entropy": _("entropy"),
            "l1": _("cross-entropy"),
            "l2": _("without the logarithm"),
            "l2Short": _("no logarithm"),
            "region": _("here they push opposite ways"),
            "regionShort": _("opposite ways"),
            "rest": _("L2 comes to rest at"),
            "restShort": _("rests at"),
            "more": _("more sure"),
            "less": _("less sure"),
            "drag": _("drag me"),
            "chance": _("probability of the right class: p = {p}"),
            "chanceShort": _("p = {p}"),
            "classes": _("{k} classes"),
            "same": _("{lead}, p is {p}: L1 and L2 both push towards more sure"),
            "opposite": _("{lead}, p is {p}: L1 pushes towards more sure, L2 towards less sure"),
            "rests": _("{lead}, p is {p}: L1 pushes towards more sure, L2 rests"),
        },
    }
