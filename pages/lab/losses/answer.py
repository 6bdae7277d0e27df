"""The answer to whether the losses are the same: what the present trials say of it."""

import math
from typing import Final

from lab.language.catalogues import _
from lab.language.numerals import number
from lab.language.sentences import sentences
from lab.losses import digits
from lab.losses.results import Measured, Results

# Below it the slope lies within a tenth of 1, whatever is drawn: |slope − 1| ≤ sd(H)/sd(L1).
FLAT_ENTROPY: Final = 0.1


def answer(found: Results) -> str:
    """Return whether the losses are the same, and what the present trials say of it."""
    measured = found.measured
    comparison, numbers = measured.comparison, measured.numbers
    identity = _("**No. L1 = L2 + H(p)**, exactly.")
    if not comparison.trials:
        return sentences(identity, _("No trial here has a finite loss to show it."))
    if is_one_point(measured):
        said = _("Here L1 is {l1} and L2 is {l2}; there is no line to compare how they move.")
        means = {"l1": number(comparison.l1_mean, digits=4), "l2": number(comparison.l2_mean, digits=4)}
        return sentences(identity, said.format(**means))
    if not measured.has_line or math.isnan(numbers["correlation"]):
        said = _("Whether they move alike cannot be told here: in {dtype}, rounding decides.")
        return sentences(identity, said.format(dtype=measured.config.dtype))
    said = (
        _(
            "They move alike while H(p) stands still: here it varies only {spread} as much as L1, and "
            "the slope is {slope}."
        )
        if comparison.entropy_spread < FLAT_ENTROPY
        else _(
            "They move alike only while H(p) stands still: here it varies {spread} as much as L1, and "
            "the slope is {slope}."
        )
    )
    return sentences(
        identity,
        said.format(spread=digits.spread_percent(comparison), slope=digits.slope(comparison)),
    )


def is_one_point(measured: Measured) -> bool:
    """Tell whether all trials are one point, in truth."""
    return measured.comparison.trials < 2 or measured.config.logit_exponent == 0
