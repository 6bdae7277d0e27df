"""Every function of rows under torch.func, double backward, compilation, autocast, inference mode.

Values and derivatives are compared with those of one row after another, or with finite differences.
"""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

from ce_core import (
    cross_entropy,
    cross_entropy_grad,
    entropy,
    entropy_from_logits,
    js_from_logits,
    kl_divergence,
    kl_from_logits,
    log_softmax,
    logit_gap,
    logit_gap_grad,
    softmax,
)
from tests.support.cases import ROW_FUNCTIONS, RowFunction, mp_softmax, tensor64, uniform
from tests.support.closeness import close_to

# Of torch itself, at its first use of forward mode and of the compiler.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

every_function = pytest.mark.parametrize("case", ROW_FUNCTIONS, ids=str)


def scalar(case: RowFunction) -> Callable[..., Tensor]:
    """Return a number that depends on every entry of the result."""

    def of(*arguments: Tensor) -> Tensor:
        result = case.function(*arguments)
        weights = torch.linspace(0.5, 1.5, result.numel(), dtype=result.dtype)
        return (result * weights.reshape(result.shape)).sum()

    return of


def by_autograd(case: RowFunction, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the gradients of `scalar` by plain autograd."""
    leaves = [x.clone().requires_grad_() for x in arguments]
    return torch.autograd.grad(scalar(case)(*leaves), leaves)


@every_function
def test_row_function_maps(case: RowFunction) -> None:
    arguments = case.arguments(3, 5)
    expected = case.function(*arguments)
    torch.testing.assert_close(vmap(case.function)(*arguments), expected)
    # From another dimension, and a batch against one row.
    turned = vmap(case.function, in_dims=-1)(*(x.mT for x in arguments))
    torch.testing.assert_close(turned, expected)
    in_dims = (0, *(None for _ in arguments[1:]))
    rest = [x[0] for x in arguments[1:]]
    mixed = vmap(case.function, in_dims=in_dims)(arguments[0], *rest)
    torch.testing.assert_close(mixed, case.function(arguments[0], *rest))


@every_function
def test_row_function_maps_within_a_map(case: RowFunction) -> None:
    arguments = case.arguments(2, 3, 5)
    torch.testing.assert_close(vmap(vmap(case.function))(*arguments), case.function(*arguments))


@every_function
def test_row_function_has_the_gradients_of_autograd_per_sample(case: RowFunction) -> None:
    arguments = case.arguments(3, 5)
    everything = tuple(range(len(arguments)))
    found = vmap(grad(scalar(case), everything))(*arguments)
    for row in range(3):
        expected = by_autograd(case, tuple(x[row] for x in arguments))
        for ours, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(ours[row], theirs, rtol=1e-12, atol=1e-14)


@every_function
def test_row_function_has_one_jacobian_both_ways(case: RowFunction) -> None:
    arguments = case.arguments(2, 4)
    everything = tuple(range(len(arguments)))
    forward = jacfwd(case.function, everything)(*arguments)
    reverse = jacrev(case.function, everything)(*arguments)
    torch.testing.assert_close(forward, reverse, rtol=1e-12, atol=1e-14)
    tangents = tuple(uniform(*x.shape, seed=7) for x in arguments)
    moved = jvp(case.function, arguments, tangents)[1]
    expected = sum(
        (jacobian * tangent).flatten(moved.ndim).sum(-1)
        for jacobian, tangent in zip(reverse, tangents, strict=True)
    )
    torch.testing.assert_close(moved, expected, rtol=1e-12, atol=1e-14)


@every_function
def test_row_function_has_one_hessian(case: RowFunction) -> None:
    arguments = case.arguments(4)
    everything = tuple(range(len(arguments)))
    function = scalar(case)
    expected = torch.autograd.functional.hessian(function, arguments)  # type: ignore[no-untyped-call]
    for way in (hessian(function, everything), jacrev(jacrev(function, everything), everything)):
        torch.testing.assert_close(way(*arguments), expected, rtol=1e-11, atol=1e-13)


@every_function
def test_row_function_refuses_forward_mode_within_itself_or_is_right(case: RowFunction) -> None:
    arguments = case.arguments(4)
    function = scalar(case)
    if case.name != "centred_product":
        with pytest.raises(NotImplementedError, match=r"torch\.func\.hessian"):
            jacfwd(jacfwd(function))(*arguments)
    else:
        found = jacfwd(jacfwd(function))(*arguments)
        torch.testing.assert_close(found, hessian(function)(*arguments), rtol=1e-11, atol=1e-13)


COMPILED = """
import torch
from tests.core.test_transforms import by_autograd, scalar
from tests.support.cases import ROW_FUNCTIONS

for case in ROW_FUNCTIONS:
    torch.compiler.reset()
    arguments = case.arguments(3, 5)
    leaves = [x.clone().requires_grad_() for x in arguments]
    value = torch.compile(scalar(case), backend="aot_eager")(*leaves)
    torch.testing.assert_close(value.detach(), scalar(case)(*arguments))
    found = torch.autograd.grad(value, leaves)
    torch.testing.assert_close(found, by_autograd(case, arguments), rtol=1e-12, atol=1e-14)
"""


def test_row_functions_compile() -> None:
    # In a process without the shape checks of the tests, which the compiler cannot trace.
    root = Path(__file__).parents[2]
    command = [sys.executable, "-W", "ignore", "-c", COMPILED]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@every_function
def test_row_function_ignores_autocast(case: RowFunction) -> None:
    arguments = case.arguments(3, 5, dtype=torch.float32)
    expected, gradients = case.function(*arguments), by_autograd(case, arguments)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(case.function(*arguments), expected)
        for ours, theirs in zip(by_autograd(case, arguments), gradients, strict=True):
            assert torch.equal(ours, theirs)


@every_function
def test_row_function_works_in_inference_mode(case: RowFunction) -> None:
    arguments = case.arguments(3, 5)
    expected = case.function(*arguments)
    with torch.inference_mode():
        assert torch.equal(case.function(*arguments), expected)
        assert torch.equal(case.function(*(x.clone() for x in arguments)), expected)


# What a softmax remembers


@pytest.mark.parametrize("function", [entropy, lambda p: kl_divergence(p.new_full((5,), 0.2), p)])
def test_derivatives_past_a_softmax_agree_with_those_through_it(
    function: Callable[[Tensor], Tensor],
) -> None:
    a = 3 * uniform(4, 5)

    def past(x: Tensor) -> Tensor:
        return function(softmax(x)).sum()

    def through(x: Tensor) -> Tensor:
        return function(torch.softmax(x, -1)).sum()

    for way in (grad, hessian, jacfwd, lambda f: vmap(grad(f)), lambda f: jacrev(jacfwd(f))):
        torch.testing.assert_close(way(past)(a), way(through)(a), rtol=1e-12, atol=1e-14)


def test_gradient_of_a_mapped_kl_past_a_softmax_is_finite_where_minus_q_over_p_is_not() -> None:
    # Within the gradient a mapped tensor does not say that it will be differentiated.
    a, q = tensor64(720.0, 0.0).repeat(2, 1), tensor64(0.0, 1.0).repeat(2, 1)
    found = grad(lambda x: vmap(lambda x, q: kl_divergence(q, softmax(x)))(x, q).sum())(a)
    assert found.tolist() == [[1, -1], [1, -1]]


def test_gradient_by_p_itself_and_hooks_on_it_hold() -> None:
    a, q = 3 * uniform(5).requires_grad_(), uniform(5, seed=1).softmax(-1)
    p = softmax(a)
    p.retain_grad()
    (by_p,) = torch.autograd.grad(kl_divergence(q, p), p, retain_graph=True)
    torch.testing.assert_close(by_p, -q / p.detach())
    (twice,) = torch.autograd.grad(kl_divergence(q, p) + entropy(p), a, retain_graph=True)
    torch.testing.assert_close(
        twice, grad(lambda x: kl_divergence(q, softmax(x)) + entropy(softmax(x)))(a.detach())
    )
    p.register_hook(lambda g: 2 * g)  # type: ignore[no-untyped-call]
    (doubled,) = torch.autograd.grad(kl_divergence(q, p), a)
    torch.testing.assert_close(doubled, 2 * (p - q).detach())


def test_p_that_was_written_into_is_no_softmax_any_more() -> None:
    a = uniform(3).requires_grad_()
    p = softmax(a)
    p = p.mul_(2)
    (found,) = torch.autograd.grad(entropy(p), a)
    (expected,) = torch.autograd.grad(entropy(2 * torch.softmax(a, -1)), a)
    torch.testing.assert_close(found, expected)


def test_batched_backward_of_torch_is_right_or_refused_in_one_line() -> None:
    a, q = uniform(3, 4).requires_grad_(), uniform(4).softmax(-1)
    each = torch.eye(3, dtype=torch.float64)
    (found,) = torch.autograd.grad(cross_entropy(a, q), a, each, is_grads_batched=True)
    torch.testing.assert_close(found.sum(0), cross_entropy_grad(a.detach(), q))
    with pytest.raises(NotImplementedError, match=r"use torch\.func\.vmap"):
        torch.autograd.grad(log_softmax(a), a, each[:, :, None].expand(3, 3, 4), is_grads_batched=True)


EXTREME = [
    (torch.float16, 11.2),
    (torch.float16, 17.0),
    (torch.bfloat16, 90.0),
    (torch.float32, 88.8),
    (torch.float32, 90.0),
    (torch.float64, 709.8),
    (torch.float64, 720.0),
]


@pytest.mark.parametrize(("dtype", "gap"), EXTREME, ids=str)
def test_gradient_of_kl_past_a_softmax_is_finite_where_minus_q_over_p_is_not(
    dtype: torch.dtype, gap: float
) -> None:
    a, q = torch.tensor([gap, 0.0], dtype=dtype), torch.tensor([0.0, 1.0], dtype=dtype)

    def loss(x: Tensor) -> Tensor:
        return kl_divergence(q, softmax(x))

    assert grad(loss)(a).tolist() == [1, -1]
    leaf = a.clone().requires_grad_()
    # A loss that counts for nothing, and one that counts twice, beside another use of p.
    assert torch.autograd.grad(0 * loss(leaf), leaf)[0].tolist() == [0, 0]
    p = softmax(leaf)
    both = kl_divergence(q, p) + kl_divergence(q, p) + entropy(p) + p[0]
    assert torch.autograd.grad(both, leaf)[0].tolist() == close_to([2, -2], abs=1e-3)


@pytest.mark.parametrize(("dtype", "gap"), [(torch.float32, 90.0), (torch.float64, 720.0)], ids=str)
def test_hessians_past_a_softmax_are_those_of_the_true_functions(
    dtype: torch.dtype, gap: float
) -> None:
    a, q = torch.tensor([gap, 0.0], dtype=dtype), torch.tensor([0.25, 0.75], dtype=dtype)
    with mpmath.workdps(50):
        p = [mpmath.exp(-gap), 1 / (1 + mpmath.exp(-gap))]
        product = p[0] * p[1]
        curvature = float(product)
        of_entropy = float(product * (mpmath.mpf(gap) * (p[1] - p[0]) - 1))
    known = {
        of_entropy: lambda x: entropy(softmax(x)),
        curvature: lambda x: kl_divergence(q, softmax(x)),
    }
    smallest = torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps
    for expected, function in known.items():
        for found in (hessian(function)(a), torch.autograd.functional.hessian(function, a)):  # type: ignore[no-untyped-call]
            sizes = [expected, -expected, -expected, expected]
            assert found.flatten().tolist() == close_to(sizes, rel=1e-4, abs=100 * smallest)


def test_gradient_of_kl_in_float16_is_that_of_float64() -> None:
    generator = torch.Generator().manual_seed(0)
    a = (4 * torch.randn(200, 10, generator=generator)).half()
    q = torch.randn(200, 10, generator=generator).softmax(-1).half()
    found = grad(lambda x: kl_divergence(q, softmax(x)).double().sum())(a)
    expected = q.double().sum(-1, keepdim=True) * a.double().softmax(-1) - q.double()
    torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("dtype", "gap"), [(torch.float64, 40.0), (torch.float32, 20.0)], ids=str)
def test_gradients_of_the_losses_do_not_cancel_for_the_sure_class(
    dtype: torch.dtype, gap: float
) -> None:
    a, q = torch.tensor([gap, 0.0], dtype=dtype), torch.tensor([1.0, 0.0], dtype=dtype)
    with mpmath.workdps(50):
        small = float(mpmath.exp(-gap) / (1 + mpmath.exp(-gap)))
    found = [
        cross_entropy_grad(a, q),
        logit_gap_grad(a, q, detach_p=True),
        grad(lambda x: cross_entropy(x, q))(a),
        grad(lambda x: kl_from_logits(q, x))(a),
    ]
    for gradient in found:
        assert gradient.tolist() == close_to([-small, small], rel=1e-6)
        assert gradient.sum() == 0


@pytest.mark.parametrize("numbers", [[70000.0, 0.0], [70000, 0], np.array([70000, 0])], ids=str)
def test_numbers_beside_a_half_type_are_not_rounded_to_it(numbers: Any) -> None:
    q = torch.tensor([1.0, 0.0], dtype=torch.float16)
    loss = cross_entropy(numbers, q)
    assert loss.dtype == torch.float16
    assert loss == 0


@pytest.mark.parametrize("q", [np.array([5, 7, -100]), np.array([0, 1, 2])], ids=str)
def test_class_indices_are_refused_as_a_target(q: Any) -> None:
    for function in (cross_entropy, cross_entropy_grad, logit_gap, logit_gap_grad):
        with pytest.raises(ValueError, match=r"^q must be .* one_hot\(y, m\)"):
            function(torch.zeros(3, 3), q)
    with pytest.raises(ValueError, match=r"^q must be >= 0, got -100$"):
        cross_entropy(torch.zeros(3, 3), [5.0, 7.0, -100.0])


def test_softmax_of_a_million_classes_keeps_its_digits() -> None:
    a = torch.arange(10**6, dtype=torch.float32) % 7
    error = softmax(a).double() / a.double().softmax(-1) - 1
    assert error.abs().max() < 2e-7


def test_divergence_of_near_distributions_and_entropy_of_one_hot_are_not_below_zero() -> None:
    q = uniform(1000, 6).softmax(-1)
    p = q * (1 + 1e-16 * uniform(1000, 6, seed=1))
    assert (kl_divergence(q, p) >= 0).all()
    assert math.copysign(1, entropy([0.0, 1.0]).item()) == 1


def test_kl_from_logits_keeps_its_digits_near_zero() -> None:
    b = [0.3, -0.2, 0.1]
    a = [0.3, -0.2, 0.1 + 2.0**-30]
    with mpmath.workdps(60):
        q, p = mp_softmax(b), mp_softmax(a)
        known = float(mpmath.fsum(x * mpmath.log(x / y) for x, y in zip(q, p, strict=True)))
    found = kl_from_logits(tensor64(*b), tensor64(*a), q_is_logits=True).item()
    assert found == close_to(known, rel=1e-6)


def test_forms_from_logits_agree_with_those_of_distributions() -> None:
    b, a = 6 * uniform(2, 50, 7)
    for t in (0.5, 1.0, 3.0):
        q, p = softmax(b / t), softmax(a / t)
        r = (q + p) / 2
        torch.testing.assert_close(entropy_from_logits(a, temperature=t), entropy(p))
        divergence = kl_divergence(q, p)
        torch.testing.assert_close(kl_from_logits(q, a, temperature=t), divergence)
        torch.testing.assert_close(kl_from_logits(b, a, q_is_logits=True, temperature=t), divergence)
        halves = (kl_divergence(q, r) + kl_divergence(p, r)) / 2
        torch.testing.assert_close(js_from_logits(q, a, temperature=t), halves)
        torch.testing.assert_close(js_from_logits(b, a, q_is_logits=True, temperature=t), halves)


@pytest.mark.parametrize("t", [5e-324, 1e-308, 1e308], ids=str)
def test_temperature_divides_without_overflow(t: float) -> None:
    for dtype in (torch.float64, torch.float32, torch.float16):
        found = entropy_from_logits(torch.tensor([0.0, 0.0, -5.0], dtype=dtype), temperature=t)
        assert found.item() == close_to(math.log(2 if t < 1 else 3), rel=1e-3)
