"""The two environments to measure in: one thread for everyone, and as it comes."""

import os
import time
from collections.abc import Callable

ONE_THREAD, AS_IT_COMES = "one", "as it comes"

_NAMES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Threads that have nothing to do spin before they sleep, those of OpenBLAS for about 0.1 s. What other
# threads have used shows on the clock of the process only when the system's tick has passed.
_STILL_S, _LONGEST_S = 0.02, 0.4


def enter(environment: str) -> None:
    """Set the threads of this process; to be called before NumPy, torch or JAX are imported."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    if environment == AS_IT_COMES:
        for name in _NAMES:
            os.environ.pop(name, None)
        return
    for name in _NAMES:
        os.environ[name] = "1"
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    # XLA sizes its pool by the cores that the process may use, whatever the flags say.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def settle(
    clock: Callable[[], float] = time.process_time, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until no thread of this process spins, so that nobody pays for what another left behind."""
    slept = 0.0
    while slept < _LONGEST_S:
        before = clock()
        sleep(_STILL_S)
        slept += _STILL_S
        if clock() - before < _STILL_S / 3:
            return
