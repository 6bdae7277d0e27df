"""Where sweeps are kept, and under which names."""

import importlib
import os
import re
from pathlib import Path

from ce_core._shown import refusal

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def data_folder() -> Path:
    """Return the folder of what is kept for this user: LAB_DATA, else the system's for such data.

    Raises
    ------
    RuntimeError
        If LAB_DATA is not set, and platformdirs, which knows the system's folder, is not installed.
    """
    given = os.environ.get("LAB_DATA")
    if given:
        return Path(given)
    try:
        directories = importlib.import_module("platformdirs")
    except ImportError:
        raise RuntimeError(
            "Where to keep data must be said by LAB_DATA or a folder: platformdirs is not installed"
        ) from None
    return Path(directories.user_data_dir("cross-entropy-lab", appauthor=False))


def sweep_folder(name: str, folder: Path | None = None) -> Path:
    """Return the folder of a sweep.

    Parameters
    ----------
    name
        At most 64 letters of English, digits, `.`, `_` and `-`, the first a letter or a digit.
    folder
        Where sweeps are kept; None for `sweeps` in `data_folder()`.

    Raises
    ------
    ValueError
        If the name is none.
    RuntimeError
        As for `data_folder`.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise refusal(
            "name", "be 1 to 64 letters, digits, . _ -, and begin with none of these marks", name
        )
    return (data_folder() / "sweeps" if folder is None else folder) / name
