"""The experiment against the post's loop: time, and peak memory of many trials."""

import subprocess
import sys
from pathlib import Path

from benchmarks.pairs import time_pairs
from benchmarks.post_loop import run_post_loop
from benchmarks.report import RATIO_HEADER, Effort, Section, add_ratio
from ce_core import ExperimentConfig, run_experiment

_CASES = ((128, 64, 8.0), (8, 4, 25.0), (1024, 512, 2.0))
_TRIALS = 20
_MANY_TRIALS = 10_000
_MOST_MB = 500

# In a process of its own: the largest resident size, over what is resident after the import.
_MEMORY = """
def kilobytes(name):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1])
{imports}
before = kilobytes("VmRSS")
{run}
print(kilobytes("VmHWM") - before)
"""
_OURS = (
    "from ce_core import ExperimentConfig, run_experiment",
    "run_experiment(ExperimentConfig(n=128, m=64, trials={trials}))",
)
_LOOP = (
    "from benchmarks.post_loop import run_post_loop",
    "run_post_loop(n=128, m=64, trials={trials})",
)


def measure_experiment(effort: Effort) -> Section:
    """Time the experiment at the three sizes, and weigh 10,000 trials."""
    section = Section(
        "The experiment",
        f"`run_experiment` at the post's parameters, {_TRIALS} trials, draws included, against the "
        "post's loop written in NumPy from its description. Ours also computes the entropies, the true "
        "gradients and what else the page shows; the loop does not.",
        RATIO_HEADER,
    )
    for n, m, target in _CASES:
        config = ExperimentConfig(n=n, m=m, trials=_TRIALS)
        times = time_pairs(
            lambda config=config: run_experiment(config),  # type: ignore[misc]
            lambda n=n, m=m: run_post_loop(n=n, m=m, trials=_TRIALS),  # type: ignore[misc]
            pairs=effort.pairs,
            least=effort.least,
            seconds=effort.seconds,
        )
        add_ratio(section, f"{_TRIALS} trials of {n} x {m}", "the post's loop", times, at_least=target)
    _add_memory(section, _MANY_TRIALS // (100 if effort.quick else 1))
    return section


def _add_memory(section: Section, trials: int) -> None:
    case = f"peak memory of {trials:,} trials of 128 x 64, above the import"
    ours, loop = _peak_mb(_OURS, trials), _peak_mb(_LOOP, trials)
    if ours is None or loop is None:
        section.add(case, "the post's loop", "", "", "needs /proc", "", "not measured")
        return
    section.add(
        case,
        "the post's loop",
        f"{ours:.0f} MB",
        f"{loop:.0f} MB",
        f"{loop / ours:.2g} (one run each)",
        f"at most {_MOST_MB} MB",
        section.verdict(ours <= _MOST_MB),
    )


def _peak_mb(code: tuple[str, str], trials: int) -> float | None:
    imports, run = code
    if not Path("/proc/self/status").exists():
        return None
    script = _MEMORY.format(imports=imports, run=run.format(trials=trials))
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout) * 1024 / 1e6
