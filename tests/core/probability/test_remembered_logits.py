"""A softmax that remembers its logits: derivatives of its functionals go past p, to every order."""

from collections.abc import Callable

import mpmath
import pytest
import torch
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, vmap

from ce_core import entropy, kl_divergence, softmax
from tests.support.cases import tensor64, uniform
from tests.support.closeness import close_to

# Of torch itself, at its first use of forward mode and of the compiler.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


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


@pytest.mark.parametrize("dtypes", [(64, 32), (32, 64), (32, 16), (64, 16)], ids=str)
def test_gradients_of_kl_past_a_softmax_are_those_of_float64_for_any_two_dtypes(
    dtypes: tuple[int, int],
) -> None:
    q_dtype, a_dtype = (getattr(torch, f"float{bits}") for bits in dtypes)
    q = uniform(4, 5, seed=1).softmax(-1).to(q_dtype).requires_grad_()
    a = uniform(5).to(a_dtype).requires_grad_()
    found = torch.autograd.grad(kl_divergence(q, softmax(a)).sum(), (q, a))
    wide = [x.detach().double().requires_grad_() for x in (q, a)]
    through = kl_divergence(wide[0], torch.softmax(wide[1], -1)).sum()
    for x, ours, known in zip((q, a), found, torch.autograd.grad(through, wide), strict=True):
        assert ours.dtype == x.dtype
        tolerance = 8 * torch.finfo(a_dtype if x is a else q_dtype).eps
        torch.testing.assert_close(ours.double(), known, rtol=tolerance, atol=4 * tolerance)


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("gap", [0.5, 3.0, 8.0, 20.0])
def test_gradient_through_a_softmax_keeps_its_digits_where_a_class_is_sure_and_with_an_offset(
    gap: float, offset: float
) -> None:
    a = torch.tensor([[gap, 0.0, 0.25], [0.0, gap, -0.25]]).requires_grad_()
    v = torch.tensor([[0.5, -1.0, 1.5], [-1.0, 0.5, 2.0]]) + offset
    (found,) = torch.autograd.grad(softmax(a), a, v)
    p = torch.softmax(a.detach().double(), -1)
    # From the sure class: nothing is left to cancel.
    centred = v.double() - v.double().gather(-1, p.argmax(-1, keepdim=True))
    known = p * (centred - (p * centred).sum(-1, keepdim=True))
    torch.testing.assert_close(found.double(), known, rtol=2e-5, atol=0)


@pytest.mark.parametrize("rows", [3, 300])
def test_gradient_through_a_softmax_that_was_written_into_is_of_what_it_was(rows: int) -> None:
    a = uniform(rows, 500).requires_grad_()
    p = softmax(a)
    with torch.no_grad():
        p.zero_()
    v = uniform(rows, 500, seed=1)
    (found,) = torch.autograd.grad(p, a, v)
    (known,) = torch.autograd.grad(torch.softmax(a, -1), a, v)
    torch.testing.assert_close(found, known, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("function", [softmax, lambda a: entropy(softmax(a)).expand(3)])
def test_gradients_of_one_record_may_be_mapped(function: Callable[[Tensor], Tensor]) -> None:
    a = uniform(3).requires_grad_()
    value, directions = function(a), torch.eye(3, dtype=a.dtype)

    def pull(v: Tensor) -> Tensor:
        return torch.autograd.grad(value, a, v, retain_graph=True)[0]

    known = torch.stack([pull(v) for v in directions])
    torch.testing.assert_close(vmap(pull)(directions), known)


@pytest.mark.parametrize("dim", [-1, 0])
@pytest.mark.parametrize(
    "function",
    [lambda p: (p * p).sum(-1), entropy, lambda p: kl_divergence(p.new_tensor([0.2, 0.3, 0.5]), p)],
)
def test_logits_may_be_changed_in_place_after_the_softmax(
    function: Callable[[Tensor], Tensor], dim: int
) -> None:
    start = 3 * uniform(3, 3)
    (expected,) = torch.autograd.grad(
        function(softmax(a := start.clone().requires_grad_(), dim=dim)).sum(), a
    )
    for changed_first in (True, False):
        a = start.clone().requires_grad_()
        p = softmax(a, dim=dim)
        value = None if changed_first else function(p).sum()
        with torch.no_grad():
            a.mul_(3)
        value = function(p).sum() if value is None else value
        (found,) = torch.autograd.grad(value, a, retain_graph=True)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
        # A second derivative asks for the logits themselves.
        with pytest.raises(RuntimeError, match="inplace"):
            torch.autograd.grad(value, a, create_graph=True)
        with torch.no_grad():
            p.mul_(2)
        with pytest.raises(RuntimeError, match="inplace"):
            torch.autograd.grad(value, a)
