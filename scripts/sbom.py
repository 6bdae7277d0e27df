"""Write the bill of materials of every pinned package, in CycloneDX: `make sbom`.

What the lab is served with is "required"; what only tests, benchmarks and tools need is "excluded".
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
BILL: Final = ROOT / "sbom.cdx.json"


def pinned() -> dict[str, str]:
    """Return the version of every pinned package by its name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.partition("==") for line in lines if re.match(r"\w", line))
    return {canonicalize_name(name): version.strip() for name, _equals, version in pins}


def served() -> set[str]:
    """Return the names of what the lab is served with, directly or not, on this Python."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found: set[tuple[str, str]] = set()
    waiting = [Requirement(line) for line in lines if re.match(r"\w", line)]
    while waiting:
        requirement = waiting.pop()
        for extra in ("", *requirement.extras):
            name = canonicalize_name(requirement.name)
            if (name, extra) not in found:
                found.add((name, extra))
                waiting.extend(_needs(name, extra))
    return {name for name, _extra in found}


def _needs(name: str, extra: str) -> Iterator[Requirement]:
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        # Of the pinned ones, some are for another system or another Python.
        return
    for requirement in map(Requirement, texts):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def bill(versions: dict[str, str], required: set[str]) -> dict[str, Any]:
    """Return the bill of packages as CycloneDX has it."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "cross-entropy-lab"}},
        "components": [
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{name}@{version}",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "scope": "required" if name in required else "excluded",
            }
            for name, version in sorted(versions.items())
        ],
    }


if __name__ == "__main__":
    made = bill(pinned(), served())
    BILL.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(made['components'])} packages in {BILL.relative_to(ROOT)}\n")
