"""What a call takes, by a clock that is known."""

from ce_core.tuning.timing import TIMES, median_seconds


def test_median_seconds_is_the_median_of_the_calls() -> None:
    now = 0.0
    lengths = iter([5.0, 1.0, 100.0, 2.0, 3.0])

    def call() -> None:
        nonlocal now
        now += next(lengths)

    assert median_seconds(call, clock=lambda: now) == 3
    assert next(lengths, None) is None
    assert TIMES == 5
