"""Every sentence of the page of transport holds in many states: each condition is computed anew."""

import itertools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from scipy.optimize import linprog
from scipy.stats import entropy as entropy_of

import ce_core as ce
from ce_core import SinkhornStatus
from ce_core.post.plan_variant import post_assignment
from lab.transport.answer import answer, loses_mass, misplaced
from lab.transport.figures import figure_set
from lab.transport.notes import notes
from lab.transport.results import Results, results, results_along
from lab.transport.state import CLOUDS, DEFAULT, DIGITS, PRESETS, TransportState
from lab.transport.text import (
    error_numbers,
    error_why,
    path_numbers,
    path_why,
    points_numbers,
    readouts,
    variant_numbers,
    variant_why,
)
from tests.support.closeness import close_to

ONE_ROW, ONE_COLUMN, WITH_ZEROS = "100000000000", "0z0000000000", "z50a"
STATES = {
    **{name: preset.state for name, preset in PRESETS.items() if not callable(preset.state)},
    **{
        f"eps {eps:g}, {count} {'fast' if fast else 'plain'}": replace(
            DEFAULT, eps=eps, n_iter=count, accelerate=fast
        )
        for eps, count, fast in itertools.product(
            (0.001, 0.01, 0.1, 1.0, 10.0, 100.0), (0, 1, 200), (False, True)
        )
    },
    **{
        f"{n} x {m}, eps {eps:g}": replace(DEFAULT, n=n, m=m, eps=eps, n_iter=200, seed=seed)
        for (n, m), eps, seed in itertools.product(
            ((2, 2), (2, 64), (64, 2), (3, 3)), (0.001, 0.05, 100.0), (0, 4)
        )
    },
    "one row": replace(DEFAULT, mu=ONE_ROW, n_iter=1),
    "one column": replace(DEFAULT, nu=ONE_COLUMN, n_iter=1, eps=10.0),
    "one of each": replace(DEFAULT, mu=ONE_ROW, nu=ONE_COLUMN, n_iter=5),
    "one row, before": replace(DEFAULT, mu=ONE_ROW, n_iter=0),
    "zeros": replace(DEFAULT, mu=WITH_ZEROS, nu="00z", n_iter=200, eps=0.01, accelerate=True),
    "all equal": replace(DEFAULT, cost_exponent=0.0, n_iter=1),
    "all equal, before": replace(DEFAULT, cost_exponent=0.0, n_iter=0),
    "all equal 2 x 2": replace(DEFAULT, cost_exponent=0.0, n=2, m=2, n_iter=1),
    "digits, small": replace(DEFAULT, cost=DIGITS, eps=0.001, n_iter=200, accelerate=True),
    "digits, forbidden": replace(DEFAULT, cost=DIGITS, eps=0.01, forbidden=0.9, n_iter=5),
    "clouds": replace(DEFAULT, cost=CLOUDS, eps=0.001, n_iter=200, accelerate=True),
    "forbidden": replace(DEFAULT, forbidden=0.5, eps=0.05, n_iter=200),
    "forbidden 2 x 2": replace(DEFAULT, n=2, m=2, forbidden=0.5, n_iter=50),
    "one finite cost": replace(DEFAULT, n=2, m=2, forbidden=0.5, n_iter=0),
    "no finite cost": replace(DEFAULT, n=2, m=2, forbidden=0.9),
    "some of one cost": replace(DEFAULT, cost_exponent=0.0, forbidden=0.3, n_iter=200),
    "all equal, small eps": replace(DEFAULT, cost_exponent=0.0, eps=0.001, n_iter=0),
    "one pair": replace(DEFAULT, mu=ONE_ROW, nu="000000000001"),
    "between the stops": replace(DEFAULT, eps=0.0123, n_iter=3),
    "no plan at once": replace(DEFAULT, n=6, m=6, forbidden=0.9, n_iter=0),
}
every_state = pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())


@cache
def found_of(state: TransportState) -> Results:
    """Return the results of a state, which several tests walk."""
    return results(state)


@cache
def charts_of(state: TransportState) -> dict[str, go.Figure]:
    """Return the figures of a state by their keys."""
    return {card.key: go.Figure(card.tree) for card in figure_set(found_of(state)).cards}


def errors_of(found: Results) -> tuple[float, float]:
    plan, problem = found.plan.numpy(), found.problem
    return (
        float(np.abs(plan.sum(1) - problem.mu.numpy()).sum()),
        float(np.abs(plan.sum(0) - problem.nu.numpy()).sum()),
    )


def feasible(found: Results) -> bool:
    """Return whether there is a plan, by linear programming."""
    problem = found.problem
    n, m = problem.cost.shape
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    bounds = [(0, None if math.isfinite(x) else 0) for x in problem.cost.flatten().tolist()]
    solved = linprog(
        np.zeros(n * m),
        A_eq=np.concatenate([rows, columns]),
        b_eq=np.concatenate([problem.mu.numpy(), problem.nu.numpy()]),
        bounds=bounds,
        method="highs",
    )
    return bool(solved.status == 0)


@dataclass(frozen=True)
class Facts:
    """What a state is, computed apart from what the page computed."""

    found: Results
    said: str

    @property
    def plan(self) -> np.ndarray:
        return self.found.plan.numpy()

    @property
    def shares(self) -> tuple[np.ndarray, np.ndarray]:
        return self.found.problem.mu.numpy(), self.found.problem.nu.numpy()

    @property
    def missed(self) -> tuple[float, float]:
        return errors_of(self.found)

    @property
    def equal(self) -> bool:
        return all(bool((weights == weights[0]).all()) for weights in self.shares)

    @property
    def rates(self) -> tuple[float, float]:
        bound = ce.birkhoff_rate(self.found.problem.cost, eps=self.found.state.eps).item()
        return self.found.trace.asymptotic, bound

    @property
    def at_rest(self) -> bool:
        return bool(self.found.trace.plain[-1] < 1e-8)

    @property
    def balanced(self) -> bool:
        return sum(self.missed) <= 1e-8


def is_assignment(facts: Facts) -> bool:
    n, m = facts.plan.shape
    return bool(facts.equal and n == m and (facts.plan.max(1) / facts.shares[0]).min() > 0.95)


def is_near_independence(facts: Facts) -> bool:
    """By Pinsker: H(μ) + H(ν) - H(P) is the divergence from μνᵀ."""
    return bool(np.abs(facts.plan - np.outer(*facts.shares)).sum() <= math.sqrt(0.02) + 1e-9)


def is_between(facts: Facts) -> bool:
    if "A smaller" in facts.said:
        problem = facts.found.problem
        low = ce.sinkhorn(problem.cost, eps=0.001, mu=problem.mu, nu=problem.nu)
        assert low.transport_cost < facts.found.frame.transport_cost.item()
    return facts.balanced


def is_cheaper_than_balanced(facts: Facts) -> bool:
    problem = facts.found.problem
    balanced = ce.sinkhorn(problem.cost, eps=facts.found.state.eps, mu=problem.mu, nu=problem.nu)
    cost = float(np.nansum(facts.plan * np.where(facts.plan > 0, problem.cost.numpy(), 0)))
    (said,) = re.findall(r"below the ([\d.]+) of", facts.said)
    assert float(said) == close_to(balanced.transport_cost.item(), rel=1e-3)
    return bool(balanced.converged) and not facts.balanced and cost < balanced.transport_cost.item()


def has_equal_costs(facts: Facts) -> bool:
    return len(set(facts.found.problem.cost.flatten().tolist())) == 1


def is_pessimistic(facts: Facts) -> bool:
    rate, bound = map(math.log, facts.rates)
    return rate / bound >= (10 if "wildly" in facts.said else 2)


def judges_the_variant(facts: Facts) -> bool:
    off = {
        name: difference_of_variant(facts.found, getattr(torch, name))
        for name in ("float32", "float64")
    }
    wrong = [name for name, one in off.items() if one > 1e-3]
    headline = facts.said.split("**")[1]
    assert ("others" in facts.said) == (not facts.equal)
    assert ("wrong" in headline) == bool(wrong)
    return [name for name in off if name in headline] == wrong


CHECKS: dict[str, Callable[[Facts], bool]] = {
    "infeasible": lambda facts: not feasible(facts.found),
    "not-converged": lambda facts: facts.found.trace.status == SinkhornStatus.NOT_CONVERGED,
    "tolerance-unreachable": lambda facts: (
        facts.found.trace.status == SinkhornStatus.TOLERANCE_UNREACHABLE
    ),
    "kernel-only": lambda facts: (
        facts.found.state.n_iter == 0 and ("Neither" not in facts.said or min(facts.missed) > 1e-9)
    ),
    "balanced": lambda facts: facts.balanced and facts.found.state.n_iter > 0,
    "not-converged-yet": lambda facts: (
        not facts.balanced and ("exact" not in facts.said or facts.missed[0] < 1e-9)
    ),
    "assignment": is_assignment,
    "only-plan": lambda facts: 1 in [int((weights > 0).sum()) for weights in facts.shares],
    "equal-costs": has_equal_costs,
    "cheaper-unbalanced": is_cheaper_than_balanced,
    "independence": is_near_independence,
    "between": is_between,
    "one-rate": lambda facts: (
        facts.equal and facts.plan.shape == (2, 2) and math.isclose(*facts.rates, rel_tol=1e-6)
    ),
    "stands-still": lambda facts: min(facts.rates) >= 1 and not facts.at_rest,
    "parts-at-rest": lambda facts: facts.rates[0] >= 1 and facts.at_rest,
    "bound-says-nothing": lambda facts: facts.rates[1] >= 1 > facts.rates[0],
    "bound-pessimistic": is_pessimistic,
    "variant-wrong": judges_the_variant,
    "variant-breaks-later": judges_the_variant,
    "variant-never-breaks": judges_the_variant,
}


def difference_of_variant(found: Results, dtype: torch.dtype) -> float:
    cost = found.problem.cost / found.state.eps
    costs = (cost - cost[cost.isfinite()].min()).to(dtype)
    post = post_assignment(costs, eps=1.0, n_iter=10).double()
    true = ce.balanced_assignment(costs.double(), eps=1.0, n_iter=10)
    return (post - true).abs().max().item()


@every_state
def test_notes_hold_what_they_say(state: TransportState) -> None:
    found = found_of(state)
    said = notes(found)
    for note in said:
        assert CHECKS[note.id](Facts(found, note.text)), note
        assert "not defined" not in note.text
        assert "nan" not in note.text
        assert not re.search(r"\b1 (iterations|pairs)\b", note.text)
        assert "−0 " not in note.text
    assert ("infeasible" in [note.id for note in said]) == (not feasible(found))


@every_state
def test_captions_and_bar_are_of_the_present_plan(state: TransportState) -> None:
    found = found_of(state)
    _rows, columns = errors_of(found)
    told = dict(readouts(found))
    figures = charts_of(state)
    (now,) = (drawn for drawn in figures["errors"].data if drawn.uid == "now")
    # One error in the bar and in the chart.
    assert float(now.customdata[0]) == close_to(columns / 2, rel=1e-9, abs=1e-14)
    off = misplaced(2 * float(now.customdata[0]))
    assert told["misplaced"] == ("no plan" if loses_mass(found) else off)
    share = found.plan.numpy() / max(found.plan.sum().item(), 1e-300)
    if share.any():
        assert float(told["pairs in use"]) == close_to(np.exp(entropy_of(share.ravel())), abs=0.051)
    else:
        assert told["pairs in use"] == "none"
    assert ("of a balanced plan at most" in path_numbers(found)) == feasible(found)
    for text in (
        answer,
        error_numbers,
        error_why,
        path_numbers,
        path_why,
        variant_numbers,
        variant_why,
    ):
        assert "−0 " not in text(found)
        assert "not defined" not in text(found) or text is error_why
    if state.cost == CLOUDS:
        assert points_numbers(found)
    assert ("are others" in variant_why(found)) == (
        found.variant_now is not None
        and not all((w == w[0]).all() for w in (found.problem.mu, found.problem.nu))
    )
    for figure in figures.values():
        for drawn in figure.data:
            for numbers in (drawn.x, drawn.y):
                if numbers is not None and np.asarray(numbers).dtype.kind == "f":
                    assert not np.isin(numbers, [1e-17, 1e-18]).any() or drawn.uid == "now"


@pytest.mark.parametrize("name", ["three", "variant"])
def test_unbalanced_plan_that_is_cheaper_is_not_praised(name: str) -> None:
    state = PRESETS[name].state
    assert isinstance(state, TransportState)
    assert "cheaper-unbalanced" in [note.id for note in notes(results(state))]
    at_rest = results(replace(state, accelerate=True, n_iter=200))
    assert "cheaper-unbalanced" not in [note.id for note in notes(at_rest)]


def test_equal_costs_are_told_before_the_first_iteration() -> None:
    found = results(STATES["all equal, small eps"])
    assert "equal-costs" in [note.id for note in notes(found)]


@pytest.mark.parametrize("name", ["one finite cost", "no finite cost", "some of one cost"])
def test_costs_of_which_some_are_infinite_are_not_called_equal(name: str) -> None:
    found = results(STATES[name])
    (chart,) = (go.Figure(card.tree) for card in figure_set(found).cards if card.key == "variant")
    said = [variant_numbers(found), chart.layout.annotations[0].text, *(n.text for n in notes(found))]
    assert "costs are equal" not in " ".join(said).lower()
    assert "finite costs" in said[0]


@every_state
def test_charts_show_the_whole_ring_and_the_line_of_the_rate(state: TransportState) -> None:
    figures = charts_of(state)
    for key, axis, mark in (("path", "xaxis", "now-entropy"), ("errors", "yaxis", "now")):
        low, high = figures[key].layout[axis].range
        (now,) = (drawn for drawn in figures[key].data if drawn.uid == mark)
        at = math.log10((now.x if axis == "xaxis" else now.y)[0])
        assert low + 0.02 * (high - low) <= at <= high - 0.02 * (high - low)
    drawn = {one.uid: np.asarray(one.y) for one in figures["errors"].data}
    if "asymptote" in drawn:
        last = np.flatnonzero(drawn["plain"] > 0.5e-12)[-1]
        assert drawn["asymptote"][last] == close_to(drawn["plain"][last], rel=1e-9)
    curves = {"plain", "accelerated"} & drawn.keys()
    assert ("accelerated" in curves) == state.accelerate
    blank = all(np.isnan(drawn[uid]).all() for uid in curves)
    zero = float(next(one for one in figures["errors"].data if one.uid == "now").customdata[0]) == 0
    # What stands in the middle of the figure, not at the end of an axis.
    notes = [one for one in figures["errors"].layout.annotations if one.x == one.y == 0.5]
    assert bool(notes) == (blank and zero)


@pytest.mark.parametrize(
    ("state", "kind", "value"),
    [
        # The limit was found by linear programming and the greatest entropy on its face.
        (replace(DEFAULT, cost=DIGITS), "limit", 3.685),
        (DEFAULT, "assignment", math.log(12)),
        (replace(DEFAULT, cost=CLOUDS, mu="z9"), "bound", None),
        (replace(DEFAULT, mu=ONE_ROW), "limit", math.log(12)),
    ],
)
def test_least_entropy_is_drawn_as_what_it_is(
    state: TransportState, kind: str, value: float | None
) -> None:
    found = results(state)
    assert found.least[0] == kind
    if value is not None:
        assert found.least[1] == close_to(value, abs=1e-3)
    (path,) = (go.Figure(card.tree) for card in figure_set(found).cards if card.key == "path")
    (line,) = (drawn for drawn in path.data if drawn.uid == "assignment")
    assert set(line.y) == {found.least[1]}
    assert ("assignment" in line.text) == (kind == "assignment")


def test_bound_that_is_not_wildly_pessimistic_is_not_called_so() -> None:
    """tanh²(Δ/4) = .002 and σ₂² = .0002: .37 and .27 iterations a digit."""
    for accelerate in (False, True):
        found = results(replace(DEFAULT, eps=10.0, n_iter=200, accelerate=accelerate))
        assert "wildly" not in " ".join(note.text for note in notes(found))
    some = [results(replace(DEFAULT, eps=eps)) for eps in (0.5, 0.3, 0.2)]
    for found in some:
        for note in notes(found):
            if note.id == "bound-pessimistic":
                for steps, rate in zip(
                    re.findall(r"(?:bound|behind): ([\d.]+)[.;]", note.text),
                    (found.trace.birkhoff, found.trace.asymptotic),
                    strict=True,
                ):
                    assert float(steps.rstrip(".")) == close_to(
                        math.log(0.1) / math.log(rate), rel=0.05
                    )


def test_frames_along_eps_count_iterations_as_the_chart_does() -> None:
    """At eps .001 the accelerated iteration took 129 by one path, and 65 by that of the batch."""
    state = replace(DEFAULT, eps=0.001, n_iter=200, accelerate=True, along="eps")
    for found in results_along(results(state), "eps", (0.001, 0.01, 1.0)):
        assert int(found.frame.n_iter) == found.trace.needed
        assert found.column_error == close_to(found.trace.accelerated[-1].item(), rel=1e-2)
