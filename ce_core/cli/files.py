"""Tables read from files or from standard input, and text written to files or to standard output.

`-` is standard input or output. Whatever is wrong is one line that names the file, the place and the
remedy.
"""

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Final

import numpy as np

from ce_core._shown import clip, show

STANDARD: Final = Path("-")
"""Standard input or standard output."""

_LARGEST_FILE: Final = 2**30
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_ROOM_FOR_NAME: Final = 60


def name_of(file: Path, room: int = _ROOM_FOR_NAME) -> str:
    """Return what messages call a file."""
    return "standard input" if file == STANDARD else clip(str(file), room)


def read_matrix(file: Path, remedy: str = "inf forbids a pair") -> np.ndarray:
    """Return the numbers of a table, [rows, columns]; inf is one, NaN and -inf are refused."""
    rows: list[np.ndarray] = []
    first = 0
    for line, row in _rows(file, remedy):
        if rows and len(row) != len(rows[0]):
            raise ValueError(
                f"{name_of(file)}, line {line} must have {len(rows[0])} numbers, as line {first} has, "
                f"got {len(row)}"
            )
        wrong = np.flatnonzero(~(row > -np.inf))
        if len(wrong):
            column = int(wrong[0])
            raise ValueError(
                f"{name_of(file)}, line {line}, column {column + 1} must be a number or inf, "
                f"got {row[column]}: {remedy}"
            )
        first = first or line
        rows.append(row)
    if not rows:
        raise ValueError(f"{name_of(file)} must hold numbers, got no line with any")
    return np.stack(rows)


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
    if file == STANDARD:
        sys.stdout.write(text)
    else:
        write_bytes(file, text.encode())


def write_bytes(file: Path, data: bytes) -> None:
    """Write bytes as `write_text` does a text."""
    if file == STANDARD:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    try:
        _replace(file.resolve(), data)
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


def _replace(file: Path, data: bytes) -> None:
    if file.exists() and not file.is_file():
        # A device or a pipe is written to; a folder refuses.
        file.write_bytes(data)
        return
    temporary = file.with_name(f".{file.name[:100]}.{os.getpid()}.part")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
        if file.exists():
            shutil.copymode(file, temporary)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _rows(file: Path, remedy: str) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the lines that hold numbers, with their place in the file, counted from 1."""
    separator: str | None = None
    first = True
    for line, text in enumerate(_lines(file), start=1):
        data = text.split("#", 1)[0].strip(" ")
        if not data.strip():
            continue
        if first:
            separator = next((mark for mark in ";\t," if mark in data), None)
        cells = [cell.strip().strip('"') for cell in data.split(separator)]
        try:
            row = np.array([_number(cell) for cell in cells])
        except ValueError:
            raise ValueError(
                f"{name_of(file)}, line {line}, {_wrong_cell(cells, remedy, first)}"
            ) from None
        yield line, row
        first = False


def _number(cell: str) -> float:
    # Python reads 1_000 as a thousand.
    return float(cell if "_" not in cell else "text")


def _is_number(cell: str) -> bool:
    try:
        _number(cell)
    except ValueError:
        return False
    return True


def _wrong_cell(cells: list[str], remedy: str, first: bool) -> str:
    """Say which cell is the first that is no number, and what to do about it."""
    column = next(place for place, cell in enumerate(cells, start=1) if not _is_number(cell))
    cell = cells[column - 1]
    if not cell:
        remedy = "fill each cell, and end no line with a separator"
    elif "," in cell:
        remedy = "use a decimal point, and one of , ; tab between numbers"
    elif first and column == 1:
        remedy = "leave out the line of names, if it is one"
    return f"column {column} must be a number, got {show(cell, 30)}: {remedy}"


def _lines(file: Path) -> list[str]:
    data = _bytes(file)
    encoding = "utf-16" if data.startswith(_BYTE_ORDER_MARKS) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name_of(file)} must be text in UTF-8, got the byte 0x{data[error.start]:02x} "
            f"at {error.start}: save it as CSV in UTF-8"
        ) from None
    if "\0" in text:
        raise ValueError(f"{name_of(file)} must be text, got bytes that are 0: save it as CSV in UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


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
    if len(data) > _LARGEST_FILE:
        raise ValueError(f"{name_of(file)} must have at most {_LARGEST_FILE} bytes, got more")
    return data


def _why(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f'"{clip(reason.lower(), _ROOM_FOR_NAME)}"'
