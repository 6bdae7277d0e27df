"""Workers on this machine: what they compute, and what becomes of their work when they die."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from ce_core.jobs import CallLostError, Workers, one_thread, open_workers, outcome
from tests.support import work


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Return two processes."""
    with open_workers(2) as two:
        yield two


def test_workers_are_other_processes_on_one_thread_of_torch(workers: Workers) -> None:
    process, threads = outcome(workers.executor.submit(work.where))
    assert process != os.getpid()
    assert threads == 1
    assert workers.at_once == 2


def test_no_workers_are_this_process_on_one_thread_of_torch() -> None:
    before = torch.get_num_threads()
    with open_workers(0) as here:
        assert outcome(here.executor.submit(work.where)) == (os.getpid(), 1)
        with pytest.raises(ValueError, match="it must not be called"):
            outcome(here.executor.submit(work.refuse))
    assert torch.get_num_threads() == before


def test_one_thread_leaves_the_process_as_it_was_though_threads_cross() -> None:
    before = torch.get_num_threads()
    entered, left = threading.Event(), threading.Event()

    def stay_longer() -> list[int]:
        with one_thread():
            entered.set()
            left.wait(10)
            with one_thread():
                pass
            within = torch.get_num_threads()
        return [within, torch.get_num_threads()]

    try:
        torch.set_num_threads(2)
        with ThreadPoolExecutor(1) as other:
            with one_thread():
                found = other.submit(stay_longer)
                assert entered.wait(10)
            left.set()
            assert found.result() == [1, 2]
        with ThreadPoolExecutor(1) as new:
            assert new.submit(torch.get_num_threads).result() == torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_what_a_call_raises_is_raised_where_its_outcome_is_asked_for(workers: Workers) -> None:
    with pytest.raises(ValueError, match="it must not be called"):
        outcome(workers.executor.submit(work.refuse))


def test_calls_of_a_worker_that_died_are_made_once_more(workers: Workers, tmp_path: Path) -> None:
    calls: list[Future[Any]] = [workers.executor.submit(work.die_once, str(tmp_path / "died"))]
    calls += [workers.executor.submit(work.where) for _ in range(5)]
    assert all(outcome(call) for call in calls)
    assert (tmp_path / "died").exists()


def test_a_call_whose_workers_died_twice_is_lost_and_the_others_go_on(workers: Workers) -> None:
    with pytest.raises(CallLostError, match="its workers died twice"):
        outcome(workers.executor.submit(work.die))
    assert outcome(workers.executor.submit(work.where))


def test_a_call_that_ends_its_workers_takes_no_other_with_it(workers: Workers, tmp_path: Path) -> None:
    submit = workers.executor.submit
    deadly = submit(work.die)
    others = [submit(work.say_and_wait, str(tmp_path / f"{number}"), 0.2) for number in range(4)]
    with pytest.raises(CallLostError, match="its workers died twice"):
        outcome(deadly)
    for other in others:
        outcome(other)
    assert len(list(tmp_path.iterdir())) == 4


def test_work_that_is_given_up_does_not_hold_the_end_up(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    begun = time.monotonic()
    with open_workers(1) as one:
        call = one.executor.submit(work.say_and_wait, str(mark), 60.0)
        _wait_for(mark)
    assert time.monotonic() - begun < 30
    assert call.done()


def test_workers_end_with_a_process_that_was_killed(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    script = (
        "from ce_core.jobs import open_workers; from tests.support import work\n"
        "if __name__ == '__main__':\n"
        "    with open_workers(1) as one:\n"
        f"        one.executor.submit(work.say_and_wait, {str(mark)!r}, 60.0).result()\n"
    )
    file = tmp_path / "main.py"
    file.write_text(script, encoding="utf-8")
    root = str(Path(__file__).parents[2])
    main = subprocess.Popen([sys.executable, str(file)], env=os.environ | {"PYTHONPATH": root})
    _wait_for(mark)
    worker = int(mark.read_text(encoding="utf-8"))
    main.send_signal(signal.SIGKILL)
    main.wait()
    ended = time.monotonic() + 10
    while _lives(worker):
        assert time.monotonic() < ended
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("workers_asked", "cluster", "message"),
    [
        (-1, None, "workers must be an integer >= 0 and < 513, got -1"),
        (0, "tcp://127.0.0.1:1", "workers must be an integer >= 1"),
        (None, "somewhere", "cluster must be an address such as tcp://host:8786, got 'somewhere'"),
    ],
)
def test_workers_that_cannot_be_are_refused(
    workers_asked: int | None, cluster: str | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message), open_workers(workers_asked, cluster=cluster):
        pass


def _wait_for(mark: Path) -> None:
    end = time.monotonic() + 30
    while not (mark.exists() and mark.read_text(encoding="utf-8")):
        assert time.monotonic() < end
        time.sleep(0.05)


def _lives(process: int) -> bool:
    # One that has ended is there until its parent has looked.
    status = Path(f"/proc/{process}/stat")
    try:
        return status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
