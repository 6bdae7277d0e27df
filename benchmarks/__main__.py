"""Run the benchmarks: all of them, which writes docs/benchmarks.md, or the subjects named."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import effort as efforts
from benchmarks import report, threads

_SUBJECTS = ("experiment", "grids", "iterations", "batch", "convergence", "losses")
_ENVIRONMENTS = (threads.ONE_THREAD, threads.AS_IT_COMES)
_REPORT = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    """Measure what the arguments name in both environments, print it, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subject", nargs="*", metavar="subject", help=", ".join(_SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    parser.add_argument("--out", type=Path, help="file of the report, also of a partial or quick run")
    # How this program calls itself: threads are counted when the libraries are imported.
    parser.add_argument("--environment", choices=_ENVIRONMENTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for subject in options.subject:
        if subject not in _SUBJECTS:
            parser.error(f"subject must be one of {', '.join(_SUBJECTS)}, got {subject!r}")
    subjects = options.subject or list(_SUBJECTS)
    effort = efforts.QUICK if options.quick else efforts.FULL
    if options.environment:
        sections = _measure(subjects, effort.within(options.environment))
        options.out.write_text(report.to_json(sections), encoding="utf-8")
        return 0

    out = options.out or (None if options.subject or options.quick else _REPORT)
    start = time.perf_counter()
    found = [_in_a_process(environment, subjects, quick=options.quick) for environment in _ENVIRONMENTS]
    joined = [
        report.join(dict(zip(_ENVIRONMENTS, sections, strict=True)))
        for sections in zip(*found, strict=True)
    ]
    minutes = (time.perf_counter() - start) / 60
    text = report.document(joined, minutes=minutes, effort=effort)
    print(f"\n{text}")
    if out:
        out.write_text(text, encoding="utf-8")
    return 0


def _in_a_process(environment: str, subjects: Sequence[str], *, quick: bool) -> list[report.Section]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sections.json"
        command = [sys.executable, "-m", "benchmarks", *subjects, *["--quick"] * quick]
        subprocess.run([*command, "--environment", environment, "--out", str(out)], check=True)
        return report.from_json(out.read_text(encoding="utf-8"))


def _measure(subjects: Sequence[str], effort: efforts.Effort) -> list[report.Section]:
    threads.enter(effort.environment)
    # Only now, since these import the libraries that look at their threads once.
    from benchmarks import batches, convergence, experiment, fixed_iterations, grids, loss_functions

    measure: dict[str, Callable[[efforts.Effort], report.Section]] = {
        "experiment": experiment.measure_experiment,
        "grids": grids.measure_grids,
        "iterations": fixed_iterations.measure_fixed_iterations,
        "batch": batches.measure_batches,
        "convergence": convergence.measure_convergence,
        "losses": loss_functions.measure_loss_functions,
    }
    sections = []
    for subject in subjects:
        print(f"{subject}, threads: {effort.environment}", flush=True)
        sections.append(measure[subject](effort))
    return sections


if __name__ == "__main__":
    sys.exit(main())
