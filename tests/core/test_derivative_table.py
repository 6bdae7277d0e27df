"""docs/derivatives.md says what becomes of each public function under torch's transforms: it is so."""

from functools import partial

import pytest
import torch

from tests.support.calls import CALLS, PUBLIC_FUNCTIONS, Call
from tests.support.derivative_table import read_table
from tests.support.transforms import CHECKS, COLUMNS, DERIVATIVES, NONE, RIGHT, outcome

# Of torch itself, at its first use of forward mode.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


TABLE = read_table()


def test_derivative_table_has_every_public_function() -> None:
    assert set(TABLE) == PUBLIC_FUNCTIONS


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_derivative_table_says_what_is_so(call: Call) -> None:
    found = []
    for column, check in CHECKS.items():
        asked = bool(call.differentiable) if column in DERIVATIVES else True
        asked = asked and (column != "vmap" or call.takes_arrays)
        found.append(outcome(partial(check, call)) if asked else NONE)
    expected = dict(zip(COLUMNS, TABLE[call.name], strict=True))
    assert dict(zip(CHECKS, found, strict=True)) == {name: expected[name] for name in CHECKS}


def test_outcome_tells_a_wrong_answer_and_torchs_own_words() -> None:
    assert outcome(lambda: True) == RIGHT
    assert outcome(lambda: False) == "wrong"
    assert outcome(lambda: bool(torch.func.vmap(lambda x: x if x > 0 else -x)(torch.ones(2)))) != RIGHT
    raw = outcome(lambda: torch.func.vmap(lambda x: x.item())(torch.ones(2)))
    assert raw.startswith("raw: ")
