"""Strangers cause a few lines of the log an hour, each of them plain."""

import logging

import pytest

from lab.web.rationed_log import Ration, plain_line, rationed_log


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def record(text: str, *given: object, error: BaseException | None = None) -> logging.LogRecord:
    """Return what a logger of the server would write."""
    told = (type(error), error, None) if error else None
    return logging.LogRecord("server", logging.WARNING, "file", 1, text, given, told)


def test_a_kind_of_line_is_written_so_many_times_an_hour() -> None:
    clock = Clock()
    ration = Ration(an_hour=3, clock=clock)
    assert [ration.filter(record("from %s", place)) for place in range(6)] == [True] * 3 + [False] * 3
    assert ration.filter(record("another"))
    assert ration.filter(record("from %s", 0, error=ValueError()))
    clock.now = 3600.0
    assert ration.filter(record("from %s", 0))


def test_the_last_line_of_an_hour_says_that_it_is_the_last() -> None:
    ration, written = Ration(an_hour=2), [record("noise") for _ in range(2)]
    assert all(map(ration.filter, written))
    texts = [one.getMessage() for one in written]
    assert texts == ["noise", "noise (no more of these are written within the hour)"]


def test_kinds_without_end_share_one_ration() -> None:
    ration = Ration(an_hour=2)
    assert sum(ration.filter(record(f"word {word}")) for word in range(1000)) == 202


def test_a_line_has_no_control_characters_and_an_end() -> None:
    ration, hostile = Ration(), record("from %s", "\x1b[31m\n\u202e%s" + "a" * 10_000)
    assert ration.filter(hostile)
    said = hostile.getMessage()
    assert said.startswith("from \\x1b[31m\\n\\u202e%saaa")
    assert len(said) < 600
    assert plain_line("Größe: 5 × 5") == "Größe: 5 × 5"


def test_noise_has_no_traceback_and_an_error_keeps_its_own() -> None:
    noise = record("Invalid UTF-8 sequence received from client.", error=ValueError())
    error = record("Exception in ASGI application", error=ValueError())
    assert all(map(Ration().filter, (noise, error)))
    assert (noise.exc_info, bool(error.exc_info)) == (None, True)


def test_loggers_are_rationed_while_the_server_serves(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("lab.test_of_the_ration")
    with rationed_log():
        for _ in range(50):
            logger.warning("noise")
    assert len(caplog.records) == 10
    logger.warning("noise")
    assert len(caplog.records) == 11
