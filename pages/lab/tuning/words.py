"""How the page of tuning writes its numbers."""

from typing import Final

from lab.language.catalogues import N_, _
from lab.language.numerals import number, percent
from lab.state.fields import records
from lab.tuning.results import Results
from lab.tuning.state import OWN, TuningState

# Less than any rounding of a plan in float64 would be a digit of nothing.
_ROUNDING: Final = 1e-8


def share(value: float) -> str:
    """Write a share of the mass; what is no more than rounding as less than a bound."""
    if value < _ROUNDING:
        return _("< {bound}").format(bound=percent(_ROUNDING, digits=1))
    return percent(value, digits=2)


def columns(value: float) -> str:
    """Write over how many columns a row spreads."""
    return number(value, digits=3)


def eps(value: float) -> str:
    """Write a regularisation."""
    return number(value, digits=4)


def set_name(found: Results) -> str:
    """Return what the scores are called: a set by its name, a visitor's by that of the file."""
    scores = found.survey.scores
    record: object = records(TuningState)["scores"]
    options: dict[str, str] = getattr(record, "options", {})
    return _(options[scores.name]) if scores.practice is not None else scores.name


OWN_LABEL: Final = N_("Your scores")


def heading(found: Results) -> str:
    """Return what stands above the picture of the scores."""
    return _(OWN_LABEL) if found.state.scores == OWN and not found.own_missing else set_name(found)
