"""The settings of the lab hold from whatever folder, and under whatever server, it is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.browser import ROOT

SAY = """
import sys
sys.path.insert(0, sys.argv[1])
import app
import streamlit as st
for key in ("server.fileWatcherType", "runner.postScriptGC", "client.showErrorDetails"):
    print(st.get_option(key))
"""


def test_settings_hold_where_streamlit_is_not_the_server(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", SAY, str(ROOT)],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["none", "False", "none"]


@pytest.mark.parametrize(
    ("name", "variables", "arguments"),
    [
        ("LAB_SESSIONS_AN_ADDRESS", {"LAB_SESSIONS_AN_ADDRESS": "0"}, ()),
        ("LAB_FRAMED_BY", {"LAB_FRAMED_BY": "school.example"}, ()),
        ("server.allowedHosts", {}, ("--server.allowedHosts", "https://lab.example.org")),
    ],
    ids=["limit", "site", "argument"],
)
def test_option_that_is_none_ends_the_start_in_one_line(
    tmp_path: Path, name: str, variables: dict[str, str], arguments: tuple[str, ...]
) -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "--server.port", "0", *arguments],
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    # Else it would name an address at which nothing will be.
    assert ended.stdout == ""
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith(f"app.py: {name} must ")
