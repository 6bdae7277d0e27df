"""NaN is born where what goes in has none, forward and on the way back."""

import pytest

from ce_core import trace_formula
from ce_core.stability.birth import backward_birth, forward_birth
from tests.support.cases import INF


@pytest.mark.parametrize(
    ("formula", "a", "step", "entry", "given"),
    [
        ("naive", [200.0, 0.0], "probabilities", 0, (INF, INF)),
        ("naive", [-200.0, -300.0], "probabilities", 0, (0.0, 0.0)),
        ("max_shifted", [200.0, 0.0], "products", 1, (0.0, -INF)),
        ("logit_gap", [0.0, -INF], "products", 1, (0.0, -INF)),
    ],
)
def test_forward_birth_is_the_first_nan_of_none(
    formula: str, a: list[float], step: str, entry: int, given: tuple[float, ...]
) -> None:
    born = forward_birth(trace_formula(formula, a, [1.0, 0.0], dtype="float32"))
    assert born is not None
    assert (born.step.name, born.entry, born.given) == (step, entry, given)


@pytest.mark.parametrize(
    ("formula", "a", "step", "entry"),
    [
        # The mask saves the loss, not the slope of the logarithm.
        ("where_masked", [200.0, 0.0], "logs", 1),
        # The loss is infinite; its slope, -inf, is multiplied by p = 0.
        ("max_shifted", [0.0, 200.0], "probabilities", 0),
    ],
)
def test_backward_birth_is_the_first_nan_from_the_loss_back(
    formula: str, a: list[float], step: str, entry: int
) -> None:
    born = backward_birth(trace_formula(formula, a, [1.0, 0.0], dtype="float32"))
    assert born is not None
    assert (born.step.name, born.entry) == (step, entry)


def test_nothing_is_born_where_there_is_no_nan() -> None:
    trace = trace_formula("clipped", [0.0, 200.0], [1.0, 0.0], dtype="float32", floor=1e-8)
    assert forward_birth(trace) is None
    assert backward_birth(trace) is None
