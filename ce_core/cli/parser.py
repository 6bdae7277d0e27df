"""Command line of the numeric core: `python -m ce_core experiment --help`."""

import argparse
import os
import sys
from collections.abc import Sequence

from ce_core._shown import LONGEST_MESSAGE, clip
from ce_core.cli import experiment, sinkhorn, tune
from ce_core.cli.files import say_aside
from ce_core.cli.options import OneLineParser

_PROGRAM = "python -m ce_core"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the arguments, or end with a message; `run` is the command to run on them."""
    parser = OneLineParser(prog=_PROGRAM, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    experiment.add_options(commands.add_parser("experiment", help="L1 against L2, as in the post"))
    sinkhorn.add_options(commands.add_parser("sinkhorn", help="the transport plan of a cost matrix"))
    tune.add_options(commands.add_parser("tune", help="eps and iterations that scores need"))
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status, one of `ce_core.cli.options.EXIT_STATUSES`."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        _give_up_output()
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = parse(arguments)
        # Closed streams are None: what is printed would vanish, and nobody would know.
        if sys.stdout is None:
            raise ValueError("standard output must be open, got one that is closed")
        status: int = options.run(options)
        _flush()
        return status
    except BrokenPipeError:
        _give_up_output()
        return 141
    except (ValueError, OSError, RuntimeError) as error:
        _complain(f"error: {error}")
    except MemoryError:
        _complain("error: not enough memory")
    return 2


def _complain(message: str) -> None:
    say_aside(clip(f"{_PROGRAM}: {message}", LONGEST_MESSAGE))
    try:
        _flush()
    except OSError:
        _give_up_output()


def _flush() -> None:
    # Closed streams are None.
    if sys.stdout is not None:
        sys.stdout.flush()


def _give_up_output() -> None:
    """Let what is still to be written vanish, so that Python does not try it again, and complain."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        # It is no file, or closed.
        return
