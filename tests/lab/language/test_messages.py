"""Every visible string passes through gettext, and the catalogue of them is up to date."""

import ast
from pathlib import Path

import pytest

from scripts.messages import ROOT, TEMPLATE, template

# What Streamlit calls that show their first argument or these keywords.
SHOWING = {
    "button", "caption", "code", "download_button", "error", "expander", "header", "info",
    "markdown", "metric", "number_input", "page_link", "popover", "select_slider", "selectbox",
    "slider", "subheader", "success", "table", "text", "title", "toggle", "warning", "Page",
}  # fmt: skip
SHOWN_KEYWORDS = {"label", "title", "help", "alt", "page_title", "placeholder"}


def bare_strings(file: Path) -> list[str]:
    """Return the literals that a file shows without translating them."""
    found = []
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        shown = [keyword.value for keyword in call.keywords if keyword.arg in SHOWN_KEYWORDS]
        if call.func.attr in SHOWING - {"Page", "page_link"}:
            shown += call.args[:1]
        found += [
            f"{file.name}:{node.lineno}: {ast.unparse(node)}"
            for node in shown
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and ast.unparse(node) != "''"
        ]
    return found


@pytest.mark.parametrize("file", sorted((ROOT / "pages").rglob("*.py")), ids=lambda file: file.stem)
def test_pages_translate_every_visible_string(file: Path) -> None:
    assert bare_strings(file) == []


def test_bare_strings_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text('import streamlit as st\nst.title("Bare")\nst.button(label=f"{1}")\n')
    assert len(bare_strings(page)) == 2


def test_catalogue_is_up_to_date() -> None:
    assert TEMPLATE.read_text(encoding="utf-8") == template(), "run `make messages`"
