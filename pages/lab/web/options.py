"""Variables that look like options of the lab: one that is misspelt would be ignored without a word."""

import difflib
import os
import sys
from functools import cache
from typing import Final

from lab.web.limits import PREFIX, Limits
from lab.web.security import FRAMED_BY

_OPTIONS: Final = (*Limits.variables().values(), FRAMED_BY)


@cache
def tell_of_unknown_options() -> None:
    """Say in a line each, once, which variables are no options of the lab.

    They do not end the start: of a service that is called "lab", a cluster tells by such names.
    """
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in _OPTIONS:
            (nearest,) = difflib.get_close_matches(name, _OPTIONS, n=1, cutoff=0)
            line = f"app.py: {name[:50]!r} is no option of the lab, and ignored: is it {nearest}?"
            print(line, file=sys.stderr)
