"""One criterion of what is right: by the truth's own size, and by what the dtype can tell."""

import pytest
import torch

from ce_core import DTYPES, FORMULAS, accuracy_map, trace_formula
from ce_core.stability.verdicts import VERDICTS, verdict_codes
from tests.support.cases import INF, NAN, tensor64


def verdict(found: list[float], truth: list[float], dtype: torch.dtype = torch.float64) -> str:
    return VERDICTS[int(verdict_codes(torch.tensor(found, dtype=dtype), tensor64(*truth), dtype))]


@pytest.mark.parametrize(
    ("found", "truth", "expected"),
    [
        ([1.04], [1.0], "right"),
        ([1.06], [1.0], "wrong"),
        ([1.04e-9], [1e-9], "right"),
        ([1.06e-9], [1e-9], "wrong"),
        ([0.0], [2.0**-51], "right"),
        ([0.0], [2.0**-49], "wrong"),
        ([1e200 * 1.04], [1e200], "right"),
        ([0.0, 100.0], [4.0, 100.0], "right"),
        ([INF], [INF], "right"),
        ([INF], [1.0], "inf"),
        ([1e300], [INF], "wrong"),
        ([-INF], [INF], "inf"),
        ([INF, 2.0], [INF, 1.0], "wrong"),
        ([INF, NAN], [INF, 1.0], "nan"),
        ([NAN], [NAN], "nan"),
    ],
    ids=str,
)
def test_verdict_codes_is_relative_down_to_rounding(
    found: list[float], truth: list[float], expected: str
) -> None:
    assert verdict(found, truth) == expected


@pytest.mark.parametrize("name", DTYPES)
def test_verdict_codes_allows_four_spacings_of_the_dtype(name: str) -> None:
    dtype = getattr(torch, name)
    eps = torch.finfo(dtype).eps
    assert verdict([4 * eps], [0.0], dtype) == "right"
    assert verdict([5 * eps], [0.0], dtype) == "wrong"


def test_softmax_twice_has_a_wrong_gradient_in_the_map_and_in_the_trace() -> None:
    """36 % off, at a truth of 6.7e-4: too small for a tolerance that is absolute."""
    trace = trace_formula("double_softmax", [8.0, 0.0, 0.0], [1.0, 0.0, 0.0], dtype="float32")
    assert trace.gradient_verdict == "wrong"
    judged = accuracy_map([8.0], [1.0, 0.0, 0.0])
    assert judged.verdict_at("double_softmax", "float32", 8.0) == ("wrong", "wrong")


@pytest.mark.parametrize("formula", FORMULAS)
def test_trace_and_map_give_one_verdict(formula: str) -> None:
    gaps = [0.0, 0.3, 8.0, 17.6, 28.0, 104.0, 746.0, 1000.0]
    for q in ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.2, 0.3, 0.5]):
        judged = accuracy_map(gaps, q, origin=[0.0, -INF, 0.0])
        for dtype in DTYPES:
            for gap in gaps:
                trace = trace_formula(formula, [gap, -INF, 0.0], q, dtype=dtype)
                found = judged.verdict_at(formula, dtype, gap)
                assert found == (trace.value_verdict, trace.gradient_verdict)
