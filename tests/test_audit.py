"""What is said of the pinned packages: advisories, and the bill of materials."""

import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from scripts import audit, sbom

SAFE = {"name": "safe", "version": "1.0", "vulns": []}
KNOWN = {
    "name": "old",
    "version": "0.1",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2"], "fix_versions": ["0.2"], "description": "…"}],
}
SKIPPED = {"name": "gone", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "said"),
    [
        ([SAFE], 0, "1 packages asked about, 0 advisories"),
        ([SAFE, KNOWN], 1, "old 0.1: PYSEC-1, CVE-2; fixed in 0.2"),
        ([SAFE, KNOWN, SKIPPED], 1, "gone: not found"),
        ([SAFE, SKIPPED], 2, "gone: not found"),
        ([SKIPPED, SKIPPED], 2, "cannot be reached"),
        ([], 2, "cannot be reached"),
    ],
)
def test_only_an_answer_about_every_package_is_good_news(
    packages: list[object], status: int, said: str
) -> None:
    found, lines = audit.verdict(json.dumps({"dependencies": packages}))
    assert found == status
    assert any(said in line for line in lines)


@pytest.mark.parametrize("report", ["", "Traceback", "[]", "{}"])
def test_no_report_is_no_answer(report: str) -> None:
    assert audit.verdict(report)[0] == 2


def test_bill_names_every_pinned_package_and_which_are_served() -> None:
    versions = sbom.pinned()
    made = sbom.bill(versions, sbom.served())
    scopes = {part["name"]: part["scope"] for part in made["components"]}
    assert scopes.keys() == versions.keys()
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    for name in ("streamlit", "torch", "uvicorn", "httptools", "starlette", "sympy"):
        assert scopes[name] == "required"
    for name in ("pytest", "ott-jax", "cosmic-ray", "pip-audit"):
        assert scopes[name] == "excluded"
    assert f"pkg:pypi/torch@{versions['torch']}" in {part["purl"] for part in made["components"]}


def test_every_requirement_is_pinned_as_the_constraints_say() -> None:
    versions = sbom.pinned()
    root = Path(sbom.ROOT)
    lines = [
        line.strip()
        for file in root.glob("requirements*.txt")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "==" in line
    ]
    assert len(lines) > 20
    for line in lines:
        name, _equals, version = line.partition("==")
        name = canonicalize_name(name.partition("[")[0])
        assert versions[name] == version
