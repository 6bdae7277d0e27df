"""The settings of the lab, under whatever server and from whatever folder it is started."""

import tomllib
from pathlib import Path

from lab.web.streamlit_private import is_manually_set, set_setting


def apply_settings(file: Path) -> None:
    """Set what a `config.toml` says and nobody has said otherwise.

    By itself Streamlit reads the file only where it is the server, or in the folder that it is started
    from.
    """
    with file.open("rb") as stream:
        _apply("", tomllib.load(stream))


def _apply(section: str, options: dict[str, object]) -> None:
    for name, value in options.items():
        key = f"{section}{name}"
        if isinstance(value, dict):
            _apply(f"{key}.", value)
        elif not is_manually_set(key):
            set_setting(key, value)
