"""Ctrl-C while the lab starts."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.browser import ROOT


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux says what is loaded")
def test_ctrl_c_while_torch_is_loaded_ends_without_a_word(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "app.py"), "--server.port", "0"]
    with (tmp_path / "log").open("w+") as log:
        server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
        loaded = Path(f"/proc/{server.pid}/maps")
        while "libtorch" not in loaded.read_text():
            assert server.poll() is None
            time.sleep(0.01)
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 130
        log.seek(0)
        assert log.read() == ""
