"""Command line of the numeric core: `python -m ce_core experiment --help`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from ce_core.dtypes import DTYPES
from ce_core.experiment.export import summary, trial_rows, trials_csv
from ce_core.experiment.run import ExperimentConfig, run_experiment
from ce_core.experiment.statistics import compare_losses
from ce_core.transport.entropic_ot import SinkhornStatus, sinkhorn

_OPTION_HELP = {
    "n": "samples (rows) in a trial",
    "m": "classes (columns)",
    "trials": "independent repetitions",
    "logit_exponent": "power of the uniform numbers behind the logits",
    "cost_exponent": "power of the uniform numbers behind the costs",
    "eps": "entropic regularisation of the target",
    "n_iter": "Sinkhorn iterations of the target",
    "logit_scale": "factor on the normalised logits",
    "seed": "seed of the draws",
    "dtype": "arithmetic",
}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments, or end with a usage message; `run` is the command to run on them."""
    parser = argparse.ArgumentParser(prog="python -m ce_core", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_experiment(commands.add_parser("experiment", help="L1 against L2, as in the post"))
    _add_sinkhorn(commands.add_parser("sinkhorn", help="the transport plan of a cost matrix"))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 1 no solution, 2 bad input."""
    options = parse(arguments)
    try:
        code: int = options.run(options)
        return code
    except (ValueError, OSError) as error:
        print(f"python -m ce_core: error: {error}", file=sys.stderr)
    except MemoryError:
        print("python -m ce_core: error: not enough memory", file=sys.stderr)
    return 2


def _add_experiment(parser: argparse.ArgumentParser) -> None:
    parser.description = "Compare the losses L1 and L2 of random logits, trial by trial."
    parser.set_defaults(run=_experiment)
    for field in fields(ExperimentConfig):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            choices=DTYPES if field.name == "dtype" else None,
            help=f"{_OPTION_HELP[field.name]} (default: {field.default})",
        )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the trials to FILE as CSV")


def experiment_config(options: argparse.Namespace) -> ExperimentConfig:
    """Return the experiment that the options describe, or raise `ValueError`."""
    return ExperimentConfig(
        **{field.name: getattr(options, field.name) for field in fields(ExperimentConfig)}
    )


def _experiment(options: argparse.Namespace) -> int:
    result = run_experiment(experiment_config(options))
    numbers = summary(result, compare_losses(result.l1, result.l2, result.entropy))
    print(f"{'trial':>5}  {'L1':>13}  {'L2':>13}  {'H(p)':>13}")
    for trial, l1, l2, entropy, *_ in trial_rows(result):
        print(f"{trial:>5}  {l1:>13.8f}  {l2:>13.8f}  {entropy:>13.8f}")
    print()
    for name, value in numbers.items():
        print(f"{name:<20} {value:.8g}")
    if options.csv is not None:
        options.csv.write_text(trials_csv(result), encoding="utf-8")
        print(f"\ntrials written to {options.csv}")
    return 0


def _add_sinkhorn(parser: argparse.ArgumentParser) -> None:
    parser.description = "Solve an entropic transport problem and print its numbers."
    parser.set_defaults(run=_sinkhorn)
    parser.add_argument("--cost", type=Path, required=True, metavar="FILE", help="costs, CSV")
    parser.add_argument("--eps", type=float, required=True, help="entropic regularisation")
    for name, of in (("mu", "rows"), ("nu", "columns")):
        text = f"marginal of the {of}, CSV (default: uniform)"
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=text)
    parser.add_argument("--tol", type=float, default=1e-6, help="marginal error (default: 1e-6)")
    parser.add_argument("--max-iter", type=int, default=10_000, help="iterations (default: 10000)")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="write the plan to FILE as CSV")


def _sinkhorn(options: argparse.Namespace) -> int:
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
