"""What the README and the other documents say is so."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.closeness import close_to

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "docs/architecture.md"]
# Where a path may begin; scripts and rooms of the pages are named from `pages/lab`.
FOLDERS = (ROOT, ROOT / "pages", ROOT / "pages" / "lab")
PATH = re.compile(r"\.?\w[\w.*-]*(/[\w.*-]+)*/?")
ENDINGS = (".css", ".js", ".md", ".pot", ".py", ".toml", ".txt", ".yml", ".yaml")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def code_of(text: str) -> list[str]:
    """Return what a document sets as code: between backticks, and in indented lines."""
    return [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^    +(\S.*)$", text, re.MULTILINE)]


def missing_paths(text: str, folder: Path = ROOT) -> list[str]:
    """Return the files and folders that a document names, or links to, and that are not there."""
    words = {word for code in code_of(text) for word in code.split()}
    paths = {
        word
        for word in words
        if PATH.fullmatch(word) and ("/" in word or word.endswith(ENDINGS)) and word not in ENDINGS
        # The environment is made, and no part of a checkout.
        if not word.startswith(".venv/")
    }
    links = {link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link}
    missing = [path for path in paths if not exists(path)]
    return sorted(missing + [link for link in links if not (folder / link).exists()])


def exists(path: str) -> bool:
    """Return whether there is such a path; a name alone may be in any folder of the tests or pages."""
    if any(any(folder.glob(path.rstrip("/"))) for folder in FOLDERS):
        return True
    return "/" not in path and any(any((ROOT / part).rglob(path)) for part in ("pages", "tests"))


@pytest.mark.parametrize("document", [*DOCUMENTS, "docs/derivatives.md"])
def test_documents_name_paths_that_are_there(document: str) -> None:
    assert missing_paths(text_of(document), (ROOT / document).parent) == []


@pytest.mark.parametrize(
    "text",
    [
        "`ce_core/gone/`",
        "`gone.py`",
        "`pages/gone*.py`",
        "run `pytest tests/gone`",
        "[x](docs/gone.md)",
    ],
)
def test_a_path_that_is_not_there_is_seen(text: str) -> None:
    assert missing_paths(text)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_targets_that_are_there(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = {
        name for code in code_of(text_of(document)) for name in re.findall(r"^make ([a-z-]+)", code)
    }
    assert named
    assert named <= targets


def test_every_target_says_what_it_does() -> None:
    makefile = text_of("Makefile")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert set(phony.split()) - {"browser", "FORCE"} == explained


def test_changelog_says_nothing_twice() -> None:
    # Merges of several branches keep the lines of each.
    changelog = text_of("CHANGELOG.md")
    unreleased = changelog[changelog.index("## Unreleased") :]
    assert re.findall(r"^### (.+)$", unreleased, re.MULTILINE) == [
        "Added",
        "Changed",
        "Fixed",
        "Before",
    ]
    entries = re.findall(r"^- (.+)$", unreleased, re.MULTILINE)
    assert len(set(entries)) == len(entries) > 20


def test_architecture_names_every_room() -> None:
    rooms = {
        file.parent.relative_to(ROOT).as_posix()
        for package in ("ce_core", "pages/lab")
        for file in (ROOT / package).glob("*/__init__.py")
    }
    named = set(re.findall(r"`([\w/]+)/`", text_of("docs/architecture.md")))
    assert len(rooms) > 15
    assert rooms <= named


def test_architecture_draws_the_directions_that_are_held() -> None:
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = {contract["id"]: contract.get("layers", []) for contract in contracts}
    (drawn,) = re.findall(
        r"^    ce_core +pages\n\n((?:    .+\n)+)", text_of("docs/architecture.md"), re.M
    )
    lines = [line.ljust(200) for line in drawn.splitlines()]
    columns = {"core": [line[:49] for line in lines], "pages": [line[49:] for line in lines]}
    for contract, column in columns.items():
        names = [line.split() for line in column if line.strip() and "files" not in line]
        assert names == [re.findall(r"\w+", layer) for layer in layers[contract]]


def test_readme_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for example in re.findall(r"```python\n(.*?)```", text_of("README.md"), re.DOTALL):
        exec(compile(example, "README.md", "exec"), names)
    gradient, slope, grid, matches, *divergences = capsys.readouterr().out.splitlines()
    assert "nan" not in gradient
    assert float(slope) == close_to(1.5, abs=0.2)
    assert grid == "torch.Size([25, 40])"
    assert matches.startswith("tensor(True)")
    assert divergences
