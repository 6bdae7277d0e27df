"""What the README says is so."""

import re
from pathlib import Path

import pytest

from tests.support.closeness import close_to

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    gradient, slope = capsys.readouterr().out.splitlines()
    assert "nan" not in gradient
    assert float(slope) == close_to(1.5, abs=0.2)


def test_readme_names_what_there_is() -> None:
    for target in re.findall(r"make ([a-z]+)", README):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for path in re.findall(r"\]\((docs/[^)]+)\)", README):
        assert (ROOT / path).is_file()
    for path in re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE):
        assert (ROOT / path).exists()
