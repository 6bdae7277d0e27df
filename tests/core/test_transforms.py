"""Every function of rows under torch.func, double backward, autocast, inference mode.

`test_derivative_table.py` asks each public function once, of one problem. Here are batches, dimensions
other than the first, transforms within each other, and all digits.
"""

import pytest
import torch
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

from ce_core import cross_entropy, cross_entropy_grad, log_softmax
from tests.support.cases import ROW_FUNCTIONS, RowFunction, uniform

# Of torch itself, at its first use of forward mode.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

every_function = pytest.mark.parametrize("case", ROW_FUNCTIONS, ids=str)


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
    found = vmap(grad(case.scalar, everything))(*arguments)
    for row in range(3):
        expected = case.by_autograd(tuple(x[row] for x in arguments))
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
    function = case.scalar
    expected = torch.autograd.functional.hessian(function, arguments)  # type: ignore[no-untyped-call]
    for way in (hessian(function, everything), jacrev(jacrev(function, everything), everything)):
        torch.testing.assert_close(way(*arguments), expected, rtol=1e-11, atol=1e-13)


@every_function
def test_row_function_refuses_forward_mode_within_itself_or_is_right(case: RowFunction) -> None:
    arguments = case.arguments(4)
    function = case.scalar
    if case.name != "centred_product":
        with pytest.raises(NotImplementedError, match=r"torch\.func\.hessian"):
            jacfwd(jacfwd(function))(*arguments)
    else:
        found = jacfwd(jacfwd(function))(*arguments)
        torch.testing.assert_close(found, hessian(function)(*arguments), rtol=1e-11, atol=1e-13)


@every_function
def test_row_function_ignores_autocast(case: RowFunction) -> None:
    arguments = case.arguments(3, 5, dtype=torch.float32)
    expected, gradients = case.function(*arguments), case.by_autograd(arguments)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(case.function(*arguments), expected)
        for ours, theirs in zip(case.by_autograd(arguments), gradients, strict=True):
            assert torch.equal(ours, theirs)


@every_function
def test_row_function_works_in_inference_mode(case: RowFunction) -> None:
    arguments = case.arguments(3, 5)
    expected = case.function(*arguments)
    with torch.inference_mode():
        assert torch.equal(case.function(*arguments), expected)
        assert torch.equal(case.function(*(x.clone() for x in arguments)), expected)


def test_batched_backward_of_torch_is_right_or_refused_in_one_line() -> None:
    a, q = uniform(3, 4).requires_grad_(), uniform(4).softmax(-1)
    each = torch.eye(3, dtype=torch.float64)
    (found,) = torch.autograd.grad(cross_entropy(a, q), a, each, is_grads_batched=True)
    torch.testing.assert_close(found.sum(0), cross_entropy_grad(a.detach(), q))
    with pytest.raises(NotImplementedError, match=r"use torch\.func\.vmap"):
        torch.autograd.grad(log_softmax(a), a, each[:, :, None].expand(3, 3, 4), is_grads_batched=True)


@pytest.mark.parametrize("case", [case for case in ROW_FUNCTIONS if len(case.kinds) == 2], ids=str)
@pytest.mark.parametrize("leaf", [0, 1])
def test_a_tensor_made_in_inference_mode_may_stand_beside_a_leaf(case: RowFunction, leaf: int) -> None:
    arguments = case.arguments(3, 5)
    with torch.inference_mode():
        beside = arguments[1 - leaf].clone()
    at = arguments[leaf].clone().requires_grad_()
    (found,) = torch.autograd.grad(case.scalar(*((at, beside) if leaf == 0 else (beside, at))), at)
    assert torch.equal(found, case.by_autograd(arguments)[leaf])
