"""Tables read from files or from standard input, and text written to files or to standard output.

`-` is standard input or output. Whatever is wrong is one line that names the file, the place and the
remedy.
"""

import errno
import math
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Final

import numpy as np

from ce_core._shown import clip
from ce_core.tables import LARGEST, read_table

STANDARD: Final = Path("-")
"""Standard input or standard output."""

_LARGEST_FILE: Final = LARGEST
_ROOM_FOR_NAME: Final = 60


def name_of(file: Path, room: int = _ROOM_FOR_NAME) -> str:
    """Return what messages call a file."""
    return "standard input" if file == STANDARD else clip(str(file), room)


def read_matrix(file: Path, remedy: str = "", *, infinity: float = math.inf) -> np.ndarray:
    """Return the numbers of a table, [rows, columns]; what may not be is refused in one line."""
    return read_table(
        _bytes(file), name_of(file), limit=_LARGEST_FILE, infinity=infinity, remedy=remedy
    )


def read_weights(file: Path, count: int, of: str) -> np.ndarray:
    """Return so many weights from a table of one row or one column."""
    table = read_matrix(file, "weights are finite and >= 0")
    if 1 not in table.shape:
        raise ValueError(
            f"{name_of(file)} must be one row or one column of numbers, "
            f"got {table.shape[0]} rows of {table.shape[1]}"
        )
    weights = table.ravel()
    if len(weights) != count:
        raise ValueError(
            f"{name_of(file)} must have {count} numbers, one for each {of} of the costs, "
            f"got {len(weights)}"
        )
    wrong = np.flatnonzero(~((weights >= 0) & np.isfinite(weights)))
    if len(wrong):
        raise ValueError(
            f"{name_of(file)}, number {wrong[0] + 1} must be finite and >= 0, got {weights[wrong[0]]}"
        )
    return weights


def check_output(file: Path | None) -> None:
    """Refuse a file that cannot be written to, before what is to be written is computed.

    None is no file. What is refused later on, as a device that is full, `write_text` refuses.

    Raises
    ------
    ValueError
        In one line that names the file and the reason.
    """
    if file is None or file == STANDARD:
        return
    try:
        _require_writable(file.resolve())
    except (OSError, RuntimeError, ValueError) as error:
        raise _unwritable(file, error) from None


def write_text(file: Path, text: str) -> None:
    """Write a text whole or not at all: a file that is there stays as it is until the new one is."""
    write_pieces(file, [text])


def write_pieces(file: Path, pieces: Iterable[str]) -> None:
    """Write a text as `write_text` does, piece by piece as they come."""
    if file == STANDARD:
        sys.stdout.writelines(pieces)
    else:
        _write(file, (piece.encode() for piece in pieces))


def write_bytes(file: Path, data: bytes) -> None:
    """Write bytes as `write_text` does a text."""
    if file == STANDARD:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    else:
        _write(file, [data])


def _write(file: Path, pieces: Iterable[bytes]) -> None:
    try:
        _replace(file.resolve(), pieces)
    except (OSError, ValueError) as error:
        raise _unwritable(file, error) from None


def say_aside(text: str) -> None:
    """Print to standard error, if it is open: where it is not, `print` would take standard output."""
    if sys.stderr is not None:
        print(text, file=sys.stderr)


@contextmanager
def report_beside(*files: Path | None) -> Iterator[None]:
    """Let what is printed go to standard error where one of the files is standard output."""
    if STANDARD in files:
        with redirect_stdout(sys.stderr):
            yield
    else:
        yield


def _require_writable(file: Path) -> None:
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None:
        if stat.S_ISDIR(mode):
            raise _error(errno.EISDIR)
        if not os.access(file, os.W_OK):
            raise _error(errno.EACCES)
        if not stat.S_ISREG(mode):
            return
    # A file is written beside the one that is there, and takes its place.
    if not file.parent.exists():
        raise OSError(errno.ENOENT, "no such folder")
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise _error(errno.EACCES)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _unwritable(file: Path, error: Exception) -> ValueError:
    return ValueError(f"{name_of(file)} must be a file to write to, got {_why(error)}")


def _replace(file: Path, pieces: Iterable[bytes]) -> None:
    if file.exists() and not file.is_file():
        # A device or a pipe is written to; a folder refuses.
        with file.open("wb") as stream:
            stream.writelines(pieces)
        return
    temporary = file.with_name(f".{file.name[:100]}.{os.getpid()}.part")
    try:
        with temporary.open("xb") as stream:
            stream.writelines(pieces)
        if file.exists():
            shutil.copymode(file, temporary)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _bytes(file: Path) -> bytes:
    try:
        if file == STANDARD:
            if sys.stdin is None:
                raise OSError(errno.EBADF, "closed")
            data = sys.stdin.buffer.read(_LARGEST_FILE + 1)
        else:
            with file.open("rb") as stream:
                data = stream.read(_LARGEST_FILE + 1)
    except (OSError, ValueError, AttributeError) as error:
        raise ValueError(f"{name_of(file)} must be a file to read, got {_why(error)}") from None
    return data


def _why(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f'"{clip(reason.lower(), _ROOM_FOR_NAME)}"'
