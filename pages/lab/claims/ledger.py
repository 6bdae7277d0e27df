"""All claims, by subject, and what is computed of them, once for all visitors."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from lab.claims import balancing, not_a_number, one_row, trials, two_losses
from lab.claims.claim import Claim, Measured
from lab.language.catalogues import N_

SUBJECTS: Final[Mapping[str, tuple[str, tuple[Claim, ...]]]] = {
    "losses": (N_("The two losses"), two_losses.CLAIMS),
    "softmax": (N_("Softmax and cross-entropy"), one_row.CLAIMS),
    "nan": (N_("NaN"), not_a_number.CLAIMS),
    "sinkhorn": (N_("Sinkhorn"), balancing.CLAIMS),
    "experiment": (N_("The post's experiment"), trials.CLAIMS),
}
"""Anchor -> title and claims, in the order of the page."""

LEDGER: Final[Mapping[str, Claim]] = {
    claim.key: claim for _title, claims in SUBJECTS.values() for claim in claims
}


@cache
def measured(key: str) -> Measured:
    """Return the numbers of a claim."""
    return LEDGER[key].measure()
