"""Tables as CSV, which a spreadsheet opens."""

import csv
import io

import numpy as np
import pytest

from lab.page.csv import csv_text


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd", "-log q", "@SUM(A1)", "\tx", '=HYPERLINK("http://evil.test","x")', "-1-1"],
)
def test_text_is_no_formula_of_a_spreadsheet(text: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_text((text, "b"), [(text, 1.0)]), newline="")))
    assert rows == [[f"'{text}", "b"], [f"'{text}", "1.0"]]


def test_no_cell_begins_a_line_within_a_line() -> None:
    assert "'\r=1" in csv_text(("a",), [("\r=1",)])


@pytest.mark.parametrize("value", [-0.1, -1e-300, float("-inf"), float("nan"), -3, np.float64(-0.3)])
def test_numbers_stay_numbers_with_every_digit(value: float) -> None:
    _header, row = csv_text(("a",), [(value,)]).splitlines()
    assert float(row) == value or value != value
    # As text too.
    assert csv_text(("a",), [(f"{value}",)]).splitlines()[1] == f"{value}"


@pytest.mark.parametrize("text", ["p - q", "a=1", "log(q)", "", "l'", "−3"])
def test_other_text_is_left_alone(text: str) -> None:
    assert list(csv.reader(io.StringIO(csv_text(("a", "b"), [(text, "x")]))))[1] == [text, "x"]
