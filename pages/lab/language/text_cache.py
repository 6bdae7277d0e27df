"""Caches of what holds text: one value a language, and the same for all who speak it."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from lab.language.catalogues import spoken

P = ParamSpec("P")
R = TypeVar("R")
Keeper = Callable[..., Callable[[Callable[..., Any]], Callable[..., Any]]]


def cached_text(
    *, max_entries: int | None = None, keeper: Keeper = st.cache_resource
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Cache a function whose result holds text, directly or within figures, once a language.

    Parameters
    ----------
    max_entries
        As many values are kept, those of all languages together; None for all of them.
    keeper
        `st.cache_resource`, which hands out the one value, or `st.cache_data`, which copies it.

    Returns
    -------
    A decorator. As with Streamlit's own, arguments are the key unless their names begin with an
    underscore; the language that is spoken belongs to the key too.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def compute(language: str, *args: P.args, **kwargs: P.kwargs) -> R:
            return function(*args, **kwargs)

        # Streamlit tells by the names of the signature what belongs to the key.
        own = inspect.signature(function)
        first = inspect.Parameter("language", inspect.Parameter.POSITIONAL_ONLY)
        signature = own.replace(parameters=[first, *own.parameters.values()])
        compute.__signature__ = signature  # type: ignore[attr-defined]
        kept = keeper(max_entries=max_entries, show_spinner=False)(compute)

        @functools.wraps(function)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            found: R = kept(spoken(), *args, **kwargs)
            return found

        return ask

    return decorate
