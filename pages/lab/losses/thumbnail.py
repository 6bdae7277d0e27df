"""What an experiment looks like in small: its trials about their means."""

from lab.losses.results import measure
from lab.losses.state import LossesState
from lab.page.kept import computed_once
from lab.page.thumbnails import dots


@computed_once(megabytes=1)
def thumbnail(state: LossesState) -> str:
    """Draw L2 over L1, a dot a trial."""
    found = measure(state.config)
    l1, l2 = found.l1 - found.l1.mean(), found.l2 - found.l2.mean()
    return dots(list(zip(l1.tolist(), l2.tolist(), strict=True)))
