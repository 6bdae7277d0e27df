"""What `pip install .` gives: the library alone, with its types and its licence."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import ce_core

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of this checkout, built as pip builds it: by the backend of pyproject.toml."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "flit_core.wheel", str(ROOT), "-o", str(folder)], check=True)
    (built,) = folder.iterdir()
    return built


def test_wheel_holds_the_library_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {file.relative_to(ROOT).as_posix() for file in (ROOT / "ce_core").rglob("*.py")}
    about = f"ce_core-{ce_core.__version__}.dist-info"
    assert names == modules | {"ce_core/py.typed", f"{about}/licenses/LICENSE"} | {
        f"{about}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")
    }


def test_wheel_says_what_it_is_and_needs(wheel: Path) -> None:
    about = f"ce_core-{ce_core.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as content:
        metadata = content.read(f"{about}/METADATA").decode()
        licence = content.read(f"{about}/licenses/LICENSE").decode()
    head = metadata.partition("\n\n")[0].splitlines()
    assert f"Version: {ce_core.__version__}" in head
    assert "License-Expression: MIT" in head
    assert licence.startswith("MIT License")
    needed = {line.partition(": ")[2] for line in head if line.startswith("Requires-Dist")}
    names = {re.split(r"\W", line)[0] for line in needed if "extra" not in line}
    assert names == {"jaxtyping", "mpmath", "numpy", "scipy", "torch"}
    assert {line for line in needed if "extra" in line} == {
        'plotly>=6.0 ; extra == "figures"',
        'platformdirs>=4.0 ; extra == "sweeps"',
        'pyarrow>=17.0 ; extra == "sweeps"',
        'optuna>=5.0 ; extra == "studies"',
        'platformdirs>=4.0 ; extra == "studies"',
        'distributed>=2026.8 ; extra == "cluster"',
        'psycopg[binary]>=3.3 ; extra == "cluster"',
    }


def test_wheel_is_imported_and_run_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    code = "import ce_core; print(ce_core.__file__); print(ce_core.__version__)"
    said = _run(wheel, tmp_path, "-c", code)
    assert said.splitlines() == [f"{wheel}/ce_core/__init__.py", ce_core.__version__]
    assert "correlation" in _run(
        wheel, tmp_path, "-m", "ce_core", "experiment", "--trials", "3", "--n", "4"
    )


def _run(wheel: Path, folder: Path, *arguments: str) -> str:
    environment = {"PYTHONPATH": str(wheel), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
