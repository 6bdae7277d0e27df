"""Weights as bars to paint, and two clouds of points to drag; the server hears when a hand lets go."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from lab.language.catalogues import _
from lab.transport.state import FINEST, HIGHEST, MIDDLE
from lab.web.assets import register

_PAD: Final = register("transport/point_editor")


def show_weights(
    mu: Sequence[int],
    nu: Sequence[int],
    *,
    serial: int,
    key: str,
    on_moved: Callable[[], None],
    on_failed: Callable[[], None],
) -> None:
    """Show weights as bars to paint.

    Parameters
    ----------
    mu, nu
        Weights from 0 to 35, of rows and columns.
    serial
        Number of the last message that was read.
    key
        Of the component; `st.session_state[key]["moved"]` holds its message: `mu`, `nu`, `serial`.
    on_moved, on_failed
        Called when a hand has let go, and when the script has not come.
    """
    words = {
        "mu": _("μ: what each row holds"),
        "nu": _("ν: what each column gets"),
        "muOf": _("Weight of row {number}"),
        "nuOf": _("Weight of column {number}"),
        "muLevel": _("Make μ uniform"),
        "nuLevel": _("Make ν uniform"),
        "level": _("Uniform"),
    }
    content = {
        "kind": "weights",
        "mu": list(mu),
        "nu": list(nu),
        "highest": HIGHEST,
        "middle": MIDDLE,
    }
    _show(content, words, serial, key, on_moved, on_failed)


def show_points(
    x: Sequence[tuple[float, float]],
    y: Sequence[tuple[float, float]],
    lines: Sequence[tuple[int, int, float]],
    *,
    serial: int,
    key: str,
    on_moved: Callable[[], None],
    on_failed: Callable[[], None],
) -> None:
    """Show two clouds of points to drag, with lines between them.

    Parameters
    ----------
    x, y
        Points in the unit square.
    lines
        A point of each cloud, from 0, and a share from 0 to 1 that decides how strong the line is.
    serial
        Number of the last message that was read.
    key
        Of the component; `st.session_state[key]["moved"]` holds its message: `x`, `y`, `serial`.
    on_moved, on_failed
        Called when a hand has let go, and when the script has not come.
    """
    words = {
        "pad": _("Two clouds of points"),
        "how": _(
            "Drag a point, or focus it and press an arrow key (with shift: further). Page up and down "
            "go to the next point of the cloud."
        ),
        "xOf": _("Row {number} at {x}, {y}"),
        "yOf": _("Column {number} at {x}, {y}"),
        "said": _("Circles are rows, squares are columns. When you let go, the plan is solved again."),
    }
    content = {
        "kind": "points",
        "x": [list(point) for point in x],
        "y": [list(point) for point in y],
        "lines": [list(line) for line in lines],
        "finest": FINEST,
    }
    _show(content, words, serial, key, on_moved, on_failed)


def _show(
    content: dict[str, Any],
    words: dict[str, str],
    serial: int,
    key: str,
    on_moved: Callable[[], None],
    on_failed: Callable[[], None],
) -> None:
    _PAD(
        key=key,
        data={**content, "words": words, "serial": serial},
        on_moved_change=on_moved,
        on_failed_change=on_failed,
    )
