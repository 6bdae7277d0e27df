"""A table of operations to step through, forward and backward; the browser steps by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lab.language.catalogues import _
from lab.web.assets import register

_TRACE: Final = register("stability/trace")


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


def show_trace(
    rows: Sequence[Row],
    *,
    columns: Sequence[str],
    chosen: int,
    at: int,
    title: str,
    serial: int,
    key: str,
    on_moved: Callable[[], None],
    on_failed: Callable[[], None],
) -> None:
    """Show a table of stages, one of them the present.

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
    serial
        Number of the last message that was read.
    key
        Of the component; `st.session_state[key]["moved"]` holds its last message: `step` from 1, and
        `serial`.
    on_moved
        Called when stepping has come to rest.
    on_failed
        Called when the script has not come.
    """
    _TRACE(
        key=key,
        data={
            "rows": [
                {
                    "phase": row.phase,
                    "text": row.text,
                    "said": row.said,
                    "cells": [
                        {"entries": list(c.entries), "bad": list(c.bad), "mark": c.mark}
                        for c in row.cells
                    ],
                }
                for row in rows
            ],
            "columns": list(columns),
            "chosen": chosen,
            "at": at,
            "title": title,
            "serial": serial,
            "words": _words(),
        },
        on_moved_change=on_moved,
        on_failed_change=on_failed,
    )


def read_step(message: Any, count: int) -> tuple[int, int] | None:
    """Return the step and the serial that a message of the table holds, None if it is forged."""
    match message:
        case {"step": int(step), "serial": int(serial)} if 1 <= step <= count and 0 <= serial < 2**53:
            return (step, serial) if not isinstance(step, bool) else None
    return None


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
