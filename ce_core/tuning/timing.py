"""What one call takes, here and now."""

import time
from collections.abc import Callable

TIMES = 5
"""How many calls are timed."""


def median_seconds(
    call: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the median of a few calls in seconds of a clock."""
    taken = []
    for _ in range(TIMES):
        begun = clock()
        call()
        taken.append(clock() - begun)
    return sorted(taken)[TIMES // 2]
