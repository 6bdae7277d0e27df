"""What importing the core brings with it, seen from a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_of_the_core_brings_neither_streamlit_nor_plotly() -> None:
    script = "import sys, ce_core; print(*sorted(m for m in sys.modules if '.' not in m))"
    completed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(completed.stdout.split())
    assert {"ce_core", "torch"} <= modules
    assert not modules & {"streamlit", "plotly", "pages"}
