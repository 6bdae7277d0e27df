"""What the page of transport says is true in any state: states are drawn, and each sentence is tested.

The answer is held to Sinkhorn as NumPy and SciPy iterate it, whether there is a plan to linear
programming, and each note to the check of that id in `test_notes`.
"""

import math
import re
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.special import logsumexp

from lab.state.fields import stops_of
from lab.transport.answer import answer, handle_words, misplaced
from lab.transport.notes import notes
from lab.transport.results import Results, results
from lab.transport.state import CLOUDS, DEFAULT, DIGITS, RANDOM, TransportState, spell_levels
from tests.lab.transport.test_notes import CHECKS, Facts, errors_of, feasible

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def draw(generator: np.random.Generator) -> TransportState:
    """Return a state that the controls can say: any stop, any marginals, few large ones."""
    cost = str(generator.choice([RANDOM, CLOUDS, DIGITS], p=[0.8, 0.17, 0.03]))
    drawn = {
        name: generator.choice(stops_of(TransportState, name)).item()
        for name in ("eps", "n_iter", "cost_exponent", "forbidden")
    }
    if generator.random() < 0.6:
        drawn["forbidden"] = 0.0
    if generator.random() < 0.3:
        drawn["n_iter"] = int(generator.integers(0, 4))
    sizes = [2, 3, 4, 5, 6, 8, 12, 16, 32]
    n, m = (int(size) for size in generator.choice(sizes, size=2))
    if generator.random() < 0.5:
        m = n
    return replace(
        DEFAULT,
        **drawn,
        cost=cost,
        n=n,
        m=m,
        seed=int(generator.integers(0, 1000)),
        accelerate=bool(generator.random() < 0.4),
        mu=weights(generator, n),
        nu=weights(generator, m),
        along=str(generator.choice(["n_iter", "eps", "none"])),
    )


def weights(generator: np.random.Generator, size: int) -> str:
    """Return marginals as a link spells them: uniform, any, some of them 0, or all in one place."""
    kind = generator.random()
    if kind < 0.5:
        return ""
    levels = generator.integers(1, 36, size)
    if kind > 0.9:
        levels[generator.permutation(size)[1:]] = 0
    elif kind > 0.75:
        levels[generator.permutation(size)[: size // 3]] = 0
    return spell_levels(levels.tolist())


def iterated(found: Results) -> np.ndarray:
    """Return the plan after the state's plain iterations, of which each scales columns, then rows."""
    problem, eps = found.problem, found.state.eps
    mu, nu, cost = problem.mu.numpy(), problem.nu.numpy(), problem.cost.numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        rows, columns = np.log(mu), np.log(nu)
        kernel = rows[:, None] + columns - cost / eps
        f = np.zeros(len(mu))
        if not found.state.n_iter:
            started: np.ndarray = np.exp(kernel - logsumexp(kernel))
            return started
        for _ in range(found.state.n_iter):
            g = columns - logsumexp(kernel + f[:, None], axis=0)
            g[~np.isfinite(g)] = -np.inf
            f = rows - logsumexp(kernel + g, axis=1)
            f[~np.isfinite(f)] = -np.inf
        plan: np.ndarray = np.exp(kernel + f[:, None] + g)
        return plan


def shares_in(said: str) -> dict[str, float]:
    """Return the numbers of an answer by the words that follow, as shares of 1."""
    found = {}
    for number, what in re.findall(r"\*\*([^*]*?) %(?: \(up to rounding\))?\*\*([^,.*]*)", said):
        mantissa, _times, power = number.partition("·10")
        found[what.strip()] = float(mantissa) * 10.0 ** int(power.translate(_RAISED) or 0) / 100
    return found


def alike(said: float, true: float) -> bool:
    """Return whether a share is the true one to the two digits with which it is said."""
    return math.isclose(said, true, rel_tol=0.051, abs_tol=1e-12)


def hold_the_answer(found: Results) -> None:
    """Assert that each part of the answer is true of the plan."""
    said, count = answer(found), int(found.frame.n_iter)
    rows, columns = errors_of(found)
    mass, balanced = found.plan.sum().item(), rows + columns <= 1e-8
    exists = feasible(found)
    assert ("No plan exists" in said) == (not exists)
    if "cannot leave" in said:
        assert not exists
        missing = [
            np.maximum(goal.numpy() - found.plan.numpy().sum(axis), 0).sum()
            for axis, goal in ((1, found.problem.mu), (0, found.problem.nu))
        ]
        for share, true in zip(re.findall(r"\*\*([\d.]+) %", said), missing, strict=True):
            assert alike(float(share) / 100, true)
        return
    # Then what lacks somewhere is too much somewhere else.
    assert math.isclose(mass, 1, abs_tol=1e-8)
    assert ("all sums hold" in said) == (exists and balanced)
    assert ("Before the first iteration" in said) == (count == 0)
    if count:
        (told,) = re.findall(r"After \*\*(\d+ iterations?)\*\*", said)
        assert told == ("1 iteration" if count == 1 else f"{count} iterations")
    if "rows are exact" in said:
        assert rows < 1e-12
    if "columns are exact" in said:
        assert columns < 1e-12
    truth = {
        "of the mass is misplaced": max(rows, columns) / 2,
        "of the mass is in wrong columns": columns / 2,
        "in wrong rows": rows / 2,
    }
    for what, share in shares_in(said).items():
        assert alike(share, truth[what]), said
    assert shares_in(said) or "all sums hold: the kernel" in said
    assert ("misplaced" in handle_words(found)) == (rows < 1e-12 or (exists and balanced))


def hold_the_plan(found: Results) -> None:
    """Assert that the sums are those of the iteration as SciPy does it."""
    if found.state.accelerate:
        return
    plan = iterated(found)
    for axis, goal, error in (
        (0, found.problem.nu, found.column_error),
        (1, found.problem.mu, found.row_error),
    ):
        assert abs(np.abs(plan.sum(axis) - goal.numpy()).sum() - error) < 1e-9 + 1e-6 * error


def hold_what_is_said(states: list[TransportState]) -> None:
    for state in states:
        found = results(state)
        try:
            hold_the_answer(found)
            hold_the_plan(found)
            for note in notes(found):
                assert CHECKS[note.id](Facts(found, note.text)), note
        except AssertionError as error:
            changed = {
                one.name: getattr(state, one.name)
                for one in fields(state)
                if getattr(state, one.name) != getattr(DEFAULT, one.name)
            }
            raise AssertionError(f"{changed}: {answer(found)}") from error


def test_no_error_is_called_rounding_that_the_iteration_leaves() -> None:
    found = results(replace(DEFAULT, eps=10.0, n_iter=3))
    left = np.abs(iterated(found).sum(0) - found.problem.nu.numpy()).sum() / 2
    (share,) = shares_in(answer(found)).values()
    assert math.isclose(share, left, rel_tol=0.02)
    assert left > 1e-13
    assert misplaced(0.9 * 64 * 2.0**-53) == "0 % (up to rounding)"


def test_what_is_said_holds_in_drawn_states() -> None:
    generator = np.random.default_rng(11)
    hold_what_is_said([draw(generator) for _ in range(10)])


@pytest.mark.long
def test_what_is_said_holds_in_a_thousand_states() -> None:
    generator = np.random.default_rng(2026)
    hold_what_is_said([draw(generator) for _ in range(1000)])
