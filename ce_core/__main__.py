"""`python -m ce_core`: the command line."""

import os
import signal
import sys
from typing import NoReturn

from ce_core.cli.parser import main


def run() -> NoReturn:
    """Run the command line, and end as its status says.

    What was interrupted, or has lost its reader, ends by that signal, as other tools do: a shell shows
    130 or 141 for it, and the loop or the script around it ends too.
    """
    status = main()
    if os.name == "posix" and status > 128:
        number = status - 128
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(status)


if __name__ == "__main__":
    run()
