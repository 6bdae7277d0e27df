"""Every visible string passes through gettext, and the catalogue of them is up to date."""

import ast
from pathlib import Path

import pytest

from scripts import messages
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
    tree = ast.parse(file.read_text(encoding="utf-8"))
    loggers = names_of_loggers(tree)
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        if ast.unparse(call.func.value) in loggers:
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


def names_of_loggers(tree: ast.AST) -> set[str]:
    """Return what a file calls its loggers, whose lines no visitor sees."""
    return {
        ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "logging.getLogger"
    }


@pytest.mark.parametrize("file", sorted((ROOT / "pages").rglob("*.py")), ids=lambda file: file.stem)
def test_pages_translate_every_visible_string(file: Path) -> None:
    assert bare_strings(file) == []


def test_bare_strings_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text('import streamlit as st\nst.title("Bare")\nst.button(label=f"{1}")\n')
    assert len(bare_strings(page)) == 2


def test_lines_of_a_logger_are_no_strings_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(
        "import logging\n_LOG: Final = logging.getLogger(__name__)\n"
        '_LOG.warning("a line")\nst.warning("Bare")\n'
    )
    (found,) = bare_strings(page)
    assert "Bare" in found


def test_catalogue_is_up_to_date() -> None:
    assert TEMPLATE.read_text(encoding="utf-8") == template(), "run `make messages`"


def test_messages_finds_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "page.py").write_text(
        """
_("said " "at once")
LATER = {"key": N_("said later")}
title = translate("drawn")
text = ngettext("{n} step", "{n} steps", n) if n else f"{n}"
""",
        encoding="utf-8",
    )
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    found = {message.id for message in messages.collect() if message.id}
    assert found == {"said at once", "said later", "drawn", ("{n} step", "{n} steps")}


def strings_within_strings(file: Path) -> list[str]:
    """Return translations inside an f-string, where the collector does not look."""
    return [
        f"{file.name}:{call.lineno}: {ast.unparse(call)}"
        for text in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in messages.KEYWORDS
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


@pytest.mark.parametrize(
    "file",
    sorted(file for folder in messages.SOURCES for file in (ROOT / folder).rglob("*.py")),
    ids=lambda file: file.stem,
)
def test_no_translation_hides_in_a_string(file: Path) -> None:
    assert strings_within_strings(file) == []


def test_translations_that_hide_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text("""text = f"| {_('sum')} |"\nfine = f"| {_(title)} |"\n""")
    assert len(strings_within_strings(page)) == 1
