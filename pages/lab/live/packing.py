"""Figures as bytes for the browser: JSON with the arrays beside it, and only what moves per frame.

The author of an animation builds one tree a frame. What all frames share is found here and sent
once; `pages/lab/live/unpack.js` reads it.
"""

import json
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

Tree: TypeAlias = Any
"""What JSON holds, and NumPy arrays."""

_PLAIN: Final = b"LABJ"
_DEFLATED: Final = b"LABZ"
# Below this, deflating saves less than the browser's way of inflating costs.
_DEFLATE_FROM: Final = 4096

# A point may move by this much of the range of its array when it becomes float32.
_TOLERANCE: Final = 1e-4

_MISSING: Final = object()


def animation(trees: Sequence[dict[str, Tree]]) -> dict[str, Tree]:
    """Split the frames of one figure into what they share and what moves.

    Parameters
    ----------
    trees
        A figure each, at least one.

    Returns
    -------
    dict
        `base`, the tree that the frames share, and `moves`, a list of `[path, values]`: at that
        path of the base, frame k has the k-th of the values, where `[value]` stands for a value and
        `[]` for none.
    """
    moves: list[Tree] = []
    base = _shared(list(trees), [], moves) if len(trees) > 1 else trees[0]
    return {"base": base, "moves": moves}


def _shared(frames: list[Tree], path: list[str | int], moves: list[Tree]) -> Tree:
    """Return what the frames share below a path, and note the rest."""
    first = frames[0]
    if len(set(map(id, frames))) == 1:
        return first
    kinds = set(map(type, frames))
    if kinds == {dict}:
        names = dict.fromkeys(name for frame in frames for name in frame)
        children = {
            name: _shared([frame.get(name, _MISSING) for frame in frames], [*path, name], moves)
            for name in names
        }
        return {name: child for name, child in children.items() if child is not _MISSING}
    if kinds <= {list, tuple} and all(_is_branch(frame, len(first)) for frame in frames):
        return [
            _shared([frame[index] for frame in frames], [*path, index], moves)
            for index in range(len(first))
        ]
    if len(kinds) == 1 and _all_same(frames):
        return first
    if kinds == {np.ndarray}:
        frames = _compact_alike(frames)
    moves.append([path, [[] if frame is _MISSING else [frame] for frame in frames]])
    # A trace keeps its place in the list, and whatever else is there is overwritten.
    return None if path and isinstance(path[-1], int) else _MISSING


def _is_branch(value: Sequence[Tree], length: int) -> bool:
    """Tell a list of so many parts, which are compared one by one, from a list of values."""
    return len(value) == length and any(isinstance(part, dict) for part in value)


def _all_same(frames: list[Tree]) -> bool:
    """Return whether trees, whose roots are of one type, all hold the same."""
    first = frames[0]
    if isinstance(first, np.ndarray | dict | list | tuple):
        return all(_same(frame, first) for frame in frames)
    return frames.count(first) == len(frames)


def _same(left: Tree, right: Tree) -> bool:
    """Return whether two trees, whose roots are of one type, hold the same."""
    if left is right:
        return True
    if isinstance(left, np.ndarray):
        return _content(left) == _content(right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_alike(left[name], right[name]) for name in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(_alike, left, right))
    return bool(left == right)


def _alike(left: Tree, right: Tree) -> bool:
    return type(left) is type(right) and _same(left, right)


def pack(tree: Mapping[str, Tree]) -> bytes:
    """Write a tree as bytes: JSON, in which `{"$": k}` stands for the k-th array, then the arrays.

    Numbers become float32 where that moves no point visibly, whole numbers the smallest integers
    that hold them. Equal arrays are written once, and all of it is deflated unless it is short.
    """
    arrays = _Arrays()
    try:
        written = arrays.write(tree)
    except ValueError:
        # Few trees have numbers that JSON has not, and to look for them takes longer than to write.
        written = arrays.write(_finite(tree))
    head = f'{{"tree":{written},"arrays":{arrays.write(arrays.table)}}}'.encode()
    # Typed arrays begin at multiples of their size; 8 serves all.
    start = struct.pack("<I", len(head)), head, b" " * (-(4 + len(head)) % 8)
    body = b"".join((*start, *arrays.blocks))
    if len(body) < _DEFLATE_FROM:
        return _PLAIN + body
    return _DEFLATED + zlib.compress(body, level=3)


def _finite(tree: Tree) -> Tree:
    """Return the tree with null in the place of numbers that JSON has not."""
    if isinstance(tree, dict):
        return {name: _finite(child) for name, child in tree.items()}
    if isinstance(tree, list | tuple):
        return [_finite(child) for child in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree


class _Arrays:
    """The arrays of a tree, each content once: `table` describes `blocks`."""

    def __init__(self) -> None:
        self.table: list[Tree] = []
        self.blocks: list[bytes] = []
        self._offset = 0
        self._given: dict[tuple[str, tuple[int, ...], bytes], int] = {}
        self._written: dict[tuple[str, tuple[int, ...], bytes], int] = {}

    def write(self, tree: Tree) -> str:
        """Write the tree as JSON with references in the place of its arrays.

        Raises
        ------
        ValueError
            If a number is not finite.
        """
        encoder = json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=self._replace
        )
        return encoder.encode(tree)

    def _replace(self, value: Tree) -> Tree:
        """Return what stands for what JSON has not."""
        if isinstance(value, np.ndarray):
            # What is no number is written as it is.
            return {"$": self._add(value)} if value.dtype.kind in "iuf" else _finite(value.tolist())
        if isinstance(value, np.generic):
            return _finite(value.item())
        raise TypeError(f"no part of a tree is a {type(value).__name__}")

    def _add(self, array: np.ndarray) -> int:
        if array.dtype == "<f4":
            return self._write(array)
        given = _content(array)
        index = self._given.get(given)
        if index is None:
            index = self._given[given] = self._write(compact(array))
        return index

    def _write(self, array: np.ndarray) -> int:
        written = dtype, shape, content = _content(array)
        index = self._written.setdefault(written, len(self.table))
        if index == len(self.table):
            self.table.append([dtype[1:], self._offset, list(shape)])
            block = content + b"\0" * (-len(content) % 8)
            self.blocks.append(block)
            self._offset += len(block)
        return index


def _content(array: np.ndarray) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.str, array.shape, array.tobytes()


def compact(values: np.ndarray) -> np.ndarray:
    """Return the array in the smallest type that draws the same picture, little-endian.

    Examples
    --------
    >>> compact(np.array([0.0, 300.0])).dtype, compact(np.array([0.1, 0.5])).dtype
    (dtype('uint16'), dtype('float32'))
    >>> compact(np.array([4.0, 4.0 + 1e-7])).dtype  # float32 would draw both at one place
    dtype('float64')
    """
    if not values.size:
        return values.astype("<u1")
    low, high = np.minimum.reduce(values, None).item(), np.maximum.reduce(values, None).item()
    known = values
    if not (math.isfinite(low) and math.isfinite(high)):
        finite = np.isfinite(values)
        known = values[finite]
        low, high = known.min(initial=np.inf), known.max(initial=-np.inf)
    elif low >= 0 and high <= 0xFFFF and _is_whole(values, high):
        return values.astype("<u1" if high <= 0xFF else "<u2")
    with np.errstate(over="ignore", invalid="ignore"):
        single = values.astype("<f4")
        kept = single if known is values else single[finite]
        moved = np.abs(kept - known).max(initial=0.0)
    fits = not known.size or (moved < math.inf and moved <= _TOLERANCE * (high - low))
    return single if fits else values.astype("<f8")


def _compact_alike(frames: list[np.ndarray]) -> list[np.ndarray]:
    """Return what `compact` makes of each, at once where it makes float32 of all."""
    kinds = {(frame.dtype, frame.shape) for frame in frames}
    if len(kinds) > 1 or not frames[0].size or frames[0].dtype != np.float64:
        return frames
    values = np.stack(frames).reshape(len(frames), -1)
    low, high = np.minimum.reduce(values, 1), np.maximum.reduce(values, 1)
    # What is not finite, or may be whole, is looked at one by one.
    if not np.isfinite(low + high).all() or ((low >= 0) & (high == np.floor(high))).any():
        return frames
    with np.errstate(over="ignore"):
        single = values.astype("<f4")
        moved = np.maximum.reduce(np.abs(single - values), 1)
    return (
        [*single.reshape(-1, *frames[0].shape)]
        if (moved <= _TOLERANCE * (high - low)).all()
        else frames
    )


def _is_whole(values: np.ndarray, high: float) -> bool:
    """Return whether numbers from 0 to `high` are whole, and none is -0."""
    if high != int(high):
        return False
    return bool((values == np.floor(values)).all() and not np.signbit(values).any())
