"""`python -m ce_core sweep` keeps and prints the numbers of the call, and fails in words."""

import argparse
import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from ce_core import Axis, ExperimentConfig, run_grid
from ce_core.cli import sweep
from ce_core.cli.parser import main
from ce_core.sweeps import tables
from ce_core.sweeps.on_disk import read_sweep
from ce_core.sweeps.places import data_folder, sweep_folder
from ce_core.sweeps.tables import parquet

AXES = ["--x", "eps:0.05:2:4:log", "--y", "logit_scale:1,16"]
SMALL = ["--n", "8", "--m", "5", "--trials", "4"]
CONFIG = ExperimentConfig(n=8, m=5, trials=4)


def call(folder: Path, *arguments: str) -> int:
    return main(["sweep", *AXES, *SMALL, "--folder", str(folder), "--name", "one", *arguments])


def test_sweep_has_the_numbers_of_the_call_to_the_last_bit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "points.csv", tmp_path / "points.parquet"
    options = [
        "--metrics",
        "slope,r",
        "--seeds",
        "2",
        "--csv",
        str(files[0]),
        "--parquet",
        str(files[1]),
    ]
    assert call(tmp_path, *options) == 0
    axes = Axis.logarithmic("eps", 0.05, 2, 4), Axis("logit_scale", [1.0, 16.0])
    expected = run_grid(CONFIG, axes, ["slope", "r"], seeds=2).columns
    found = read_sweep(tmp_path / "one").columns
    with files[0].open(newline="") as text:
        rows = list(csv.DictReader(text))
    table = parquet().read_table(files[1])
    assert list(rows[0]) == table.column_names == ["eps", "logit_scale", *expected]
    for name, column in expected.items():
        assert torch.equal(found[name], column)
        assert [float(row[name]) for row in rows] == column.flatten().tolist()
        assert table.column(name).to_pylist() == column.flatten().tolist()
    assert [row["eps"] for row in rows] == [*map(str, axes[0].values)] * 2
    printed = capsys.readouterr()
    assert printed.err.splitlines() == ["0 of 8 points", "8 of 8 points, 0 s left"]
    slope = expected["slope"]
    assert f"slope                {slope.min().item():.8g} at eps" in printed.out
    assert f"kept in {tmp_path / 'one'}" in printed.out


def test_sweep_writes_csv_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, pieces = tmp_path / "whole.csv", tmp_path / "pieces.csv"
    assert call(tmp_path, "--csv", str(whole)) == 0
    monkeypatch.setattr(tables, "_CSV_ROWS", 3)
    assert call(tmp_path, "--csv", str(pieces)) == 0
    assert pieces.read_bytes() == whole.read_bytes()
    found = list(tables.grid_csv_pieces(read_sweep(tmp_path / "one")))
    assert [piece.count("\n") for piece in found] == [1, 3, 3, 2]


def test_sweep_says_what_does_not_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["sweep", "--x", "trials:1,3", *SMALL, "--name", "a", "--folder", str(tmp_path)]
    assert main(command) == 0
    assert "exists at 1 points" in capsys.readouterr().out
    command[2], command[-3] = "eps:0.5", "b"
    assert main([*command, "--trials", "1"]) == 0
    assert "r                    exists nowhere" in capsys.readouterr().out


def test_sweep_writes_to_standard_output_and_reports_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, "--csv", "-") == 0
    printed = capsys.readouterr()
    assert len(list(csv.DictReader(io.StringIO(printed.out)))) == 8
    assert "kept in" in printed.err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eps:0.1,0.5", Axis("eps", [0.1, 0.5])),
        ("eps:0.5", Axis("eps", [0.5])),
        ("eps:0:1:3", None),
        ("m:8:64:8", Axis("m", range(8, 65, 8))),
        ("n_iter:1:100:3:log", Axis("n_iter", [1, 10, 100])),
        ("dtype:float64,float16", Axis("dtype", ["float64", "float16"])),
    ],
)
def test_axis_reads_what_the_help_says(text: str, expected: Axis | None) -> None:
    if expected is None:
        with pytest.raises(argparse.ArgumentTypeError, match="eps must be finite and > 0"):
            sweep.axis(text)
    else:
        assert sweep.axis(text) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--x", "eps"], "must be FIELD:FIRST:LAST:COUNT"),
        (["--x", "eps:1:2"], "must be FIELD:FIRST:LAST:COUNT"),
        (["--x", "eps:1:2:3:lin"], "must be FIELD:FIRST:LAST:COUNT"),
        (["--x", "eps:a,b"], "must be a number, got 'a'"),
        (["--x", "eps:1:2:1.5"], "must be a whole number, got '1.5'"),
        (["--x", "width:1,2"], "name must be one of n, m, trials"),
        (["--x", "logit_scale:1,2"], "axes must be two parameters, got 'logit_scale'"),
        (["--metrics", "r,loss"], "metrics must be one of r, slope"),
        (["--seeds", "0"], "seeds must be an integer >= 1"),
        (["--workers", "-1"], "workers must be an integer >= 0"),
        (["--name", "../up"], "name must be 1 to 64 letters, digits, . _ -"),
        (["--csv", "-", "--parquet", "-"], "one at a time"),
        (["--csv", "/no/such/folder/x.csv"], "/no/such/folder/x.csv"),
        (["--eps", "-1"], "eps must be finite and > 0"),
    ],
)
def test_sweep_bad_input_is_one_line(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = call(tmp_path, *arguments)
    except SystemExit as end:
        status = int(str(end.code))
    (line,) = capsys.readouterr().err.splitlines()
    assert status == 2
    assert message in line
    assert len(line) <= 220


def test_sweep_refuses_the_name_of_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path) == 0
    assert call(tmp_path, "--seeds", "3") == 2
    assert "got 'one', a sweep with seeds 1, not 3" in capsys.readouterr().err


def test_sweep_keeps_data_where_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    assert sweep_folder("a") == tmp_path / "sweeps" / "a"
    monkeypatch.delenv("LAB_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder().name == "cross-entropy-lab"
    assert data_folder().is_relative_to(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_sweep_interrupted_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path) -> None:
    # Chunks of a point: 2,000 of them take seconds.
    script = (
        "from ce_core.sweeps import definition; definition._REGION_POINTS = 1\n"
        "from ce_core.__main__ import run; run()"
    )
    options = ["sweep", "--x", "eps:0.1:2:2000", *SMALL, "--name", "one", "--folder", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-c", script, *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("one/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    kept = len(list(tmp_path.glob("one/*.parquet")))
    assert 0 < kept < 2000
    assert f"interrupted at {kept} of 2000 points; the same command goes on from there" in said
    assert "Traceback" not in said
