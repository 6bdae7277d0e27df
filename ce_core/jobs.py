"""Where long work runs: in this process, in processes of this machine, or on a Dask cluster.

All three are a `concurrent.futures.Executor`, of which the work knows nothing more. A call whose worker
died is made once more; on a cluster Dask sees to that.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch

from ce_core._options import require_integer
from ce_core._shown import refusal

Value = TypeVar("Value")

_MOST_WORKERS = 512
_LOST = "its workers died twice (is there memory for it?)"
_SECONDS_TO_CONNECT = 10


@dataclass(frozen=True)
class Workers:
    """What runs calls, and how many at once."""

    executor: Executor
    at_once: int


class CallLostError(RuntimeError):
    """The workers of a call died, twice."""


class WorkersGoneError(RuntimeError):
    """There are no workers any more."""


@contextmanager
def open_workers(workers: int | None = None, *, cluster: str | None = None) -> Iterator[Workers]:
    """Give workers for as long as the context is open.

    Calls go to them pickled, so they are functions of modules. Each runs on one thread of torch, in
    this process too, so that the bits of its result are the same everywhere.

    Parameters
    ----------
    workers
        Processes on this machine; 0 for this process itself. With `cluster` how many calls are sent to
        it at once. None for one, on a cluster for as many as it has threads.
    cluster
        Address of a Dask scheduler, as `tcp://host:8786`. This package is installed on its workers in
        the same version: nothing ships code.

    Yields
    ------
    Workers
        Those of this machine end with the context, and with this process however it ends.

    Raises
    ------
    ValueError
        If the number is out of bounds, the address is none, or `distributed` is not installed.
    OSError
        If nobody answers at the address.
    """
    if workers is not None:
        least = 0 if cluster is None else 1
        workers = require_integer("workers", workers, at_least=least, below=_MOST_WORKERS + 1)
    if cluster is not None:
        with _dask_workers(workers, cluster) as found:
            yield found
        return
    count = 1 if workers is None else workers
    executor = ProcessWorkers(count) if count else InThisProcess()
    try:
        yield Workers(executor, max(1, count))
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def outcome(future: "Future[Value]") -> Value:
    """Return the result of a call, or raise what it raised.

    Parameters
    ----------
    future
        Of a call to workers.

    Raises
    ------
    CallLostError
        If the workers that had it died, twice.
    WorkersGoneError
        If there are none any more.
    """
    try:
        return future.result()
    except CancelledError:
        raise WorkersGoneError("the workers are gone, and with them the work that they had") from None
    except Exception as error:
        # Of Dask, which need not be installed.
        if type(error).__name__ == "KilledWorker":
            raise CallLostError(_LOST) from None
        raise


class _OneThread(threading.local):
    """Whether a thread of Python is within `one_thread`, and what torch had in the process before."""

    lock = threading.Lock()
    within = 0
    before = 1

    def __init__(self) -> None:
        self.here = False


_one_thread = _OneThread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread: how sums are cut, and so their last bits, depends on it.

    torch has the number for each thread of Python; all get back what the first of them had.
    """
    if _one_thread.here:
        yield
        return
    with _OneThread.lock:
        # Asked for in any case: the first to ask in a thread is given what any has set last.
        found = torch.get_num_threads()
        if not _OneThread.within:
            _OneThread.before = found
        _OneThread.within += 1
        torch.set_num_threads(1)
    _one_thread.here = True
    try:
        yield
    finally:
        _one_thread.here = False
        with _OneThread.lock:
            _OneThread.within -= 1
            torch.set_num_threads(_OneThread.before)


class InThisProcess(Executor):
    """Makes each call at once, in the thread that submits it."""

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> "Future[Value]":
        """Make a call, and return its outcome."""
        future: Future[Value] = Future()
        try:
            future.set_result(_on_one_thread(fn, *args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class ProcessWorkers(Executor):
    """Processes of this machine, new ones where some died; the calls lost with them are made once more.

    When one dies, all calls that were submitted and not done are lost: submit few at a time. They are
    made again one by one in a process of their own, so that none is blamed for another.

    Parameters
    ----------
    workers
        How many.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        # Python holds locks of a pool while it tells that the pool is broken.
        self._again = ThreadPoolExecutor(1)
        self._open: set[Future[Any]] = set()
        self._closed = False
        self._pool = self._new_pool(workers)
        self._alone: ProcessPoolExecutor | None = None

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> "Future[Value]":
        """Send a call to a worker."""
        future: Future[Value] = Future()
        self._open.add(future)
        future.add_done_callback(self._open.discard)
        self._start(future, partial(_on_one_thread, fn, *args, **kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes, after what they do, or at once where that is given up."""
        with self._lock:
            self._closed = True
            pool, alone = self._pool, self._alone
        if cancel_futures and self._open:
            # There is a public way only from Python 3.14 on.
            for one in (pool, alone):
                for process in list(((one and one._processes) or {}).values()):
                    process.kill()
        pool.shutdown(wait, cancel_futures=cancel_futures)
        self._again.shutdown(wait, cancel_futures=cancel_futures)
        if cancel_futures:
            for future in list(self._open):
                _cancel(future)

    def _start(self, future: "Future[Value]", call: Callable[[], Value]) -> None:
        pool = self._pool
        try:
            try:
                made = pool.submit(call)
            except BrokenProcessPool:
                pool = self._renew(pool)
                made = pool.submit(call)
        except RuntimeError as error:
            _set(future, error=error)
            return
        made.add_done_callback(lambda done: self._finish(done, pool, future, call))
        future.add_done_callback(lambda given: made.cancel() if given.cancelled() else None)

    def _finish(
        self,
        done: "Future[Value]",
        pool: ProcessPoolExecutor,
        future: "Future[Value]",
        call: Callable[[], Value],
    ) -> None:
        if not done.cancelled() and isinstance(done.exception(), BrokenProcessPool):
            try:
                self._again.submit(self._once_more, pool, future, call)
                return
            except RuntimeError:
                # It is being shut down.
                pass
        _pass_on(done, future)

    def _once_more(
        self, pool: ProcessPoolExecutor, future: "Future[Value]", call: Callable[[], Value]
    ) -> None:
        try:
            self._renew(pool)
            with self._lock:
                self._require_open()
                alone = self._alone = self._new_pool(1)
                made = alone.submit(call)
        except RuntimeError as error:
            _set(future, error=error)
            return
        with alone:
            _pass_on(made, future)

    def _renew(self, broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
        with self._lock:
            self._require_open()
            if self._pool is broken:
                broken.shutdown(wait=False)
                self._pool = self._new_pool(self._workers)
            return self._pool

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError("the workers have been shut down")

    def _new_pool(self, workers: int) -> ProcessPoolExecutor:
        posix = os.name == "posix"
        context = multiprocessing.get_context("forkserver" if posix else "spawn")
        if posix:
            # Else each process would import torch by itself.
            context.set_forkserver_preload([__name__])
        return ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker)


def _set(future: "Future[Any]", *, result: Any = None, error: BaseException | None = None) -> None:
    if future.done() or not future.set_running_or_notify_cancel():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _pass_on(made: "Future[Any]", future: "Future[Any]") -> None:
    """Wait for a call, and let its outcome be that of another future."""
    try:
        _set(future, result=made.result())
    except CancelledError:
        _cancel(future)
    except BrokenProcessPool:
        _set(future, error=CallLostError(_LOST))
    except BaseException as error:
        _set(future, error=error)


def _cancel(future: "Future[Any]") -> None:
    # Only what knows that it is cancelled is waited for no longer.
    if future.cancel():
        future.set_running_or_notify_cancel()


def _on_one_thread(fn: Callable[..., Value], *args: Any, **kwargs: Any) -> Value:
    with one_thread():
        return fn(*args, **kwargs)


def start_worker() -> None:
    """Prepare a process of a pool: it leaves interrupts to who made it, and ends when that one ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that made it has ended, even if it was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _dask_workers(workers: int | None, address: str) -> Iterator[Workers]:
    if "://" not in address:
        raise refusal("cluster", "be an address such as tcp://host:8786", address)
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            "cluster must have the package distributed, got a machine without it: "
            "pip install -r requirements-cluster.txt"
        ) from None
    with Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False) as client:
        threads = sum(client.nthreads().values())
        # Each call is made, also one that is equal to another.
        executor = client.get_executor(pure=False)
        try:
            yield Workers(_OnOneThread(executor), workers or max(1, threads))
        finally:
            executor.shutdown(wait=False)


class _OnOneThread(Executor):
    """Another executor, whose calls compute on one thread of torch."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, fn: Callable[..., Value], /, *args: Any, **kwargs: Any) -> "Future[Value]":
        """Send a call to the other executor."""
        return self._executor.submit(_on_one_thread, fn, *args, **kwargs)
