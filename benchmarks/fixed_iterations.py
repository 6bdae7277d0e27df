"""Sinkhorn at a fixed number of iterations: what an iteration costs."""

from collections.abc import Callable

import numpy as np
import torch

from benchmarks import peers
from benchmarks.effort import Effort
from benchmarks.pairs import Action, PairTimes
from benchmarks.problems import Problem, random_problem
from benchmarks.report import RATIO_HEADER, Section, add_ratio
from benchmarks.threads import ONE_THREAD

_EPS = 0.05
# Rows, columns, iterations: enough that the exponentials of the start and the plan of the end do not
# count for much.
_SIZES = ((256, 256, 1000), (1024, 512, 200))
# From so many entries on, the products are nearly all of an iteration.
_LARGE = 1 << 18


def measure_fixed_iterations(effort: Effort) -> Section:
    """Time `sinkhorn` without a tolerance against bare products, POT and OTT."""
    section = Section(
        "Sinkhorn, cost of an iteration",
        f"Random costs, float64, eps {_EPS} of the range, the same number of iterations for both, the "
        "plan at the end. The bare products are two matrix-vector products an iteration and nothing "
        "else: no exponential, no division, no error, no plan.",
        RATIO_HEADER,
    )
    for n, m, iterations in _SIZES:
        count = 50 if effort.quick else iterations
        problem = random_problem(n, m, eps=_EPS)
        _add_kernel_rows(section, problem, count, effort)
        _add_log_rows(section, problem, count, effort)
    return section


def _add_kernel_rows(section: Section, problem: Problem, iterations: int, effort: Effort) -> None:
    case = f"{_size(problem)}, {iterations} iterations"
    ours = peers.ours(problem, max_iter=iterations, tol=None)
    for library, products in (("torch", _torch_products), ("NumPy", _numpy_products)):
        times = _times(ours, products(problem, iterations), effort)
        most, why = _allowed(problem, effort)
        add_ratio(section, case, f"bare products, {library}", times, at_most_times=most, why=why)
    for method in ("sinkhorn_knopp", "sinkhorn_stabilized"):
        for on_torch in (False, True):
            theirs = peers.pot(problem, method, max_iter=iterations, tol=None, on_torch=on_torch)
            name = "sinkhorn" if method == "sinkhorn_knopp" else method
            against = f"POT `{name}`, {'torch' if on_torch else 'NumPy'}"
            add_ratio(section, case, against, _times(ours, theirs, effort), at_least=1.0)


def _add_log_rows(section: Section, problem: Problem, iterations: int, effort: Effort) -> None:
    case = f"{_size(problem)}, {iterations} iterations"
    ours = peers.ours(problem, max_iter=iterations, tol=None)
    theirs = peers.ott(problem, max_iter=iterations, tol=None)
    add_ratio(section, case, "OTT, compiled, log domain", _times(ours, theirs, effort), at_least=3.0)
    for library, least, why in (
        ("NumPy", 20.0, ""),
        ("torch", 7.0, "its exponentials are as fast as the processor's vectors are wide"),
    ):
        on_torch = library == "torch"
        theirs = peers.pot(problem, "sinkhorn_log", max_iter=iterations, tol=None, on_torch=on_torch)
        times = _times(ours, theirs, effort)
        add_ratio(section, case, f"POT `sinkhorn_log`, {library}", times, at_least=least, why=why)


def _allowed(problem: Problem, effort: Effort) -> tuple[float, str]:
    """Return how many times of bare products are aimed at, and why where they take so little."""
    if effort.environment != ONE_THREAD:
        return 2.5, "the rest has one core"
    if problem.cost.size < _LARGE:
        return 1.9, "a product takes 4 microseconds, and two divisions, a sum and their calls show"
    return 1.4, ""


def _times(ours: Action, theirs: Action | None, effort: Effort) -> PairTimes | None:
    if theirs is None:
        return None
    return effort.time(ours, theirs)


def _size(problem: Problem) -> str:
    n, m = problem.cost.shape
    return f"{n} x {m}"


def _torch_products(problem: Problem, iterations: int) -> Callable[[], None]:
    kernel = torch.exp(torch.from_numpy(-problem.cost / problem.eps))
    transposed = kernel.T
    rows, columns = torch.from_numpy(problem.mu.copy()), torch.from_numpy(problem.nu.copy())
    row_sums, column_sums = torch.empty_like(rows), torch.empty_like(columns)

    def run() -> None:
        for _ in range(iterations):
            torch.mv(transposed, rows, out=column_sums)
            torch.mv(kernel, columns, out=row_sums)

    return run


def _numpy_products(problem: Problem, iterations: int) -> Callable[[], None]:
    kernel = np.exp(-problem.cost / problem.eps)
    transposed = kernel.T
    row_sums, column_sums = np.empty_like(problem.mu), np.empty_like(problem.nu)

    def run() -> None:
        for _ in range(iterations):
            np.dot(transposed, problem.mu, out=column_sums)
            np.dot(kernel, problem.nu, out=row_sums)

    return run
