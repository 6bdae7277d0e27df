"""`python -m ce_core study`: what it keeps, prints and refuses."""

import csv
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ce_core import ExperimentConfig, run_experiment
from ce_core.cli.parser import main
from ce_core.cli.study_options import read_parameter
from ce_core.jobs import open_workers
from ce_core.studies.catalogue import Studies
from ce_core.studies.definition import Choices, Span
from ce_core.sweeps.tables import parquet
from tests.support.services import ROOT, wait_until

SEARCH = [
    *("--over", "eps:0.05:2:log", "--over", "n-iter:1:8", "--minimise", "l1_mean"),
    *("--n", "6", "--m", "5", "--trials", "3", "--dtype", "float64", "--sampler", "random"),
]
HERE = ["--workers", "0"]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of data, which is new."""
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    for name in ("LAB_STORAGE", "LAB_CLUSTER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data"


Said = pytest.CaptureFixture[str]


def run(*arguments: str) -> int:
    """Run a command on studies; return its exit status."""
    return main(["study", *arguments])


def test_a_study_is_made_gone_on_with_shown_renamed_exported_and_deleted(
    kept: Path, tmp_path: Path, capsys: Said
) -> None:
    assert run("run", "first", *SEARCH, *HERE, "--count", "2") == 0
    assert (kept / "studies.db").exists()
    assert run("run", "first", *HERE, "--count", "4") == 0
    printed = capsys.readouterr().out
    assert "done                 2" in printed
    assert "done                 4" in printed
    assert run("rename", "first", "second one") == 0
    assert run("list") == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split()[:4] == ["second", "one", "4", "0"]
    assert line.endswith("minimise l1_mean")
    table = tmp_path / "trials.parquet"
    assert run("export", "second one", "--csv", "-", "--parquet", str(table)) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["trial"] for row in rows] == ["0", "1", "2", "3"]
    for row, same in zip(rows, parquet().read_table(table).to_pylist(), strict=True):
        eps, n_iter = float(row["eps"]), int(row["n_iter"])
        config = ExperimentConfig(n=6, m=5, trials=3, dtype="float64", eps=eps, n_iter=n_iter)
        assert float(row["l1_mean"]) == run_experiment(config).l1.mean().item()
        assert float(row["objective_1"]) == same["objective_1"] == same["l1_mean"]
    assert run("show", "second one") == 0
    shown = capsys.readouterr().out
    best = min(rows, key=lambda row: float(row["l1_mean"]))
    assert f"trial                {best['trial']}" in shown
    assert f"--eps {best['eps']}" in shown
    assert run("delete", "second one", "--yes") == 0
    assert run("list") == 0
    assert capsys.readouterr().out == "There is no study yet.\n"


def test_studies_that_have_no_best_number_are_listed(kept: Path, capsys: Said) -> None:
    assert run("run", "two", *SEARCH, "--maximise", "slope", *HERE, "--count", "1") == 0
    assert run("run", "newer", *SEARCH, *HERE, "--count", "1") == 0
    with Studies() as studies:
        study = studies.study("newer")
        study.set_user_attr("definition", study.user_attrs["definition"] | {"format": 9})
    capsys.readouterr()
    assert run("list") == 0
    newer, two = capsys.readouterr().out.splitlines()[1:]
    assert newer.split()[:3] == ["newer", "1", "0"]
    assert newer.endswith("made by another version")
    assert two.split()[:4] == ["two", "1", "0", "-"]
    assert run("show", "newer", "two") == 0
    assert "trial                0" in capsys.readouterr().out
    assert run("run", "newer", *HERE) == 2
    assert "format must be 1, got 9" in capsys.readouterr().err
    assert run("delete", "newer", "--yes") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "none"], "name must be that of a study that is there, got 'none'"),
        (["run", "none", *HERE], "name must be that of a study that is there, got 'none'"),
        (["run", "a", *SEARCH, *HERE, "--count", "0"], "count must be an integer >= 1"),
        (
            ["run", "a", *SEARCH, "--over", "eps"],
            "over must be as eps:0.05:2, eps:0.05:2:log or",
        ),
        (["run", "a", *SEARCH, "--over", "m:2:x"], "m must be a whole number, got 'x'"),
        (["run", "a", *SEARCH, "--at-most", "r"], "at-most must be as slope:1.5, got 'r'"),
        (["run", "a", *SEARCH, "--minimise", "loss"], "metric must be one of r, slope"),
        (["export", "a"], "export must have --csv FILE or --parquet FILE, got neither"),
        (["delete", "a"], "name must be that of a study that is there, got 'a'"),
        (
            ["list", "--storage", "postgresql://me:secret@nowhere.invalid/x"],
            "storage must be a database",
        ),
        (["list", "--storage", "{secret}"], "storage must be a database that answers"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: list[str], message: str, kept: Path, capsys: Said
) -> None:
    assert run(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert "secret" not in line
    assert len(line) <= 200


def test_delete_asks(kept: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert run("run", "a", *SEARCH, *HERE, "--count", "1") == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert run("delete", "a") == 2
    assert "delete must be meant: say --yes, got no terminal to ask at" in capsys.readouterr().err
    for answer, status in (("\n", 2), ("y\n", 0)):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        assert run("delete", "a") == status
        assert "Delete a, 1 trials, for ever? [y/N]" in capsys.readouterr().err


def test_another_definition_is_refused(kept: Path, capsys: Said) -> None:
    assert run("run", "a", *SEARCH, *HERE, "--count", "1") == 0
    assert run("run", "a", *SEARCH, *HERE, "--seeds", "2") == 2
    assert (
        "seeds must be as the study was made with, 1, got 2: take another name"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "number",
    [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.long)],
    ids=["kill", "interrupt"],
)
def test_a_run_that_is_ended_goes_on(
    number: signal.Signals, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ce_core.studies.run.HEARTBEAT", 0.2)
    monkeypatch.setattr("ce_core.studies.storage.SILENCE", 1)
    monkeypatch.setattr("ce_core.studies.run.SILENCE", 1)
    command = [
        sys.executable,
        "-m",
        "ce_core",
        "study",
        "run",
        "long",
        *SEARCH,
        *HERE,
        "--count",
        "5000",
    ]
    with (
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        Studies() as studies,
    ):
        wait_until(lambda: "long" in studies.names() and studies.summary("long").tally["done"] > 1)
        process.send_signal(number)
        said = process.communicate()[1]
        before = studies.summary("long").tally
        with open_workers(0) as here:
            after = studies.run("long", count=before.total() + 2, workers=here).tally
    assert process.returncode == -number
    assert after == {"done": before.total() + 2}
    if number == signal.SIGINT:
        assert before["running"] == 0
        assert said.rstrip().endswith("to go on: python -m ce_core study run long --count 5000")


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("eps:0.05:2", Span("eps", 0.05, 2.0)),
        ("logit-scale:1:64:log", Span("logit_scale", 1.0, 64.0, log=True)),
        ("n_iter:1:9", Span("n_iter", 1, 9)),
        ("m:8,16,32", Choices("m", [8, 16, 32])),
        ("dtype:float32,float64", Choices("dtype", ["float32", "float64"])),
        ("eps:0.5", Choices("eps", [0.5])),
    ],
)
def test_what_varies_is_read(text: str, parameter: Span | Choices) -> None:
    assert read_parameter(text) == parameter
