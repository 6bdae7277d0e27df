"""How long to measure, and in which environment."""

import time
from dataclasses import dataclass, replace

from benchmarks.pairs import Action, PairTimes, time_pairs
from benchmarks.threads import ONE_THREAD, settle


@dataclass(frozen=True)
class Effort:
    """How long to measure: most and least pairs and seconds of a comparison, cap of a solve (s)."""

    pairs: int
    least: int
    seconds: float
    cap: float
    quick: bool
    environment: str = ONE_THREAD

    def time(self, ours: Action, theirs: Action, *, seconds: float | None = None) -> PairTimes:
        """Time two actions in turn."""
        alone = self.environment == ONE_THREAD
        return time_pairs(
            ours,
            theirs,
            pairs=self.pairs,
            least=self.least,
            seconds=self.seconds if seconds is None else min(seconds, self.seconds),
            clock=self.now,
            settle=None if alone else settle,
        )

    def now(self) -> float:
        """Return the seconds of the processor if there is one thread, else those on the wall.

        With one thread the first are the time on an idle machine: a neighbour that takes the core
        away does not count. With more they would be those of all cores, waiting in a spin included.
        """
        return time.process_time() if self.environment == ONE_THREAD else time.perf_counter()

    def within(self, environment: str) -> "Effort":
        """Return the same effort in an environment."""
        return replace(self, environment=environment)


FULL = Effort(pairs=9, least=3, seconds=1.2, cap=1.0, quick=False)
QUICK = Effort(pairs=2, least=1, seconds=0.5, cap=0.3, quick=True)
