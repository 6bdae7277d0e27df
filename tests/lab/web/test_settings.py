"""The settings of the lab hold from whatever folder, and under whatever server, it is started."""

import os
import subprocess
import sys
from pathlib import Path

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
