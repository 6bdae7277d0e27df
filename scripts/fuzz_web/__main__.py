"""Send hostile input to a lab of its own, and say what came of it: `make fuzz-web`."""

import argparse
import logging
import secrets
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "pages"))

from scripts.fuzz_web.served import hostile_visits
from scripts.fuzz_web.visit import Report


def main() -> int:
    """Send, print, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz_web", description=__doc__)
    parser.add_argument("--count", type=int, default=4000, help="of what is sent, at least")
    parser.add_argument("--seed", type=int, help="repeats what another run has sent")
    parser.add_argument("--visit", type=int, help="this visit alone, as a finding names it")
    parser.add_argument("--folder", type=Path, help="where the logs of the servers stay")
    options = parser.parse_args()
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    # Of a session that the server ends in the middle of a frame the client writes a traceback.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    start, report = time.monotonic(), Report()
    with tempfile.TemporaryDirectory() as folder:
        for limits in (True, False):
            hostile_visits(
                report,
                seed,
                options.count // 2,
                limits=limits,
                folder=options.folder or Path(folder),
                only=options.visit,
            )
    for finding in report.findings:
        print(finding)
    print(
        f"seed {seed}: {report.visits} visits, {report.sent['address']} addresses, "
        f"{report.sent['message']} messages and {report.sent['frame']} lines of noise in "
        f"{time.monotonic() - start:.0f} s; {report.log_lines} lines of the log; "
        f"{len(report.findings)} findings"
    )
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
