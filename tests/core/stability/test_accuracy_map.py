"""The map of right, wrong, inf and NaN: it agrees with the traces, and with what was measured."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ce_core import DTYPES, FORMULAS, AccuracyMap, accuracy_map, trace_formula
from ce_core.stability.verdicts import VERDICTS
from tests.support.cases import INF, normalise, tensor64
from tests.support.closeness import close_to

UNDERFLOW = {"float16": 18, "bfloat16": 93, "float32": 104, "float64": 746}
OVERFLOW = {"float16": 12, "bfloat16": 89, "float32": 89, "float64": 710}
GAPS = range(1, 1001)
ON_THE_LARGE, ON_THE_SMALL = [1.0, 0.0], [0.0, 1.0]

every_dtype = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture(scope="module", name="large")
def _large() -> AccuracyMap:
    return accuracy_map(GAPS, ON_THE_LARGE)


@pytest.fixture(scope="module", name="small")
def _small() -> AccuracyMap:
    return accuracy_map(GAPS, ON_THE_SMALL)


def runs_of(judged: AccuracyMap, of: str, formula: str, dtype: str) -> list[tuple[str, float]]:
    """Return the verdicts along a row, each with the gap from which it holds."""
    runs = judged.runs(getattr(judged, of))
    return [(run.verdict, run.first) for run in runs if (run.formula, run.dtype) == (formula, dtype)]


@settings(max_examples=8)
@given(
    st.lists(st.integers(1, 900), min_size=1, max_size=6, unique=True).map(sorted),
    st.lists(st.floats(0, 1), min_size=1, max_size=4).map(lambda w: normalise(tensor64(*w))),
    st.floats(-100, 100),
)
def test_verdict_map_agrees_with_the_traces(gaps: list[int], q: Tensor, offset: float) -> None:
    m = len(q)
    origin = torch.full((m,), offset, dtype=torch.float64)
    direction = torch.linspace(1, 0, m, dtype=torch.float64) if m > 1 else tensor64(1.0)
    judged = accuracy_map(gaps, q, origin=origin, direction=direction)
    for formula in FORMULAS:
        for dtype in DTYPES:
            trace = trace_formula(formula, origin + gaps[-1] * direction, q, dtype=dtype)
            found = trace.value_verdict, trace.gradient_verdict
            assert judged.verdict_at(formula, dtype, float(gaps[-1])) == found, (formula, dtype)


@every_dtype
def test_thresholds_can_be_read_from_the_map(
    large: AccuracyMap, small: AccuracyMap, dtype: str
) -> None:
    from_here = UNDERFLOW[dtype]
    assert runs_of(large, "values", "max_shifted", dtype) == [("right", 1), ("nan", from_here)]
    assert runs_of(small, "values", "max_shifted", dtype) == [("right", 1), ("inf", from_here)]
    assert runs_of(large, "values", "where_masked", dtype) == [("right", 1)]
    assert runs_of(large, "gradients", "where_masked", dtype) == [("right", 1), ("nan", from_here)]
    assert runs_of(large, "values", "naive", dtype) == [("right", 1), ("nan", OVERFLOW[dtype])]


@pytest.mark.parametrize("formula", ["log_softmax", "log_softmax_masked", "logit_gap"])
@every_dtype
def test_cures_are_right_throughout(
    large: AccuracyMap, small: AccuracyMap, formula: str, dtype: str
) -> None:
    for judged in (large, small):
        assert runs_of(judged, "values", formula, dtype) == [("right", 1)]
        assert runs_of(judged, "gradients", formula, dtype) == [("right", 1)]


@every_dtype
def test_double_softmax_is_wrong_and_never_nan(
    large: AccuracyMap, small: AccuracyMap, dtype: str
) -> None:
    for judged in (large, small):
        assert runs_of(judged, "values", "double_softmax", dtype)[0] == ("wrong", 1)
        row = judged.formulas.index("double_softmax"), judged.dtypes.index(dtype)
        assert judged.values[row].max() == judged.gradients[row].max() == VERDICTS.index("wrong")


@pytest.mark.parametrize(
    ("dtype", "value", "gradient"),
    [("float64", 30, 28), ("float32", 30, 28), ("bfloat16", 30, 28), ("float16", 11, 10)],
)
def test_clipped_is_wrong_soon_after_its_floor(
    small: AccuracyMap, dtype: str, value: int, gradient: int
) -> None:
    assert runs_of(small, "values", "clipped", dtype) == [("right", 1), ("wrong", value)]
    assert runs_of(small, "gradients", "clipped", dtype) == [("right", 1), ("wrong", gradient)]


@every_dtype
def test_gradient_of_naive_is_wrong_in_silence_from_half_the_way(
    small: AccuracyMap, dtype: str
) -> None:
    """1/Z² underflows at half the gap of 1/Z: what pushes the large logit down is lost."""
    runs = runs_of(small, "gradients", "naive", dtype)
    assert [verdict for verdict, _ in runs] == ["right", "wrong", "nan"]
    gap = runs[1][1]
    assert gap == close_to(UNDERFLOW[dtype] / 2, abs=1.1)
    trace = trace_formula("naive", [gap + 2, 0.0], ON_THE_SMALL, dtype=dtype)
    assert trace.left_forward is trace.left_backward is None
    assert trace.gradient.tolist() == close_to([0, -1], abs=0.3)
    assert trace.true_gradient.tolist() == close_to([1, -1], abs=1e-3)


def test_verdict_map_takes_a_floor_for_the_clipped_formula_only() -> None:
    judged, plain = (accuracy_map(GAPS, ON_THE_SMALL, floor=floor) for floor in (1e-4, None))
    assert runs_of(judged, "values", "clipped", "float32")[1] == ("wrong", 10)
    place = judged.formulas.index("clipped")
    others = [i for i in range(len(FORMULAS)) if i != place]
    assert torch.equal(judged.values[others], plain.values[others])


def test_verdict_map_of_an_infinite_truth_is_right_where_the_loss_is_infinite() -> None:
    judged = accuracy_map([1.0], [0.5, 0.5], origin=[0.0, -INF], direction=[1.0, 0.0])
    assert judged.verdict_at("log_softmax", "float64", 1.0)[0] == "right"


def test_runs_cover_the_gaps(small: AccuracyMap) -> None:
    runs = list(small.runs(small.gradients))
    assert sum(run.last - run.first + 1 for run in runs) == len(FORMULAS) * len(DTYPES) * len(GAPS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gaps": [2.0, 1.0]}, "gaps must be finite and ascending"),
        ({"gaps": [1.0, INF]}, "gaps must be finite and ascending"),
        ({"gaps": [[1.0]]}, "gaps must be one row"),
        ({"gaps": [1.0], "q": [0.5, 0.6]}, "q must sum to 1"),
        ({"gaps": [1.0], "origin": [0.0]}, "origin must have the last dimension of q, 2"),
        (
            {"gaps": [1.0], "origin": [-INF, -INF]},
            "origin must be finite or -inf, and finite somewhere",
        ),
        ({"gaps": [1.0], "direction": [INF, 0.0]}, "direction must be finite"),
        ({"gaps": [1.0], "floor": -1.0}, "floor must be finite and > 0"),
    ],
)
def test_verdict_map_refuses(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        accuracy_map(**arguments)  # type: ignore[arg-type]
