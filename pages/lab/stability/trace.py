"""A table of operations by dtypes to step through, forward and back; the browser steps by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ce_core.figures.colours import DTYPE_GLYPHS
from lab.language.catalogues import _
from lab.web.assets import register

TRACE: Final = register("stability/trace")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The entries of a result in one arithmetic, as they are read.

    Attributes
    ----------
    entries, short
        One text an entry; the same in the room of a cell.
    bad
        Places of those that are not finite.
    mark
        What begins here, in words; empty if nothing does.
    """

    entries: Sequence[str]
    short: Sequence[str]
    bad: Sequence[int] = ()
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One stage: which result, what it is, its cells, and what happens there in a sentence."""

    operation: str
    phase: str
    text: str
    cells: Sequence[Cell]
    said: str


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The lever: its stops, the one it stands on, and from which gap on p is 0, by dtype."""

    stops: Sequence[float]
    at: float | None
    marks: Mapping[str, float | None]


def trace_data(
    rows: Sequence[Row],
    *,
    columns: Sequence[str],
    chosen: int,
    at: int,
    title: str,
    followed: int,
    target: int,
    gap: Gap,
    cure: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the table shows.

    Parameters
    ----------
    rows
        One a stage.
    columns
        Names of the columns of cells: dtypes, and the exact arithmetic last.
    chosen
        Which of them the page is about.
    at
        The present stage, from 1.
    title
        What the table is of.
    followed, target
        The class whose entries it shows, and the right one, from 0.
    gap
        The lever.
    cure
        What the card of the cure shows.
    """
    return {
        "rows": [{**vars(row), "cells": list(map(vars, row.cells))} for row in rows],
        "columns": list(columns),
        "glyphs": [DTYPE_GLYPHS.get(name, "") for name in columns],
        "chosen": chosen,
        "at": at,
        "title": title,
        "followed": followed,
        "target": target,
        "gap": vars(gap),
        "cure": dict(cure),
        "words": _words(),
    }


def _words() -> dict[str, str]:
    """Return what the table says, by the name that its script uses."""
    return {
        "step": _("Step"),
        "place": _("{step} of {count}"),
        "operation": _("operation"),
        "value": _("value"),
        "slope": _("slope"),
        "play": _("Play"),
        "pause": _("Pause"),
        "back": _("One step back"),
        "next": _("One step forward"),
        "chosen": _("chosen"),
        "framed": _("Framed: where ∞ or NaN is born. Narrow bars: the slopes on the way back."),
        "followed": _("The table follows class"),
        "right_class": _("the right one"),
        "gap": _("Gap between the logits"),
        "marks": _("A mark: from this gap on, a p is 0 in that dtype."),
        "right": _("right"),
        "not_right": _("not right"),
    }
