import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.effort import QUICK
from benchmarks.pairs import PairTimes, time_pairs
from benchmarks.post_loop import run_post_loop
from benchmarks.problems import Problem, clustered_problem, image_problem, random_problem
from benchmarks.report import RATIO_HEADER, Section, add_ratio, document, from_json, join, to_json
from benchmarks.threads import AS_IT_COMES, ONE_THREAD, settle
from ce_core import ExperimentConfig, run_experiment, sinkhorn
from tests.support.closeness import close_to


class _Clock:
    """A clock that only the actions move on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def action(self, name: str, *durations: float) -> Callable[[], None]:
        left = list(durations)

        def act() -> None:
            self.order.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return act


def test_pair_times_statistics_are_those_of_the_ratios() -> None:
    times = PairTimes(ours=(1.0, 2.0, 4.0), theirs=(3.0, 4.0, 20.0))
    assert times.ratios == (3.0, 2.0, 5.0)
    assert (times.median, times.lowest, times.highest) == (3.0, 2.0, 5.0)
    assert times.median_seconds == (2.0, 4.0)


def test_time_pairs_measures_in_turn_after_a_warm_up() -> None:
    clock = _Clock()
    ours = clock.action("ours", 9.0, 2.0, 4.0, 5.0)
    theirs = clock.action("theirs", 50.0, 6.0, 4.0, 25.0)
    times = time_pairs(ours, theirs, pairs=3, least=1, seconds=1000.0, clock=lambda: clock.now)
    assert times.ours == (2.0, 4.0, 5.0)
    assert times.theirs == (6.0, 4.0, 25.0)
    assert clock.order == ["ours", "theirs"] * 4


def test_time_pairs_stops_when_the_seconds_are_spent_and_the_least_number_measured() -> None:
    clock = _Clock()
    times = time_pairs(
        clock.action("ours", 2.0),
        clock.action("theirs", 3.0),
        pairs=9,
        least=2,
        seconds=1.0,
        clock=lambda: clock.now,
    )
    assert times.ratios == (1.5, 1.5)


def test_time_pairs_calls_short_actions_several_times_a_timing() -> None:
    clock = _Clock()
    times = time_pairs(
        clock.action("ours", 0.0078125),
        clock.action("theirs", 0.03125),
        pairs=2,
        least=1,
        seconds=1.0,
        clock=lambda: clock.now,
    )
    assert times.ratios == (4.0, 4.0)
    # Two to warm up, then three a timing, since one takes less than 20 ms.
    assert clock.order.count("ours") == 2 + 3 * 2
    assert clock.order.count("theirs") == 2 + 2


def test_time_pairs_settles_before_each_timing() -> None:
    clock = _Clock()
    ours, theirs, settle = (clock.action(name, 1.0) for name in ("ours", "theirs", "settle"))
    time_pairs(ours, theirs, pairs=2, least=1, seconds=100.0, clock=lambda: clock.now, settle=settle)
    assert clock.order == ["ours", "theirs", *["settle", "ours", "settle", "theirs"] * 2]


@pytest.mark.parametrize("spinning", [0, 3, 1000])
def test_settle_waits_until_nothing_spins_or_long_enough(spinning: int) -> None:
    slept: list[float] = []
    used = 0.0

    def sleep(seconds: float) -> None:
        nonlocal used
        slept.append(seconds)
        used += seconds if len(slept) <= spinning else 0.0

    settle(lambda: used, sleep)
    assert sum(slept) < 0.5
    if spinning < 10:
        assert len(slept) == spinning + 1


def test_effort_goes_by_the_processor_on_one_thread_and_by_the_wall_else() -> None:
    alone, threaded = QUICK.within(ONE_THREAD), QUICK.within(AS_IT_COMES)
    started = [effort.now() for effort in (alone, threaded)]
    time.sleep(0.1)
    processor, wall = (
        effort.now() - before for effort, before in zip((alone, threaded), started, strict=True)
    )
    assert processor < 0.09 < wall


def test_quick_run_writes_each_row_in_both_environments(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    command = [sys.executable, "-m", "benchmarks", "batch", "--quick", "--out", str(out)]
    # On one core: as it comes, threads of neighbours that want the same cores could take minutes.
    pinned = {max(os.sched_getaffinity(0))} if hasattr(os, "sched_getaffinity") else set()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        preexec_fn=(lambda: os.sched_setaffinity(0, pinned)) if pinned else None,
    )
    lines = [line.split(" | ") for line in out.read_text().splitlines() if "64 of 64 x 64" in line]
    assert len(lines) == 8
    assert [line[2] for line in lines] == [ONE_THREAD, AS_IT_COMES] * 4


def test_run_post_loop_agrees_with_the_experiment_on_the_same_draws() -> None:
    loop = run_post_loop(n=128, m=64, trials=4, seed=5)
    core = run_experiment(ExperimentConfig(trials=4, seed=5, dtype="float64"))
    order = core.l1.argsort()
    # The loop's logits are float32, so its losses are good to about 1e-7 here.
    np.testing.assert_allclose(loop["l1"], core.l1[order].numpy(), rtol=0, atol=2e-7)
    np.testing.assert_allclose(loop["l2"], core.l2[order].numpy(), rtol=0, atol=2e-7)
    np.testing.assert_array_equal(loop["l1_gradient"], np.gradient(loop["l1"]))


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(random_problem(12, 8, eps=0.1), id="random"),
        pytest.param(clustered_problem(12, 8, eps=0.1), id="clustered"),
        pytest.param(image_problem(4, eps=0.1), id="image"),
    ],
)
def test_problem_has_range_one_and_an_error_that_vanishes_on_a_solution(problem: Problem) -> None:
    assert (problem.cost.min(), problem.cost.max()) == (0.0, 1.0)
    cost, mu, nu = (torch.from_numpy(x) for x in (problem.cost, problem.mu, problem.nu))
    plan = sinkhorn(cost, eps=problem.eps, mu=mu, nu=nu, tol=1e-10).plan.numpy()
    assert problem.marginal_error(plan) < 1.1e-10
    assert problem.marginal_error(np.zeros_like(plan)) == close_to(2)


def test_document_counts_targets_and_shows_what_is_missing() -> None:
    section = Section("Subject", "Words.", RATIO_HEADER)
    times = PairTimes(ours=(1.0,), theirs=(0.8,))
    add_ratio(section, "case", "one", times, at_least=2.0)
    add_ratio(section, "case", "another", times, at_most_times=1.4)
    add_ratio(section, "case", "absent", None, at_least=2.0)
    assert section.verdicts == [False, True]
    text = document([section], minutes=1.0, effort=QUICK)
    assert "Targets: 1 of 2 met" in text
    assert "| case | absent |  |  | not installed |  | not measured |" in text


def test_join_sets_the_rows_of_both_environments_beside_each_other() -> None:
    sections = {}
    for environment, theirs in ((ONE_THREAD, 3.0), (AS_IT_COMES, 0.5)):
        section = Section("Subject", "Words.", RATIO_HEADER, after="More.")
        for case in ("first", "second"):
            times = PairTimes(ours=(1.0,), theirs=(theirs,))
            add_ratio(section, case, "peer", times, at_least=1.0, why="a reason")
        (sections[environment],) = from_json(to_json([section]))
    joined = join(sections)
    assert joined.header[:3] == ("case", "against", "threads")
    assert [row[:3] for row in joined.rows] == [
        (case, "peer", threads) for case in ("first", "second") for threads in (ONE_THREAD, AS_IT_COMES)
    ]
    assert joined.verdicts == [True, True, False, False]
    assert [row[-2] for row in joined.rows] == ["at least 1: a reason"] * 4
    assert joined.after == "Threads: one. More.\n\nThreads: as it comes. More."
