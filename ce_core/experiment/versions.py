"""By which versions the numbers of an experiment come about."""

import importlib
from importlib.metadata import version


def versions() -> dict[str, str]:
    """Return the versions of this package and of torch: others may give other bits."""
    # By name: as an import it would be one of all rooms.
    own: str = importlib.import_module("ce_core").__version__
    return {"ce_core": own, "torch": version("torch").partition("+")[0]}
