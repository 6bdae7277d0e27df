"""What a state of the softmax looks like in small: the bars of p."""

import torch

from ce_core import softmax
from lab.page.kept import computed_once
from lab.page.thumbnails import bars
from lab.softmax.state import SoftmaxState


@computed_once(megabytes=1)
def thumbnail(state: SoftmaxState) -> str:
    """Draw p, with the class that is held marked."""
    logits = torch.tensor(state.a, dtype=torch.float64)
    # Offsets do not change p; they would cost digits.
    p = softmax((logits - logits.max()) / state.temperature)
    return bars(p.tolist(), held=state.held - 1)
