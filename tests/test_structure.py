"""What import-linter does not see: imports of page files and of scripts, and private names of torch.

Page files are no package, so that nothing can name them; scripts are no Python.
"""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAB = ROOT / "pages" / "lab"
PAGE_FILES = sorted((ROOT / "pages").glob("*.py"))
MODULES = [*sorted(LAB.rglob("*.py")), *sorted((ROOT / "ce_core").rglob("*.py")), ROOT / "app.py"]
SCRIPTS = sorted(LAB.rglob("*.js"))
# `torch._C`, `from torch._functorch import x`, `forward_ad._current_level`.
PRIVATE_OF_TORCH = re.compile(r"\b(?:torch|forward_ad|autograd)\._\w+|\b_functorch\b|\bJVP_NESTING\b")
# `from "./x.js"`, `import "./x.js"`, `import("./x.js")`, that of a type in a comment too.
IMPORTED = re.compile(r"""\b(?:from|import)\s*\(?\s*["']([^"']+)["']""")


def imported(file: Path) -> set[str]:
    """Return the first names of the modules that a Python file imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def misplaced(importer: str, source: str) -> list[str]:
    """Return what a script, named from `pages/lab`, imports from where it may not."""
    room = importer.partition("/")[0]
    # `web` is the lowest, `drag` lies on it, and all others on both.
    below = {"web": set(), "drag": {"web"}}.get(room, {"web", "drag"})
    found = []
    for name in IMPORTED.findall(source):
        target = (LAB / importer).parent.joinpath(name).resolve()
        inside = name.startswith(".") and target.is_relative_to(LAB)
        if not inside or target.relative_to(LAB).parts[0] not in below | {room}:
            found.append(name)
    return found


def test_no_module_imports_a_page() -> None:
    pages = {file.stem for file in PAGE_FILES}
    assert len(pages) > 5
    for file in [*PAGE_FILES, *MODULES]:
        assert not imported(file) & pages, file


def test_pages_import_labs_and_what_they_stand_on() -> None:
    allowed = {"ce_core", "lab", "streamlit"} | sys.stdlib_module_names
    for file in PAGE_FILES:
        assert imported(file) <= allowed, file


def test_no_page_has_the_name_of_a_module() -> None:
    # `pages/` is on sys.path: a page of that name would be imported in the place of the module.
    taken = sys.stdlib_module_names | packages_distributions().keys() | {"ce_core", "lab", "app"}
    assert not {file.stem for file in PAGE_FILES} & taken


def test_one_module_uses_what_torch_says_by_no_public_name() -> None:
    users = {
        file.relative_to(ROOT).as_posix()
        for file in MODULES
        if PRIVATE_OF_TORCH.search(file.read_text(encoding="utf-8"))
    }
    assert users == {"ce_core/_surroundings.py"}


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.relative_to(LAB).as_posix())
def test_a_script_imports_from_web_drag_and_its_own_room(file: Path) -> None:
    assert misplaced(file.relative_to(LAB).as_posix(), file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("importer", "source"),
    [
        ("softmax/logits.js", 'import { a } from "../gradient/gradient.js";'),
        ("softmax/logits.js", 'import "../live/ticks.js";'),
        ("live/live.js", 'const { a } = await import("../losses/chart.js");'),
        ("drag/moved.js", 'import { a } from "../live/ticks.js";'),
        ("web/dom.js", 'import { a } from "../drag/moved.js";'),
        ("web/dom.js", 'import { a } from "elsewhere";'),
        ("web/dom.js", '/** @param {import("../live/types").Frame} frame */'),
        ("web/dom.js", 'export { a } from "../../../app.js";'),
    ],
)
def test_a_script_that_imports_from_elsewhere_is_seen(importer: str, source: str) -> None:
    assert misplaced(importer, source)
