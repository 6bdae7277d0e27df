"""What is computed once for all visitors who ask for the same, and kept within so many bytes."""

import sys
import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import is_dataclass
from typing import Any, ParamSpec, TypeVar

import numpy as np
from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def computed_once(
    *, megabytes: float, key: Callable[..., Hashable] = hashkey
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a function returns for the arguments used last, within a number of bytes.

    Visitors who ask for the same at once wait for one computation. They are handed the one value, which
    is not to be changed. A value too large to be kept is computed each time. What is the same is said
    by the key of the arguments, which are all of it by default.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        kept: LRUCache[Any, R] = LRUCache(megabytes * 2**20, getsizeof=bytes_held)
        asked: Callable[P, R] = cached(kept, key=key, condition=threading.Condition())(function)
        return asked

    return decorate


def bytes_held(value: Any) -> int:
    """Return the bytes that a value keeps in memory: of a view, those of the array it looks into."""
    return sum(_held(value, set()))


def _held(value: Any, seen: set[int]) -> Iterable[int]:
    if isinstance(value, Tensor):
        storage = value.untyped_storage()
        yield from _once(storage.data_ptr(), storage.nbytes(), seen)
    elif isinstance(value, np.ndarray):
        owner = value if value.base is None else value.base
        yield from _once(id(owner), getattr(owner, "nbytes", value.nbytes), seen)
    else:
        yield from _once(id(value), sys.getsizeof(value), seen)
        for part in _parts(value):
            if id(part) not in seen:
                yield from _held(part, seen)


def _once(name: int, size: int, seen: set[int]) -> Iterable[int]:
    if name not in seen:
        seen.add(name)
        yield size


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return (part for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return value
    return vars(value).values() if is_dataclass(value) and not isinstance(value, type) else ()
