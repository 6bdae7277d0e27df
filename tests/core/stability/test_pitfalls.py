"""The ways to meet NaN: each line breaks as it is said to, each cure holds, and both were run."""

import math

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from ce_core import PITFALLS, run_pitfall, trace_formula
from ce_core.stability.outcome_map import OUTCOMES
from tests.support.closeness import close_to

BREAKS = {
    "log_of_softmax": ("nan", "nan"),
    "overflow": ("nan", "nan"),
    "where_masked": ("finite", "nan"),
    "tiny_eps": ("nan", "nan"),
    "double_softmax": ("finite", "finite"),
    "infinite_logit": ("nan", "nan"),
    "masked_row": ("nan", "nan"),
}
every_case = pytest.mark.parametrize("name", PITFALLS)


def test_every_case_has_its_way_to_break() -> None:
    assert PITFALLS.keys() == BREAKS.keys()


@every_case
def test_broken_line_breaks_as_it_does(name: str) -> None:
    result = run_pitfall(PITFALLS[name], cured=False)
    assert (result.value_outcome, result.gradient_outcome) == BREAKS[name]
    assert result.value_outcome == OUTCOMES[2 if math.isnan(result.value) else 0]
    if result.value_outcome == "finite" and result.gradient_outcome == "finite":
        assert abs(result.value - result.true_value) > 0.5


@every_case
def test_cure_is_finite_forward_and_backward_and_right(name: str) -> None:
    case = PITFALLS[name]
    result = run_pitfall(case, cured=True)
    assert (result.value_outcome, result.gradient_outcome) == ("finite", "finite")
    if not math.isnan(result.true_value):
        assert result.value == close_to(result.true_value, rel=1e-4, abs=1e-6)
    assert result.gradient.dtype == getattr(torch, case.dtype)
    assert len(result.gradient) == len(case.a)


@every_case
@pytest.mark.parametrize("cured", [False, True], ids=["broken", "cured"])
def test_code_shown_is_one_line_that_gives_what_is_shown(name: str, cured: bool) -> None:
    case = PITFALLS[name]
    result = run_pitfall(case, cured=cured)
    assert "\n" not in result.code
    dtype = getattr(torch, case.dtype)
    names = {
        "torch": torch,
        "F": F,
        "a": torch.tensor(case.a, dtype=dtype),
        "q": torch.tensor(case.q, dtype=dtype),
        "v": torch.tensor(case.q, dtype=dtype),
    }
    again = eval(result.code, names).item()
    assert again == result.value or (math.isnan(again) and math.isnan(result.value))


@every_case
def test_trace_of_a_case_breaks_like_its_line(name: str) -> None:
    case = PITFALLS[name]
    trace = trace_formula(case.formula, case.a, case.q, dtype=case.dtype, floor=case.floor)
    assert (trace.value_outcome, trace.gradient_outcome) == BREAKS[name]


def test_guarded_attention_leaves_other_rows_alone() -> None:
    cure = PITFALLS["masked_row"].cure
    a = torch.tensor([1.0, -torch.inf, 0.5], requires_grad=True)
    v = torch.tensor([1.0, 2.0, 3.0])
    assert cure(a, v) == torch.softmax(a, -1) @ v
    (gradient,) = torch.autograd.grad(cure(a, v), a)
    assert gradient.isfinite().all()


def test_guarded_attention_looks_at_each_row() -> None:
    a = torch.tensor([[-torch.inf] * 3, [0.0, 1.0, -torch.inf]], requires_grad=True)
    found = PITFALLS["masked_row"].cure(a, torch.tensor([1.0, 2.0, 3.0]))
    assert found.tolist() == close_to([0, 1.7310585786300049], rel=1e-6)
    (gradient,) = torch.autograd.grad(found.sum(), a)
    assert gradient.isfinite().all()
    assert gradient[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "name", [name for name in PITFALLS if name not in ("double_softmax", "masked_row")]
)
def test_cure_of_a_row_is_the_same_whatever_row_is_beside_it(name: str) -> None:
    case = PITFALLS[name]
    rows, q = torch.tensor([case.a, [3.0, 1.0]]), torch.tensor([case.q, [0.5, 0.5]])
    alone = [case.cure(a, target).item() for a, target in zip(rows, q, strict=True)]
    assert case.cure(rows, q).tolist() == alone


def test_where_after_softmax_does_not_save_the_gradient_of_a_masked_row() -> None:
    """Why the mask of the cure comes before the softmax."""
    a = torch.full((3,), -torch.inf, requires_grad=True)
    after = torch.where(a.isinf().all(), 0.0, torch.softmax(a, -1)).sum()
    (gradient,) = torch.autograd.grad(after, a)
    assert after == 0
    assert gradient.isnan().all()


def test_double_softmax_cannot_fall_below_its_floor() -> None:
    case = PITFALLS["double_softmax"]
    sure = torch.tensor([1e4, 0.0, 0.0])
    assert case.broken(sure, torch.tensor(case.q)).item() == close_to(math.log1p(2 / math.e))
    assert case.cure(sure, torch.tensor(case.q)).item() == 0


def test_cases_cannot_be_changed_in_place() -> None:
    with pytest.raises(TypeError):
        PITFALLS["overflow"] = PITFALLS["masked_row"]  # type: ignore[index]
