"""A state as a URL spells it, and what a URL says that no field takes."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from lab.state.fields import UNSET, State, records

S = TypeVar("S", bound=State)

Parts = Mapping[str, Sequence[str]]
"""Name -> texts, as the query of a URL has them."""


def spelled(state: State, default: State) -> dict[str, str]:
    """Return what a URL says of a state: each field that is not at its default."""
    return {
        name: record.spell(getattr(state, name))
        for name, record in records(type(state)).items()
        if getattr(state, name) != getattr(default, name)
    }


def read(default: S, parts: Parts) -> tuple[S, set[str]]:
    """Return the state that the parts of a URL spell, and the names of the parts that it takes.

    What is named twice, is not of the form or out of bounds, or does not fit the other fields, stays
    at its default.
    """
    found: dict[str, Any] = {}
    for name, record in records(type(default)).items():
        texts = parts.get(name, [])
        if len(texts) == 1 and (value := record.parse(texts[0])) is not None:
            found[name] = None if value is UNSET else value
    state = replace(default, **found)
    misfits = set(getattr(state, "misfits", tuple)()) & found.keys()
    state = replace(state, **{name: getattr(default, name) for name in misfits})
    return settled(state), found.keys() - misfits


def settled(state: S) -> S:
    """Return the state with what its fields demand of each other."""
    settle = getattr(state, "settled", None)
    return settle() if settle else state


def changed(one: State, other: State) -> set[str]:
    """Return the names of the fields in which two states differ."""
    return {name for name in records(type(one)) if getattr(one, name) != getattr(other, name)}


def plain(text: str, longest: int) -> str:
    """Return a stranger's text so that it can stand in a code span of Markdown and do nothing else.

    Control characters, marks of direction and white space become one space; backticks, which would
    end the span, go.
    """
    clean = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text[: 4 * longest])
    return " ".join(clean.replace("`", "").split())[:longest]
