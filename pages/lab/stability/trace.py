"""A table of operations to step through, forward and backward; the browser steps by itself."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from lab.language.catalogues import _
from lab.web.assets import register

TRACE: Final = register("stability/trace")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The entries of a result in one arithmetic, as they are read.

    Attributes
    ----------
    entries
        One text an entry.
    bad
        Places of those that are not finite.
    mark
        What begins here, in words; empty if nothing does.
    """

    entries: Sequence[str]
    bad: Sequence[int] = ()
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One stage: what it is, its cells, and what happens there in a sentence."""

    phase: str
    text: str
    cells: Sequence[Cell]
    said: str


def trace_data(
    rows: Sequence[Row], *, columns: Sequence[str], chosen: int, at: int, title: str
) -> dict[str, Any]:
    """Return what the table shows.

    Parameters
    ----------
    rows
        One a stage.
    columns
        Names of the columns of cells.
    chosen
        Which of them the page is about.
    at
        The present stage, from 1.
    title
        Heading of the table.
    """
    return {
        "rows": [asdict(row) for row in rows],
        "columns": list(columns),
        "chosen": chosen,
        "at": at,
        "title": title,
        "words": _words(),
    }


def _words() -> dict[str, str]:
    """Return what the table says, by the name that its script uses."""
    return {
        "step": _("Step"),
        "place": _("{step} of {count}"),
        "operation": _("operation"),
        "forward": _("Forward: the values"),
        "backward": _("Backward: the gradients that arrive"),
        "play": _("Play"),
        "pause": _("Pause"),
        "back": _("One step back"),
        "next": _("One step forward"),
        "chosen": _("chosen"),
        "scroll": _("The table, to be scrolled"),
    }
