"""What a host may be called, in a request as in an option: nothing that could end an address."""

import re
from typing import Final

_LABEL: Final = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
NAME: Final = rf"{_LABEL}(?:\.{_LABEL})*"
"""A name, or a number of four parts."""
ALL_BELOW: Final = r"\*\."
# By its two colons told from a name with a port.
SIX: Final = r"[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]{0,35}"
"""A number of the sixth version."""
PORT: Final = r":[0-9]{1,5}"


def pattern(text: str) -> re.Pattern[str]:
    """Return what is put together of the above, whatever the case of letters, and ASCII alone."""
    return re.compile(text, re.ASCII | re.IGNORECASE)
