"""The sheets of the lab: type has six sizes, and no sheet styles what is of another part."""

import re
import tomllib
from pathlib import Path

import pytest

from lab.page.style import SHARED
from lab.web.page_names import LABS

ROOT = Path(__file__).resolve().parents[3]
PAGE_CSS = (ROOT / "pages/lab/page/page.css").read_text(encoding="utf-8")
SHEETS = sorted((ROOT / "pages/lab").rglob("*.css"))
SIZES = dict(re.findall(r"--size-(\w+): ([\w.]+);", PAGE_CSS.partition("}")[0]))


def test_headings_of_the_theme_have_the_sizes_of_the_sheet() -> None:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    names = ("question", "title", *["text"] * 4)
    assert theme["headingFontSizes"] == [SIZES[name] for name in names]


def test_sheets_write_in_no_other_size() -> None:
    assert len(SIZES) == 6
    sheets = (ROOT / "pages").rglob("*.css")
    written = {
        size
        for sheet in sheets
        for size in re.findall(r"font-size: ([^;]+);", sheet.read_text(encoding="utf-8"))
    }
    # Of mathematics, as a share of the text; of what shows only where there is room for it.
    others = {"1.25em", "0.9em", "inherit", "0", "0.5rem"}
    assert written - others <= {f"var(--size-{name})" for name in SIZES}


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.stem)
def test_no_rule_begins_with_a_class_that_another_part_may_have(path: Path) -> None:
    # Components share one document: `.lever` of one page would style that of the next.
    rules = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [
        selector.strip()
        for heads in re.findall(r"([^{};]+)\{", rules)
        for selector in re.split(r",(?![^()]*\))", heads)
        if selector.strip().startswith(".")
    ]
    component = all(path.with_suffix(ending).is_file() for ending in (".py", ".js"))
    own = r"\.(lab-|trace-)" if component else r"\.(lab-|st[A-Z-])"
    assert [name for name in found if not re.match(own, name)] == []


@pytest.mark.parametrize("slug", LABS)
def test_shared_sheets_know_no_lab(slug: str) -> None:
    assert f"-key-live-{slug}" not in SHARED
