"""From which gap on p is 0."""

import math

import torch

from ce_core.stability.underflow import vanishing_gaps
from tests.support.cases import INF

GAPS = [float(gap) for gap in range(1, 1001)]


def test_vanishing_gaps_are_where_half_the_smallest_number_is() -> None:
    found = vanishing_gaps(GAPS, origin=(0.0, 0.0), direction=(1.0, 0.0))
    for dtype, gap in found.items():
        info = torch.finfo(getattr(torch, dtype))
        bits = math.log2(info.smallest_normal) + math.log2(info.eps) - 1
        assert gap == math.ceil(-bits * math.log(2))


def test_vanishing_gaps_are_none_where_p_stays() -> None:
    found = vanishing_gaps([1.0, 5.0], origin=(0.0, -INF, 0.0), direction=(1.0, 0.0, 0.0))
    assert set(found.values()) == {None}
