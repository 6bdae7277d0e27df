"""The post's variant: the post's recipe to the letter, right while nothing underflows, then wrong."""

import math

import numpy as np
import pytest
import torch

from benchmarks.post_loop import post_sinkhorn
from ce_core import balanced_assignment, post_assignment, random_cost
from ce_core.post.plan_variant import variant_differences
from tests.support.closeness import close_to


def recipe(scores: torch.Tensor, eps: float, n_iter: int) -> torch.Tensor:
    """Return what the post's text says, in torch and in other operations."""
    n, m = scores.shape
    q = torch.softmax((-scores / eps).flatten(), 0).reshape(n, m)
    q = torch.where(q == 0, torch.full_like(q, 1e-38), q)
    for _ in range(n_iter):
        q = q / q.sum(0) * n / m
        q = q / q.sum(1, keepdim=True)
    return q


@pytest.mark.parametrize("eps", [0.5, 0.01, 0.0005])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_post_assignment_is_the_posts_recipe(dtype: torch.dtype, eps: float) -> None:
    cost = random_cost(12, 8).to(dtype)
    found = post_assignment(cost, eps=eps, n_iter=10)
    assert found.dtype == dtype
    # A difference where the softmax underflows in one and not in the other is no more than 1e-38's.
    torch.testing.assert_close(
        found, recipe(cost, eps, 10), rtol=1e-3 if eps < 0.001 else 1e-4, atol=1e-6
    )


def test_post_assignment_is_what_the_benchmark_runs() -> None:
    cost = random_cost(12, 8)
    np.testing.assert_array_equal(
        post_assignment(cost, eps=0.01, n_iter=3), post_sinkhorn(cost.numpy(), eps=0.01, n_iter=3)
    )


def test_post_assignment_takes_batches_and_half_types() -> None:
    cost = torch.stack([random_cost(4, 3), random_cost(4, 3, seed=1)])
    both = post_assignment(cost, eps=0.1)
    torch.testing.assert_close(both[1], post_assignment(cost[1], eps=0.1), rtol=1e-13, atol=0)
    assert post_assignment(cost.half(), eps=0.1).dtype == torch.float16


def test_post_assignment_changes_no_argument() -> None:
    cost = random_cost(4, 3)
    before = cost.clone()
    post_assignment(cost, eps=0.001)
    torch.testing.assert_close(cost, before, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("spread", [1.0, 50.0])
def test_post_assignment_is_right_while_nothing_underflows(dtype: torch.dtype, spread: float) -> None:
    cost = random_cost(9, 9).to(dtype)
    true = balanced_assignment(cost.double(), eps=1 / spread, n_iter=10)
    found = post_assignment(cost, eps=1 / spread, n_iter=10).double()
    torch.testing.assert_close(found, true, rtol=0, atol=1e-5 if dtype == torch.float32 else 1e-13)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_post_assignment_is_wrong_at_a_range_of_2000_and_silent(dtype: torch.dtype) -> None:
    cost = random_cost(12, 12).to(dtype)
    eps = (cost.max() - cost.min()).item() / 2000
    found = post_assignment(cost, eps=eps, n_iter=10).double()
    true = balanced_assignment(cost.double(), eps=eps, n_iter=10)
    assert found.isfinite().all()
    torch.testing.assert_close(found.sum(1), torch.ones(12, dtype=torch.float64), rtol=0, atol=1e-6)
    assert (found - true).abs().max() > 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [({"eps": 0.0}, "eps"), ({"n_iter": 0}, "n_iter"), ({"cost": [1.0, 2.0]}, "cost")],
)
def test_post_assignment_says_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"cost": [[1.0, 2.0]]} | change
    with pytest.raises(ValueError, match=message):
        post_assignment(**arguments)  # type: ignore[arg-type]


def test_variant_differences_are_those_of_the_plans() -> None:
    cost = random_cost(12, 12)
    ranges = [20.0, 300.0, 2000.0]
    found = variant_differences(cost, ranges)
    spread = (cost.max() - cost.min()).item()
    for index, dtype in enumerate((torch.float32, torch.float64)):
        for k, reach in enumerate(ranges):
            rounded = ((cost - cost.min()) / spread * reach).to(dtype)
            post = post_assignment(rounded, eps=1.0, n_iter=10).double()
            true = balanced_assignment(rounded.double(), eps=1.0, n_iter=10)
            assert found.differences[index, k].item() == (post - true).abs().max().item()
    assert (found.differences[:, 2] > 0.5).all()
    assert (found.differences[:, 0] < 1e-6).all()
    assert (found.row_errors < 1e-6).all()
    assert (found.floored[:, 0] == 0).all()
    assert (found.floored[:, 2] > 0).all()


def test_variant_differences_errors_are_those_of_the_sums() -> None:
    # Of a matrix that is not square, so that n and m are told apart.
    cost = random_cost(12, 5)
    ranges = [20.0, 2000.0]
    found = variant_differences(cost, ranges)
    spread = (cost.max() - cost.min()).item()
    for index, dtype in enumerate((torch.float32, torch.float64)):
        for k, reach in enumerate(ranges):
            rounded = ((cost - cost.min()) / spread * reach).to(dtype)
            post = post_assignment(rounded, eps=1.0, n_iter=10).double().numpy()
            columns = np.abs(post.sum(0) - 12 / 5).sum() / 12
            assert found.column_errors[index, k].item() == close_to(columns, rel=1e-12)
            rows = np.abs(post.sum(1) - 1).max()
            assert found.row_errors[index, k].item() == close_to(rows, rel=1e-12, abs=1e-15)
    assert (found.column_errors > 1e-3).all()


@pytest.mark.parametrize(
    ("cost", "ranges", "message"),
    [
        ([[1.0, 1.0]], [1.0], "cost must have finite entries that differ"),
        ([[math.inf, math.inf]], [1.0], "cost must have finite entries that differ"),
        ([[1.0, 2.0]], [0.0], "ranges must be finite and > 0"),
        ([[1.0, 2.0]], [[1.0]], "ranges must be one row"),
        ([[[1.0, 2.0]]], [1.0], "cost must have shape"),
    ],
)
def test_variant_differences_says_what_is_wrong(
    cost: list[object], ranges: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        variant_differences(cost, ranges)
