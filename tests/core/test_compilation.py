"""Compiled functions are what they are when they are not, and docs/derivatives.md says so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.calls import CALLS
from tests.support.cases import ROW_FUNCTIONS
from tests.support.compilation import BALANCED, OTHERS
from tests.support.derivative_table import read_table
from tests.support.transforms import COLUMNS, NONE, RIGHT

ROOT = Path(__file__).parents[2]
Words = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def words() -> Words:
    """Return what one process that compiles everything says, by kind of check and by name."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.compilation"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said: Words = json.loads(done.stdout)
    return said


def test_derivative_table_says_what_compiles(words: Words) -> None:
    expected = {name: row[COLUMNS.index("compile")] for name, row in read_table().items()}
    found = {
        name: word for name, word in {**words["rows"], **words["calls"]}.items() if name in expected
    }
    assert found == {name: word for name, word in expected.items() if word != NONE}
    assert set(found) == {call.name for call in CALLS if call.takes_arrays}


def test_row_functions_compile(words: Words) -> None:
    assert words["rows"] == {str(case): RIGHT for case in ROW_FUNCTIONS}


def test_balanced_assignment_and_others_compile(words: Words) -> None:
    assert words["balanced"] == dict.fromkeys(BALANCED, RIGHT)
    assert words["others"] == dict.fromkeys(OTHERS, RIGHT)
