"""A second language, for as long as there is no other catalogue."""

from pathlib import Path

import pytest

from lab.language.catalogues import CATALOGUES
from lab.language.po_files import read_po
from tests.support.pseudo import CODE, write_catalogue


@pytest.fixture(scope="session")
def pseudo_catalogue(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the catalogue of the language of the tests, as a translator would hand it in."""
    folder: Path = tmp_path_factory.mktemp("locales")
    return write_catalogue(folder).read_text(encoding="utf-8")


@pytest.fixture
def pseudo_language(pseudo_catalogue: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have the lab speak the language of the tests too, and return its code."""
    monkeypatch.setitem(CATALOGUES, CODE, read_po(pseudo_catalogue))
    return CODE
