"""Type has six sizes, which the sheets of all pages and Streamlit's theme share."""

import re
import tomllib
from pathlib import Path

from lab.page.style import SHARED

ROOT = Path(__file__).resolve().parents[3]
PAGE_CSS = (ROOT / "pages/lab/page/page.css").read_text(encoding="utf-8")
SIZES = dict(re.findall(r"--size-(\w+): ([\w.]+);", PAGE_CSS.partition("}")[0]))


def test_headings_of_the_theme_have_the_sizes_of_the_sheet() -> None:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    names = ("question", "title", *["text"] * 4)
    assert theme["headingFontSizes"] == [SIZES[name] for name in names]


def test_shared_sheets_write_in_no_other_size() -> None:
    assert len(SIZES) == 6
    written = set(re.findall(r"font-size: ([^;]+);", SHARED))
    # Of mathematics: 20 px within text of 16.
    assert written - {"1.25em"} <= {f"var(--size-{name})" for name in SIZES}
