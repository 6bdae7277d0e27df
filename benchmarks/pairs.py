"""Two actions timed in turn, so that what slows the machine down slows both."""

import gc
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Action = Callable[[], object]
Clock = Callable[[], float]

# A timing lasts at least this long; shorter actions are called several times in it.
_SHORTEST_S = 0.02
# After a first call as long as this, a second one to warm up further is not worth its time.
_WARM_S = 1.0


@dataclass(frozen=True)
class PairTimes:
    """Seconds a call of ours and of theirs, pair by pair in the order of measurement."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times as long theirs took as ours, pair by pair."""
        return tuple(theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True))

    @property
    def median(self) -> float:
        """Median of the ratios (not the ratio of the medians)."""
        return statistics.median(self.ratios)

    @property
    def lowest(self) -> float:
        """Smallest ratio."""
        return min(self.ratios)

    @property
    def highest(self) -> float:
        """Largest ratio."""
        return max(self.ratios)

    @property
    def median_seconds(self) -> tuple[float, float]:
        """Median seconds of ours and of theirs."""
        return statistics.median(self.ours), statistics.median(self.theirs)


def time_pairs(
    ours: Action,
    theirs: Action,
    *,
    pairs: int,
    seconds: float,
    least: int,
    clock: Clock = time.process_time,
    settle: Action | None = None,
) -> PairTimes:
    """Time the two in turn, ours first: as many pairs as asked, fewer once the seconds are spent.

    Both are called before, untimed. The least number of pairs is measured whatever it takes. What
    is to be done before each timing, untimed too, is `settle`.
    """
    settle = settle or _nothing
    ours_calls, theirs_calls = _calls_per_timing(ours, clock), _calls_per_timing(theirs, clock)
    ours_times: list[float] = []
    theirs_times: list[float] = []
    start = clock()
    while len(ours_times) < pairs:
        settle()
        ours_times.append(_seconds_a_call(ours, ours_calls, clock))
        settle()
        theirs_times.append(_seconds_a_call(theirs, theirs_calls, clock))
        if len(ours_times) >= least and clock() - start > seconds:
            break
    return PairTimes(tuple(ours_times), tuple(theirs_times))


def _nothing() -> None:
    pass


def _calls_per_timing(action: Action, clock: Clock) -> int:
    took = _seconds_a_call(action, 1, clock)
    if took < _WARM_S:
        # No shorter than on the wall: a clock that once stood still would mean millions of calls.
        start = time.perf_counter()
        took = _seconds_a_call(action, 1, clock)
        took = max(took, time.perf_counter() - start)
    return max(1, math.ceil(_SHORTEST_S / max(took, 1e-9)))


def _seconds_a_call(action: Action, calls: int, clock: Clock) -> float:
    # As `timeit` does: a collection would be charged to whoever happens to run.
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = clock()
        for _ in range(calls):
            action()
        return (clock() - start) / calls
    finally:
        if collecting:
            gc.enable()
