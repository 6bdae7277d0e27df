"""What a server says of itself from its start to its end."""

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import Iterator

import pytest
import streamlit as st

from lab.start import warm_up
from lab.web.health import Phase, Readiness
from tests.support.asking import run_apart


@pytest.fixture(autouse=True)
def _nothing_stays_frozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_server_is_ready_once_it_has_warmed_up_and_no_more_when_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readiness, go_on = Readiness(), threading.Event()
    seen: list[Phase] = []
    monkeypatch.setattr(warm_up, "warm_up", lambda: go_on.wait(60))

    async def live() -> None:
        async with warm_up.serving(readiness)(st.App("page.py")):
            await asyncio.sleep(0.05)
            seen.append(readiness.phase)
            go_on.set()
            assert await readiness.is_ready()
            seen.append(readiness.phase)
        seen.append(readiness.phase)

    run_apart(live())
    assert seen == ["starting", "ready", "ended"]


def test_server_that_cannot_warm_up_ends_and_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    readiness = Readiness()
    raised: list[int] = []

    def fail() -> None:
        raise RuntimeError("the reason")

    monkeypatch.setattr(warm_up, "warm_up", fail)
    monkeypatch.setattr(signal, "raise_signal", raised.append)

    async def live() -> None:
        async with warm_up.serving(readiness)(st.App("page.py")):
            assert not await readiness.is_ready()

    with caplog.at_level(logging.ERROR):
        run_apart(live())
    assert raised == [signal.SIGTERM]
    assert "the reason" in caplog.text
