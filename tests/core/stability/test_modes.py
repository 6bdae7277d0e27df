"""What measures gradients by itself gives one answer in every mode of torch, or says that it cannot."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import torch
from torch import Tensor

from ce_core import (
    FORMULAS,
    PITFALLS,
    accuracy_map,
    clipping_curves,
    difference_errors,
    jacobian_spectrum,
    outcome_map,
    run_pitfall,
    trace_formula,
    trace_formulas,
)
from tests.support.cases import tensor64

Q = [0.25, 0.75, 0.0]
MEASURES: dict[str, Callable[[Tensor], Tensor]] = {
    "difference_errors": lambda a: difference_errors(a).autograd,
    "trace_formula": lambda a: trace_formula("max_shifted", a, Q, dtype="float16").gradient,
    "trace_formulas": lambda a: torch.stack(
        [trace.gradient.double() for trace in trace_formulas(a, Q).values()]
    ),
    "accuracy_map": lambda a: accuracy_map([1.0, 40.0], Q, origin=a).gradients,
    "outcome_map": lambda a: outcome_map(a, Q).gradients,
    "clipping_curves": lambda a: clipping_curves(a, (1e-3,)).gradients,
    "run_pitfall": lambda _: run_pitfall(PITFALLS["masked_row"], cured=True).gradient,
}
MODES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "inference_mode": torch.inference_mode,
    "no_grad": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}
TRANSFORMS: dict[str, Callable[[Callable[[Tensor], Tensor], Tensor], Any]] = {
    "grad": lambda f, a: torch.func.grad(lambda x: f(x).double().sum())(a),
    "vmap": lambda f, a: torch.func.vmap(f)(a[None]),
    "jvp": lambda f, a: torch.func.jvp(f, (a,), (a,)),
    "jacrev": lambda f, a: torch.func.jacrev(f)(a),
}
# torch's own forward mode compiles its rules with it.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
every_measure = pytest.mark.parametrize("name", MEASURES)


@every_measure
@pytest.mark.parametrize("mode", MODES)
def test_measure_is_the_same_in_every_mode(name: str, mode: str) -> None:
    measure, a = MEASURES[name], tensor64(3.0, 1.0, -0.5)
    expected = measure(a)
    with MODES[mode]():
        made_within = tensor64(3.0, 1.0, -0.5)
        torch.testing.assert_close(measure(a), expected, rtol=0, atol=0, equal_nan=True)
        torch.testing.assert_close(measure(made_within), expected, rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(measure(made_within), expected, rtol=0, atol=0, equal_nan=True)
    assert not measure(a.requires_grad_()).requires_grad


@every_measure
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_measure_refuses_transforms_by_its_name(name: str, transform: str) -> None:
    called = "trace_formula" if name == "trace_formulas" else name
    with pytest.raises(ValueError, match=f"^{called} must be called outside torch.func") as raised:
        TRANSFORMS[transform](MEASURES[name], tensor64(3.0, 1.0, -0.5))
    assert len(str(raised.value)) <= 200


def test_difference_errors_sees_autograd_in_inference_mode() -> None:
    with torch.inference_mode():
        errors = difference_errors([2.0, 1.0, 0.0])
    assert errors.autograd[0] < 1e-14


@pytest.mark.parametrize("formula", FORMULAS)
def test_trace_keeps_its_dtype_under_autocast(formula: str) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        trace = trace_formula(formula, [1.0, 0.0], [1.0, 0.0], dtype="float16")
    assert {step.value.dtype for step in trace.steps} == {torch.float16}


def test_jacobian_spectrum_refuses_vmap_and_takes_derivatives() -> None:
    def largest(a: Tensor) -> Tensor:
        return jacobian_spectrum(a).eigenvalues[0]

    with pytest.raises(ValueError, match=r"^a must have its batch in leading dimensions"):
        torch.func.vmap(largest)(torch.zeros(2, 3))
    # Two classes: the eigenvalue is 2 p (1 - p), its slope 2 p (1 - p) (1 - 2 p).
    p = 1 / (1 + math.exp(-1))
    slope = 2 * p * (1 - p) * (1 - 2 * p)
    for derivative in (torch.func.grad, torch.func.jacrev, torch.func.jacfwd):
        torch.testing.assert_close(derivative(largest)(tensor64(1.0, 0.0)), tensor64(slope, -slope))
