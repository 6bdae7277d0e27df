"""Command line of the numeric core: `python -m ce_core experiment --help`."""

import argparse
import sys
from collections.abc import Sequence

from ce_core.cli import experiment, sinkhorn


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments, or end with a usage message; `run` is the command to run on them."""
    parser = argparse.ArgumentParser(prog="python -m ce_core", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    experiment.add_options(commands.add_parser("experiment", help="L1 against L2, as in the post"))
    sinkhorn.add_options(commands.add_parser("sinkhorn", help="the transport plan of a cost matrix"))
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
