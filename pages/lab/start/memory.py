"""What the C library of Linux is asked, so that memory which visitors leave goes back to the system.

By itself it has an arena of memory for each of a few threads, and keeps what is freed in the midst of
one. Each run of a page is a thread; a server that many have used would stay as large as they made it.
"""

import ctypes
from contextlib import suppress
from typing import Any, Final

# In malloc.h.
_ARENA_MAX: Final = -8
# One for the thread of the server, one for those of the runs, of which one at a time computes.
_ARENAS: Final = 2


def share_arenas() -> None:
    """Have all threads allocate from a few arenas, where the C library can be told so."""
    _call("mallopt", _ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Hand what is free back to the system, where the C library can be told so."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: Any) -> None:
    # Other systems have no such function, or no library by that handle.
    with suppress(AttributeError, OSError, TypeError):
        getattr(ctypes.CDLL(None), name)(*arguments)
