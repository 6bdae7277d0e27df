"""`python -m ce_core experiment` prints the numbers of the API, and fails in words."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from ce_core import ExperimentConfig, compare_losses, run_experiment
from ce_core.cli.parser import main
from ce_core.experiment.export import summary
from tests.support.closeness import close_to


def test_experiment_prints_the_numbers_of_the_api(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "--n", "16", "--trials", "5", "--dtype", "float64"]) == 0
    lines = capsys.readouterr().out.splitlines()
    printed = dict(line.split() for line in lines if len(line.split()) == 2)
    result = run_experiment(ExperimentConfig(n=16, trials=5, dtype="float64"))
    losses = result.l1, result.l2, result.entropy
    numbers = summary(result, compare_losses(*losses, rounding=result.rounding))
    for name, value in numbers.items():
        assert float(printed[name]) == close_to(value, rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dtype", "float16"], "Rounding decides correlation, slope and entropy_spread: in float16"),
        (["--dtype", "float16", "--eps", "0.001"], "Rounding decides correlation, slope"),
        (["--dtype", "float16"], "H(p) is at most log m: what is above is the rounding of float16."),
        (["--trials", "1"], "A line needs two trials"),
        (["--trials", "2"], "Two trials always lie on a line"),
    ],
    ids=["float16", "float16_small_eps", "entropy", "one_trial", "two_trials"],
)
def test_experiment_says_what_rounding_and_chance_decide(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["experiment", *arguments]) == 0
    assert said in capsys.readouterr().out


def test_experiment_has_nothing_to_add_to_the_post(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "--m", "1000"]) == 0
    assert "ounding decides" not in capsys.readouterr().out.replace("rounding_decides", "")


def test_experiment_writes_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trials.csv"
    assert main(["experiment", "--trials", "3", "--csv", str(file)]) == 0
    with file.open(newline="") as text:
        l1 = [float(row["l1"]) for row in csv.DictReader(text)]
    assert l1 == run_experiment(ExperimentConfig(trials=3)).l1.tolist()
    assert str(file) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--eps", "-1"], "eps must be finite and > 0, got -1.0"),
        (["--m", "1"], "m must be an integer >= 2, got 1"),
        (["--csv", "/no/such/folder/x.csv"], "/no/such/folder/x.csv"),
    ],
    ids=["eps", "m", "csv"],
)
def test_experiment_bad_input_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["experiment", "--n", "2", "--trials", "2", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_experiment_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "ce_core", "experiment", "--n", "4", "--trials", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "slope" in done.stdout
