"""What holds text is made once a language, and is the same for all who speak it."""

import functools
from collections.abc import Callable
from typing import TypeVar

from lab.language.catalogues import spoken

R = TypeVar("R")


def once_a_language(function: Callable[[], R]) -> Callable[[], R]:
    """Keep what a function returns, directly or within figures, for each language."""

    @functools.cache
    def make(_language: str) -> R:
        return function()

    @functools.wraps(function)
    def ask() -> R:
        return make(spoken())

    return ask
