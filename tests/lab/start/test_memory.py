"""What the server hands back to the system."""

import ctypes
import sys
from pathlib import Path

import pytest

from lab.start import memory


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_memory_that_is_free_between_what_is_kept_goes_back() -> None:
    kept = [bytes(20_000) for _ in range(5_000)][::50]
    before = resident()
    memory.give_back()
    assert resident() < before - 50_000_000
    assert len(kept) == 100


def test_where_the_library_has_no_such_function_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    memory.share_arenas()
    memory.give_back()
