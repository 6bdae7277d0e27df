"""The words and pictures of link previews: each page its own, of a size that is shown whole."""

import re
from collections.abc import Callable

import pytest
from PIL import Image

from lab.web.page_names import HOME, PAGES
from lab.web.previews import PICTURE_FOLDER, PICTURE_SIZE, picture_address, picture_file, preview
from lab.web.static_files import KeptFiles
from scripts.messages import collect
from tests.support.asking import ask_app, passing_on


def test_each_page_has_words_of_its_own() -> None:
    found = [preview(page) for page in PAGES]
    for name in ("title", "question", "description", "picture_alt"):
        assert len({getattr(words, name) for words in found}) == len(PAGES)
    # What search engines and networks cut off.
    assert all(len(words.title) <= 60 and len(words.description) <= 160 for words in found)
    assert all(words.description.endswith(".") and words.picture_alt for words in found)


def test_a_page_that_is_not_known_has_the_words_and_picture_of_home() -> None:
    assert preview("no-such-page") == preview(HOME)
    assert picture_address("../../etc/passwd") == picture_address(HOME)


@pytest.mark.parametrize("page", PAGES)
def test_words_are_in_the_language_that_is_asked(page: str) -> None:
    asked: list[str] = []
    words = preview(page, "zh", recording(asked))
    assert words.language == "zh"
    assert re.fullmatch("<<[^<>]+> · Cross-Entropy Lab>", words.title)
    for text in (words.question, words.description, words.picture_alt):
        assert text.startswith("<")
    # All of them can be translated.
    catalogue = collect()
    assert [text for text in asked if catalogue.get(text) is None] == []


def recording(asked: list[str]) -> Callable[[str], str]:
    def translate(text: str) -> str:
        asked.append(text)
        return f"<{text}>"

    return translate


@pytest.mark.parametrize("page", PAGES)
def test_a_picture_is_whole_small_and_kept(page: str) -> None:
    file = picture_file(page)
    with Image.open(file) as picture:
        assert (picture.format, picture.size) == ("PNG", PICTURE_SIZE)
    assert 5_000 < file.stat().st_size <= 80_000
    address = picture_address(page)
    assert re.fullmatch(rf"/lab/preview-{page or 'home'}-[0-9a-f]{{12}}\.png", address)
    answer = ask_app(KeptFiles(passing_on), address)
    assert answer.body == file.read_bytes()
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert "content-encoding" not in answer.headers


def test_there_is_one_picture_a_page_and_no_other_file() -> None:
    assert sorted(PICTURE_FOLDER.iterdir()) == sorted(map(picture_file, PAGES))
    assert len({picture_address(page) for page in PAGES}) == len(PAGES)
