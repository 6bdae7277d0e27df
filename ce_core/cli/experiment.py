"""`python -m ce_core experiment`: L1 against L2, as in the post."""

import argparse
import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from ce_core.cli.files import STANDARD, check_output, name_of, report_beside, write_text
from ce_core.cli.options import READERS
from ce_core.dtypes import DTYPES
from ce_core.experiment.config import ExperimentConfig
from ce_core.experiment.export import summary, trial_rows, trials_csv
from ce_core.experiment.run import ExperimentResult, run_experiment
from ce_core.experiment.statistics import LossComparison, compare_losses

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


CONFIG_TYPES = {field.name: type(field.default) for field in fields(ExperimentConfig)}
"""The type of each field of an experiment, by name."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = "Compare the losses L1 and L2 of random logits, trial by trial."
    parser.set_defaults(run=run)
    add_config(parser)
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="write the trials to FILE, CSV; - for standard output",
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add an option for each field of an experiment."""
    for field in fields(ExperimentConfig):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=READERS[type(field.default)],
            default=field.default,
            choices=DTYPES if field.name == "dtype" else None,
            help=f"{_OPTION_HELP[field.name]} (default: {field.default})",
        )


def read_config(options: argparse.Namespace) -> ExperimentConfig:
    """Return the experiment that the options describe, or raise `ValueError`."""
    return ExperimentConfig(
        **{field.name: getattr(options, field.name) for field in fields(ExperimentConfig)}
    )


def run(options: argparse.Namespace) -> int:
    """Print the trials and the summary of an experiment; return the exit code."""
    config = read_config(options)
    check_output(options.csv)
    result = run_experiment(config)
    comparison = compare_losses(result.l1, result.l2, result.entropy, rounding=result.rounding)
    numbers = summary(result, comparison)
    with report_beside(options.csv):
        print(f"{'trial':>5}  {'L1':>13}  {'L2':>13}  {'H(p)':>13}")
        for trial, l1, l2, entropy, *_ in trial_rows(result):
            print(f"{trial:>5}  {l1:>13.8f}  {l2:>13.8f}  {entropy:>13.8f}")
        print()
        for name, value in numbers.items():
            print(f"{name:<20} {value:.8g}")
        for remark in _remarks(result, comparison):
            print(f"\n{remark}")
    if options.csv is not None:
        write_text(options.csv, trials_csv(result))
        if options.csv != STANDARD:
            print(f"\ntrials written to {name_of(options.csv, room=4096)}")
    return 0


def _remarks(result: ExperimentResult, comparison: LossComparison) -> Iterator[str]:
    """Yield what the numbers do not say: which of them are the work of rounding or of chance."""
    config = result.config
    if comparison.trials < 2:
        yield "A line needs two trials: with fewer, correlation and slope do not exist."
    elif comparison.rounding_decides:
        yield (
            f"Rounding decides correlation, slope and entropy_spread: in {config.dtype} the trials' L1 "
            f"differ by {comparison.l1_spread:.2g} nats, and rounding may have moved a loss of one by "
            f"{max(comparison.rounding, comparison.residual_spread):.2g}."
        )
    elif comparison.trials == 2:
        yield "Two trials always lie on a line: r is 1 or -1, and nothing says how sure the slope is."
    if comparison.entropy_mean > math.log(config.m) * (1 + 1e-12):
        yield f"H(p) is at most log m: what is above is the rounding of {config.dtype}."
