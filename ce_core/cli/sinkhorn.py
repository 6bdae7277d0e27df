"""`python -m ce_core sinkhorn`: the transport plan of a cost matrix."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from ce_core.cli.files import (
    STANDARD,
    check_output,
    name_of,
    read_matrix,
    read_weights,
    report_beside,
    say_aside,
    write_text,
)
from ce_core.cli.options import number, whole_number
from ce_core.transport.entropic_ot import sinkhorn
from ce_core.transport.status import SinkhornStatus


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = "Solve an entropic transport problem and print its numbers."
    parser.set_defaults(run=run)
    parser.add_argument(
        "--cost", type=Path, required=True, metavar="FILE", help="costs, CSV; - for standard input"
    )
    parser.add_argument("--eps", type=number, required=True, help="entropic regularisation")
    for name, of in (("mu", "rows"), ("nu", "columns")):
        text = f"marginal of the {of}, CSV (default: uniform)"
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=text)
    parser.add_argument("--tol", type=number, default=1e-6, help="marginal error (default: 1e-6)")
    parser.add_argument(
        "--max-iter", type=whole_number, default=10_000, help="iterations (default: 10000)"
    )
    parser.add_argument(
        "--plan", type=Path, metavar="FILE", help="write the plan to FILE as CSV; - for standard output"
    )


def run(options: argparse.Namespace) -> int:
    """Solve a problem and print its numbers; return the exit code, 1 without a solution."""
    if [options.cost, options.mu, options.nu].count(STANDARD) > 1:
        raise ValueError("cost, mu and nu must come from standard input one at a time, got - twice")
    check_output(options.plan)
    cost = read_matrix(options.cost)
    result = sinkhorn(
        cost,
        eps=options.eps,
        mu=None if options.mu is None else read_weights(options.mu, cost.shape[0], "row"),
        nu=None if options.nu is None else read_weights(options.nu, cost.shape[1], "column"),
        tol=options.tol,
        max_iter=options.max_iter,
    )
    status = SinkhornStatus(int(result.status))
    with report_beside(options.plan):
        print(f"{'status':<16} {status.name.lower().replace('_', ' ')}")
        print(f"{'iterations':<16} {int(result.n_iter)}")
        print(f"{'marginal error':<16} {result.errors[-1].item():.8g}")
        print(f"{'transport cost':<16} {result.transport_cost.item():.8g}")
        print(f"{'entropic value':<16} {result.entropic_value.item():.8g}")
    if options.plan is not None:
        write_text(options.plan, "".join(f"{line}\n" for line in _csv_lines(result.plan.tolist())))
        if options.plan != STANDARD:
            print(f"\nplan written to {name_of(options.plan, room=4096)}")
    if status is SinkhornStatus.CONVERGED:
        return 0
    say_aside(f"python -m ce_core: {status.advice}")
    return 1


def _csv_lines(rows: list[list[float]]) -> Iterator[str]:
    return (",".join(f"{value:.17g}" for value in row) for row in rows)
