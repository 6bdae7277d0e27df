"""Ask whether anything is known against a pinned package: `make audit`.

Exit status 0 if every package was asked about and nothing is known, 1 if something is, 2 if the
advisories could not be asked: no answer is no good news.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PINNED: Final = ROOT / "constraints.txt"
# What is pinned is asked about as it is pinned, and nothing is resolved anew.
COMMAND: Final = (
    *(sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner=off"),
    *("--format=json", "--requirement", str(PINNED)),
)
_UNREACHABLE: Final = "the service of the advisories cannot be reached: nothing is known of any package"


def verdict(report: str) -> tuple[int, list[str]]:
    """Return the exit status, and what there is to say, of a report of pip-audit in JSON."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return 2, [_UNREACHABLE]
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        return 2, [_UNREACHABLE]
    known = [line for package in asked for line in _advisories(package)]
    skipped = [
        f"{package['name']}: {package['skip_reason']}" for package in packages if package not in asked
    ]
    lines = [*known, *skipped, f"{len(asked)} packages asked about, {len(known)} advisories"]
    return (1 if known else 2 if skipped else 0), lines


def _advisories(package: dict[str, Any]) -> Iterator[str]:
    for advisory in package["vulns"]:
        names = ", ".join([advisory["id"], *advisory.get("aliases", [])])
        fixed = ", ".join(advisory.get("fix_versions", [])) or "no version yet"
        yield f"{package['name']} {package['version']}: {names}; fixed in {fixed}"


if __name__ == "__main__":
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    status, lines = verdict(done.stdout)
    # Where it fails by itself, the last line of its complaint is the reason.
    if not done.stdout.strip() and done.stderr.strip():
        lines.append(done.stderr.strip().splitlines()[-1][:300])
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.exit(status)
