"""What the page of transport shows, computed once for all visitors who ask for the same."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from ce_core import (
    ConvergenceTrace,
    PlanFrames,
    SinkhornStatus,
    entropy,
    plans_along_eps,
    plans_along_iterations,
    trace_convergence,
)
from ce_core.post.plan_variant import VariantDifferences, variant_differences
from lab.page.kept import computed_once
from lab.state.fields import stops_of
from lab.transport.problem import Problem, pose
from lab.transport.state import DEFAULT, TransportState

TOL: Final = 1e-9
"""Where the accelerated iteration stops, and what counts as converged."""
POST_ITERATIONS: Final = 10
# A plan whose marginal error is at most so large counts as balanced.
BALANCED: Final = 1e-8
_HORIZONS: Final = (10, 20, 30, 50, 75, 100, 150, 200)
# A marginal error that is small enough to end the chart with.
_LITTLE: Final = 1e-3
_EPS_STOPS: Final = list(stops_of(TransportState, "eps"))
# All frames over eps show as many, so that the axis stays.
_EPS_HORIZON: Final = 100
_RANGES: Final = torch.logspace(1, 5, 41, dtype=torch.float64)
# Below this the square of a singular value that float64 found may be 0.
_NO_RATE: Final = 1e-29
# The entropy has come to its limit where the two smallest eps give one to so many nats.
_SETTLED: Final = 1e-3
# Of the paths over eps, where a small eps may need many.
_MOST_ITERATIONS: Final = 2000


@dataclass(frozen=True)
class Results:
    """All that a state determines."""

    state: TransportState
    problem: Problem
    frame: PlanFrames
    trace: ConvergenceTrace
    path: PlanFrames
    converged: PlanFrames
    variant: VariantDifferences | None
    variant_now: VariantDifferences | None

    @property
    def plan(self) -> Tensor:
        """The present plan."""
        return self.frame.plan[0]

    @property
    def error(self) -> float:
        """The marginal error of the present plan, rows and columns together."""
        return (self.frame.row_error + self.frame.column_error).item()

    @property
    def row_error(self) -> float:
        """The part of the rows."""
        return self.frame.row_error.item()

    @property
    def column_error(self) -> float:
        """The part of the columns, which is all of it once there was an iteration."""
        return self.frame.column_error.item()

    @property
    def mass(self) -> float:
        """The sum of the present plan: below 1 where a row has no column that it may use."""
        return self.plan.sum().item()

    @property
    def balanced(self) -> bool:
        """Whether all sums of the present plan count as met, where there is a plan."""
        return self.feasible and self.error <= BALANCED

    @property
    def entropy(self) -> float:
        """H(P) in nats."""
        return max(0.0, self.frame.entropy.item())

    @property
    def pairs_in_use(self) -> float:
        """e^H of the plan as a distribution, whatever its mass; NaN if it has none."""
        mass = self.plan.sum()
        return entropy((self.plan / mass).flatten()).exp().item() if mass > 0 else math.nan

    @property
    def balanced_cost(self) -> float:
        """⟨P, C⟩ of the balanced plan at the present eps; NaN where iteration did not get there."""
        error = self.converged.row_error + self.converged.column_error
        return self.converged.transport_cost.item() if error.item() <= BALANCED else math.nan

    @property
    def feasible(self) -> bool:
        """Whether there is a plan."""
        return self.trace.status != SinkhornStatus.INFEASIBLE

    @property
    def rate(self) -> float:
        """The true rate σ₂²: 0 where σ₂ is no more than rounding, NaN where it is not known."""
        rate = self.trace.asymptotic
        return 0.0 if rate < _NO_RATE else rate

    @property
    def least(self) -> tuple[str, float]:
        """What stands for a small eps in the chart of the entropy, as `eps_path_figure` calls it."""
        bound = self.problem.limits[0]
        if not self.feasible:
            return "bound", bound
        if self.problem.square:
            return "assignment", bound
        first, second = self.path.entropy[:2].tolist()
        return ("limit", first) if abs(first - second) < _SETTLED else ("bound", bound)

    @property
    def steepness(self) -> float:
        """The range of C/eps."""
        return self.problem.spread / self.state.eps


@computed_once(megabytes=32)
def results(state: TransportState) -> Results:
    """Compute everything that the page shows of a state."""
    problem = pose(state)
    trace = _trace(problem, state.eps)
    # Whether there is a plan does not depend on eps.
    feasible = trace.status != SinkhornStatus.INFEASIBLE
    path, variant = _at_every_eps(_problem_alone(state), feasible)
    (frame,) = frames_at(problem, state, [state.n_iter])
    return Results(
        state=state,
        problem=problem,
        frame=frame,
        trace=trace,
        path=path,
        converged=_balanced_at(state.eps, problem, path, feasible),
        variant=variant,
        variant_now=_variant(problem, [problem.spread / state.eps]),
    )


def results_along(found: Results, along: str, values: Sequence[float]) -> Iterator[Results]:
    """Yield what the page shows at each value of the parameter that is scrubbed.

    What the parameter does not change is that of the state where it stands.
    """
    states = [replace(found.state, **{along: value}) for value in values]  # type: ignore[arg-type]
    if along == "n_iter":
        frames = frames_at(found.problem, found.state, [one.n_iter for one in states])
        for one, frame in zip(states, frames, strict=True):
            yield replace(found, state=one, frame=frame)
    else:
        for one in states:
            yield found if one == found.state else _at_eps(found, one)


def _at_eps(found: Results, state: TransportState) -> Results:
    """Return the results at another eps."""
    problem = found.problem
    (frame,) = frames_at(problem, state, [state.n_iter])
    return replace(
        found,
        state=state,
        frame=frame,
        trace=_trace(problem, state.eps),
        converged=_balanced_at(state.eps, problem, found.path, found.feasible),
        variant_now=_variant(problem, [problem.spread / state.eps]),
    )


def _trace(problem: Problem, eps: float) -> ConvergenceTrace:
    return trace_convergence(
        problem.cost, eps=eps, mu=problem.mu, nu=problem.nu, n_iter=_HORIZONS[-1], tol=TOL
    )


def _problem_alone(state: TransportState) -> TransportState:
    """Return the state of the same problem at one eps and one number of iterations."""
    return replace(
        state,
        eps=DEFAULT.eps,
        n_iter=DEFAULT.n_iter,
        accelerate=DEFAULT.accelerate,
        along=DEFAULT.along,
    )


@computed_once(megabytes=16)
def _at_every_eps(
    state: TransportState, feasible: bool
) -> tuple[PlanFrames, VariantDifferences | None]:
    """Return what the page shows of a problem at every eps, which is most of the work."""
    problem = pose(state)
    return _balanced(problem, _EPS_STOPS, feasible), _variant(problem, _RANGES)


def _balanced_at(eps: float, problem: Problem, path: PlanFrames, feasible: bool) -> PlanFrames:
    """Return the balanced plan at one eps, from the path over the stops if it is one of them."""
    if eps in _EPS_STOPS:
        return _one(path, _EPS_STOPS.index(eps))
    return _balanced(problem, [eps], feasible)


def _balanced(problem: Problem, eps: list[float], feasible: bool) -> PlanFrames:
    # Without a plan, no number of iterations is enough.
    tol, most = (TOL, _MOST_ITERATIONS) if feasible else (None, _HORIZONS[-1])
    return plans_along_eps(problem.cost, mu=problem.mu, nu=problem.nu, eps=eps, tol=tol, max_iter=most)


def _variant(problem: Problem, ranges: Tensor | list[float]) -> VariantDifferences | None:
    """Return how wrong the post's variant is; None where C/eps has no range."""
    if not problem.spread:
        return None
    return variant_differences(problem.cost, ranges, n_iter=POST_ITERATIONS)


def horizon(found: Results) -> int:
    """Return how many iterations the curve shows: until little is misplaced, and the present one."""
    if found.state.along == "eps":
        return max(_EPS_HORIZON, found.state.n_iter)
    little = (found.trace.plain < _LITTLE).nonzero().flatten()
    least = max(found.state.n_iter, int(little[0]) + 1 if len(little) else _HORIZONS[-1])
    return next(steps for steps in _HORIZONS if steps >= least)


def frames_at(problem: Problem, state: TransportState, counts: list[int]) -> list[PlanFrames]:
    """Return the plan after each count, by the path on which `trace_convergence` counts iterations."""
    tol = TOL if state.accelerate else None
    frames = plans_along_iterations(
        problem.cost, mu=problem.mu, nu=problem.nu, eps=state.eps, counts=counts, tol=tol
    )
    return [_one(frames, k) for k in range(len(counts))]


def _one(frames: PlanFrames, k: int) -> PlanFrames:
    return PlanFrames(**{name: field[k : k + 1] for name, field in vars(frames).items()})
