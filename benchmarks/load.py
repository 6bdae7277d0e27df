"""A class at the lab: sessions that each move to a new state every three seconds, on one server.

Run as `python -m benchmarks.load`. It serves the lab, and a bare Streamlit page to compare with, on
this machine, and sends all it sends to them.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.sessions import Times, visitors
from scripts.browser import ROOT, free_port, start_server

PAGES: Final = ["softmax", "gradient", "stability", "losses", "transport", "tuning"]
EVERY: Final = 3.0
_BARE: Final = Path(__file__).with_name("bare_page.py")


@dataclass(frozen=True)
class Served:
    """A server under load."""

    address: str
    process: subprocess.Popen[bytes]

    @property
    def seconds(self) -> float:
        """Seconds of the processor that it has had."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    @property
    def megabytes(self) -> float:
        """Its resident memory."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        (kilobytes,) = (int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        return kilobytes / 1024


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[60])
    parser.add_argument("--pages", nargs="+", default=["losses"], help="pages, or all")
    parser.add_argument("--moves", type=int, default=10, help="new states of a session")
    parser.add_argument("--bare", action="store_true", help="the bare page instead of the lab")
    parser.add_argument("--arrive", type=float, default=EVERY, help="seconds in which all come")
    options = parser.parse_args()
    pages = PAGES if options.pages == ["all"] else options.pages
    with tempfile.TemporaryDirectory() as folder:
        for count in options.sessions:
            served = _serve(Path(folder), bare=options.bare)
            try:
                _report(served, count, [""] if options.bare else pages, options.moves, options.arrive)
            finally:
                served.process.terminate()
                served.process.wait(20)
    return 0


def _serve(folder: Path, *, bare: bool) -> Served:
    port = free_port()
    options = ["--server.fileWatcherType", "none"]
    arguments = ["-m", "streamlit", "run", str(_BARE), *options] if bare else [str(ROOT / "app.py")]
    process = start_server(arguments, port=port, log=folder / "server.log", folder=ROOT)
    return Served(f"http://127.0.0.1:{port}", process)


def _report(served: Served, count: int, pages: list[str], moves: int, arrive: float) -> None:
    # One who came before, as the server has had in use.
    asyncio.run(_class(served.address, 1, [pages[0]], Times(), moves=2, arrive=0))
    before, memory, times, start = served.seconds, served.megabytes, Times(), time.perf_counter()
    with _watched(served):
        asyncio.run(_class(served.address, count, pages, times, moves=moves, arrive=arrive))
    took = time.perf_counter() - start
    runs = len(times.first) + len(times.later)
    used = served.seconds - before
    print(f"{count} sessions on {', '.join(pages) or 'the bare page'}, {runs} runs in {took:.0f} s")
    print(f"  first run   {_spread(times.first)}")
    print(f"  later runs  {_spread(times.later)}")
    print(f"  animations  {_spread(times.animations)}")
    print(f"  sent a run  {statistics.median(times.sent) / 1000:.1f} kB")
    print(f"  processor   {used:.1f} s, {1000 * used / runs:.0f} ms a run")
    print(f"  memory      {memory:.0f} MB before, {served.megabytes:.0f} MB after")
    print(f"  failed      {len(times.failed)} {times.failed[:3]}", flush=True)


@contextmanager
def _watched(served: Served) -> Iterator[None]:
    """Say once a minute how much memory the server has."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(60):
            print(f"  {served.megabytes:.0f} MB", flush=True)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


async def _class(
    address: str, count: int, pages: list[str], times: Times, *, moves: int, arrive: float
) -> None:
    await asyncio.gather(
        *(
            visitor.visit(pages, moves=moves, every=EVERY, wait=arrive * place / count)
            for place, visitor in enumerate(visitors(address, count, times))
        )
    )


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(1000 * one for one in seconds)
    late = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"median {statistics.median(ordered):.0f} ms, 95 % {late:.0f}, slowest {ordered[-1]:.0f}"


if __name__ == "__main__":
    sys.exit(main())
