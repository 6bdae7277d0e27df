"""Squared distances: SciPy's, exact where points meet, any derivative, in bounded memory."""

import resource
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

from ce_core import random_cost, squared_distances
from ce_core.transport import distances
from tests.support.cases import FLOATS, HALVES, uniform

# Of torch's own forward mode.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")


@pytest.fixture(params=["at_once", "in_blocks", "row_by_row"], autouse=True)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Force each way, whatever the size."""
    if request.param == "at_once":
        monkeypatch.setattr(distances, "_FEW", 10**9)
    else:
        monkeypatch.setattr(distances, "_FEW", 0)
        monkeypatch.setattr(distances, "_BLOCK", 50 if request.param == "in_blocks" else 1)
    return str(request.param)


def naive(x: Tensor, y: Tensor) -> Tensor:
    return (x.unsqueeze(-2) - y.unsqueeze(-3)).square().sum(-1)


def test_squared_distances_are_scipys() -> None:
    x, y = random_cost(4, 2), random_cost(6, 2, seed=1)
    np.testing.assert_allclose(squared_distances(x, y), cdist(x, y, "sqeuclidean"), rtol=1e-13)


@pytest.mark.parametrize(
    ("one", "other"), [((3, 5, 2), (3, 4, 2)), ((2, 1, 5, 7), (3, 4, 7)), ((5, 1), (2, 3, 4, 1))]
)
def test_squared_distances_take_batches(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    x, y = uniform(*one), uniform(*other, seed=1)
    torch.testing.assert_close(squared_distances(x, y), naive(x, y), rtol=1e-15, atol=0)


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 0, 2), (0, 2)])
def test_squared_distances_of_no_points(shape: tuple[int, ...]) -> None:
    found = squared_distances(torch.zeros(shape), torch.zeros(4, 2))
    assert found.shape == (*shape[:-1], 4)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_squared_distances_of_equal_points_are_exactly_0(dtype: torch.dtype) -> None:
    x = (1000 + uniform(6, 3)).to(dtype)
    assert not squared_distances(x, x).diagonal().any()


def test_squared_distances_of_near_points_far_from_0_keep_their_digits() -> None:
    x = 1e8 + torch.arange(4, dtype=torch.float64)[:, None] / 2**20
    expected = (torch.arange(4)[:, None] - torch.arange(4)).double() ** 2 / 2**40
    assert torch.equal(squared_distances(x, x), expected)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_squared_distances_of_half_types_are_rounded_once(dtype: torch.dtype) -> None:
    x, y = uniform(5, 3).to(dtype), uniform(4, 3, seed=1).to(dtype)
    found = squared_distances(x, y)
    assert found.dtype == dtype
    assert torch.equal(found, naive(x.float(), y.float()).to(dtype))


def test_squared_distances_differentiate_twice() -> None:
    x, y = uniform(2, 4, 3).requires_grad_(), uniform(5, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(squared_distances, (x, y), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(squared_distances, (x, y))


def test_squared_distances_differentiate_within_one_cloud() -> None:
    x = uniform(4, 3).requires_grad_()

    def within(x: Tensor) -> Tensor:
        return squared_distances(x, x)

    assert torch.autograd.gradcheck(within, (x,))
    assert torch.autograd.gradgradcheck(within, (x,))


def test_squared_distances_gradient_does_not_cancel() -> None:
    x = torch.tensor([[1e8], [-1e8]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([[1e8 + 2.0**-20]], dtype=torch.float64)
    (slope,) = torch.autograd.grad(squared_distances(x, y)[0, 0], x)
    assert slope.tolist() == [[-(2.0**-19)], [0]]


@pytest.mark.parametrize("transform", [grad, jacrev, jacfwd, hessian], ids=lambda t: str(t.__name__))
def test_squared_distances_under_torch_func(transform: Callable[..., Callable[..., Tensor]]) -> None:
    x, y, weights = uniform(4, 3), uniform(5, 3, seed=1), uniform(4, 5, seed=2)
    found, expected = (
        transform(lambda x, f=function: (weights * f(x, y).square()).sum())(x)
        for function in (squared_distances, naive)
    )
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("in_dims", [(0, 0), (0, None), (None, 1)])
def test_squared_distances_under_vmap(in_dims: tuple[int | None, int | None]) -> None:
    x = uniform(2, 4, 3) if in_dims[0] == 0 else uniform(4, 3)
    y = {0: uniform(2, 5, 3, seed=1), 1: uniform(5, 2, 3, seed=1), None: uniform(5, 3, seed=1)}[
        in_dims[1]
    ]
    for function in (lambda f: f, lambda f: lambda x, y: grad(lambda x: f(x, y).sin().sum())(x)):
        found, expected = (vmap(function(f), in_dims)(x, y) for f in (squared_distances, naive))
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


def test_squared_distances_push_tangents_forward() -> None:
    x, y = uniform(4, 3), uniform(5, 3, seed=1)
    dx = uniform(4, 3, seed=2)
    found, expected = (jvp(lambda x, f=f: f(x, y), (x,), (dx,))[1] for f in (squared_distances, naive))
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-15)


def test_squared_distances_under_autocast_and_inference_mode() -> None:
    x, y = uniform(4, 3).float(), uniform(5, 3, seed=1).float()
    expected = squared_distances(x, y)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.inference_mode():
        assert torch.equal(squared_distances(x, y), expected)


def test_squared_distances_in_bounded_memory(path: str) -> None:
    if path == "row_by_row":
        pytest.skip("it would take minutes")
    x, y = uniform(1000, 256).float().requires_grad_(), uniform(1000, 256, seed=1).float()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    torch.autograd.grad(squared_distances(x, y).sum(), x)
    # All differences at once would be 1 GB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1.0], [[1.0]], "x must have shape"),
        ([[1.0]], [[1.0, 2.0]], "y must have shape"),
        ([[[1.0]]] * 2, [[[1.0]]] * 3, "y must broadcast with x"),
    ],
    ids=str,
)
def test_squared_distances_says_what_is_wrong(x: list[float], y: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        squared_distances(x, y)
