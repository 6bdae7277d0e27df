"""Run the benchmarks: all of them, which writes docs/benchmarks.md, or the subjects named."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.threads import use_one_thread

_SUBJECTS = ("experiment", "iterations", "batch", "convergence", "losses")
_REPORT = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    """Measure what the arguments name, print it, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subject", nargs="*", metavar="subject", help=", ".join(_SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    parser.add_argument("--out", type=Path, help="file of the report, also of a partial or quick run")
    options = parser.parse_args()
    for subject in options.subject:
        if subject not in _SUBJECTS:
            parser.error(f"subject must be one of {', '.join(_SUBJECTS)}, got {subject!r}")
    chosen = options.subject or list(_SUBJECTS)
    out = options.out or (None if options.subject or options.quick else _REPORT)

    use_one_thread()
    # Only now, since these import the libraries that look at their threads once.
    from benchmarks import batches, convergence, experiment, fixed_iterations, loss_functions, report

    effort = report.QUICK if options.quick else report.FULL
    measure: dict[str, Callable[[report.Effort], report.Section]] = {
        "experiment": experiment.measure_experiment,
        "iterations": fixed_iterations.measure_fixed_iterations,
        "batch": batches.measure_batches,
        "convergence": convergence.measure_convergence,
        "losses": loss_functions.measure_loss_functions,
    }
    start = time.perf_counter()
    sections = []
    for subject in chosen:
        print(subject, flush=True)
        sections.append(measure[subject](effort))
    minutes = (time.perf_counter() - start) / 60
    text = report.document(sections, minutes=minutes, effort=effort)
    print(f"\n{text}")
    if out:
        out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
