"""The balanced assignment against a log-domain reference, the post's recipe, and its limits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ce_core import balanced_assignment
from ce_core.transport import balanced
from ce_core.transport.balanced import balanced_codes
from tests.support.cases import (
    FLOATS,
    HALVES,
    INF,
    NAN,
    log_domain_assignment,
    post_assignment,
    uniform,
)
from tests.support.closeness import close_to

# Shape, eps, iterations: the post's own, its function's defaults, and where either path is used.
SETTINGS = {
    "post": ((128, 64), 0.5, 10),
    "post_defaults": ((128, 64), 5.0, 3),
    "sharp": ((20, 10), 0.02, 50),
    "beyond_scaling": ((20, 10), 1e-3, 5),
    "very_sharp": ((20, 10), 1e-4, 5),
    "eps_1e30": ((6, 5), 1e30, 3),
    "square": ((9, 9), 0.1, 4),
    "more_classes_than_samples": ((3, 11), 0.1, 4),
}
settings = pytest.mark.parametrize(("shape", "eps", "n_iter"), SETTINGS.values(), ids=SETTINGS)


@pytest.fixture(params=["kernel", "log_kernel"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Force one of the two paths, whatever the costs."""
    limit = INF if request.param == "kernel" else -1.0
    monkeypatch.setattr(balanced, "KERNEL_RANGE", {torch.float32: limit, torch.float64: limit})
    return str(request.param)


# Oracles


@settings
def test_balanced_assignment_agrees_with_the_log_domain(
    shape: tuple[int, int], eps: float, n_iter: int
) -> None:
    cost = uniform(*shape)
    expected = torch.from_numpy(log_domain_assignment(cost.numpy(), eps=eps, n_iter=n_iter))
    plan = balanced_assignment(cost, eps=eps, n_iter=n_iter)
    # Both round cost/eps, of size 1/eps, which shifts the exponents by that much of 2^-53.
    torch.testing.assert_close(plan, expected, rtol=1e-13 + 1e-15 / eps, atol=1e-300)


@settings
def test_balanced_assignment_in_float32_agrees_with_the_log_domain(
    shape: tuple[int, int], eps: float, n_iter: int
) -> None:
    cost = uniform(*shape).float()
    expected = torch.from_numpy(log_domain_assignment(cost.numpy(), eps=eps, n_iter=n_iter))
    plan = balanced_assignment(cost, eps=eps, n_iter=n_iter)
    # Float32 rounds cost/eps, up to 16 where the kernel itself is scaled, by 1e-6.
    torch.testing.assert_close(plan, expected.float(), rtol=2e-6, atol=1e-37)


@pytest.mark.parametrize("shift", [400.0, -400.0])
@pytest.mark.parametrize(("eps", "n_iter"), [(0.5, 10), (5.0, 3), (50.0, 3)])
def test_balanced_assignment_in_float32_agrees_with_the_log_domain_with_a_row_moved(
    shift: float, eps: float, n_iter: int
) -> None:
    cost = uniform(128, 64).float()
    cost[5] += shift
    expected = torch.from_numpy(log_domain_assignment(cost.numpy(), eps=eps, n_iter=n_iter))
    plan = balanced_assignment(cost, eps=eps, n_iter=n_iter)
    torch.testing.assert_close(plan, expected.float(), rtol=2e-6, atol=1e-37)


def test_balanced_assignment_agrees_with_the_recipe_of_the_post() -> None:
    for seed in range(5):
        scores = uniform(128, 64, seed=seed) ** 1.5
        expected = torch.from_numpy(post_assignment(scores.numpy(), eps=0.5, n_iter=10))
        plan = balanced_assignment(scores, eps=0.5, n_iter=10)
        torch.testing.assert_close(plan, expected, rtol=1e-12, atol=0)


def test_balanced_assignment_is_right_where_the_recipe_of_the_post_is_not() -> None:
    # Its 1e-38 stands for e^-87: right at a range of cost/eps of 400, wrong at 2000.
    cost = uniform(20, 10).numpy()
    for eps, post_is_right in ((1 / 400, True), (1 / 2000, False)):
        expected = log_domain_assignment(cost, eps=eps, n_iter=10)
        plan = balanced_assignment(cost, eps=eps, n_iter=10).numpy()
        assert np.abs(plan - expected).max() < 1e-10
        error = np.abs(post_assignment(cost, eps=eps, n_iter=10) - expected).max()
        assert (error < 1e-10) == post_is_right


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("n_iter", [1, 3])
def test_balanced_assignment_differentiates_twice(n_iter: int) -> None:
    cost = uniform(2, 4, 3).requires_grad_()

    def plan(x: Tensor) -> Tensor:
        return balanced_assignment(x, eps=0.7, n_iter=n_iter)

    assert torch.autograd.gradcheck(plan, (cost,))
    assert torch.autograd.gradgradcheck(plan, (cost,))


def test_balanced_assignment_differentiates_beside_forbidden_pairs() -> None:
    forbidden = torch.eye(4, dtype=torch.bool)[:, :3]

    def plan(x: Tensor) -> Tensor:
        return balanced_assignment(x.masked_fill(forbidden, INF), eps=0.7)

    assert torch.autograd.gradcheck(plan, (uniform(4, 3).requires_grad_(),))


# Identities


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.floats(-6, 6).map(lambda x: 10.0**x),
    st.integers(1, 5),
    st.integers(0, 1000),
)
def test_balanced_assignment_has_rows_that_sum_to_one(
    n: int, m: int, eps: float, n_iter: int, seed: int
) -> None:
    plan = balanced_assignment(uniform(n, m, seed=seed), eps=eps, n_iter=n_iter)
    assert (plan >= 0).all()
    torch.testing.assert_close(plan.sum(-1), torch.ones(n).double(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("eps", [1e-3, 0.5])
def test_balanced_assignment_ignores_a_shift_of_columns_and_of_everything(
    dtype: torch.dtype, eps: float
) -> None:
    # On a grid of 1/8 the shifted costs are exact in every dtype.
    cost = ((uniform(12, 6) * 8).round() / 8).to(dtype)
    columns = torch.tensor([16.0, -16.0, 0.0, 8.0, 3.0, -11.0], dtype=dtype)
    plan = balanced_assignment(cost, eps=eps)
    # In the plan as in C/eps: half types are rounded from float32, so they may differ by one unit.
    tolerance = max(4e-6, torch.finfo(dtype).eps) if dtype != torch.float64 else 1e-11
    for shifted in (cost + columns, cost + 16, cost - 16):
        torch.testing.assert_close(balanced_assignment(shifted, eps=eps), plan, rtol=0, atol=tolerance)


def test_balanced_assignment_keeps_the_converged_plan_alone_when_a_row_is_shifted() -> None:
    cost = uniform(12, 6)
    shifted = cost.clone()
    shifted[3] += 4
    for n_iter, stays in ((3, False), (2000, True)):
        plan, other = (balanced_assignment(x, eps=0.1, n_iter=n_iter) for x in (cost, shifted))
        assert ((plan - other).abs().max() < 1e-10) == stays


def test_balanced_assignment_follows_permutations() -> None:
    cost = uniform(7, 5)
    rows, columns = torch.tensor([2, 6, 0, 1, 5, 3, 4]), torch.tensor([4, 1, 0, 3, 2])
    permuted = balanced_assignment(cost[rows][:, columns], eps=0.1)
    torch.testing.assert_close(
        permuted, balanced_assignment(cost, eps=0.1)[rows][:, columns], rtol=1e-12, atol=0
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_balanced_assignment_has_two_paths_that_agree(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = uniform(3, 20, 10).to(dtype)
    by_kernel = balanced_assignment(cost, eps=0.2, n_iter=5)
    monkeypatch.setattr(balanced, "KERNEL_RANGE", {dtype: -1.0})
    by_log_kernel = balanced_assignment(cost, eps=0.2, n_iter=5)
    torch.testing.assert_close(by_kernel, by_log_kernel, rtol=0, atol=20 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_balanced_assignment_rounds_once_in_half_precision(dtype: torch.dtype) -> None:
    cost = uniform(20, 10).to(dtype)
    assert torch.equal(balanced_assignment(cost), balanced_assignment(cost.float()).to(dtype))


def test_balanced_assignment_keeps_batch_items_apart() -> None:
    gentle, steep, broken, last = (uniform(6, 4, seed=seed) for seed in range(4))
    steep *= 1e4
    broken[0, 0] = NAN
    batch = torch.stack([gentle, steep, broken, last]).reshape(2, 2, 6, 4).requires_grad_()
    plan = balanced_assignment(batch, eps=0.5)
    for i, j, alone in ((0, 0, gentle), (0, 1, steep), (1, 1, last)):
        # With a gradient wanted, as in the batch, the same way is taken, so the same is rounded.
        expected = balanced_assignment(alone.requires_grad_(), eps=0.5)
        torch.testing.assert_close(plan[i, j], expected, rtol=0, atol=1e-14)
    assert plan[1, 0].isnan().all()
    (gradient,) = torch.autograd.grad(plan[[0, 0, 1], [0, 1, 1]].square().sum(), batch)
    assert gradient[[0, 0, 1], [0, 1, 1]].isfinite().all()


def test_balanced_assignment_scales_columns_first_and_rows_last() -> None:
    plan = balanced_assignment([[0.0, 1.0], [0.0, 3.0], [2.0, 0.0]], eps=1.0, n_iter=1)
    kernel = np.exp(-np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 0.0]]))
    by_hand = kernel / kernel.sum(0)
    by_hand /= by_hand.sum(1, keepdims=True)
    assert plan.numpy() == close_to(by_hand, rel=1e-6)
    # One iteration is not convergence, and the columns carry the error.
    assert abs(plan.sum(0)[0] - 1.5) > 0.01


# Limits


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("n_iter", [100, 3000])
@pytest.mark.parametrize(("n", "m"), [(20, 8), (8, 20)])
def test_balanced_assignment_balances_columns_when_converged(
    n: int, m: int, n_iter: int, dtype: torch.dtype
) -> None:
    plan = balanced_assignment(uniform(n, m).to(dtype), eps=0.3, n_iter=n_iter)
    tolerance = 20 * torch.finfo(dtype).eps
    torch.testing.assert_close(
        plan.sum(0), torch.full((m,), n / m, dtype=dtype), rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_balanced_assignment_tends_to_the_optimal_assignment_as_eps_falls(seed: int) -> None:
    cost = uniform(5, 5, seed=seed)
    rows, columns = linear_sum_assignment(cost.numpy())
    optimal = torch.zeros(5, 5, dtype=torch.float64)
    optimal[rows, columns] = 1
    plan = balanced_assignment(cost, eps=3e-3, n_iter=3000)
    # So near the limit the iteration approaches it as slowly as 1 / n_iter = 3e-4.
    torch.testing.assert_close(plan, optimal, rtol=0, atol=1e-3)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("eps", [1e6, 1e30, 1e300])
def test_balanced_assignment_tends_to_independence_as_eps_grows(eps: float, dtype: torch.dtype) -> None:
    plan = balanced_assignment(uniform(6, 4).to(dtype), eps=eps)
    torch.testing.assert_close(plan, torch.full((6, 4), 0.25, dtype=dtype), rtol=0, atol=1e-6)


def test_balanced_assignment_of_one_sample_is_uniform() -> None:
    assert balanced_assignment([[0.0, 3.0, -2.0, 1.0]], eps=0.1).tolist() == [[0.25] * 4]


def test_balanced_assignment_to_one_prototype_is_certain() -> None:
    assert balanced_assignment([[0.0], [7.0]], eps=0.1).tolist() == [[1.0], [1.0]]


# Extremes


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("eps", [1e-30, 1e-300, 5e-324])
def test_balanced_assignment_has_rows_that_sum_to_one_at_the_smallest_eps(
    eps: float, dtype: torch.dtype
) -> None:
    # Which of several equally good pairs gets the mass is then a matter of rounding.
    plan = balanced_assignment(uniform(6, 5).to(dtype), eps=eps)
    torch.testing.assert_close(plan.double().sum(-1), torch.ones(6).double(), rtol=0, atol=1e-2)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("eps", [1e-50, 1e-300, 5e-324])
def test_balanced_assignment_is_finite_at_an_eps_beyond_the_dtype(
    eps: float, dtype: torch.dtype
) -> None:
    assert balanced_assignment(torch.ones(2, 2, dtype=dtype), eps=eps).tolist() == [[0.5] * 2] * 2
    crossed = torch.tensor([[0.25, 1.0], [0.75, 0.5]], dtype=dtype)
    assert balanced_assignment(crossed, eps=eps).tolist() == [[1, 0], [0, 1]]


def test_balanced_assignment_gives_no_mass_to_forbidden_pairs() -> None:
    cost = uniform(6, 4)
    cost[[0, 1, 5], [0, 0, 3]] = INF
    plan = balanced_assignment(cost, eps=0.5)
    assert not plan[[0, 1, 5], [0, 0, 3]].any()
    expected = torch.from_numpy(log_domain_assignment(cost.numpy(), eps=0.5, n_iter=3))
    torch.testing.assert_close(plan, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("n_iter", [1, 3])
@pytest.mark.parametrize(
    "cost",
    {
        "nan": [[0.0, NAN], [1.0, 0.0]],
        "minus_infinity": [[0.0, -INF], [1.0, 0.0]],
        "row_forbidden": [[INF, INF], [1.0, 0.0]],
        "column_forbidden": [[INF, 0.0], [INF, 1.0]],
    }.items(),
    ids=lambda item: item[0],
)
def test_balanced_assignment_is_nan_where_there_is_none(
    cost: tuple[str, list[list[float]]], n_iter: int
) -> None:
    assert balanced_assignment(cost[1], n_iter=n_iter).isnan().all()


def test_balanced_assignment_accepts_an_empty_batch() -> None:
    assert balanced_assignment(torch.zeros(0, 4, 3)).shape == (0, 4, 3)


def _codes_of_swav(scores: np.ndarray, eps: float, n_iter: int) -> np.ndarray:
    """The algorithm of the appendix of arXiv:2006.09882: Q is prototypes x samples there."""
    codes = np.exp(scores / eps).T
    codes /= codes.sum()
    prototypes, samples = codes.shape
    for _ in range(n_iter):
        codes /= codes.sum(1, keepdims=True) * prototypes
        codes /= codes.sum(0, keepdims=True) * samples
    transposed: np.ndarray = (codes * samples).T
    return transposed


@pytest.mark.parametrize(("n", "m"), [(2, 2), (16, 5), (5, 16)])
def test_balanced_codes_are_those_of_swav(n: int, m: int) -> None:
    generator = np.random.default_rng(0)
    samples, prototypes = generator.normal(size=(n, 8)), generator.normal(size=(m, 8))
    cosines = (samples / np.linalg.norm(samples, axis=1)[:, None]) @ (
        prototypes / np.linalg.norm(prototypes, axis=1)[:, None]
    ).T
    np.testing.assert_allclose(balanced_codes(cosines), _codes_of_swav(cosines, 0.05, 3), rtol=1e-11)
