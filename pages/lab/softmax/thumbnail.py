"""What a state of the softmax looks like in small: the bars of p."""

from ce_core import softmax
from lab.page.kept import computed_once
from lab.page.thumbnails import bars
from lab.softmax.results import scores_without_offset
from lab.softmax.state import SoftmaxState


@computed_once(megabytes=1)
def thumbnail(state: SoftmaxState) -> str:
    """Draw p, with the class that is held marked."""
    p = softmax(scores_without_offset(state))
    return bars(p.tolist(), held=state.held - 1)
