"""`python -m ce_core tune` says which eps and how many iterations scores need, or why none do."""

import re
from pathlib import Path

import numpy as np
import pytest

from ce_core import balanced_assignment
from ce_core.cli.parser import main
from tests.support.closeness import close_to
from tests.support.tuning import column_error_of, cosines, perplexity_of

SCORES = cosines(16, 6).numpy()
FEW = ["--max-iter", "100"]


@pytest.fixture
def scores_file(tmp_path: Path) -> Path:
    """Return an NPY file of cosines."""
    file = tmp_path / "scores.npy"
    np.save(file, SCORES)
    return file


def first_line(printed: str) -> tuple[float, int]:
    """Return what the first line says."""
    found = re.fullmatch(r"(?:nearest: )?eps (\S+), iterations (\d+)", printed.splitlines()[0])
    assert found is not None
    return float(found[1]), int(found[2])


def test_first_line_meets_the_needs(scores_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", str(scores_file), "--perplexity", "3", "--column-error", "0.01", *FEW]) == 0
    printed = capsys.readouterr()
    eps, n_iter = first_line(printed.out)
    plan = balanced_assignment(-SCORES, eps=eps, n_iter=n_iter).numpy()
    assert column_error_of(plan) <= 0.01
    assert 2.99 <= perplexity_of(plan) <= 3
    assert f"{column_error_of(plan):.3g}, at most 0.01" in printed.out
    assert "large means near, as given: all entries lie within [-1, 1]" in printed.out
    assert "looks wrong" not in printed.out
    assert printed.err == ""


def test_costs_are_scores_negated_and_the_sign_is_doubted(
    tmp_path: Path, scores_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = tmp_path / "costs.csv"
    np.savetxt(costs, -SCORES, delimiter=",", fmt="%.17g")
    first = []
    for arguments in ([str(scores_file)], [str(costs), "--cost"]):
        assert main(["tune", *arguments, "--perplexity", "2", *FEW]) == 0
        first.append(capsys.readouterr().out)
    assert first_line(first[0]) == first_line(first[1])
    assert "which looks wrong (try without --cost)" in first[1]


def test_need_out_of_reach_is_status_1_with_reason_and_nearest(
    scores_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", str(scores_file), "--perplexity", "7", *FEW]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("nearest: eps ")
    assert re.search(r"a converged plan has a perplexity from [\d.]+ to 6: so much is out", printed.err)


def test_uniform_targets_are_said_to_hold_a_loss(
    scores_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", str(scores_file), "--column-error", "0.001", *FEW]) == 0
    assert "ln 6 = 1.792: nearly uniform targets, at which a loss is stuck" in capsys.readouterr().out


def test_map_and_code_are_written(
    scores_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = tmp_path / "map.csv"
    ends = ["--eps-from", "0.05", "--eps-to", "0.5", "--max-iter", "3"]
    assert (
        main(["tune", str(scores_file), "--perplexity", "3", *ends, "--csv", str(csv), "--code"]) == 0
    )
    lines = csv.read_text().splitlines()
    assert lines[0] == "eps,iterations,column_error,perplexity,columns_used"
    assert len(lines) == 1 + 9 * 3
    eps, count, error, perplexity, _ = (float(cell) for cell in lines[2].split(","))
    assert (eps, count) == (0.05, 2)
    plan = balanced_assignment(-SCORES, eps=0.05, n_iter=2).numpy()
    assert (error, perplexity) == (
        close_to(column_error_of(plan), abs=1e-14),
        close_to(perplexity_of(plan), rel=1e-12),
    )
    printed = capsys.readouterr().out
    assert "import ot" in printed
    assert f"map written to {csv}" in printed


def test_map_to_standard_output_leaves_the_rest_to_the_other(
    scores_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", str(scores_file), "--perplexity", "3", "--max-iter", "2", "--csv", "-"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("eps,iterations,")
    assert printed.err.startswith("eps ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "column-error, perplexity or columns-used must be given, got none of them"),
        (["--perplexity", "0.5"], "perplexity must be finite and >= 1, got 0.5"),
        (["--perplexity", "2", "--max-iter", "0"], "max-iter must be an integer >= 1, got 0"),
        (["--perplexity", "2", "--eps-from", "0"], "eps-from must be finite and > 0, got 0.0"),
        (
            ["--perplexity", "2", "--eps-from", "2", "--eps-to", "1"],
            "eps-to must be > eps-from, got 1.0",
        ),
    ],
)
def test_what_is_none_is_one_line(
    scores_file: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", str(scores_file), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_excluded_pairs_and_tables_without_a_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scores.csv"
    file.write_text("1,-inf,0\n0,1,-inf\n0.5,0,1\n")
    assert main(["tune", str(file), "--perplexity", "1.5", *FEW]) == 0
    capsys.readouterr()
    file.write_text("-inf,-inf\n0,1\n")
    assert main(["tune", str(file), "--perplexity", "1.5", *FEW]) == 1
    assert "there is no plan" in capsys.readouterr().err
