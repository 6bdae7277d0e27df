"""What the map in the browser shows of results, and what its messages say."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import torch
from torch import Tensor

from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted
from lab.state.fields import is_number, records
from lab.tuning import words
from lab.tuning.results import Results
from lab.tuning.state import ANY_SHARE, ANY_SPREAD, TuningState
from lab.web.assets import register

TUNING_MAP: Final = register("tuning/tuning_map")

_PICTURE: Final = 64
"""So many rows and columns of a matrix are drawn."""
_SHADES: Final = 10


def map_data(found: Results) -> dict[str, Any]:
    """Return what the map shows; for its script cells count from 0."""
    at = found.map
    sizes = range(len(at.eps)), range(len(at.n_iter))
    stops = [stop for stop, _best in found.at_stops]
    chosen = None if found.state.eps is None else list(found.cell)
    return {
        "eps": at.eps.tolist(),
        "epsSaid": [words.eps(value) for value in at.eps.tolist()],
        "counts": at.n_iter.tolist(),
        "misplaced": _finite(at.column_error / 2),
        "spread": _finite(at.perplexity),
        "used": at.columns_used.tolist(),
        "said": [
            [[words.share(found.misplaced(x, y)), words.columns(found.spread(x, y))] for y in sizes[1]]
            for x in sizes[0]
        ],
        "needs": {
            "misplaced": found.state.misplaced if found.state.misplaced < ANY_SHARE else 2,
            "misplacedSaid": words.share(found.state.misplaced),
            "used": found.state.used,
        },
        "stops": stops,
        "stopsSaid": [_("any") if stop == ANY_SPREAD else words.columns(stop) for stop in stops],
        "best": [_place(found, best) if best.met else None for _stop, best in found.at_stops],
        "nearest": _place(found, found.best),
        "stop": stops.index(found.state.spread) if found.state.spread in stops else len(stops) - 1,
        "cell": chosen,
        "pictures": _pictures(found),
        "texts": _texts(found),
        "code": code_of(found),
        "words": _words(found),
    }


def code_of(found: Results) -> str:
    """Return the code of the chosen cell, as short lines."""
    lines = [
        "import ce_core",
        "",
        "q = ce_core.balanced_assignment(",
        "    -scores," if found.survey.near else "    scores,",
        f"    eps={found.eps!r},",
        f"    n_iter={found.n_iter},",
        ")",
    ]
    return "\n".join(lines)


def read_cell(message: Mapping[str, Any], state: TuningState) -> TuningState | None:
    """Return the state after a message of the map; None if forged."""
    known = records(TuningState)
    spread = known["spread"].checked(message.get("spread"))
    if spread is None:
        return None
    match message.get("cell"):
        case None:
            return replace(state, spread=spread, eps=None, n_iter=None)
        case [eps, count] if is_number(eps) and is_number(count):
            cell = known["eps"].checked(eps), known["n_iter"].checked(count)
            if None not in cell:
                return replace(state, spread=spread, eps=cell[0], n_iter=cell[1])
    return None


def _finite(values: Tensor) -> list[list[float]]:
    """Return numbers as JSON can say them: where there is no plan, one that meets no need."""
    return torch.nan_to_num(values, nan=math.inf).clamp(max=1e300).tolist()


def _place(found: Results, best: Any) -> list[int]:
    eps, counts = found.map.eps.tolist(), found.map.n_iter.tolist()
    return [eps.index(best.eps), counts.index(best.n_iter)]


def _pictures(found: Results) -> dict[str, Any]:
    # Full where a pair has all that its row and its column allow.
    most = min(1.0, found.map.rows / found.map.columns)
    low, now, high = (_picture((plan / most).sqrt()) for plan in found.plans)
    return {"scores": score_picture(-found.cost), "low": low, "now": now, "high": high}


def score_picture(near: Tensor) -> dict[str, Any]:
    """Return scores as shades, the nearest the strongest; what is forbidden has none."""
    finite = near[near.isfinite()]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
    return _picture((near - low) / (high - low) if high > low else torch.zeros_like(near))


def _picture(shares: Tensor) -> dict[str, Any]:
    corner = torch.nan_to_num(shares[:_PICTURE, :_PICTURE], nan=0.0, posinf=0.0, neginf=0.0)
    shades = (corner * _SHADES).long().clamp(0, _SHADES - 1)
    digits = "".join(map(str, shades.flatten().tolist()))
    return {"rows": corner.shape[0], "columns": corner.shape[1], "digits": digits}


def _texts(found: Results) -> dict[str, str]:
    rows, columns = found.shape
    last, row = len(found.map.eps) - 1, found.cell[1]

    def end(column: int) -> dict[str, str]:
        return {
            "eps": words.eps(found.map.eps[column].item()),
            "share": words.share(found.misplaced(column, row)),
            "spread": words.columns(found.spread(column, row)),
            "columns": counted(columns),
        }

    text = _("ε = {eps}: a row over {spread} of {columns}, **{share} misplaced**")
    high = _("ε = {eps}: **a row over {spread} of {columns}**, {share} misplaced")
    now = ngettext(
        "The plan after {count} iteration at ε = {eps}",
        "The plan after {count} iterations at ε = {eps}",
        found.n_iter,
    )
    return {
        "title": words.heading(found),
        "size": f"{counted(rows)} × {counted(columns)}",
        "corner": _("the first {rows} × {columns}").format(
            rows=min(rows, _PICTURE), columns=min(columns, _PICTURE)
        )
        if max(rows, columns) > _PICTURE
        else "",
        "low": text.format(**end(0)),
        "high": high.format(**end(last)),
        "now": now.format(count=counted(found.n_iter), eps=words.eps(found.eps)),
    }


def _words(found: Results) -> dict[str, str]:
    """Return what the map says, by the name that its script uses."""
    return {
        "counts": _("iterations"),
        "eps": _("ε: regularisation"),
        "key": _("brown: mass in wrong columns, 20 % and more to 0 %"),
        "dot": _("The chosen cell of the map: left and right ε, up and down iterations"),
        "best": _("fewest iterations: {count}, at ε = {eps}"),
        "here": _("iterations: {count}, ε = {eps}"),
        "spoken": _("ε {eps}, iterations {count}: {misplaced} misplaced, a row over {spread} columns"),
        "met": _("all needs met"),
        "off": _("more than {share} in wrong columns"),
        "over": _("→ a row over more than {count} columns"),
        "lever": _("A row may spread over"),
        "misplacedHere": _("in wrong columns"),
        "spreadHere": _("columns a row spreads over"),
        "back": _("Back to the recommended cell"),
        "paste": _("Paste into your code"),
        "copy": _("Copy"),
        "copied": _("Copied"),
        "own": _("Paste or open your own"),
    }
