"""A parser of options whose messages are one short line."""

import argparse
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NoReturn

from ce_core._shown import LONGEST_MESSAGE, clip, show

EXIT_STATUSES = """\
exit status:
  0    done
  1    sinkhorn: the plan that was found misses tol, or there is none; tune: a need cannot be met
  2    an option, a table or a file is not as it must be, or memory is short
  130  interrupted
  141  what reads the output has closed it
"""


class OneLineParser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, however long what it was given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            epilog=EXIT_STATUSES, formatter_class=argparse.RawDescriptionHelpFormatter, **options
        )

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End, after what was printed has arrived."""
        if sys.stdout is not None:
            sys.stdout.flush()
        super().exit(status, message)

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(2, f"{clip(f'{self.prog}: error: {message}', LONGEST_MESSAGE)} (see --help)\n")


def number(text: str) -> float:
    """Read the value of an option."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {show(text)}") from None


def whole_number(text: str) -> int:
    """Read the value of an option that counts."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {show(text)}") from None


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a cluster."""
    parser.add_argument(
        "--cluster", metavar="ADDRESS", help="a Dask cluster, as tcp://host:8786 (default: LAB_CLUSTER)"
    )


READERS: Final[Mapping[type, Callable[[str], Any]]] = MappingProxyType(
    {int: whole_number, float: number, str: str}
)
"""What reads an option, by the type of its value."""
