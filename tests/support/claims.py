"""What the tests of claims share."""

import torch
from torch import Tensor

from lab.claims.ledger import LEDGER
from tests.support.cases import uniform


def rows(count: int = 200, classes: int = 6) -> tuple[Tensor, Tensor]:
    """Return logits some apart and targets, one a row."""
    a = torch.randn(count, classes, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return 3 * a, uniform(count, classes, seed=2).softmax(-1)


def measure(key: str, verdict: str) -> dict[str, float]:
    """Return the numbers of a claim, once its verdict is as the test has it."""
    assert LEDGER[key].verdict == verdict
    return LEDGER[key].measure()
