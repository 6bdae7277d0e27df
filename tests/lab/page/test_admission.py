"""Heavy work is done one at a time, in order; who waits is told, and who leaves is forgotten."""

import threading

import pytest

from lab.page.admission import Queue

PATIENCE = 10


def test_heavy_work_is_done_one_at_a_time_in_the_order_of_coming() -> None:
    queue, done, told = Queue(), [], []
    at_work, lock = [0, 0], threading.Lock()
    first_is_in, go_on = threading.Event(), threading.Event()

    def come(name: int) -> None:
        with queue.turn(lambda before: told.append((name, before))):
            with lock:
                at_work[0] += 1
                at_work[1] = max(at_work)
            if name == 0:
                first_is_in.set()
                go_on.wait(PATIENCE)
            done.append(name)
            with lock:
                at_work[0] -= 1

    threads = []
    for name in range(5):
        thread = threading.Thread(target=come, args=(name,))
        thread.start()
        threads.append(thread)
        if name == 0:
            assert first_is_in.wait(PATIENCE)
        while len(queue._waiting) <= name:
            pass
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == [0, 1, 2, 3, 4]
    assert at_work == [0, 1]
    assert {name for name, _ in told} == {1, 2, 3, 4}
    assert all(0 < before <= name for name, before in told)


def test_one_who_leaves_while_waiting_is_forgotten() -> None:
    queue = Queue()

    def leave(_before: int) -> None:
        raise KeyboardInterrupt

    with queue.turn(lambda _before: None), pytest.raises(KeyboardInterrupt), queue.turn(leave):
        raise AssertionError("it was not its turn")
    with queue.turn(leave):
        pass


def test_work_that_fails_makes_room() -> None:
    queue = Queue()
    with pytest.raises(ZeroDivisionError), queue.turn(lambda _before: None):
        raise ZeroDivisionError
    with queue.turn(lambda _before: pytest.fail("nobody is before")):
        pass
