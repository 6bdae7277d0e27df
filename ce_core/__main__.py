"""`python -m ce_core`: the command line."""

import sys

from ce_core.cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
