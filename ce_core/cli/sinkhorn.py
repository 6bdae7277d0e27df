"""`python -m ce_core sinkhorn`: the transport plan of a cost matrix."""

import argparse
import sys
from pathlib import Path

import numpy as np

from ce_core.transport.entropic_ot import sinkhorn
from ce_core.transport.status import SinkhornStatus


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = "Solve an entropic transport problem and print its numbers."
    parser.set_defaults(run=run)
    parser.add_argument("--cost", type=Path, required=True, metavar="FILE", help="costs, CSV")
    parser.add_argument("--eps", type=float, required=True, help="entropic regularisation")
    for name, of in (("mu", "rows"), ("nu", "columns")):
        text = f"marginal of the {of}, CSV (default: uniform)"
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=text)
    parser.add_argument("--tol", type=float, default=1e-6, help="marginal error (default: 1e-6)")
    parser.add_argument("--max-iter", type=int, default=10_000, help="iterations (default: 10000)")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="write the plan to FILE as CSV")


def run(options: argparse.Namespace) -> int:
    """Solve a problem and print its numbers; return the exit code, 1 without a solution."""
    result = sinkhorn(
        _read_csv(options.cost),
        eps=options.eps,
        mu=None if options.mu is None else _read_csv(options.mu).ravel(),
        nu=None if options.nu is None else _read_csv(options.nu).ravel(),
        tol=options.tol,
        max_iter=options.max_iter,
    )
    status = SinkhornStatus(int(result.status))
    print(f"{'status':<16} {status.name.lower().replace('_', ' ')}")
    print(f"{'iterations':<16} {int(result.n_iter)}")
    print(f"{'marginal error':<16} {result.errors[-1].item():.8g}")
    print(f"{'transport cost':<16} {result.transport_cost.item():.8g}")
    print(f"{'entropic value':<16} {result.entropic_value.item():.8g}")
    if options.plan is not None:
        np.savetxt(options.plan, result.plan.numpy(), delimiter=",", fmt="%.17g")
        print(f"\nplan written to {options.plan}")
    if status is SinkhornStatus.CONVERGED:
        return 0
    print(f"python -m ce_core: {status.advice}", file=sys.stderr)
    return 1


def _read_csv(file: Path) -> np.ndarray:
    try:
        numbers: np.ndarray = np.loadtxt(file, delimiter=",", ndmin=2)
    except ValueError as error:
        raise ValueError(f"{file} must hold numbers separated by commas: {error}") from error
    return numbers
