"""What the scores themselves say of their sign, where it is not what the visitor says."""

from collections.abc import Mapping
from typing import Final

from lab.language.catalogues import N_, _
from lab.language.numerals import counted, number
from lab.page.notes import Note
from lab.tuning.results import Results

_WORDS: Final[Mapping[str, str]] = {
    "plus_infinity": N_("{0} entries are ∞, which forbids a pair among costs"),
    "minus_infinity": N_("{0} entries are −∞, which excludes a pair among scores"),
    "all_negative": N_("all entries are negative, as negated distances are: {0} to {1}"),
    "cosines": N_("all entries are within −1 and 1, as cosines are: {0} to {1}"),
    "negative": N_("{0} entries are negative, which no distance is: the least is {1}"),
    "large": N_("no entry is negative, and they are large, as squared distances are: up to {1}"),
    "zero_diagonal": N_("the matrix is symmetric with zeros on its diagonal, as distances are"),
    "largest_diagonal": N_("the matrix is symmetric, and each row is largest on the diagonal"),
}
"""By what the core calls it."""
_COUNTS: Final = {"plus_infinity", "minus_infinity", "negative"}


def sign_note(found: Results) -> Note | None:
    """Return that the other reading is more plausible, with the evidence; None where it is not."""
    said = "near" if found.survey.near else "far"
    read = found.survey.reading
    if read.sign in {said, "unclear"}:
        return None
    evidence = "; ".join(
        _said(item.key, item.numbers) for item in read.evidence if item.towards == read.sign
    )
    if read.sign == "far":
        text = _("**Large seems to mean far here**: {evidence}. You say near.")
        return Note("seems-far", text.format(evidence=evidence))
    text = _("**Large seems to mean near here**: {evidence}. You say far.")
    return Note("seems-near", text.format(evidence=evidence))


def _said(key: str, numbers: tuple[float, ...]) -> str:
    said = [
        counted(int(value)) if place == 0 and key in _COUNTS else number(value, digits=4)
        for place, value in enumerate(numbers)
    ]
    return _(_WORDS[key]).format(*said)
