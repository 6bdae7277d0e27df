"""Which sign a matrix looks like, and what says so."""

import pytest
import torch
from torch import Tensor

from ce_core import random_cost, reading, squared_distances
from tests.support.cases import INF, NAN, uniform
from tests.support.tuning import cosines

POINTS = uniform(6, 3) * 20
DIRECTIONS = torch.nn.functional.normalize(POINTS, dim=-1)
MASKED = cosines(4, 4)
MASKED[0, 1] = -INF
FORBIDDEN = uniform(4, 3)
FORBIDDEN[0, 1] = INF
BOTH = FORBIDDEN.clone()
BOTH[1, 1] = -INF


@pytest.mark.parametrize(
    ("matrix", "sign", "keys"),
    [
        (cosines(6, 4), "near", ["cosines"]),
        (cosines(6, 4) * 9, "near", ["negative"]),
        (-squared_distances(POINTS, POINTS[:3] + 1), "near", ["all_negative"]),
        (squared_distances(POINTS, POINTS[:3] + 1), "far", ["large"]),
        (squared_distances(POINTS, POINTS), "far", ["zero_diagonal"]),
        (-squared_distances(POINTS, POINTS), "near", ["largest_diagonal"]),
        (
            POINTS @ POINTS.T / POINTS.norm(dim=1) / POINTS.norm(dim=1)[:, None],
            "near",
            ["largest_diagonal"],
        ),
        (MASKED, "near", ["minus_infinity", "cosines"]),
        (FORBIDDEN, "far", ["plus_infinity"]),
        (BOTH, "unclear", ["plus_infinity", "minus_infinity"]),
        (random_cost(4, 5, seed=1), "unclear", []),
        (torch.zeros(3, 3), "unclear", []),
        (torch.full((2, 2), NAN), "unclear", []),
    ],
)
def test_reading(matrix: Tensor, sign: str, keys: list[str]) -> None:
    found = reading(matrix)
    assert [item.key for item in found.evidence] == keys
    assert found.sign == sign


@pytest.mark.parametrize("matrix", [cosines(6, 4), squared_distances(POINTS, POINTS), MASKED])
def test_words_hold_the_numbers(matrix: Tensor) -> None:
    for item in reading(matrix).evidence:
        for number in item.numbers:
            assert f"{number:.4g}" in item.words
