"""Grids of the experiment against the post's loop at each of their points; a million points on disk."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.effort import Effort
from benchmarks.pairs import PairTimes
from benchmarks.post_loop import run_post_loop
from benchmarks.report import RATIO_HEADER, Section, add_ratio
from ce_core import Axis, ExperimentConfig, run_grid

_CONFIG = ExperimentConfig()
_LOSSES = ("r", "slope", "entropy_spread", "entropy_share", "marginal_error")
_GRADIENTS = (*_LOSSES, "gradient_cosine", "gradient_difference")


class _Case(NamedTuple):
    x: Axis
    y: Axis
    metrics: tuple[str, ...]
    least: float
    why: str


_CASES = (
    _Case(
        Axis.logarithmic("eps", 0.05, 2, 100),
        Axis.logarithmic("logit_scale", 1, 64, 100),
        _LOSSES,
        150,
        "100 plans and 100 softmaxes for 10,000 points",
    ),
    _Case(
        Axis.logarithmic("eps", 0.05, 2, 100),
        Axis.logarithmic("logit_scale", 1, 64, 100),
        _GRADIENTS,
        30,
        "two products of 163,840 numbers a point, as products of matrices",
    ),
    _Case(
        Axis.linear("logit_exponent", 1, 8, 15),
        Axis.logarithmic("eps", 0.05, 2, 40),
        _LOSSES,
        20,
        "15 softmaxes, 40 plans",
    ),
    _Case(
        Axis.linear("logit_exponent", 1, 8, 15),
        Axis.logarithmic("logit_scale", 1, 64, 40),
        _LOSSES,
        10,
        "one plan, and a softmax a point",
    ),
    _Case(
        Axis("seed", range(8)),
        Axis.logarithmic("logit_scale", 1, 64, 100),
        _LOSSES,
        10,
        "eight plans, and a softmax a point",
    ),
    _Case(
        Axis.logarithmic("eps", 0.08, 2, 10),
        Axis.linear("n_iter", 1, 20, 20),
        _LOSSES,
        3,
        "a plan a point, as the loop has; one softmax",
    ),
    _Case(
        Axis.linear("n", 96, 160, 5),
        Axis.linear("m", 32, 96, 5),
        _LOSSES,
        1.5,
        "nothing is shared",
    ),
)
_LOOP_POINTS = 4

# A sweep in a process of its own, and the largest resident size of all processes together.
_MILLION = """
import json, os, sys, threading, time
from pathlib import Path
from ce_core import Axis, ExperimentConfig
from ce_core.sweeps.on_disk import sweep_to_folder
from ce_core.sweeps.workers import process_pool

def resident():
    # What processes share is counted once, a part for each.
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == os.getpid():
                    text = (entry / "smaps_rollup").read_text()
                    total += 1024 * int(text.partition("Pss:")[2].split()[0])
            except (FileNotFoundError, ProcessLookupError, IndexError):
                pass
    return total

def watch():
    while True:
        seen.append(resident())
        time.sleep(0.1)

if __name__ == "__main__":
    os.setsid()
    seen = []
    threading.Thread(target=watch, daemon=True).start()
    side = int(sys.argv[2])
    start = time.perf_counter()
    result = sweep_to_folder(
        ExperimentConfig(),
        (Axis.logarithmic("eps", 0.05, 2, side), Axis.logarithmic("logit_scale", 1, 64, side)),
        ["r", "slope"],
        folder=sys.argv[1],
        workers=process_pool(2),
    )
    assert result.computed.all()
    print(json.dumps([time.perf_counter() - start, max(seen)]))
"""


def measure_grids(effort: Effort) -> Section:
    """Time grids of several pairs of parameters, and a million points on disk."""
    section = Section(
        "Grids",
        "`run_grid` at the post's sizes, 20 trials of 128 x 64, draws included, against the post's "
        f"loop at each point: {_LOOP_POINTS} of them, over the grid, are timed and stand for all.",
        RATIO_HEADER,
    )
    for case in _CASES:
        _check(case)
        points = len(case.x.values) * len(case.y.values)
        times = effort.time(lambda case=case: _run(case), lambda case=case: _loop(case))  # type: ignore[misc]
        share = points / _LOOP_POINTS
        times = PairTimes(times.ours, tuple(share * seconds for seconds in times.theirs))
        gradients = " with gradients" if case.metrics is _GRADIENTS else ""
        text = f"{points:,} points, {case.x.name} x {case.y.name}{gradients}"
        add_ratio(section, text, "the post's loop", times, at_least=case.least, why=case.why)
    _add_million(section, 100 if effort.quick else 1000)
    return section


def _run(case: _Case) -> dict[str, Any]:
    return run_grid(_CONFIG, (case.x, case.y), case.metrics).columns


def _places(case: _Case) -> list[tuple[int, int]]:
    """Return the places of the points that are timed, along the diagonal of the grid."""
    ends = (np.linspace(0, len(axis.values) - 1, _LOOP_POINTS).round().astype(int) for axis in case[:2])
    columns, rows = (end.tolist() for end in ends)
    return list(zip(rows, columns, strict=True))


def _loop(case: _Case) -> list[float]:
    """Run the post's loop at some points; return the slopes of L2 on L1."""
    slopes = []
    for row, column in _places(case):
        options: dict[str, Any] = {"n": _CONFIG.n, "m": _CONFIG.m, "trials": _CONFIG.trials}
        options |= {case.x.name: case.x.values[column], case.y.name: case.y.values[row]}
        losses = run_post_loop(**options)
        slopes.append(float(np.polyfit(losses["l1"], losses["l2"], 1)[0]))
    return slopes


def _check(case: _Case) -> None:
    """See that both compute the same, but for the rounding of logits in float32."""
    slope = _run(case)["slope"]
    ours = [slope[place].item() for place in _places(case)]
    np.testing.assert_allclose(ours, _loop(case), rtol=0.01)


def _add_million(section: Section, side: int) -> None:
    case = f"{side * side:,} points on disk, eps x logit_scale, by two processes, on the wall"
    if not Path("/proc/self/smaps_rollup").exists():
        section.add(case, "none", "", "", "needs /proc", "", "not measured")
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _MILLION, folder, str(side)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, most = done.stdout.strip("[]\n").split(",")
    section.add(
        case,
        "none",
        f"{float(seconds):.3g} s, {float(most) / 1e6:.0f} MB",
        "",
        "one run",
        "at most 300 s and 1,000 MB",
        section.verdict(float(seconds) <= 300 and float(most) <= 1e9),
    )
