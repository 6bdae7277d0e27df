"""Tables from bytes: what is read, and what is said of the rest."""

import io
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest

from ce_core.tables import read_table

TABLE = np.array([[0.0, 1.0], [1.0, 0.0]])


def headed(shape: str, numbers: bytes = b"") -> bytes:
    """Return an NPY file of a shape as its header writes it, with whatever numbers."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + numbers


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    """Return the bytes of an NPY file."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version, allow_pickle=True)
    return stream.getvalue()


def parquet(columns: dict[str, Any]) -> bytes:
    """Return the bytes of a Parquet file."""
    pyarrow = pytest.importorskip("pyarrow")
    stream = io.BytesIO()
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table(columns), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"0,1\n1,0\n",
        b"0,1\n1,0",
        b"\xef\xbb\xbf0,1\n1,0\n",
        b"0,1\r\n1,0\r\n",
        b"0,1\r1,0\r",
        b"0;1\n1;0\n",
        b"0\t1\n1\t0\n",
        b"0 1\n1  0\n",
        b" 0 , 1 \n\n 1 , 0 \n\n",
        b'"0","1"\n"1","0"\n',
        b"# costs\n0,1\n1,0 # last\n",
        "0,1\n1,0\n".encode("utf-16"),
        "0\t1\r\n1\t0\r\n".encode("utf-16"),
    ],
    ids=[
        *("plain", "no_end", "byte_order_mark", "windows", "old_mac", "semicolons", "tabs", "spaces"),
        *("blanks", "quotes", "comments", "utf16", "utf16_tabs"),
    ],
)
def test_csv_is_read(content: bytes) -> None:
    assert read_table(content, "cost.csv").tolist() == TABLE.tolist()


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "i1", "<i8", "<u8", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_read(dtype: str, order: Any) -> None:
    array = np.asarray([[0, 1, 2], [3, 4, 5]], dtype=dtype, order=order)
    for version in ((1, 0), (2, 0)):
        found = read_table(npy(array, version), "cost.npy")
        assert found.dtype == np.float64
        assert found.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int8", "int64", "uint16"])
def test_parquet_is_read(dtype: str) -> None:
    columns = {"a": np.array([0, 1], dtype=dtype), "b": np.array([1, 0], dtype=dtype)}
    assert read_table(parquet(columns), "cost.parquet").tolist() == TABLE.tolist()


def test_first_bytes_say_what_it_is_and_a_name_may_not_contradict() -> None:
    assert read_table(npy(TABLE), "-").tolist() == TABLE.tolist()
    with pytest.raises(ValueError, match=r"^cost\.npy must be NPY, as its name says, got other bytes$"):
        read_table(b"0,1\n", "cost.npy")


@pytest.mark.parametrize("content", [b"0,inf\nInfinity,0\n", npy(np.array([[0, np.inf], [np.inf, 0]]))])
def test_infinity_may_forbid_a_pair(content: bytes) -> None:
    assert read_table(content, "cost").tolist() == [[0, math.inf], [math.inf, 0]]
    with pytest.raises(ValueError, match=r"must be a number or -inf, got inf: -inf forbids a pair$"):
        read_table(content, "scores", infinity=-math.inf)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t must hold numbers, got no line with any"),
        (b"\n \n# nothing\n", "t must hold numbers, got no line with any"),
        (b"1,2\n1,2,3\n", "t, line 2 must have 2 numbers, as line 1 has, got 3"),
        (b"# a\n\n1,2\n\n1\n", "t, line 5 must have 2 numbers, as line 3 has, got 1"),
        (b"1,2\n1,nan\n", "t, line 2, column 2 must be a number or inf, got nan: inf forbids a pair"),
        (b"-inf,2\n", "t, line 1, column 1 must be a number or inf, got -inf: inf forbids a pair"),
        (b"1,2\n3,x\n", "t, line 2, column 2 must be a number, got 'x': inf forbids a pair"),
        (b"a,b\n1,2\n", "t, line 1, column 1 must be a number, got 'a': leave out the line of names"),
        (b"1,2,\n", "t, line 1, column 3 must be a number, got '': fill each cell"),
        (b"0,5;1\n", "t, line 1, column 1 must be a number, got '0,5': use a decimal point"),
        (b"1,1_000\n", "t, line 1, column 2 must be a number, got '1_000'"),
        (b"1,2\n\xff,3\n", "t must be text in UTF-8, got the byte 0xff at 4: save it as CSV in UTF-8"),
        (b"1,2\0", "t must be text, got bytes that are 0: save it as CSV in UTF-8"),
        (b"1," + b"spam" * 100_000, "t, line 1, column 2 must be a number, got 'spam"),
        (
            npy(np.array([[1.0, 2.0], [np.nan, 1.0]])),
            "t, row 2, column 1 must be a number or inf, got nan",
        ),
        (npy(np.array([[1.0, -np.inf]])), "t, row 1, column 2 must be a number or inf, got -inf"),
        (npy(np.zeros(3)), "t must hold a table of rows and columns, got shape (3,)"),
        (npy(np.zeros((0, 3))), "t must hold a table of rows and columns, got shape (0, 3)"),
        (npy(np.array([[1j]])), "t must hold real numbers of at most 64 bits, got 'complex128'"),
        (npy(np.array([[None]])), "t must hold real numbers of at most 64 bits, got 'object'"),
        (npy(np.array([["a"]])), "t must hold real numbers of at most 64 bits, got '<U1'"),
        (npy(np.array([[True]])), "t must hold real numbers of at most 64 bits, got 'bool'"),
        (npy(np.zeros((1, 1), np.longdouble)), "t must hold real numbers of at most 64 bits, got '"),
        (npy(np.zeros((2, 3)))[:-1], "t must have 48 bytes of numbers, as its header says, got 47"),
        (npy(np.zeros((2, 3))) + b"0", "t must have 48 bytes of numbers, as its header says, got 49"),
        (b"\x93NUMPY", "t must be NPY of version 1 or 2, got a header that is none"),
        (
            b"\x93NUMPY\x09\x00" + b"0" * 90,
            "t must be NPY of version 1 or 2, got a header that is none",
        ),
        (b"PAR1 and nothing else", "t must be Parquet, got bytes that cannot be read as that"),
    ],
)
def test_what_is_no_table_is_one_line_with_place_and_remedy(content: bytes, message: str) -> None:
    if content.startswith(b"PAR1"):
        pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match=r"^t\b") as refused:
        read_table(content, "t")
    assert str(refused.value).startswith(message)
    assert len(str(refused.value)) <= 200


def test_header_that_promises_more_than_there_is_allocates_nothing() -> None:
    with pytest.raises(ValueError, match="must have 8000000000000000000 bytes of numbers"):
        read_table(headed("(1000000000, 1000000000)"), "t.npy")


@pytest.mark.parametrize("shape", ["(-2, -4)", "(True, 1)", "(1, True)", "(0, 1)", "(-1, 1)", "(1,)"])
def test_header_with_a_size_that_is_none_is_refused(shape: str) -> None:
    with pytest.raises(ValueError, match=r"^t must hold a table of rows and columns, got shape"):
        read_table(headed(shape, bytes(64 if shape == "(-2, -4)" else 8)), "t")


def test_header_with_a_size_of_many_digits_is_refused_in_a_line() -> None:
    with pytest.raises(ValueError, match=r"^t must hold a table of rows and columns") as refused:
        read_table(headed(f"({'9' * 4000}, 1)"), "t")
    assert len(str(refused.value)) <= 200


def test_header_is_not_run() -> None:
    header = b"__import__('os').abort()".ljust(117) + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with pytest.raises(ValueError, match="got a header that is none"):
        read_table(content, "t.npy")


def test_parquet_that_is_no_table_of_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^t, column 2 must hold numbers, got 'name' of 'string'$"):
        read_table(parquet({"a": [1.0], "name": ["x"]}), "t")
    with pytest.raises(ValueError, match=r"^t, row 2, column 1 must be a number, got none: fill it$"):
        read_table(parquet({"a": [1, None, None]}), "t")
    with pytest.raises(ValueError, match=r"^t, row 1, column 2 must be a number or inf, got nan"):
        read_table(parquet({"a": [1.0], "b": [math.nan]}), "t")
    with pytest.raises(ValueError, match=r"^t must hold a table of rows and columns, got shape"):
        read_table(parquet({"a": np.zeros(0)}), "t")


def test_few_bytes_that_stand_for_many_numbers_are_refused() -> None:
    content = parquet({"a": np.zeros(10**6)})
    limit = 10**5
    assert len(content) < limit
    with pytest.raises(ValueError, match="must hold at most 100000 numbers"):
        read_table(content, "t", limit=limit)


def test_more_bytes_than_the_limit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^t must have at most 10 bytes, got more$"):
        read_table(b"1," * 10, "t", limit=10)


def test_many_short_lines_take_no_more_memory_than_their_bytes_allow() -> None:
    content = b"1\n" * 2**17
    tracemalloc.start()
    try:
        assert read_table(content, "t").shape == (2**17, 1)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # A byte of text is decoded, and two are a number of eight.
    assert most < 10 * len(content)


def test_parquet_of_strangers_is_refused_by_its_bytes_and_by_its_name() -> None:
    for content, name in ((b"PAR1" + bytes(60) + b"PAR1", "t"), (b"1,2\n", "t.PARQUET")):
        with pytest.raises(ValueError, match=r"must be CSV or NPY, got Parquet: save it as one"):
            read_table(content, name, trusted=False)


def test_long_name_is_shortened() -> None:
    with pytest.raises(ValueError, match="must hold numbers") as refused:
        read_table(b"", "x" * 1000)
    assert len(str(refused.value)) <= 200
