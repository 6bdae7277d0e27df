"""Tables of numbers read from the bytes of a file: CSV as spreadsheets write it, NPY, Parquet.

What is wrong is one line that names the file, the place and the remedy. Bytes are data and nothing
else: nothing in them is unpickled, and of CSV and NPY nothing is allocated that their number does not
allow. Parquet is for files that one trusts: its reader makes as much of a page as the page says it is,
a thousand times its bytes and more.
"""

import io
import math
import warnings
from array import array
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from ce_core._shown import clip, show

LARGEST: Final = 2**30
"""The bytes that a file may have if nothing else is said."""

_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_NPY: Final = b"\x93NUMPY"
_PARQUET: Final = b"PAR1"
_ROOM_FOR_NAME: Final = 60


def read_table(
    data: bytes,
    name: str,
    *,
    limit: int = LARGEST,
    infinity: float = math.inf,
    remedy: str = "",
    trusted: bool = True,
) -> np.ndarray:
    """Return the numbers of a table, in float64, [rows, columns].

    Parameters
    ----------
    data
        What a file holds: CSV, NPY or Parquet, as its first bytes say.
    name
        What messages call it.
    limit
        Most bytes, and most numbers.
    infinity
        Which of inf and -inf may be an entry; it forbids a pair. The other, and NaN, are refused.
    remedy
        What a message about a number says that may not be, otherwise what infinity does.
    trusted
        Whether the file may be Parquet, which takes as much memory as it likes.

    Returns
    -------
    np.ndarray
        The numbers, at least one.

    Raises
    ------
    ValueError
        If it is no table of such numbers, in one line with the place.

    Examples
    --------
    >>> read_table(b"0;1;inf", "cost.csv")
    array([[ 0.,  1., inf]])
    """
    label = clip(name, _ROOM_FOR_NAME)
    if len(data) > limit:
        raise ValueError(f"{label} must have at most {limit} bytes, got more")
    told = remedy or f"{infinity} forbids a pair"
    if data.startswith(_NPY):
        return _allowed(_read_npy(data, label), label, infinity, told)
    if not trusted and (data.startswith(_PARQUET) or name.lower().endswith(".parquet")):
        raise ValueError(f"{label} must be CSV or NPY, got Parquet: save it as one of them")
    if data.startswith(_PARQUET):
        return _allowed(_read_parquet(data, label, limit), label, infinity, told)
    for ending, kind in ((".npy", "NPY"), (".parquet", "Parquet")):
        if name.lower().endswith(ending):
            raise ValueError(f"{label} must be {kind}, as its name says, got other bytes")
    return _read_csv(data, label, infinity, told)


def _allowed(values: np.ndarray, name: str, infinity: float, remedy: str) -> np.ndarray:
    """Return values in float64 if none is what may not be."""
    wide = values.astype(np.float64)
    wrong = np.argwhere(~_is_allowed(wide, infinity))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise ValueError(
            f"{name}, row {row + 1}, column {column + 1} must be a number or {infinity}, "
            f"got {wide[row, column]}: {remedy}"
        )
    return wide


def _is_allowed(values: np.ndarray, infinity: float) -> np.ndarray:
    found: np.ndarray = np.isfinite(values) | (values == infinity)
    return found


def _require_shape(name: str, shape: tuple[int, ...]) -> None:
    # A header may say True for a size, which is an int of a kind.
    if len(shape) != 2 or not all(type(size) is int and 0 < size < 2**63 for size in shape):
        raise ValueError(f"{name} must hold a table of rows and columns, got shape {show(shape, 40)}")


def _read_npy(data: bytes, name: str) -> np.ndarray:
    """Return the array of an NPY file, none of it read before its header is believed."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        with warnings.catch_warnings():
            # Of headers as Python 2 wrote them.
            warnings.simplefilter("ignore")
            shape, by_columns, dtype = read[version](stream)
    except (ValueError, KeyError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise ValueError(f"{name} must be NPY of version 1 or 2, got a header that is none") from None
    if dtype.kind not in "fiu" or dtype.itemsize > 8:
        raise ValueError(
            f"{name} must hold real numbers of at most 64 bits, got {show(str(dtype), 40)}"
        )
    _require_shape(name, shape)
    left, needed = len(data) - stream.tell(), math.prod(shape) * dtype.itemsize
    if left != needed:
        raise ValueError(f"{name} must have {needed} bytes of numbers, as its header says, got {left}")
    values = np.frombuffer(data, dtype, offset=stream.tell())
    return values.reshape(shape, order="F" if by_columns else "C")


def _read_parquet(data: bytes, name: str, limit: int) -> np.ndarray:
    try:
        from pyarrow import ArrowException, BufferReader, types
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise ValueError(f"{name} must be CSV or NPY, got Parquet, which needs pyarrow") from None
    try:
        file = ParquetFile(BufferReader(data))
        schema, shape = file.schema_arrow, (file.metadata.num_rows, file.metadata.num_columns)
        for place, field in enumerate(schema, start=1):
            if not (types.is_integer(field.type) or types.is_floating(field.type)):
                kind = show(str(field.type), 20)
                raise ValueError(
                    f"{name}, column {place} must hold numbers, got {show(field.name, 30)} of {kind}"
                )
        _require_shape(name, shape)
        if math.prod(shape) > limit or _entries(file.metadata) != math.prod(shape):
            raise ValueError(
                f"{name} must hold at most {limit} numbers, got {shape[0]} rows of {shape[1]}"
            )
        table = file.read(use_threads=False)
        columns = [column.to_numpy() for column in table.columns]
    except (ArrowException, OSError):
        raise ValueError(f"{name} must be Parquet, got bytes that cannot be read as that") from None
    return _without_gaps(table, columns, name)


def _entries(metadata: Any) -> int:
    """Return how many values the parts of a Parquet file say they hold."""
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    parts = [group.column(place) for group in groups for place in range(group.num_columns)]
    return sum(part.num_values for part in parts)


def _without_gaps(table: Any, columns: list[np.ndarray], name: str) -> np.ndarray:
    for place, column in enumerate(table.columns, start=1):
        if column.null_count:
            row = column.is_null().index(True).as_py() + 1
            raise ValueError(f"{name}, row {row}, column {place} must be a number, got none: fill it")
    return np.stack([column.astype(np.float64) for column in columns], axis=-1)


def _read_csv(data: bytes, name: str, infinity: float, remedy: str) -> np.ndarray:
    numbers = array("d")
    width = first = 0
    for line, row in _rows(data, name, remedy):
        if not first:
            width, first = len(row), line
        if len(row) != width:
            raise ValueError(
                f"{name}, line {line} must have {width} numbers, as line {first} has, got {len(row)}"
            )
        if not all(map(math.isfinite, row)):
            _require_allowed(row, f"{name}, line {line}", infinity, remedy)
        numbers.extend(row)
    if not numbers:
        raise ValueError(f"{name} must hold numbers, got no line with any")
    return np.frombuffer(numbers).reshape(-1, width)


def _require_allowed(row: "array[float]", place: str, infinity: float, remedy: str) -> None:
    for column, value in enumerate(row, start=1):
        if not (math.isfinite(value) or value == infinity):
            raise ValueError(
                f"{place}, column {column} must be a number or {infinity}, got {value}: {remedy}"
            )


def _rows(data: bytes, name: str, remedy: str) -> Iterator[tuple[int, "array[float]"]]:
    """Yield the lines that hold numbers, with their place in the file, counted from 1."""
    separator: str | None = None
    first = True
    for line, text in enumerate(_lines(data, name), start=1):
        content = text.split("#", 1)[0].strip(" \n")
        if not content or content.isspace():
            continue
        if first:
            separator = next((mark for mark in ";\t," if mark in content), None)
        cells = content.split(separator)
        if '"' in content:
            cells = [cell.strip().strip('"') for cell in cells]
        try:
            row = array("d", map(_number if "_" in content else float, cells))
        except ValueError:
            raise ValueError(f"{name}, line {line}, {_wrong_cell(cells, remedy, first)}") from None
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
    cell = cells[column - 1].strip()
    if not cell:
        remedy = "fill each cell, and end no line with a separator"
    elif "," in cell:
        remedy = "use a decimal point, and one of , ; tab between numbers"
    elif first and column == 1:
        remedy = "leave out the line of names, if it is one"
    return f"column {column} must be a number, got {show(cell, 30)}: {remedy}"


def _lines(data: bytes, name: str) -> Iterator[str]:
    """Return the lines, each made when it is asked for; or raise at once, if they are no text."""
    encoding = "utf-16" if data.startswith(_BYTE_ORDER_MARKS) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name} must be text in UTF-8, got the byte 0x{data[error.start]:02x} "
            f"at {error.start}: save it as CSV in UTF-8"
        ) from None
    if "\0" in text:
        raise ValueError(f"{name} must be text, got bytes that are 0: save it as CSV in UTF-8")
    return io.TextIOWrapper(io.BytesIO(data), encoding, newline=None)
