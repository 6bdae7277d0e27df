"""Collect every visible string into the catalogue that translators start from: `make messages`."""

import io
import sys
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

ROOT: Final = Path(__file__).resolve().parent.parent
TEMPLATE: Final = ROOT / "pages" / "locales" / "lab.pot"
SOURCES: Final = ("ce_core/figures", "pages")
# Which arguments are messages: the first, or those named (`ngettext` has two and a count).
KEYWORDS: Final = {"_": None, "N_": None, "translate": None, "ngettext": (1, 2)}


def collect() -> Catalog:
    """Return the strings of the pages and the figures, each with the files that show it."""
    catalog = Catalog(project="Cross-Entropy Lab", header_comment="# Written by `make messages`.")
    for folder in SOURCES:
        found = extract_from_dir(str(ROOT / folder), [("**.py", "python")], keywords=KEYWORDS)
        for file, _line, message, _comments, _context in found:
            # Without line numbers, so that the catalogue changes only when a string does.
            catalog.add(message, locations=[(f"{folder}/{file}", 0)])
    return catalog


def template() -> str:
    """Return the catalogue as text."""
    output = io.BytesIO()
    write_po(output, collect(), omit_header=True, include_lineno=False, sort_output=True, width=100)
    return output.getvalue().decode()


if __name__ == "__main__":
    TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
    TEMPLATE.write_text(template(), encoding="utf-8")
    sys.stdout.write(f"{len(collect())} strings in {TEMPLATE.relative_to(ROOT)}\n")
