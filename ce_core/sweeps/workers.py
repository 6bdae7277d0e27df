"""Regions measured by whoever is there: this process, or the workers of an executor."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from multiprocessing import get_context
from typing import TypeAlias

import numpy as np
import torch

from ce_core._options import require_integer
from ce_core.jobs import outcome, start_worker
from ce_core.sweeps.columns import Columns
from ce_core.sweeps.definition import Grid, Region
from ce_core.sweeps.measure import Measure

Workers: TypeAlias = Executor | Callable[[], Executor] | None
"""None for this process; an executor; or what makes one, and another where a worker of it has died."""

# A chunk whose worker died under it alone is done again so many times.
_SECOND_CHANCES = 1
_local = threading.local()


def process_pool(workers: int) -> Callable[[], Executor]:
    """Return what makes a pool of processes on this machine, each on one thread.

    Parameters
    ----------
    workers
        Processes, >= 1.

    Returns
    -------
    callable
        They end with this process, also where it is killed, and leave Ctrl-C to it.

    Raises
    ------
    ValueError
        If that is no such number.
    """
    count = require_integer("workers", workers, at_least=1)
    # Started anew: a copy of this process may hold a lock of a thread that is not copied.
    return lambda: ProcessPoolExecutor(count, get_context("spawn"), start_worker)


def measure_all(
    grid: Grid,
    regions: Mapping[int, Region],
    workers: Workers,
    *,
    at_once: int,
    stop: Callable[[], bool],
) -> Iterator[tuple[int, Columns]]:
    """Yield the columns of regions by their numbers, as they are ready.

    Parameters
    ----------
    grid
        That they are of.
    regions
        By number.
    workers
        Who measures.
    at_once
        Regions that are handed over and not yet back.
    stop
        Asked before each region: whether to begin no more.

    Raises
    ------
    RuntimeError
        If the worker of a region died and, where it was done again, did so again.
    """
    if workers is None:
        measure = Measure(grid)
        for number, region in regions.items():
            if stop():
                return
            yield number, measure(region)
    elif isinstance(workers, Executor):
        yield from _Errand(grid, regions, at_once, stop).run(workers, _no_other)
    else:
        with _Pools(workers) as pools:
            yield from _Errand(grid, regions, at_once, stop).run(pools.next(), pools.next)


def measure_here(grid: Grid, region: Region) -> dict[str, np.ndarray]:
    """Measure a region in a worker, which keeps what the next one shares with it.

    Parameters
    ----------
    grid, region
        What to measure.

    Returns
    -------
    dict
        Its columns as arrays: tensors would travel by shared memory, and go with their worker.
    """
    measure: Measure | None = getattr(_local, "measure", None)
    if measure is None or measure.grid != grid:
        measure = _local.measure = Measure(grid)
    return {name: column.numpy() for name, column in measure(region).items()}


class _Errand:
    """Regions on their way through executors, of which each may break."""

    def __init__(
        self, grid: Grid, regions: Mapping[int, Region], at_once: int, stop: Callable[[], bool]
    ) -> None:
        self._grid, self._regions = grid, regions
        self._at_once, self._stop = at_once, stop
        self._waiting = deque(regions)
        self._running: dict[Future[dict[str, np.ndarray]], int] = {}
        self._suspects: set[int] = set()
        self._deaths: Counter[int] = Counter()

    def run(self, executor: Executor, renew: Callable[[], Executor]) -> Iterator[tuple[int, Columns]]:
        """Yield what is ready, in the order in which it is."""
        while True:
            broken = not self._submit(executor)
            if not broken and not self._running:
                return
            lost = yield from self._take(ALL_COMPLETED if broken else FIRST_COMPLETED)
            if lost:
                # What goes down with the pool, before another takes the rest.
                lost |= yield from self._take(ALL_COMPLETED)
                self._give_back(lost)
            if broken or lost:
                executor = renew()

    def _take(self, until: str) -> Generator[tuple[int, Columns], None, dict[int, BrokenExecutor]]:
        """Yield what is done; return what was lost with a worker."""
        lost = {}
        for future in wait(self._running, return_when=until).done:
            number = self._running.pop(future)
            try:
                found = outcome(future)
            except BrokenExecutor as error:
                lost[number] = error
            else:
                self._suspects.discard(number)
                yield number, {name: torch.from_numpy(column) for name, column in found.items()}
        return lost

    def _submit(self, executor: Executor) -> bool:
        """Hand over as many as there is room for; return whether the executor takes them."""
        if self._stop():
            self._waiting.clear()
        while self._waiting and len(self._running) < (1 if self._suspects else self._at_once):
            number = self._waiting[0]
            try:
                future = executor.submit(measure_here, self._grid, self._regions[number])
            except BrokenExecutor:
                return False
            self._waiting.popleft()
            self._running[future] = number
        return True

    def _give_back(self, lost: Mapping[int, BrokenExecutor]) -> None:
        """Have done again, one by one, what went down together: only what was alone is to blame."""
        for number, error in lost.items():
            self._deaths[number] += len(lost) == 1
            if self._deaths[number] > _SECOND_CHANCES:
                wrong = f"chunk {number} must not end its worker, which it did twice"
                raise RuntimeError(wrong) from error
        self._suspects.update(lost)
        self._waiting.extendleft(sorted(lost, reverse=True))


class _Pools:
    """One executor after another, each shut down before the next."""

    def __init__(self, make: Callable[[], Executor]) -> None:
        self._make = make
        self._pool: Executor | None = None

    def __enter__(self) -> "_Pools":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def next(self) -> Executor:
        self._close()
        self._pool = self._make()
        return self._pool

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _no_other() -> Executor:
    raise RuntimeError("A worker has died, and its executor takes no more: pass what makes executors")
