"""Options that are single numbers or words: what counts as one, and how a refusal shows the rest."""

import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch.autograd import forward_ad

from ce_core import (
    ExperimentConfig,
    balanced_assignment,
    clipping_curves,
    descent_paths,
    pixel_grid,
    run_experiment,
    smoothed_target,
    softmax_surface,
    sum_errors,
    trace_formula,
)
from ce_core._options import require_integer, require_number, require_per_item
from ce_core._shown import LONGEST_MESSAGE, clip, refusal, show
from ce_core.probability.targets import merge_classes
from tests.support.cases import uniform

pytestmark = pytest.mark.usefixtures("without_shape_checks")
# Torch warns of itself when it first meets a transform.
transforms = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


@pytest.mark.parametrize(
    "half",
    [0.5, np.float32(0.5), np.array(0.5), torch.tensor(0.5), torch.tensor(0.5).half(), Fraction(1, 2)],
    ids=lambda value: type(value).__name__,
)
def test_number_may_be_a_scalar_of_any_kind(half: Any) -> None:
    assert require_number("eps", half, above=0.0) == 0.5
    expected = balanced_assignment(uniform(3, 2), eps=0.5)
    assert torch.equal(balanced_assignment(uniform(3, 2), eps=half), expected)


@pytest.mark.parametrize(
    "three", [3, np.int8(3), np.array(3), torch.tensor(3), torch.tensor(3, dtype=torch.uint8)], ids=str
)
def test_integer_may_be_a_scalar_of_any_kind(three: Any) -> None:
    assert require_integer("n_iter", three, at_least=1) == 3


@pytest.mark.parametrize(
    "value", [True, np.True_, torch.tensor(True), np.array(True), "1", None, [1], 1j, torch.ones(1)]
)
def test_number_is_no_truth_value_and_no_vector(value: object) -> None:
    with pytest.raises(ValueError, match=r"^eps must be finite"):
        require_number("eps", value)
    with pytest.raises(ValueError, match=r"^n_iter must be an integer >= 1"):
        require_integer("n_iter", value, at_least=1)


def test_number_loses_no_gradient_without_a_word() -> None:
    eps = torch.tensor(0.5, requires_grad=True)
    with pytest.raises(ValueError, match=r"^eps must be a number, whose gradient is not followed"):
        require_number("eps", eps)
    assert require_number("eps", eps.detach()) == 0.5
    with torch.no_grad():
        assert require_number("eps", eps) == 0.5


@transforms
@pytest.mark.parametrize("transform", [torch.func.grad, torch.func.jacfwd])
def test_number_is_not_transformed_without_a_word(transform: Any) -> None:
    with pytest.raises(
        ValueError,
        match=r"^eps must be a number(, whose gradient is not followed| that is not transformed)",
    ):
        transform(lambda eps: torch.tensor(require_number("eps", eps)))(torch.tensor(0.5))


@transforms
def test_number_is_not_mapped_over_without_a_word() -> None:
    with pytest.raises(ValueError, match=r"^eps must be a number that is not transformed"):
        torch.func.vmap(lambda eps: torch.tensor(require_number("eps", eps)))(torch.ones(2))


@transforms
def test_number_carries_no_tangent_without_a_word() -> None:
    with forward_ad.dual_level():
        eps = forward_ad.make_dual(  # type: ignore[no-untyped-call]
            torch.tensor(0.5), torch.tensor(1.0)
        )
        with pytest.raises(ValueError, match=r"^eps must be a number that is not transformed"):
            require_number("eps", eps)


def test_number_per_item_keeps_its_gradient() -> None:
    eps = torch.tensor([0.5, 1.0], dtype=torch.float32, requires_grad=True)
    found = require_per_item("eps", eps, torch.device("cpu"))
    assert found.dtype == torch.float64
    assert found.requires_grad
    assert require_per_item("eps", 2, torch.device("cpu")).item() == 2


@pytest.mark.parametrize("dtype", ["float16", torch.float16])
def test_dtype_may_be_a_name_or_of_torch(dtype: Any) -> None:
    assert smoothed_target(0, 2, dtype=dtype).dtype == torch.float16
    assert ExperimentConfig(dtype=dtype) == ExperimentConfig(dtype="float16")
    assert trace_formula("naive", [1.0, 0.0], [1.0, 0.0], dtype=dtype).dtype == "float16"
    assert clipping_curves([1.0], (0.1,), dtype=dtype).dtype == "float16"


@pytest.mark.parametrize("dtype", ["Float32", "torch.float32", "int64", torch.int64, np.float32, None])
def test_dtype_is_refused_alike(dtype: Any) -> None:
    message = "^dtype must be one of float64, float32, bfloat16, float16, got "
    for call in (
        lambda: smoothed_target(0, 2, dtype=dtype),
        lambda: ExperimentConfig(dtype=dtype),
        lambda: trace_formula("naive", [1.0, 0.0], [1.0, 0.0], dtype=dtype),
        lambda: clipping_curves([1.0], (0.1,), dtype=dtype),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: smoothed_target(0, 2**40),
        lambda: pixel_grid(2**20),
        lambda: softmax_surface([0.0, 0.0], low=0.0, high=1.0, points=2**20),
        lambda: descent_paths([0.0, 0.0], [0.5, 0.5], steps=2**40),
        lambda: sum_errors(draws=2**40),
        lambda: run_experiment(ExperimentConfig(n=2**40)),
        lambda: run_experiment(ExperimentConfig(n=2, trials=2**40)),
    ],
)
def test_more_numbers_than_fit_are_not_asked_for(call: Any) -> None:
    with pytest.raises(ValueError, match=r"must ask for at most 2147483648 numbers at once"):
        call()


@pytest.mark.parametrize("kept", [[0], [0, 0], [0, 1, 2], [0, 9], "01", None, [0.0, 1.0]])
def test_merge_classes_refuses(kept: Any) -> None:
    with pytest.raises(ValueError, match=r"^kept must be "):
        merge_classes([0.5, 0.25, 0.25], kept)


def test_merge_classes_takes_lists() -> None:
    expected = torch.tensor([0.25, 0.5, 0.25])
    assert torch.equal(merge_classes([0.5, 0.25, 0.25], [1, 0]), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1, "0.1"),
        ("text", "'text'"),
        (10**400, "100000... (about 401 digits)"),
        (-(10**50), "-100000... (about 51 digits)"),
        ([1.0, float("nan")], "[1.0, nan]"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, ...]"),
        (torch.tensor(2.0), "2.0"),
        (torch.tensor([1.0, 2.0]), "[1.0, 2.0]"),
        (torch.zeros(3, 4), "a tensor of shape (3, 4), torch.float32"),
        (np.zeros((3, 4)), "an array of shape (3, 4), float64"),
        ([np.zeros((3, 4))], "[an array of shape (3, 4), float64]"),
        (np.float32(0.5), "0.5"),
        (torch.ones(9, device="meta"), "a tensor of shape (9,), torch.float32"),
        ("a\nb\x1b[31m", r"'a\nb\x1b[31m'"),
    ],
    ids=str,
)
def test_value_is_shown_in_short(value: object, shown: str) -> None:
    assert show(value) == shown


def test_value_of_any_size_is_shown_at_once_and_in_short() -> None:
    nested: list[Any] = []
    nested.append(nested)
    for value in (
        "x" * 5_000_000,
        [[0.0]] * 100_000 + [[1.0, 2.0]],
        {str(i): i for i in range(100_000)},
        10**100_000,
        torch.zeros(1000, 1000),
        nested,
    ):
        start = time.process_time()
        message = str(refusal("argument" * 20, "be this or that " * 10, value))
        assert time.process_time() - start < 0.5
        assert len(message) <= LONGEST_MESSAGE
        assert message.isprintable()


@pytest.mark.parametrize("room", [10, 80])
def test_clip_keeps_both_ends(room: int) -> None:
    text = clip("begin " + "x" * 1000 + " end", room)
    assert len(text) == room
    assert text.startswith("b")
    assert text[-1] == "d"
