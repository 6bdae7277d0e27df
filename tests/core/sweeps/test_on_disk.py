"""A sweep on disk has the bits of the call, however often it is cut short and whoever computes it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ce_core import ExperimentConfig
from ce_core.experiment.versions import versions
from ce_core.sweeps import definition, manifest, on_disk, tables
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.grid import GridResult, run_grid
from ce_core.sweeps.manifest import Manifest
from ce_core.sweeps.on_disk import SweepProgress, read_sweep, sweep_to_folder
from ce_core.sweeps.workers import process_pool

CONFIG = ExperimentConfig(n=5, m=4, trials=3)
AXES = Axis("eps", [0.1, 0.3, 0.5, 1.0, 2.0]), Axis("logit_scale", [1.0, 8.0, 64.0])
METRICS = ["slope", "gradient_cosine"]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definition, "_REGION_POINTS", 3)


def sweep(folder: Path, **options: Any) -> GridResult:
    return sweep_to_folder(CONFIG, AXES, METRICS, folder=folder, **{"seeds": 2, **options})


def assert_whole(found: GridResult) -> None:
    assert found.computed.all()
    for name, column in run_grid(CONFIG, AXES, METRICS, seeds=2).columns.items():
        assert torch.equal(found.columns[name], column), name


def marks(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what tells whether a chunk was written anew."""
    return {
        file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.glob("*.parquet")
    }


def stop_after(chunks: int) -> Callable[[], bool]:
    asked: list[None] = []

    def stop() -> bool:
        asked.append(None)
        return len(asked) > chunks

    return stop


def test_sweep_to_folder_has_the_bits_of_the_call(tmp_path: Path) -> None:
    assert_whole(sweep(tmp_path / "new" / "sweep"))
    assert_whole(read_sweep(tmp_path / "new" / "sweep"))


def test_sweep_to_folder_stops_between_chunks_and_goes_on(tmp_path: Path) -> None:
    partial = sweep(tmp_path, stop=stop_after(2))
    assert int(partial.computed.sum()) == 6
    assert partial.columns["slope"].isnan().equal(~partial.computed)
    done = marks(tmp_path)
    assert len(done) == 2
    assert_whole(sweep(tmp_path))
    assert done.items() <= marks(tmp_path).items()


def test_sweep_to_folder_writes_a_row_a_point(tmp_path: Path) -> None:
    sweep(tmp_path)
    table = tables.parquet().read_table(tmp_path / "chunk-000000.parquet")
    names = ["eps", "logit_scale", *(f"{m}{end}" for m in METRICS for end in ("", "_low", "_high"))]
    assert table.column_names == names
    # Long along the logits, which cost least.
    assert table.column("logit_scale").to_pylist() == [1.0, 8.0, 64.0]
    assert table.column("eps").to_pylist() == [0.1, 0.1, 0.1]


def test_sweep_to_folder_computes_again_what_was_cut_short(tmp_path: Path) -> None:
    sweep(tmp_path)
    chunk = tmp_path / "chunk-000001.parquet"
    chunk.write_bytes(chunk.read_bytes()[:-9])
    assert not read_sweep(tmp_path).computed.all()
    assert_whole(sweep(tmp_path))


def test_sweep_to_folder_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[SweepProgress] = []
    sweep(tmp_path, stop=stop_after(2))
    sweep(tmp_path, progress=told.append)
    assert [(step.points, step.of) for step in told] == [(6, 15), (9, 15), (12, 15), (15, 15)]
    assert told[0].seconds_left is None
    assert told[-1].seconds_left == 0


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"seeds": 3}, "a sweep with seeds 2, not 3"),
        ({"config": replace(CONFIG, n=6)}, "a sweep with n 5, not 6"),
        ({"metrics": ["r"]}, r"a sweep with metrics \['slope', 'gradient_cosine'\], not \['r'\]"),
        ({"axes": AXES[::-1]}, "a sweep with axes"),
    ],
)
def test_sweep_to_folder_refuses_another_sweep_of_that_name(
    tmp_path: Path, changes: dict[str, Any], difference: str
) -> None:
    arguments: dict[str, Any] = {
        "config": CONFIG,
        "axes": AXES,
        "metrics": METRICS,
        "seeds": 2,
        "folder": tmp_path / "a",
    }
    sweep_to_folder(**arguments, stop=lambda: True)
    message = f"^folder must be new or that of this very sweep, got 'a', {difference}"
    with pytest.raises(ValueError, match=message) as refused:
        sweep_to_folder(**(arguments | changes))
    assert len(str(refused.value)) <= 200


def test_sweeps_that_begin_at_once_under_one_name_are_not_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = manifest.read_manifest
    looks: list[None] = []

    def look_before_another_begins(folder: Path) -> Manifest | None:
        found = look(folder)
        looks.append(None)
        if len(looks) == 1:
            sweep_to_folder(CONFIG, AXES, METRICS, folder=folder, seeds=2)
        return found

    monkeypatch.setattr(on_disk, "read_manifest", look_before_another_begins)
    with pytest.raises(ValueError, match="a sweep with seed 0, not 1"):
        sweep_to_folder(replace(CONFIG, seed=1), AXES, METRICS, folder=tmp_path, seeds=2)
    assert_whole(read_sweep(tmp_path))


def test_chunk_of_another_sweep_is_none_of_this(tmp_path: Path) -> None:
    sweep_to_folder(replace(CONFIG, seed=1), AXES, METRICS, folder=tmp_path / "other", seeds=2)
    sweep(tmp_path / "this", stop=stop_after(1))
    shutil.copy(tmp_path / "other" / "chunk-000003.parquet", tmp_path / "this")
    assert int(read_sweep(tmp_path / "this").computed.sum()) == 3
    assert_whole(sweep(tmp_path / "this"))


def test_sweep_leaves_what_another_process_is_writing(tmp_path: Path) -> None:
    sweep(tmp_path, stop=stop_after(1))
    theirs = tmp_path / ".chunk-000001.parquet.1.part"
    theirs.write_bytes(b"half a chunk")
    assert_whole(sweep(tmp_path))
    assert theirs.read_bytes() == b"half a chunk"


@pytest.mark.parametrize("package", ["ce_core", "torch"])
def test_sweep_does_not_go_on_by_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    sweep(tmp_path, stop=stop_after(1))
    new = versions() | {package: "9.0"}
    monkeypatch.setattr(manifest, "versions", lambda: new)
    with pytest.raises(ValueError, match=f"a sweep with {package} .*, not '9.0'") as refused:
        sweep(tmp_path)
    assert len(str(refused.value)) <= 200
    assert int(read_sweep(tmp_path).computed.sum()) == 3


def test_sweep_to_folder_takes_what_an_axis_says_for_the_same_sweep(tmp_path: Path) -> None:
    sweep(tmp_path, stop=lambda: True)
    again = sweep_to_folder(
        replace(CONFIG, eps=7.0, logit_scale=3.0), AXES, METRICS, folder=tmp_path, seeds=2
    )
    assert_whole(again)


def test_sweep_to_folder_keeps_to_the_chunks_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(tmp_path, stop=stop_after(2))
    monkeypatch.setattr(definition, "_REGION_POINTS", 5)
    assert_whole(sweep(tmp_path))
    assert len(marks(tmp_path)) == 5


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2}', '{"format": 1, "axes": 3}', "\udcff"],
)
def test_read_sweep_refuses_what_is_no_manifest(tmp_path: Path, text: str) -> None:
    (tmp_path / "sweep.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(
        ValueError, match=r"sweep\.json must be the manifest of a sweep, got"
    ) as refused:
        read_sweep(tmp_path)
    assert len(str(refused.value)) <= 200


def test_manifest_keeps_every_bit(tmp_path: Path) -> None:
    axes = Axis("eps", [0.1 + 0.2, 1 / 3]), Axis("dtype", ["float64", "float16"])
    config = replace(CONFIG, logit_exponent=2**0.5, seed=2**63 - 1)
    sweep_to_folder(config, axes, "r", folder=tmp_path)
    found = read_sweep(tmp_path).grid
    assert found.axes == axes
    assert (found.config.logit_exponent, found.config.seed) == (2**0.5, 2**63 - 1)
    assert json.loads((tmp_path / "sweep.json").read_text())["format"] == 1


def test_sweep_to_folder_says_what_it_misses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(RuntimeError, match="Parquet needs pyarrow, which is not installed"):
        sweep(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_sweep_to_folder_refuses_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ValueError, match="folder must be a folder, got"):
        sweep(file)
    for none in ("a\0b", ""):
        with pytest.raises(ValueError, match="folder must be a path, got"):
            sweep_to_folder(CONFIG, AXES, METRICS, folder=none)
    with pytest.raises(ValueError, match="folder must hold a sweep, got"):
        read_sweep(tmp_path)


def test_sweep_by_threads_has_the_same_bits(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with ThreadPoolExecutor(2) as threads:
            found = sweep(tmp_path, workers=threads)
            assert [threads.submit(torch.get_num_threads).result() for _ in range(4)] == [2] * 4
        with ThreadPoolExecutor(1) as new:
            assert new.submit(torch.get_num_threads).result() == torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert_whole(found)


class Mortal(Executor):
    """Does what it is given, but for the calls at which it breaks, for good."""

    calls = 0

    def __init__(self, deaths: set[int]) -> None:
        self._deaths, self._broken = deaths, False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        if self._broken:
            raise BrokenExecutor
        future: Future[Any] = Future()
        Mortal.calls += 1
        if Mortal.calls in self._deaths:
            self._broken = True
            future.set_exception(BrokenExecutor())
        else:
            future.set_result(fn(*args, **options))
        return future


class Fragile(Executor):
    """A pool that breaks at some chunks once all of a round are in it, with every one of them."""

    def __init__(self, tried: Counter[int], deadly: dict[int, int]) -> None:
        self._tried, self._deadly = tried, deadly
        self._open: list[tuple[int, Future[Any], Callable[[], Any]]] = []
        self._broken = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        if self._broken:
            raise BrokenExecutor
        future: Future[Any] = Future()
        # A chunk is a value of x.
        number = args[1].columns.start
        self._open.append((number, future, lambda: fn(*args, **options)))
        if len(self._open) == 5 or self._tried[number]:
            self._run()
        return future

    def _run(self) -> None:
        for number, _, _ in self._open:
            self._tried[number] += 1
            self._broken |= self._tried[number] <= self._deadly.get(number, 0)
        for _, future, call in self._open:
            if self._broken:
                future.set_exception(BrokenExecutor())
            else:
                future.set_result(call())
        self._open = []


def test_sweep_blames_no_chunk_for_the_death_of_another(tmp_path: Path) -> None:
    tried: Counter[int] = Counter()
    # All go down together; 0 and 3 then end a worker once more, alone.
    assert_whole(sweep(tmp_path, workers=lambda: Fragile(tried, {0: 2, 3: 2}), at_once=5))
    assert tried == {0: 3, 1: 2, 2: 2, 3: 3, 4: 2}


def test_sweep_ends_at_the_chunk_that_ends_its_workers_alone(tmp_path: Path) -> None:
    tried: Counter[int] = Counter()
    with pytest.raises(RuntimeError, match="chunk 3 must not end its worker, which it did twice"):
        sweep(tmp_path, workers=lambda: Fragile(tried, {3: 9}), at_once=5)
    assert len(marks(tmp_path)) == 3


@pytest.mark.parametrize("at_once", [1, 3])
def test_sweep_does_again_the_chunk_of_a_worker_that_died(tmp_path: Path, at_once: int) -> None:
    Mortal.calls = 0
    told: list[SweepProgress] = []
    found = sweep(tmp_path, workers=lambda: Mortal({2, 5}), at_once=at_once, progress=told.append)
    assert_whole(found)
    # Five chunks and two again; none is counted twice.
    assert Mortal.calls == 7
    assert [step.points for step in told] == [0, 3, 6, 9, 12, 15]


def test_sweep_ends_where_a_chunk_ends_its_worker_twice(tmp_path: Path) -> None:
    Mortal.calls = 0
    with pytest.raises(RuntimeError, match="chunk 1 must not end its worker, which it did twice"):
        sweep(tmp_path, workers=lambda: Mortal({2, 3}), at_once=1)
    assert len(marks(tmp_path)) == 1


def test_sweep_says_that_an_executor_that_broke_is_no_more(tmp_path: Path) -> None:
    Mortal.calls = 0
    with pytest.raises(RuntimeError, match="A worker has died, and its executor takes no more"):
        sweep(tmp_path, workers=Mortal({2}), at_once=2)


SCRIPT = """
import sys, time
from ce_core.sweeps import definition
definition._REGION_POINTS = 3
from ce_core import Axis, ExperimentConfig
from ce_core.sweeps.on_disk import sweep_to_folder
from ce_core.sweeps.workers import process_pool
if __name__ == "__main__":
    sweep_to_folder(
        ExperimentConfig(n=5, m=4, trials=3),
        (Axis("eps", [0.1, 0.3, 0.5, 1.0, 2.0]), Axis("logit_scale", [1.0, 8.0, 64.0])),
        ["slope", "gradient_cosine"], seeds=2, folder=sys.argv[1],
        workers=process_pool(2) if sys.argv[2:] else None, at_once=2,
        progress=lambda step: time.sleep(30 if step.points >= 6 else 0),
    )
"""


def kill_in_the_middle(folder: Path, *arguments: str) -> int:
    """Run a sweep in another process, kill it once two chunks are done, and return its id."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), *arguments], start_new_session=True
    )
    try:
        deadline = time.monotonic() + 60
        while len(marks(folder)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return process.pid


def test_sweep_goes_on_after_a_kill_to_the_last_bit(tmp_path: Path) -> None:
    kill_in_the_middle(tmp_path)
    done = marks(tmp_path)
    assert len(done) == 2
    left = tmp_path / ".chunk-000002.parquet.1.part"
    left.write_bytes(b"left by what was killed")
    os.utime(left, (0, 0))
    assert_whole(sweep(tmp_path))
    assert done.items() <= marks(tmp_path).items()
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", *[".parquet"] * 5]


def members_of(session: int) -> list[int]:
    """Return the processes of a session that are not dead."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return found


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_sweep_by_processes_that_are_killed_has_the_same_bits(tmp_path: Path) -> None:
    session = kill_in_the_middle(tmp_path, "workers")
    # The workers end with what started them.
    deadline = time.monotonic() + 20
    while members_of(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert members_of(session) == []

    def kill_a_worker(step: SweepProgress) -> None:
        if step.points == 9:
            (pool,) = pools
            os.kill(next(iter(pool._processes)), signal.SIGKILL)

    pools: list[Any] = []
    make = process_pool(1)

    def keep() -> Executor:
        pool = make()
        pools[:] = [pool]
        return pool

    assert len(marks(tmp_path)) == 2
    assert_whole(sweep(tmp_path, workers=keep, at_once=1, progress=kill_a_worker))
