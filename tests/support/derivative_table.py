"""The words of docs/derivatives.md."""

from pathlib import Path

from tests.support.transforms import COLUMNS

_FILE = Path(__file__).parents[2] / "docs" / "derivatives.md"


def read_table() -> dict[str, list[str]]:
    """Return the words of the table, by function."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    assert cells[0] == ["function", *COLUMNS]
    return {row[0].strip("`"): row[1:] for row in cells[2:]}
