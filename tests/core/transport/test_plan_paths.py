"""Plans along iterations and eps, the trace of convergence, the costs: held to other sources."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from ce_core import (
    SinkhornStatus,
    asymptotic_rate,
    birkhoff_rate,
    digit_image,
    entropy,
    forbid_pairs,
    pixel_grid,
    plans_along_eps,
    plans_along_iterations,
    random_cost,
    sinkhorn,
    trace_convergence,
)
from tests.support.closeness import close_to

COST = random_cost(5, 7)
MU = torch.tensor([0.1, 0.0, 0.4, 0.3, 0.2], dtype=torch.float64)
NU = torch.tensor([0.3, 0.1, 0.0, 0.2, 0.1, 0.2, 0.1], dtype=torch.float64)


def scaled_by_numpy(eps: float, count: int) -> np.ndarray:
    """Return the plan of the textbook iteration on the kernel itself."""
    kernel = np.exp(-COST.numpy() / eps)
    mu, nu = MU.numpy(), NU.numpy()
    u = np.ones(5)
    v = np.ones(7)
    for _ in range(count):
        v = 1 / (kernel.T @ (mu * u))
        u = 1 / (kernel @ (nu * v))
    plan: np.ndarray = (mu * u)[:, None] * kernel * (nu * v)[None, :]
    return plan if count else plan / plan.sum()


@pytest.mark.parametrize("eps", [0.05, 1.0])
def test_plans_along_iterations_are_those_of_the_textbook(eps: float) -> None:
    counts = [0, 1, 3, 40]
    frames = plans_along_iterations(COST, eps=eps, counts=counts, mu=MU, nu=NU)
    for plan, count in zip(frames.plan, counts, strict=True):
        np.testing.assert_allclose(plan, scaled_by_numpy(eps, count), rtol=1e-11, atol=1e-300)
    assert frames.n_iter.tolist() == counts


@pytest.mark.parametrize("tol", [None, 1e-9], ids=["plain", "accelerated"])
def test_plans_along_iterations_are_those_of_sinkhorn(tol: float | None) -> None:
    counts = [1, 2, 5, 60, 70]
    frames = plans_along_iterations(COST, eps=0.02, counts=counts, mu=MU, nu=NU, tol=tol)
    for k, count in enumerate(counts):
        result = sinkhorn(COST, eps=0.02, mu=MU, nu=NU, tol=tol, max_iter=count)
        torch.testing.assert_close(frames.plan[k], result.plan, rtol=1e-9, atol=1e-15)
        assert frames.column_error[k].item() == close_to(result.errors[-1].item(), abs=1e-14)
        assert frames.transport_cost[k] == close_to(result.transport_cost.item(), rel=1e-10)
        assert frames.entropic_value[k] == close_to(result.entropic_value.item(), rel=1e-9)
        assert frames.n_iter[k] == result.n_iter


def test_plan_frames_errors_are_sums_over_the_margin() -> None:
    # Without an iteration both margins are wrong; after one the rows are right.
    frames = plans_along_iterations(COST, eps=0.1, counts=[0, 1], mu=MU, nu=NU)
    rows = [math.fsum(abs(plan.sum(1) - MU).tolist()) for plan in frames.plan]
    columns = [math.fsum(abs(plan.sum(0) - NU).tolist()) for plan in frames.plan]
    assert frames.row_error.tolist() == close_to(rows, rel=1e-14, abs=1e-15)
    assert frames.column_error.tolist() == close_to(columns, rel=1e-14)
    assert min(frames.row_error[0], *frames.column_error) > 0.05


def test_plans_along_iterations_without_any_is_the_kernel_of_mass_1() -> None:
    frames = plans_along_iterations(COST, eps=0.1, counts=[0])
    assert frames.plan.sum().item() == close_to(1)
    ratio = frames.plan[0] / (-COST / 0.1).exp()
    torch.testing.assert_close(ratio, ratio[0, 0].expand(5, 7), rtol=1e-13, atol=0)


@pytest.mark.parametrize("tol", [None, 1e-9], ids=["plain", "accelerated"])
def test_plans_along_eps_are_those_of_sinkhorn(tol: float | None) -> None:
    eps = [0.01, 0.1, 3.0]
    frames = plans_along_eps(COST, eps=eps, mu=MU, nu=NU, tol=tol, max_iter=50)
    for k, one in enumerate(eps):
        result = sinkhorn(COST, eps=one, mu=MU, nu=NU, tol=tol, max_iter=50)
        torch.testing.assert_close(frames.plan[k], result.plan, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(frames.entropy, entropy(frames.plan.flatten(1)), rtol=1e-14, atol=0)


def test_plans_along_eps_tend_from_the_assignment_to_independence() -> None:
    cost = random_cost(8, 8, seed=3)
    frames = plans_along_eps(cost, eps=[5e-4, 1e4], tol=1e-10)
    rows, columns = linear_sum_assignment(cost.numpy())
    best = torch.zeros(8, 8, dtype=torch.float64)
    best[rows, columns] = 1 / 8
    torch.testing.assert_close(frames.plan[0], best, rtol=0, atol=1e-3)
    torch.testing.assert_close(
        frames.plan[1], torch.full((8, 8), 1 / 64, dtype=torch.float64), rtol=1e-3, atol=0
    )
    cheapest = min(cost[range(8), list(order)].mean().item() for order in permutations(range(8)))
    assert frames.transport_cost[0].item() == close_to(cheapest, rel=1e-3)


def test_plans_along_eps_entropy_grows_with_eps() -> None:
    frames = plans_along_eps(COST, eps=[0.01, 0.03, 0.1, 0.3, 1, 3], mu=MU, nu=NU)
    assert (frames.entropy.diff() > 0).all()
    assert (frames.transport_cost.diff() > 0).all()


@pytest.mark.parametrize("size", [6, 12])
def test_plans_with_forbidden_pairs_hold_no_nan(size: int) -> None:
    cost = forbid_pairs(random_cost(size, size), 0.8)
    for frames in (
        plans_along_iterations(cost, eps=0.05, counts=[0, 1, 50]),
        plans_along_eps(cost, eps=[0.01, 0.1], tol=None, max_iter=50),
    ):
        assert frames.plan.isfinite().all()
        assert (frames.plan[:, cost == torch.inf] == 0).all()


def test_plans_where_everything_is_forbidden_are_0() -> None:
    frames = plans_along_iterations(torch.full((2, 2), torch.inf), eps=1.0, counts=[0, 2])
    assert frames.plan.tolist() == torch.zeros(2, 2, 2).tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": []}, "counts must be ascending"),
        ({"counts": [3, 2]}, "counts must be ascending"),
        ({"counts": [-1]}, "counts must be an integer >= 0"),
        ({"eps": 0.0}, "eps must be finite and > 0"),
        ({"mu": [1.0]}, r"mu must have shape \[5\]"),
        ({"nu": [-1.0, 2, 0, 0, 0, 0, 0]}, "nu must be finite and >= 0"),
        ({"cost": [[[1.0, 2.0]]]}, r"cost must have shape \[n, m\]"),
    ],
)
def test_plans_along_iterations_says_what_is_wrong(change: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"cost": COST, "eps": 0.1, "counts": [1]} | change
    with pytest.raises(ValueError, match=message):
        plans_along_iterations(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("eps", [[[0.1]], [0.0], [math.nan], [math.inf]], ids=str)
def test_plans_along_eps_refuses_what_is_no_row_of_eps(eps: list[float]) -> None:
    with pytest.raises(ValueError, match=r"eps must be (one row|finite and > 0)"):
        plans_along_eps(COST, eps=eps)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("eps", [0.03, 0.1, 0.5])
def test_trace_convergence_bound_holds_at_every_iteration(seed: int, eps: float) -> None:
    trace = trace_convergence(random_cost(6, 9, seed=seed), eps=eps, n_iter=60)
    assert (trace.plain <= trace.bound * (1 + 1e-9) + 1e-13).all()


def test_trace_convergence_is_what_sinkhorn_measures() -> None:
    trace = trace_convergence(COST, eps=0.1, mu=MU, nu=NU, n_iter=40)
    plain = sinkhorn(COST, eps=0.1, mu=MU, nu=NU, tol=None, max_iter=40)
    solved = sinkhorn(COST, eps=0.1, mu=MU, nu=NU, tol=1e-9)
    torch.testing.assert_close(trace.plain, plain.errors, rtol=1e-12, atol=1e-15)
    errors = solved.errors[: int(solved.n_iter)]
    torch.testing.assert_close(trace.accelerated, errors, rtol=1e-12, atol=1e-15)
    assert trace.birkhoff == close_to(birkhoff_rate(COST, eps=0.1).item())
    assert trace.asymptotic == close_to(asymptotic_rate(solved.plan).item(), rel=1e-5)
    assert (trace.status, trace.needed) == (SinkhornStatus.CONVERGED, int(solved.n_iter))


@pytest.mark.parametrize("seed", range(4))
def test_trace_convergence_measured_ratio_is_the_true_rate(seed: int) -> None:
    trace = trace_convergence(random_cost(6, 6, seed=seed), eps=0.1, n_iter=200)
    last = int((trace.plain > 1e-9).nonzero().max())
    measured = (trace.plain[last] / trace.plain[last - 5]).item() ** (1 / 5)
    assert measured == close_to(trace.asymptotic, rel=0.02)
    assert trace.asymptote[last].item() == close_to(trace.plain[last].item(), rel=0.1)


@pytest.mark.parametrize("eps", [0.1, 0.3, 2.0])
def test_trace_convergence_of_a_uniform_2_by_2_has_one_rate(eps: float) -> None:
    trace = trace_convergence(random_cost(2, 2), eps=eps)
    assert trace.birkhoff == close_to(trace.asymptotic, rel=1e-9)


def test_trace_convergence_without_a_plan_says_so() -> None:
    trace = trace_convergence(forbid_pairs(random_cost(6, 6), 0.8), eps=0.1, n_iter=20)
    assert trace.status == SinkhornStatus.INFEASIBLE
    assert math.isnan(trace.asymptotic)
    assert trace.birkhoff == 1
    assert trace.asymptote.isnan().all()


def test_random_cost_is_the_draw_of_numpy_to_a_power() -> None:
    draws = np.random.Generator(np.random.PCG64(7)).random((2, 64, 64))[0]
    np.testing.assert_allclose(random_cost(3, 9, exponent=2.0, seed=7), draws[:3, :9] ** 2, rtol=1e-15)


@pytest.mark.parametrize("change", [{"n": 65}, {"m": 0}, {"exponent": -1.0}, {"seed": -1}], ids=str)
def test_random_cost_says_what_is_wrong(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        random_cost(**({"n": 3, "m": 3} | change))  # type: ignore[arg-type]


def test_forbid_pairs_of_a_smaller_share_are_among_those_of_a_larger() -> None:
    few, many = (forbid_pairs(random_cost(20, 20), share) == torch.inf for share in (0.2, 0.6))
    assert (many | ~few).all()
    assert 0.1 < few.double().mean() < 0.3
    assert 0.5 < many.double().mean() < 0.7


def test_forbid_pairs_takes_no_matrix_larger_than_the_draw() -> None:
    with pytest.raises(ValueError, match="64 x 64"):
        forbid_pairs(torch.zeros(65, 2), 0.5)


@pytest.mark.parametrize("name", ["one", "zero"])
def test_digit_image_is_a_distribution_on_the_grid(name: str) -> None:
    image = digit_image(name)
    assert image.shape == (8, 8)
    assert image.sum().item() == close_to(1)
    assert (image >= 0).all()
    assert len(pixel_grid(8)) == image.numel()


def test_digit_images_differ_where_they_should() -> None:
    middle = slice(3, 5), slice(3, 5)
    assert digit_image("one")[middle].sum() > 0
    assert digit_image("zero")[middle].sum() == 0


def test_digit_image_of_another_name_raises() -> None:
    with pytest.raises(ValueError, match="name must be one of"):
        digit_image("seven")


@pytest.mark.parametrize("eps", [5e-309, 1e-300])
def test_plans_and_traces_at_the_smallest_eps_end_at_once(eps: float) -> None:
    cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    best = (torch.eye(2, dtype=torch.float64) / 2).expand(2, 2, 2)
    for tol in (None, 1e-9):
        frames = plans_along_iterations(cost, eps=eps, counts=[1, 5], tol=tol)
        torch.testing.assert_close(frames.plan, best)
        torch.testing.assert_close(plans_along_eps(cost, eps=[eps, 2 * eps], tol=tol).plan, best)
    trace = trace_convergence(cost, eps=eps, n_iter=5)
    assert trace.birkhoff == 1
    assert (trace.plain <= 1e-9).all()


@pytest.mark.parametrize("eps", [5e-309, 1e-300])
def test_plans_along_iterations_have_exact_rows_at_the_smallest_eps(eps: float) -> None:
    # Exponents of 1e300 hold no digit of the plan; the rows are scaled last all the same.
    frames = plans_along_iterations([[0.0, 1.0], [0.0, 2.0]], eps=eps, counts=[1, 3])
    assert frames.row_error.tolist() == close_to([0, 0], abs=1e-15)


@pytest.mark.parametrize(
    "cost",
    [[[math.nan, 1.0], [1.0, 0.0]], [[-math.inf, 1.0], [1.0, 0.0]]],
    ids=str,
)
def test_plans_and_traces_of_an_invalid_cost_are_nan(cost: list[list[float]]) -> None:
    for tol in (None, 1e-9):
        frames = plans_along_iterations(cost, eps=1.0, counts=[0, 2], tol=tol)
        assert frames.plan.isnan().all()
        assert plans_along_eps(cost, eps=[1.0], tol=tol).plan.isnan().all()
    trace = trace_convergence(cost, eps=1.0, n_iter=2)
    assert trace.status == SinkhornStatus.INVALID
    assert math.isnan(trace.asymptotic)
