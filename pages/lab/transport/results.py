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
    digit_image,
    entropy,
    forbid_pairs,
    pixel_grid,
    plans_along_eps,
    plans_along_iterations,
    random_cost,
    squared_distances,
    trace_convergence,
)
from ce_core.post.plan_variant import VariantDifferences, variant_differences
from lab.page.csv import csv_text
from lab.page.kept import computed_once
from lab.state.fields import stops_of
from lab.transport.state import (
    CLOUDS,
    DEFAULT,
    DIGITS,
    PIXELS,
    TransportState,
    levels,
    points,
)

TOL: Final = 1e-9
"""Where the accelerated iteration stops, and what counts as converged."""
POST_ITERATIONS: Final = 10
# A plan whose marginal error is at most so large counts as balanced.
BALANCED: Final = 1e-8
LEAST_SHARE: Final = 0.02
_HORIZONS: Final = (10, 20, 30, 50, 75, 100, 150, 200)
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
class Problem:
    """Costs and marginals, and the points behind them where there are some."""

    cost: Tensor
    mu: Tensor
    nu: Tensor
    x: Tensor | None = None
    y: Tensor | None = None

    @property
    def spread(self) -> float:
        """The range of the finite costs."""
        finite = self.cost[self.cost.isfinite()]
        return (finite.max() - finite.min()).item() if len(finite) else 0.0

    @property
    def limits(self) -> tuple[float, float]:
        """The entropy that a plan cannot fall below, and that of independence."""
        # A one-hot marginal may round to -0.
        both = [max(0.0, entropy(weights).item()) for weights in (self.mu, self.nu)]
        return max(both), sum(both)

    @property
    def uniform(self) -> bool:
        """Whether each marginal has one weight throughout."""
        return all(bool((weights == weights[0]).all()) for weights in (self.mu, self.nu))

    @property
    def square(self) -> bool:
        """Whether a plan can be an assignment: as many rows as columns, uniform marginals."""
        return self.uniform and len(self.mu) == len(self.nu)

    @property
    def has_one_plan(self) -> bool:
        """Whether all rows or all columns but one are empty, so that there is nothing to choose."""
        return any(int((weights > 0).sum()) == 1 for weights in (self.mu, self.nu))


@dataclass(frozen=True)
class Results:
    """All that a state determines."""

    state: TransportState
    problem: Problem
    frame: PlanFrames
    trace: ConvergenceTrace
    path: PlanFrames
    balanced: PlanFrames
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
    def column_error(self) -> float:
        """The part of the columns, which is all of it once there was an iteration."""
        return self.frame.column_error.item()

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
        error = self.balanced.row_error + self.balanced.column_error
        return self.balanced.transport_cost.item() if error.item() <= BALANCED else math.nan

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


def pose(state: TransportState) -> Problem:
    """Return the problem that a state describes."""
    if state.cost == DIGITS:
        x = y = pixel_grid(PIXELS)
        mu, nu = digit_image("one").flatten(), digit_image("zero").flatten()
    else:
        mu, nu = (
            torch.tensor(levels(text, size), dtype=torch.float64)
            for text, size in ((state.mu, state.n), (state.nu, state.m))
        )
        mu, nu = mu / mu.sum(), nu / nu.sum()
    if state.cost == CLOUDS:
        x, y = (torch.tensor(cloud, dtype=torch.float64) for cloud in points(state))
    if state.cost in (CLOUDS, DIGITS):
        cost = squared_distances(x, y)
        return Problem(forbid_pairs(cost, state.forbidden, seed=state.seed), mu, nu, x, y)
    cost = random_cost(state.n, state.m, exponent=state.cost_exponent, seed=state.seed)
    return Problem(forbid_pairs(cost, state.forbidden, seed=state.seed), mu, nu)


@computed_once(megabytes=32)
def results(state: TransportState) -> Results:
    """Compute everything that the page shows of a state."""
    problem = pose(state)
    trace = _trace(problem, state.eps)
    # Whether there is a plan does not depend on eps.
    feasible = trace.status != SinkhornStatus.INFEASIBLE
    path, variant = _at_every_eps(_problem_alone(state), feasible)
    (frame,) = _frames(problem, state, [state.n_iter])
    return Results(
        state=state,
        problem=problem,
        frame=frame,
        trace=trace,
        path=path,
        balanced=_balanced_at(state.eps, problem, path, feasible),
        variant=variant,
        variant_now=_variant(problem, [problem.spread / state.eps]),
    )


def results_along(found: Results, along: str, values: Sequence[float]) -> Iterator[Results]:
    """Yield what the page shows at each value of the parameter that is scrubbed.

    What the parameter does not change is that of the state where it stands.
    """
    states = [replace(found.state, **{along: value}) for value in values]  # type: ignore[arg-type]
    if along == "n_iter":
        frames = _frames(found.problem, found.state, [one.n_iter for one in states])
        for one, frame in zip(states, frames, strict=True):
            yield replace(found, state=one, frame=frame)
    else:
        for one in states:
            yield found if one == found.state else _at_eps(found, one)


def _at_eps(found: Results, state: TransportState) -> Results:
    """Return the results at another eps."""
    problem = found.problem
    (frame,) = _frames(problem, state, [state.n_iter])
    return replace(
        found,
        state=state,
        frame=frame,
        trace=_trace(problem, state.eps),
        balanced=_balanced_at(state.eps, problem, found.path, found.feasible),
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


def lines_of(found: Results) -> list[tuple[int, int, float]]:
    """Return the pairs that are drawn as lines, each with its share of the most a pair can get."""
    shares = found.plan / min(found.problem.mu.max(), found.problem.nu.max())
    pairs = (shares >= LEAST_SHARE).nonzero().tolist()
    return [(i, j, round(min(1.0, shares[i, j].item()), 4)) for i, j in pairs]


def horizon(found: Results) -> int:
    """Return how many iterations the chart of errors shows: until plain iteration is at rest."""
    if found.state.along == "eps":
        return max(_EPS_HORIZON, found.state.n_iter)
    rest = (found.trace.plain < 1e-13).nonzero().flatten()
    least = int(rest[0]) + 1 if len(rest) else _HORIZONS[-1]
    return next(steps for steps in _HORIZONS if steps >= least)


def numbers(found: Results) -> dict[str, float]:
    """Return every number of the page by name."""
    table = {
        "marginal_error": found.error,
        "row_error": found.frame.row_error.item(),
        "column_error": found.column_error,
        "iterations": int(found.frame.n_iter),
        "entropy": found.entropy,
        "transport_cost": found.frame.transport_cost.item(),
        "entropic_value": found.frame.entropic_value.item(),
        "birkhoff_rate": found.trace.birkhoff,
        "asymptotic_rate": found.rate,
        "accelerated_iterations": found.trace.needed,
        "range_of_cost_over_eps": found.steepness,
    }
    if found.variant_now is not None:
        for index, dtype in enumerate(found.variant_now.dtypes):
            table |= {
                f"post_difference_{dtype}": found.variant_now.differences[index, 0].item(),
                f"post_row_error_{dtype}": found.variant_now.row_errors[index, 0].item(),
                f"post_column_error_{dtype}": found.variant_now.column_errors[index, 0].item(),
            }
    return table


def data_csv(found: Results) -> str:
    """Return what the figures show as CSV, one number a line, every digit kept."""
    return csv_text(("quantity", "row", "column", "value"), _lines(found))


def _lines(found: Results) -> Iterator[tuple[str, float, float | str, float]]:
    for name, vector in (("mu", found.problem.mu), ("nu", found.problem.nu)):
        yield from ((name, i, "", value) for i, value in enumerate(vector.tolist(), start=1))
    for name, matrix in (("cost", found.problem.cost), ("plan", found.plan)):
        for i, row in enumerate(matrix.tolist(), start=1):
            yield from ((name, i, j, value) for j, value in enumerate(row, start=1))
    for name in ("plain", "accelerated", "bound"):
        errors = getattr(found.trace, name).tolist()
        yield from ((f"error_{name}", k, "", error) for k, error in enumerate(errors, start=1))
    eps = found.path.eps.tolist()
    for name in ("entropy", "transport_cost", "entropic_value"):
        values = getattr(found.path, name).tolist()
        yield from ((f"{name}_over_eps", at, "", value) for at, value in zip(eps, values, strict=True))
    if found.variant is not None:
        ranges = found.variant.ranges.tolist()
        for dtype, differences in zip(
            found.variant.dtypes, found.variant.differences.tolist(), strict=True
        ):
            yield from (
                (f"post_difference_{dtype}", at, "", value)
                for at, value in zip(ranges, differences, strict=True)
            )


def _frames(problem: Problem, state: TransportState, counts: list[int]) -> list[PlanFrames]:
    """Return the plan after each count, by the path on which `trace_convergence` counts iterations."""
    tol = TOL if state.accelerate else None
    frames = plans_along_iterations(
        problem.cost, mu=problem.mu, nu=problem.nu, eps=state.eps, counts=counts, tol=tol
    )
    return [_one(frames, k) for k in range(len(counts))]


def _one(frames: PlanFrames, k: int) -> PlanFrames:
    return PlanFrames(**{name: field[k : k + 1] for name, field in vars(frames).items()})
