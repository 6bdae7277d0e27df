"""By which versions the numbers of an experiment come about."""

from importlib.metadata import version

import ce_core


def versions() -> dict[str, str]:
    """Return the versions of this package and of torch: others may give other bits."""
    return {"ce_core": ce_core.__version__, "torch": version("torch").partition("+")[0]}
