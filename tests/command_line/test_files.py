"""Tables and files on the command line: what is read, what is said of the rest, and how it ends."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ce_core.cli import experiment, files, parser, sinkhorn
from ce_core.cli.parser import main

COMMAND = [sys.executable, "-m", "ce_core"]
UNIFORM_2X2 = "0,1\n1,0\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1,2\n1,2,3\n", "line 2 must have 2 numbers, as line 1 has, got 3"),
        (b"1,2\n3,x\n", "line 2, column 2 must be a number, got 'x': inf forbids a pair"),
        (b"-inf,2\n", "line 1, column 1 must be a number or inf, got -inf: inf forbids a pair"),
    ],
)
def test_table_that_is_none_is_one_line_with_place_and_remedy(
    tmp_path: Path, content: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cost.csv"
    file.write_bytes(content)
    assert main(["sinkhorn", "--cost", str(file), "--eps", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cost.csv" in line
    assert message in line
    assert len(line) <= 200


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0.5,0.5\n0.5,0.5\n", "must be one row or one column of numbers, got 2 rows of 2"),
        ("1,0,0\n", "must have 2 numbers, one for each row of the costs, got 3"),
        ("2,-1\n", "number 2 must be finite and >= 0, got -1.0"),
        ("1\nnan\n", "line 2, column 1 must be a number or inf, got nan: weights are finite and >= 0"),
    ],
)
def test_weights_that_are_none_are_one_line(
    tmp_path: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cost, weights = tmp_path / "cost.csv", tmp_path / "mu.csv"
    cost.write_text(UNIFORM_2X2)
    weights.write_text(content)
    assert main(["sinkhorn", "--cost", str(cost), "--eps", "1", "--mu", str(weights)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "mu.csv" in line
    assert message in line


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing.csv", "no such file"), (".", "is a directory"), ("x" * 300, "name too long")],
    ids=["missing", "folder", "long"],
)
def test_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, name: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sinkhorn", "--cost", str(tmp_path / name), "--eps", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must be a file to read" in line
    assert reason in line
    assert len(line) <= 200


def test_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cost.csv"
    file.write_bytes(b"1," * 10)
    monkeypatch.setattr(files, "_LARGEST_FILE", 10)
    with pytest.raises(ValueError, match="must have at most 10 bytes"):
        files.read_matrix(file)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--eps", "word" * 10_000], "--eps: must be a number, got 'word"),
        (["--eps", "1", "--max-iter", "1.5"], "--max-iter: must be a whole number, got '1.5'"),
        (["--eps", "1", "--max-iter", "9" * 5000], "--max-iter: must be a whole number, got '999"),
        (["--eps", "1", "--no-such-option" * 1000], "unrecognized arguments"),
        ([], "the following arguments are required: --eps"),
    ],
    ids=["word", "fraction", "digits", "unknown", "missing"],
)
def test_option_that_is_none_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["sinkhorn", "--cost", "cost.csv", *arguments])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert len(line) <= 220


@pytest.mark.parametrize("eps", ["nan", "inf", "0", "-1", "1e400"])
def test_eps_out_of_bounds_is_one_line(
    tmp_path: Path, eps: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cost.csv"
    file.write_text(UNIFORM_2X2)
    assert main(["sinkhorn", "--cost", str(file), "--eps", eps]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "eps must be finite and > 0" in line


def test_subnormal_eps_ends(tmp_path: Path) -> None:
    file = tmp_path / "cost.csv"
    file.write_text(UNIFORM_2X2)
    assert main(["sinkhorn", "--cost", str(file), "--eps", "1e-309"]) in (0, 1)


def test_standard_input_and_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UNIFORM_2X2.encode())))
    assert main(["sinkhorn", "--cost", "-", "--eps", "1", "--plan", "-"]) == 0
    printed = capsys.readouterr()
    plan = [[float(cell) for cell in line.split(",")] for line in printed.out.splitlines()]
    assert [sum(row) for row in plan] == [0.5, 0.5]
    assert "marginal error" in printed.err


def test_experiment_writes_trials_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "--n", "4", "--trials", "3", "--csv", "-"]) == 0
    printed = capsys.readouterr()
    assert [line.split(",")[0] for line in printed.out.splitlines()] == ["trial", "1", "2", "3"]
    assert "slope" in printed.err


def test_standard_input_is_read_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sinkhorn", "--cost", "-", "--mu", "-", "--eps", "1"]) == 2
    assert "one at a time" in capsys.readouterr().err


def test_failed_write_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.csv"
    file.write_text("before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    assert main(["experiment", "--n", "2", "--trials", "2", "--csv", str(file)]) == 2
    assert "no space left" in capsys.readouterr().err
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_write_keeps_a_link_and_the_mode(tmp_path: Path) -> None:
    file, link = tmp_path / "real.csv", tmp_path / "link.csv"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    files.write_text(link, "after")
    assert link.is_symlink()
    assert file.read_text() == "after"
    assert file.stat().st_mode & 0o777 == 0o640


def test_write_leaves_a_device_in_place() -> None:
    files.write_text(Path("/dev/null"), "nothing")
    assert Path("/dev/null").is_char_device()


@pytest.fixture
def nothing_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(*_: object, **__: object) -> None:
        raise AssertionError("the file is to be refused before")

    monkeypatch.setattr(experiment, "run_experiment", compute)
    monkeypatch.setattr(sinkhorn, "read_matrix", compute)


@pytest.mark.usefixtures("nothing_is_computed")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/out.csv", "no such folder"),
        (".", "is a directory"),
        ("file/out.csv", "not a directory"),
        ("x" * 300, "name too long"),
        ("loop", "link"),
        ("nul\0", "null"),
        ("sealed.csv", "permission denied"),
        ("sealed/out.csv", "permission denied"),
    ],
    ids=["missing", "folder", "below_a_file", "long", "loop", "nul", "sealed", "sealed_folder"],
)
@pytest.mark.parametrize(
    "command", [["experiment", "--csv"], ["sinkhorn", "--cost=c", "--eps=1", "--plan"]]
)
def test_output_that_cannot_be_is_refused_before_the_work(
    tmp_path: Path,
    name: str,
    reason: str,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "sealed.csv").touch()
    (tmp_path / "sealed").mkdir()
    # The modes of files say nothing to a test that is run by root.
    monkeypatch.setattr(os, "access", lambda path, _mode: "sealed" not in Path(path).name)
    assert main([*command, str(tmp_path / name)]) == 2
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert "must be a file to write to" in line
    assert reason in line
    assert len(line) <= 200
    assert printed.out == ""


@pytest.mark.parametrize("file", [None, Path("-"), Path("/dev/null"), Path("new.csv")], ids=str)
def test_output_that_can_be_is_let_be(
    file: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files.check_output(file)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        (">&-", "standard output must be open"),
        ("--csv - >&-", "standard output must be open"),
        ("--csv - 2>&-", ""),
        ("--eps -1 2>&-", ""),
    ],
)
def test_closed_streams_are_no_traceback_and_spoil_nothing(shell: str, said: str) -> None:
    command = f'"{sys.executable}" -m ce_core experiment --n 2 --trials 2 {shell}'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == (0 if shell.startswith("--csv - 2") else 2)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == bool(said)
    assert len(done.stdout.splitlines()) == (3 if done.returncode == 0 else 0)


def test_closed_input_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["sinkhorn", "--cost", "-", "--eps", "1"]) == 2
    assert 'standard input must be a file to read, got "closed"' in capsys.readouterr().err


def test_closed_pipe_is_quiet() -> None:
    options = ["experiment", "--n", "2", "--trials", "5000"]
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        complaint = running.stderr.read()
        # A shell shows 141.
        assert running.wait(60) == -signal.SIGPIPE
    assert complaint == b""


def test_full_device_is_one_line() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no device that is always full")
    with full.open("w") as stream:
        done = subprocess.run(
            [*COMMAND, "experiment", "--n", "2", "--trials", "2"],
            stdout=stream,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_interrupt_ends_without_a_traceback() -> None:
    with subprocess.Popen(
        [*COMMAND, "sinkhorn", "--cost", "-", "--eps", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin is not None
        assert running.stderr is not None
        # More than a pipe holds: once it is written, the command is reading.
        running.stdin.write(b"0,1\n" * 2**18)
        running.stdin.flush()
        running.send_signal(signal.SIGINT)
        # Between two reads, Python looks for signals only after the next one.
        running.stdin.close()
        complaint = running.stderr.read()
        # A shell shows 130.
        assert running.wait(60) == -signal.SIGINT
    assert complaint == b""


@pytest.mark.parametrize("function", ["parse", "_flush", "_complain"])
def test_interrupt_at_any_time_is_status_130(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(parser, function, interrupt)
    cost = "missing.csv" if function == "_complain" else "-"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UNIFORM_2X2.encode())))
    assert main(["sinkhorn", "--cost", cost, "--eps", "1"]) == 130


def test_help_says_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["sinkhorn", "--help"], ["experiment", "--help"]):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 0
        assert "exit status:" in capsys.readouterr().out
