"""Real services for tests, each in processes of its own on this machine: a Dask cluster, PostgreSQL."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
_SECONDS_TO_START = 60


class Cluster:
    """A scheduler of Dask and its workers, with a thread each."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._folder = folder
        here = ["--host", "127.0.0.1", "--no-dashboard"]
        self._scheduler = self._start("scheduler", *here, "--port", str(self.port))
        options = ["--nthreads", "1", "--no-nanny", *here]
        self.workers = [self._start("worker", self.address, *options) for _ in range(workers)]

    def _start(self, what: str, *options: str) -> "subprocess.Popen[bytes]":
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "dask", what, *options],
            cwd=self._folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def end(self) -> None:
        """End all processes."""
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """Give a cluster on this machine, its workers there."""
    from distributed import Client

    cluster = Cluster(folder, workers)
    try:
        with Client(cluster.address, timeout=_SECONDS_TO_START, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=_SECONDS_TO_START)
        yield cluster
    finally:
        cluster.end()


class Postgres:
    """A server of PostgreSQL, which keeps its data in a folder, and can be started anew."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.port = free_port()
        self.url = f"postgresql://lab:s3cret-word@127.0.0.1:{self.port}/postgres"
        self._folder, self._programs = folder, programs
        password = folder / "password"
        password.write_text("s3cret-word\n", encoding="utf-8")
        data = folder / "data"
        data.mkdir()
        if os.geteuid() == 0:
            # It refuses to run as root.
            for path in (folder, data, password):
                shutil.chown(path, "postgres")
        self._run(
            "initdb", "-D", data, "-U", "lab", "-A", "scram-sha-256", f"--pwfile={password}", "-N"
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        )
        self._control("start", "-w", "-o", options, "-l", self._folder / "log")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` ends what its clients do."""
        self._control("stop", "-w", "-m", mode)

    def _control(self, *arguments: object) -> None:
        self._run("pg_ctl", "-D", self._folder / "data", *arguments)

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        user = "postgres" if os.geteuid() == 0 else None
        done = subprocess.run(
            command,
            user=user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()


def postgres_programs() -> Path | None:
    """Return where PostgreSQL is, after it was installed if this is root and it can be; None if not."""
    found = _newest_postgres()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "postgresql"]

        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], install):
            subprocess.run(command, env=environment, check=False, capture_output=True)
        found = _newest_postgres()
    return found


@contextmanager
def postgres(programs: Path) -> Iterator[Postgres]:
    """Give a server of PostgreSQL."""
    # Folders of pytest are root's alone, and each run of pytest sees to it.
    with TemporaryDirectory(prefix="postgres-") as folder:
        server = Postgres(Path(folder), programs)
        try:
            yield server
        finally:
            with suppress(AssertionError):
                server.stop("immediate")


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that happens in another process."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.02)


def _newest_postgres() -> Path | None:
    with suppress(KeyError):
        if os.geteuid() == 0:
            pwd.getpwnam("postgres")
        folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
        return max((file.parent for file in folders), default=None)
    return None
