"""`python -m ce_core sinkhorn` solves a cost matrix from a file, and fails in words."""

from pathlib import Path

import numpy as np
import pytest

from ce_core import sinkhorn
from ce_core.cli.parser import main

COST = np.array([[0.0, 1.0, 2.0], [1.5, 0.5, 0.0]])


@pytest.fixture
def cost_file(tmp_path: Path) -> Path:
    """Return a CSV file of costs."""
    file = tmp_path / "cost.csv"
    np.savetxt(file, COST, delimiter=",")
    return file


def test_sinkhorn_prints_and_writes_the_solution(
    cost_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nu, plan = tmp_path / "nu.csv", tmp_path / "plan.csv"
    nu.write_text("0.5,0.25,0.25")
    options = ["--cost", str(cost_file), "--eps", "0.3", "--nu", str(nu), "--plan", str(plan)]
    assert main(["sinkhorn", *options]) == 0
    expected = sinkhorn(COST, eps=0.3, nu=[0.5, 0.25, 0.25])
    np.testing.assert_array_equal(np.loadtxt(plan, delimiter=","), expected.plan)
    assert f"{expected.transport_cost.item():.8g}" in capsys.readouterr().out


def test_sinkhorn_without_a_solution_exits_1_with_advice(
    cost_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--cost", str(cost_file), "--eps", "0.01", "--max-iter", "1", "--tol", "1e-12"]
    assert main(["sinkhorn", *options]) == 1
    assert "allow more iterations" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "eps", "message"),
    [("1,x", "1", "column 2 must be a number"), ("1,2", "-1", "eps must be finite and > 0, got -1.0")],
    ids=["content", "eps"],
)
def test_sinkhorn_bad_input_is_one_line(
    tmp_path: Path, content: str, eps: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cost.csv"
    file.write_text(content)
    assert main(["sinkhorn", "--cost", str(file), "--eps", eps]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
