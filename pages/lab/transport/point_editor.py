"""Weights as bars to paint, and two clouds of points to drag; the server hears when a hand lets go."""

from typing import Final

from lab.language.catalogues import _
from lab.web.assets import register

POINT_EDITOR: Final = register("transport/point_editor")


def weight_words() -> dict[str, str]:
    """Return what the bars say, by the name that their script uses."""
    return {
        "mu": _("μ: what each row holds"),
        "nu": _("ν: what each column gets"),
        "muOf": _("Weight of row {number}"),
        "nuOf": _("Weight of column {number}"),
        "muLevel": _("Make μ uniform"),
        "nuLevel": _("Make ν uniform"),
        "level": _("Uniform"),
    }


def point_words() -> dict[str, str]:
    """Return what the clouds say, by the name that their script uses."""
    return {
        "pad": _("Two clouds of points"),
        "how": _(
            "Drag a point, or focus it and press an arrow key (with shift: further). Page up and down "
            "go to the next point of the cloud."
        ),
        "xOf": _("Row {number} at {x}, {y}"),
        "yOf": _("Column {number} at {x}, {y}"),
        "said": _("Circles are rows, squares are columns. When you let go, the plan is solved again."),
    }
