"""docs/derivatives.md says what becomes of each public function under torch's transforms: it is so."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.support.calls import CALLS, PUBLIC_FUNCTIONS, Call
from tests.support.transforms import CHECKS, COLUMNS, DERIVATIVES, NONE, RIGHT, outcome

ROOT = Path(__file__).parents[2]
# Of torch itself, at its first use of forward mode.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def table() -> dict[str, list[str]]:
    """Return the words of the table, by function."""
    lines = (ROOT / "docs" / "derivatives.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    assert cells[0] == ["function", *COLUMNS]
    return {row[0].strip("`"): row[1:] for row in cells[2:]}


TABLE = table()


def takes_arrays(call: Call) -> bool:
    """Tell whether an argument is an array, over which one may map."""
    return any(isinstance(value, Tensor) and value.ndim for value in call.make().values())


def test_derivative_table_has_every_public_function() -> None:
    assert set(TABLE) == PUBLIC_FUNCTIONS


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_derivative_table_says_what_is_so(call: Call) -> None:
    found = []
    for column, check in CHECKS.items():
        asked = bool(call.differentiable) if column in DERIVATIVES else True
        asked = asked and (column != "vmap" or takes_arrays(call))
        found.append(outcome(partial(check, call)) if asked else NONE)
    expected = dict(zip(COLUMNS, TABLE[call.name], strict=True))
    assert dict(zip(CHECKS, found, strict=True)) == {name: expected[name] for name in CHECKS}


def test_derivative_table_says_what_compiles() -> None:
    # In a process without the checks of shapes, which torch cannot trace.
    script = """
import warnings
warnings.simplefilter("ignore")
from tests.support.calls import CALLS
from tests.support.transforms import check_compile, outcome
from tests.core.test_derivative_table import takes_arrays
for call in filter(takes_arrays, CALLS):
    print(call.name, outcome(lambda: check_compile(call)))
"""
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=400,
    )
    found = dict(line.split(" ", 1) for line in run.stdout.splitlines())
    expected = {name: row[COLUMNS.index("compile")] for name, row in TABLE.items()}
    assert found == {name: word for name, word in expected.items() if word != NONE}
    assert set(found) == {call.name for call in CALLS if takes_arrays(call)}


def test_outcome_tells_a_wrong_answer_and_torchs_own_words() -> None:
    assert outcome(lambda: True) == RIGHT
    assert outcome(lambda: False) == "wrong"
    assert outcome(lambda: bool(torch.func.vmap(lambda x: x if x > 0 else -x)(torch.ones(2)))) != RIGHT
    raw = outcome(lambda: torch.func.vmap(lambda x: x.item())(torch.ones(2)))
    assert raw.startswith("raw: ")
