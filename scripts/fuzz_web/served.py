"""A lab of its own for hostile visits, with the limits of a server for many and without."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lab.web.page_names import PAGES
from scripts.browser import ROOT, free_port, start_server
from scripts.fuzz_web.verdict import Log
from scripts.fuzz_web.visit import Finding, Report, Size, Visit

MOST_LINES: Final = 60
"""Lines of a log that strangers may cause within the hour, whatever they send."""
_USUAL: Final = Size()


@contextmanager
def served(folder: Path, *, limits: bool) -> Iterator[tuple[str, Log]]:
    """Serve a lab on a free port of this machine; yield its address and its log, then end it."""
    port, file = free_port(), folder / f"server-{limits}.log"
    server = start_server(
        [str(ROOT / "app.py")],
        port=port,
        log=file,
        folder=folder,
        # What is written must be in the log when it is looked at.
        variables={"LAB_LOCAL": str(int(limits)), "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield f"http://127.0.0.1:{port}", Log(file)
    finally:
        server.terminate()
        server.wait(timeout=60)


def hostile_visits(
    report: Report,
    seed: int,
    count: int,
    *,
    limits: bool,
    folder: Path,
    only: int | None = None,
    size: Size = _USUAL,
) -> None:
    """Send so many pieces of hostile input at least, over all pages, and take down what was wrong.

    Parameters
    ----------
    report
        Where it is taken down.
    seed
        What is sent follows from it.
    count
        How many.
    limits
        Whether the limits of a server for many hold.
    folder
        Of the log of the server.
    only
        One visit alone.
    size
        Of a visit.
    """
    with served(folder, limits=limits) as (address, log):
        before, number = report.sent.total(), 0
        while report.sent.total() - before < count or number < len(PAGES):
            Visit(address, log, seed, number if only is None else only, report, size).run()
            number += 1
            report.visits += 1
            if only is not None:
                break
        report.log_lines += log.lines
        if log.lines > MOST_LINES:
            report.findings.append(
                Finding(f"seed {seed}", f"{log.lines} lines in the log", f"{number} visits")
            )
