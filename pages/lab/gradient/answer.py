"""The answer of the page in the present state: where each descent takes the class that is followed."""

from collections.abc import Mapping
from typing import Final

from lab.gradient.results import Results
from lab.language.catalogues import N_, _
from lab.language.numerals import fixed, indexed
from lab.language.sentences import sentences

RESTING: Final = 1e-3
"""So near to where it is least, in every p, L2 in full has come to rest."""
SLIGHT: Final = 1e-3
"""A gradient of no larger entries hardly pushes."""
JUMPING: Final = 1e-3
"""A path whose last step still moves a p by more, to and fro, does not settle."""

_L1: Final[Mapping[str, str]] = {
    "l1-lifts": N_(":blue[**L1**] lifts {p} to **{l1}**, as does :violet[**L2 with p held**]."),
    "l1-lowers": N_(":blue[**L1**] lowers {p} to **{l1}**, as does :violet[**L2 with p held**]."),
    "l1-leaves": N_(":blue[**L1**] leaves {p} at **{l1}**, as does :violet[**L2 with p held**]."),
    # Rounding has grown so far that the two are told apart.
    "l1-parts": N_(
        ":blue[**L1**] takes {p} to **{l1}**; rounding takes :violet[**L2 with p held**] to {held}."
    ),
}
_L2: Final[Mapping[str, str]] = {
    "jumps": N_(
        ":orange[**L2 in full**] jumps to and fro about its rest at **{rest}**: the rate is too large."
    ),
    "lifts-only": N_(":orange[**L2 in full**] lifts it only to **{l2}** and rests there."),
    "lifts": N_(":orange[**L2 in full**] lifts it to **{l2}** and rests there."),
    "lowers-only": N_(":orange[**L2 in full**] lowers it only to **{l2}** and rests there."),
    "lowers": N_(":orange[**L2 in full**] lowers it to **{l2}** and rests there."),
    "pulls-back": N_(":orange[**L2 in full**] pulls it back to **{l2}** and rests there."),
    "stays": N_(":orange[**L2 in full**] rests at **{l2}** too."),
    "leaves": N_(":orange[**L2 in full**] ends at **{l2}**, where it began, and rests there."),
    "others": N_(":orange[**L2 in full**] takes it to **{l2}**, its rest; other p are not at theirs."),
    "stuck": N_(
        ":orange[**L2 in full**] is at **{l2}**, where next to nothing pushes; its rest is at {rest}."
    ),
    "under-way": N_(":orange[**L2 in full**] has come to **{l2}**; its rest is at {rest}."),
}


def answer(found: Results) -> str:
    """Return the answer, as Markdown."""
    i = found.watched
    path = found.paths.p[..., i]
    shown = {
        "start": path[0, 0], "l1": path[0, -1], "held": path[1, -1], "l2": path[2, -1],
        "rest": found.minimum.p[i],
    }  # fmt: skip
    words = {name: fixed(value.item(), decimals=3) for name, value in shown.items()}
    first, second = variant(found, words)
    named = {"p": indexed("p", i + 1), **words}
    return sentences(_(_L1[first]).format(**named), _(_L2[second]).format(**named))


def variant(found: Results, words: Mapping[str, str]) -> tuple[str, str]:
    """Return which sentences answer, by the numbers as they are shown."""
    start, l1, l2 = (float(words[name]) for name in ("start", "l1", "l2"))
    if words["held"] != words["l1"]:
        first = "l1-parts"
    else:
        first = "l1-leaves" if l1 == start else "l1-lifts" if l1 > start else "l1-lowers"
    return first, _unsettled(found, words) or _walk(start, l1, l2)


def _unsettled(found: Results, words: Mapping[str, str]) -> str | None:
    """Return what L2 in full does that is not at rest at its end; None if it is."""
    if found.restless > JUMPING:
        return "jumps"
    if words["l2"] == words["rest"]:
        return None if found.gap < RESTING else "others"
    return "stuck" if float(found.gradients[2, -1].abs().max()) <= SLIGHT else "under-way"


def _walk(start: float, l1: float, l2: float) -> str:
    """Return the way of L2 in full to its rest, beside that of L1."""
    if l2 == start:
        return "stays" if l1 == start else "leaves"
    if l2 > start:
        return "lifts-only" if l2 < l1 else "lifts"
    if l1 < start:
        return "lowers-only" if l2 > l1 else "lowers"
    return "pulls-back"
