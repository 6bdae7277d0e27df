"""Command line of the numeric core: `python -m ce_core experiment --help`."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from ce_core.comparison import compare_losses
from ce_core.experiment import DTYPES, ExperimentConfig, run_experiment
from ce_core.export import summary, trial_rows, trials_csv

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


@dataclass(frozen=True)
class Command:
    """One call of the command line."""

    config: ExperimentConfig
    csv: Path | None


def parse(arguments: Sequence[str] | None) -> Command:
    """Read the arguments, or end with a usage message.

    Raises
    ------
    ValueError
        If the experiment cannot take a value.
    """
    parser = argparse.ArgumentParser(prog="python -m ce_core", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_experiment(commands.add_parser("experiment", help="L1 against L2, as in the post"))
    options = vars(parser.parse_args(arguments))
    config = ExperimentConfig(**{field.name: options[field.name] for field in fields(ExperimentConfig)})
    return Command(config, options["csv"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 done, 2 bad input."""
    try:
        return _experiment(parse(arguments))
    except (ValueError, OSError) as error:
        print(f"python -m ce_core: error: {error}", file=sys.stderr)
    except MemoryError:
        print("python -m ce_core: error: not enough memory for one trial", file=sys.stderr)
    return 2


def _add_experiment(parser: argparse.ArgumentParser) -> None:
    parser.description = "Compare the losses L1 and L2 of random logits, trial by trial."
    for field in fields(ExperimentConfig):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            choices=DTYPES if field.name == "dtype" else None,
            help=f"{_OPTION_HELP[field.name]} (default: {field.default})",
        )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the trials to FILE as CSV")


def _experiment(command: Command) -> int:
    result = run_experiment(command.config)
    numbers = summary(result, compare_losses(result.l1, result.l2, result.entropy))
    print(f"{'trial':>5}  {'L1':>13}  {'L2':>13}  {'H(p)':>13}")
    for trial, l1, l2, entropy, *_ in trial_rows(result):
        print(f"{trial:>5}  {l1:>13.8f}  {l2:>13.8f}  {entropy:>13.8f}")
    print()
    for name, value in numbers.items():
        print(f"{name:<20} {value:.8g}")
    if command.csv is not None:
        command.csv.write_text(trials_csv(result), encoding="utf-8")
        print(f"\ntrials written to {command.csv}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
