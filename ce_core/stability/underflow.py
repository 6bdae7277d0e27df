"""From which gap on a softmax, its maximum subtracted, has a p that is 0."""

from collections.abc import Sequence

import torch

from ce_core.dtypes import DTYPES


def vanishing_gaps(
    gaps: Sequence[float], *, origin: Sequence[float], direction: Sequence[float]
) -> dict[str, float | None]:
    """Return for each dtype the gap from which on some p of a finite logit is 0.

    Parameters
    ----------
    gaps
        Ascending.
    origin, direction
        The logits at a gap are origin + gap * direction; -inf in the origin stays -inf.

    Returns
    -------
    dict
        By dtype the first of the gaps from which on, to the last, a p is 0; None if it is not at the
        last.

    Examples
    --------
    >>> gaps = [float(gap) for gap in range(1, 1001)]
    >>> vanishing_gaps(gaps, origin=(0.0, 0.0), direction=(1.0, 0.0))["float32"]
    104.0
    """
    steps = torch.tensor(list(gaps), dtype=torch.float64)
    start = torch.tensor(list(origin), dtype=torch.float64)
    logits = start + steps[:, None] * torch.tensor(list(direction), dtype=torch.float64)
    found: dict[str, float | None] = {}
    for dtype in DTYPES:
        a = logits.to(getattr(torch, dtype))
        powers = torch.exp(a - a.amax(-1, keepdim=True))
        p = powers / powers.sum(-1, keepdim=True)
        kept = ~((p == 0) & start.isfinite()).any(-1)
        first = int(torch.nonzero(kept).max()) + 1 if kept.any() else 0
        found[dtype] = steps[first].item() if first < len(steps) else None
    return found
