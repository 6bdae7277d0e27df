"""The same problem handed to each library; what is not installed gives None."""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from benchmarks.problems import Problem
from ce_core import sinkhorn

Plan = Float[np.ndarray, "n m"]
Solver = Callable[[], Plan]

POT, OTT, GEOMLOSS = "POT", "ott-jax", "geomloss"


def ours(problem: Problem, *, max_iter: int, tol: float | None) -> Solver:
    """Return `ce_core.sinkhorn`; without a tolerance it does all iterations."""
    cost, mu, nu = (torch.from_numpy(x) for x in (problem.cost, problem.mu, problem.nu))

    def solve() -> Plan:
        return sinkhorn(cost, eps=problem.eps, mu=mu, nu=nu, tol=tol, max_iter=max_iter).plan.numpy()

    return solve


def pot(
    problem: Problem, method: str, *, max_iter: int, tol: float | None, on_torch: bool = False
) -> Solver | None:
    """Return one of POT's solvers: `sinkhorn_knopp`, `sinkhorn_stabilized`, `sinkhorn_log`, ...

    POT stops at an L2 norm; it is asked for one that makes the L1 norm small enough.
    """
    try:
        import ot
    except ImportError:
        return None
    solver = getattr(ot.bregman, method)
    stop = -1.0 if tol is None else tol / len(problem.nu) ** 0.5
    arrays: list[Any] = [problem.mu, problem.nu, problem.cost]
    if on_torch:
        arrays = [torch.from_numpy(array) for array in arrays]

    def solve() -> Plan:
        # It warns where it does not converge; the error of the plan is looked at anyway.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            plan = solver(*arrays, problem.eps, numItermax=max_iter, stopThr=stop, warn=False)
        return np.asarray(plan)

    return solve


def pot_batch(
    cost: Float[np.ndarray, "batch n m"], method: str, *, eps: float, tol: float, on_torch: bool
) -> Callable[[], Float[np.ndarray, "batch n m"]] | None:
    """Return POT's solver of a batch, by "sinkhorn" (kernel) or "log_sinkhorn"; L2 norm as above."""
    try:
        import ot
    except ImportError:
        return None
    stop = tol / cost.shape[-2] ** 0.5
    array: Any = torch.from_numpy(cost) if on_torch else cost

    def solve() -> Float[np.ndarray, "batch n m"]:
        result = ot.solve_batch(
            array, reg=eps, method=method, max_iter=100_000, tol=stop, grad="detach"
        )
        return np.asarray(result.plan)

    return solve if hasattr(ot, "solve_batch") else None


def ott(problem: Problem, *, max_iter: int, tol: float | None, anderson: bool = False) -> Solver | None:
    """Return OTT's compiled log-domain solver; what compiles is shared by problems of one size."""
    try:
        import jax
    except ImportError:
        return None
    compiled = _compiled_ott(max_iter, tol, anderson)
    if compiled is None:
        return None
    arrays = [jax.numpy.asarray(x) for x in (problem.cost, problem.mu, problem.nu, problem.eps)]

    def solve() -> Plan:
        return np.asarray(compiled(*arrays))

    return solve


@cache
def _compiled_ott(max_iter: int, tol: float | None, anderson: bool) -> Callable[..., Any] | None:
    try:
        import jax
        from ott.geometry.geometry import Geometry
        from ott.problems.linear.linear_problem import LinearProblem
        from ott.solvers.linear.acceleration import AndersonAcceleration
        from ott.solvers.linear.sinkhorn import Sinkhorn
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    solver = Sinkhorn(
        lse_mode=True,
        threshold=-1.0 if tol is None else tol,
        min_iterations=max_iter if tol is None else 0,
        max_iterations=max_iter,
        anderson=AndersonAcceleration(memory=5) if anderson else None,
    )

    def solve(cost: Any, mu: Any, nu: Any, eps: Any) -> Any:
        return solver(LinearProblem(Geometry(cost_matrix=cost, epsilon=eps), a=mu, b=nu)).matrix

    return jax.jit(solve)  # type: ignore[no-any-return]


def geomloss(problem: Problem, *, max_iter: int) -> Solver | None:
    """Return GeomLoss's annealed solver, which has a number of iterations and no stopping rule."""
    try:
        from geomloss import ot as geomloss_ot
    except ImportError:
        return None
    cost, mu, nu = (torch.from_numpy(x) for x in (problem.cost, problem.mu, problem.nu))

    def solve() -> Plan:
        result = geomloss_ot.solve(cost, a=mu, b=nu, reg=problem.eps, max_iter=max_iter)
        return np.asarray(result.plan)

    return solve
