"""The experiment against the post's loop: time, and peak memory of many trials."""

import subprocess
import sys
from pathlib import Path

from benchmarks.effort import Effort
from benchmarks.post_loop import run_post_loop
from benchmarks.report import RATIO_HEADER, Section, add_ratio
from benchmarks.threads import ONE_THREAD
from ce_core import ExperimentConfig, run_experiment

_SHARED = "both draw the numbers and raise them to powers, and ours alone has entropies and gradients"
# Rows, columns, least ratio on one thread and as it comes, and why it is no more.
_CASES = (
    (128, 64, 2.0, 1.5, _SHARED),
    (8, 4, 2.0, 1.8, "about a hundred calls of torch, whatever the size"),
    (1024, 512, 2.0, 1.4, _SHARED),
)
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
    for n, m, alone, threaded, why in _CASES:
        config = ExperimentConfig(n=n, m=m, trials=_TRIALS)
        times = effort.time(
            lambda config=config: run_experiment(config),  # type: ignore[misc]
            lambda n=n, m=m: run_post_loop(n=n, m=m, trials=_TRIALS),  # type: ignore[misc]
        )
        least = alone if effort.environment == ONE_THREAD else threaded
        case = f"{_TRIALS} trials of {n} x {m}"
        add_ratio(section, case, "the post's loop", times, at_least=least, why=why)
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
